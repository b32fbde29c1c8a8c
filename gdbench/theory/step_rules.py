"""Steps that follow a rule: Polyak's alpha = gap/||g||^2 and the two-point steps of Barzilai and Borwein.

Polyak: ||x - alpha g - x*||^2 = ||x - x*||^2 - 2 alpha g.(x - x*) + alpha^2 ||g||^2, where g.(x - x*) >= gap for convex
f, and >= gap + ||g||^2/(2 L) where f is L-smooth too. So dist2 falls by gap^2/||g||^2, and by gap/L more; as ||g||^2 <=
2 L gap, together by 3 gap/(2 L). For strongly convex f, with m = mu/L, g.(x - x*) >= (1 - m) gap + (||g||^2/L + mu
dist2)/2 (Taylor, Hendrickx and Glineur 2017, theorem 4, between x and x*), so that dist2 falls by mu alpha dist2 +
(1/L + (1 - 2 m) alpha) gap, where the bracket is positive as alpha <= 1/(2 mu); with gap >= mu dist2/2 and then alpha
>= 1/(2 L) that is at least (5 m/4 - m^2/2) dist2. An error e in gap and one of L eta in g change these by (2 e gap +
2 e^2)/||g||^2 + 2 alpha L eta ||x - x*||. A step of 0 is taken where gap is below `room`.
"""

from __future__ import annotations

import math

import numpy as np

from gdbench.kernel import prepare
from gdbench.kernel.recurrences import decaying_sum
from gdbench.problem import Array
from gdbench.theory.hypotheses import (
    all_of,
    convex,
    minimiser,
    pl_constant,
    smooth_everywhere,
    strongly_convex,
)
from gdbench.theory.judges import Running, per_step
from gdbench.theory.rounding import TINY, U
from gdbench.theory.theorem import Comparison, Facts, Theorem
from gdbench.trajectory import Chunk


def polyak_convex(k: Array, L: float, R2: float) -> Array:
    return 2.0 * L * R2 / (3.0 * k)


def polyak_factor(L: float, mu: float) -> float:
    """1 - 5 m/4 + m^2/2, m = mu/L: the factor of dist2 per step."""
    m = mu / L
    return 1.0 - 1.25 * m + 0.5 * m * m


def polyak_sc(k: Array, L: float, mu: float, R2: float) -> Array:
    return polyak_factor(L, mu) ** k * R2


def gap_rounding(facts: Facts, chunk: Chunk) -> Array:
    """e: the rounding of f(x_{k-1}) - f*."""
    star = 4.0 * facts.problem.terms * U * abs(facts.f_star)
    return facts.rounding.value(chunk, chunk.before("f")) + star


def polyak_rounding(facts: Facts, chunk: Chunk) -> Array:
    """What rounding adds to dist2 in the step to k, and to the decrease that is measured."""
    grad2, eta, L = chunk.before("grad2"), facts.rounding.step(chunk), facts.value("L")
    e, gap = gap_rounding(facts, chunk), np.abs(chunk.before("f") - facts.f_star)
    root = np.sqrt(chunk.before("dist2"))
    moved = 2.0 * root * eta + eta * eta
    sized = 2.0 * e * ((gap + e) / grad2) + 2.0 * chunk.before("alpha") * L * eta * root
    return np.asarray(moved + np.where(chunk.before("alpha") > 0.0, sized, 0.0) + TINY)


def fejer(facts: Facts, chunk: Chunk, smoothness: float) -> Comparison:
    """dist2 against its decrease by gap^2/||g||^2 + smoothness gap."""
    gap, moves = chunk.before("f") - facts.f_star, chunk.before("alpha") > 0.0
    bound = chunk.before("dist2")
    # gap * gap underflows where dist2 does not.
    falls = np.where(moves, gap * (gap / chunk.before("grad2")) + smoothness * gap, 0.0)
    errors = polyak_rounding(facts, chunk) + smoothness * gap_rounding(facts, chunk)
    allowed = np.where(moves, errors + 4.0 * facts.problem.n * U * bound + 1e-12 * falls, np.inf)
    return Comparison(chunk.now("dist2") + falls, bound, allowed)


class PolyakJudge:
    """min gap or dist2 against what the decreases of dist2 leave, with the rounding of every step carried along."""

    def __init__(self, facts: Facts, theorem: str) -> None:
        self._facts, self._theorem = facts, theorem
        self._min, self._errors = Running("min", math.inf), Running("sum", 0.0)
        self._state = np.zeros(2)

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, k, L = self._facts, chunk.k, self._facts.value("L")
        errors = polyak_rounding(facts, chunk) + 1.5 / L * gap_rounding(facts, chunk)
        still = facts.value("room") + gap_rounding(facts, chunk)
        if self._theorem == "polyak_convex":
            bound = polyak_convex(k, L, facts.dist2_0)
            measured = self._min.through(chunk.before("f") - facts.f_star)
            allowed = self._errors.through(errors) * 2.0 * L / (3.0 * k) + still
            return [Comparison(measured, bound, allowed + bound * (1e-12 + 8.0 * U * k))]
        mu = facts.value("mu")
        bound, left = polyak_sc(k, L, mu, facts.dist2_0), np.empty(len(k))
        prepare(decaying_sum)(errors, polyak_factor(L, mu), 1, self._state, left)
        allowed = left + np.where(chunk.before("alpha") > 0.0, 0.0, 2.0 * still / mu)
        return [Comparison(chunk.now("dist2"), bound, allowed + bound * (1e-12 + 8.0 * U * k))]


class PolyakRangeJudge:
    """1/(2 L) <= alpha, and alpha <= 1/(2 mu) where a Polyak-Lojasiewicz constant mu is known."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, taken, L = self._facts, chunk.before("alpha"), self._facts.value("L")
        gap = chunk.before("f") - facts.f_star
        share = gap_rounding(facts, chunk) / gap + 2.0 * L * facts.rounding.step(chunk) / np.sqrt(chunk.before("grad2"))
        share = np.where((taken > 0.0) & (chunk.before("grad2") > TINY), share + 1e-12, np.inf)
        least = np.full(len(taken), 0.5 / L)
        found = [Comparison(least, taken, share * least)]
        if pl_constant(facts) > 0.0:
            most = np.full(len(taken), 0.5 / pl_constant(facts))
            found.append(Comparison(taken, most, share * most))
        return found


class TwoPointJudge:
    """1/L <= alpha_k <= 1/mu for k >= 1, up to the rounding of s and of y.

    With g known to L eta at both ends, s.y is known to the share 3 kappa eta/||s||, and so, twice over, is y.y.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, taken = self._facts, chunk.before("alpha")
        L, mu = facts.value("L"), facts.value("mu")
        moved = np.sqrt(chunk.before("step2"))
        u = 4.0 * U * math.sqrt(facts.problem.n + facts.problem.terms)
        share = 12.0 * L / mu * (facts.rounding.step(chunk) / moved + u)
        share = np.where((moved > 0.0) & (chunk.before("step2") > TINY * L / mu) & (share < 0.5), share, np.inf)
        least, most = np.full(len(taken), 1.0 / L), np.full(len(taken), 1.0 / mu)
        allowed = 2.0 * share + 1e-12
        # A step of 0, which a schedule may take where s = 0, would make infinity a NaN.
        least_allowed = np.where(np.isinf(allowed), np.inf, allowed * taken)
        return [Comparison(least, taken, least_allowed), Comparison(taken, most, allowed * most)]


POLYAK = "Polyak 1969; proof in the module gdbench.theory.step_rules"
CONVEX = all_of(convex, smooth_everywhere, minimiser)

THEOREMS = (
    Theorem(
        id="polyak_range",
        statement="1/(2 L) <= alpha_k, and alpha_k <= 1/(2 mu) where ||g||^2 >= 2 mu (f - f*)",
        quantity="step size, per step",
        source=POLYAK,
        hypotheses=all_of(smooth_everywhere, minimiser),
        judge=PolyakRangeJudge,
    ),
    per_step(
        lambda facts, chunk: fejer(facts, chunk, 0.0),
        id="polyak_fejer",
        statement="||x_k - x*||^2 + (f(x_{k-1}) - f*)^2/||g_{k-1}||^2 <= ||x_{k-1} - x*||^2 for convex f",
        quantity="dist2, per step",
        kind="potential",
        source=POLYAK,
        hypotheses=CONVEX,
    ),
    per_step(
        lambda facts, chunk: fejer(facts, chunk, 1.0 / facts.value("L")),
        id="polyak_fejer_smooth",
        statement="||x_k - x*||^2 + (f(x_{k-1}) - f*)^2/||g_{k-1}||^2 + (f(x_{k-1}) - f*)/L <= ||x_{k-1} - x*||^2",
        quantity="dist2, per step",
        kind="potential",
        source=POLYAK,
        tight=True,
        hypotheses=CONVEX,
    ),
    Theorem(
        id="polyak_convex",
        statement="min over 0..k-1 of f - f* <= 2 L R2 / (3 k)",
        quantity="min gap over 0..k-1",
        source=POLYAK + "; Hazan and Kakade 2019, theorem 1 (number unverified), has 2 L R2/k",
        needs=("L", "R2"),
        closed=polyak_convex,
        hypotheses=CONVEX,
        judge=lambda facts: PolyakJudge(facts, "polyak_convex"),
    ),
    Theorem(
        id="polyak_sc",
        statement="||x_k - x*||^2 <= (1 - 5 m/4 + m^2/2)^k ||x_0 - x*||^2, m = mu/L",
        quantity="dist2",
        source=POLYAK,
        needs=("L", "mu", "R2"),
        closed=polyak_sc,
        hypotheses=all_of(strongly_convex, smooth_everywhere, minimiser),
        judge=lambda facts: PolyakJudge(facts, "polyak_sc"),
    ),
    Theorem(
        id="bb_step",
        statement="1/L <= alpha_k <= 1/mu for k >= 1: 1/L <= s.y/y.y <= s.s/s.y <= 1/mu",
        quantity="step size, per step",
        source="Barzilai and Borwein 1988; cocoercivity, Cauchy and Schwarz, strong convexity",
        hypotheses=all_of(strongly_convex, smooth_everywhere, minimiser, scheduled=True),
        judge=TwoPointJudge,
    ),
)
