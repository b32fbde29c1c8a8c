"""Momentum: Polyak's heavy ball and Nesterov's methods. p = (sqrt kappa - 1)/(sqrt kappa + 1), q = 1/sqrt kappa.

The sequence bounded is x_k, the one after the gradient step (y_k where a theorem says so).
"""

from __future__ import annotations

import math

import numpy as np

from gdbench.kernel import prepare
from gdbench.kernel.recurrences import fista_times
from gdbench.problem import Array
from gdbench.theory.hypotheses import (
    SAME,
    Check,
    all_of,
    convex,
    minimiser,
    quadratic,
    smooth_everywhere,
    step_at_most,
    step_is_one_over_L,
    step_stayed,
    strongly_convex,
)
from gdbench.theory.judges import Quantity, Running, allowance, closed, measured
from gdbench.theory.sequences import declared
from gdbench.theory.theorem import Comparison, Facts, Theorem
from gdbench.trajectory import Chunk

LRP = "Polyak 1964; closed form: Lessard, Recht and Packard 2016, section on quadratics"
GHADIMI = "Ghadimi, Feyzmahdavian and Johansson 2015"


def optimal_beta(L: float, mu: float) -> float:
    """p = (sqrt kappa - 1)/(sqrt kappa + 1): Nesterov's momentum; its square is heavy ball's."""
    return (math.sqrt(L) - math.sqrt(mu)) / (math.sqrt(L) + math.sqrt(mu))


def heavy_ball_tuned(facts: Facts) -> str | None:
    """alpha = 4/(sqrt L + sqrt mu)^2 and beta = p^2."""
    L, mu = facts.value("L"), facts.value("mu")
    alpha, beta = 4.0 / (math.sqrt(L) + math.sqrt(mu)) ** 2, optimal_beta(L, mu) ** 2
    tuned = abs(facts.value("alpha") - alpha) <= SAME * alpha and abs(facts.value("beta") - beta) <= SAME
    return None if tuned else "alpha and beta are not those that are optimal on quadratics"


def nesterov_tuned(facts: Facts) -> str | None:
    """beta = p."""
    beta = optimal_beta(facts.value("L"), facts.value("mu"))
    same = abs(facts.value("beta") - beta) <= SAME
    return None if same else f"beta is not (sqrt kappa - 1)/(sqrt kappa + 1) = {beta:.6g}"


def ghadimi_tuned(facts: Facts) -> str | None:
    """beta = sqrt((1 - alpha mu)(1 - alpha L))."""
    alpha = facts.value("alpha")
    square = (1.0 - alpha * facts.value("mu")) * max(1.0 - alpha * facts.value("L"), 0.0)
    same = abs(facts.value("beta") ** 2 - square) <= SAME
    return None if same else f"beta is not sqrt((1 - alpha mu)(1 - alpha L)) = {math.sqrt(square):.6g}"


def short_step(facts: Facts) -> str | None:
    """alpha <= (1 - beta)/L."""
    scaled = facts.value("alpha") * facts.value("L") / (1.0 - facts.value("beta"))
    return None if scaled <= 1.0 + SAME else f"alpha L/(1 - beta) = {scaled:.6g} is above 1"


def has_beta(facts: Facts) -> str | None:
    """The momentum is constant."""
    return None if facts.knows("beta") else "the momentum is not constant"


def hb_quad_dist(k: Array, L: float, mu: float, R2: float) -> Array:
    p = optimal_beta(L, mu)
    return (p * p) ** k * (1.0 + (1.0 + p) * k) ** 2 * R2


def hb_quad_gap(k: Array, L: float, mu: float, gap_0: float) -> Array:
    return hb_quad_dist(k, L, mu, gap_0)


def nag_quad_dist(k: Array, L: float, mu: float, R2: float) -> Array:
    q = math.sqrt(mu / L)
    return ((1.0 - q) ** 2) ** k * (1.0 + q * k) ** 2 * R2


def nag_quad_gap(k: Array, L: float, mu: float, gap_0: float) -> Array:
    return nag_quad_dist(k, L, mu, gap_0)


def hb_ghadimi(k: Array, L: float, mu: float, alpha: float, gap_0: float) -> Array:
    return max(1.0 - alpha * mu, 0.0) ** k * gap_0


def hb_cesaro(k: Array, alpha: float, beta: float, R2: float, gap_0: float) -> Array:
    return ((1.0 - beta) / (2.0 * alpha) * R2 + beta / (1.0 - beta) * gap_0) / (k + 1.0)


def nag_simple(k: Array, L: float, R2: float) -> Array:
    return 2.0 * L * R2 / (k + 1.0) ** 2


def nag_sc(k: Array, L: float, mu: float, gap_0: float, R2: float) -> Array:
    return (1.0 - math.sqrt(mu / L)) ** k * (gap_0 + 0.5 * mu * R2)


def fista_t(k: Array) -> Array:
    """t_k at each of an array of whole k >= 0, with t_0 = 1."""
    whole = np.asarray(k, dtype=np.int64)
    t = np.ones(int(whole.max(initial=0)) + 1)
    prepare(fista_times)(1.0, t[1:])
    return np.asarray(t[whole])


def nag_fista(k: Array, L: float, R2: float) -> Array:
    return L * R2 / (2.0 * fista_t(np.asarray(k) - 1) ** 2)


def nag_fista_y(k: Array, L: float, R2: float) -> Array:
    return L * R2 / (2.0 * fista_t(k) ** 2)


class FistaJudge:
    """gap against t_{k-1} (x_k) or t_k (y_k), the sequence t carried along."""

    def __init__(self, facts: Facts, quantity: Quantity) -> None:
        self._facts, self._quantity = facts, quantity
        self._t = 1.0

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, L = self._facts, self._facts.value("L")
        step_stayed(facts, chunk)
        t = np.empty(len(chunk.k) + 1)
        t[0] = self._t
        prepare(fista_times)(self._t, t[1:])
        self._t = float(t[-1])
        bound = L * facts.dist2_0 / (2.0 * (t[1:] if self._quantity == "gap of y" else t[:-1]) ** 2)
        allowed = allowance(facts, self._quantity, chunk, bound, (1.0, 2))
        return [Comparison(measured(facts, self._quantity, chunk), bound, allowed)]


class CesaroJudge:
    """The smallest gap over 0..k, bounded through the mean of the gaps."""

    def __init__(self, facts: Facts) -> None:
        self._facts, self._min = facts, Running("min", facts.gap_0)

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts = self._facts
        step_stayed(facts, chunk)
        values = {name: facts.value(name) for name in CESARO.needs}
        bound = CESARO.bound(chunk.k, values)
        allowed = allowance(facts, "gap", chunk, bound, (1.0, 2)) + bound * facts.rounding.start
        return [Comparison(self._min.through(measured(facts, "gap", chunk)), bound, allowed)]


QUADRATIC: tuple[Check, ...] = (strongly_convex, quadratic, smooth_everywhere, minimiser, has_beta)
FISTA = all_of(convex, smooth_everywhere, minimiser, step_is_one_over_L, declared("fista"))

CESARO = Theorem(
    id="hb_cesaro",
    statement="min over 0..k of f - f* <= ((1-beta) R2/(2 alpha) + beta (f(x_0) - f*)/(1-beta))/(k+1), a <= 1 - beta",
    quantity="min gap over 0..k",
    source=GHADIMI + ", theorem 1 (number unverified)",
    needs=("alpha", "beta", "R2", "gap_0"),
    closed=hb_cesaro,
    hypotheses=all_of(convex, smooth_everywhere, minimiser, has_beta, short_step),
    judge=CesaroJudge,
)


def heavy_ball_rounding(facts: Facts) -> tuple[float, int]:
    return optimal_beta(facts.value("L"), facts.value("mu")), 2


def nesterov_rounding(facts: Facts) -> tuple[float, int]:
    return 1.0 - math.sqrt(facts.value("mu") / facts.value("L")), 2


def slow_rounding(facts: Facts) -> tuple[float, int]:
    """On general strongly convex problems errors shrink with the gap's rate; measured, not proved."""
    return math.sqrt(max(1.0 - facts.value("alpha") * facts.value("mu"), 0.0)), 2


def nag_sc_rounding(facts: Facts) -> tuple[float, int]:
    return math.sqrt(max(1.0 - math.sqrt(facts.value("mu") / facts.value("L")), 0.0)), 2


THEOREMS = (
    closed(
        "gap",
        heavy_ball_rounding,
        id="hb_quad_gap",
        statement="f(x_k) - f* <= p^(2k) (1 + (1 + p) k)^2 (f(x_0) - f*) on quadratics, alpha and beta optimal",
        source=LRP,
        tight=True,
        needs=("L", "mu", "gap_0"),
        closed=hb_quad_gap,
        hypotheses=all_of(*QUADRATIC, heavy_ball_tuned),
    ),
    closed(
        "dist2",
        heavy_ball_rounding,
        id="hb_quad_dist",
        statement="||x_k - x*||^2 <= p^(2k) (1 + (1 + p) k)^2 ||x_0 - x*||^2 on quadratics, alpha and beta optimal",
        source=LRP,
        tight=True,
        needs=("L", "mu", "R2"),
        closed=hb_quad_dist,
        hypotheses=all_of(*QUADRATIC, heavy_ball_tuned),
    ),
    closed(
        "gap",
        nesterov_rounding,
        id="nag_quad_gap",
        statement="f(x_k) - f* <= (1 - q)^(2k) (1 + q k)^2 (f(x_0) - f*) on quadratics, alpha = 1/L, beta = p",
        source="closed form of the two-term recurrence; Lessard, Recht and Packard 2016",
        tight=True,
        needs=("L", "mu", "gap_0"),
        closed=nag_quad_gap,
        hypotheses=all_of(*QUADRATIC, step_is_one_over_L, nesterov_tuned),
    ),
    closed(
        "dist2",
        nesterov_rounding,
        id="nag_quad_dist",
        statement="||x_k - x*||^2 <= (1 - q)^(2k) (1 + q k)^2 ||x_0 - x*||^2 on quadratics, alpha = 1/L, beta = p",
        source="closed form of the two-term recurrence; Lessard, Recht and Packard 2016",
        tight=True,
        needs=("L", "mu", "R2"),
        closed=nag_quad_dist,
        hypotheses=all_of(*QUADRATIC, step_is_one_over_L, nesterov_tuned),
    ),
    closed(
        "gap",
        slow_rounding,
        id="hb_ghadimi",
        statement="f(x_k) - f* <= (1 - alpha mu)^k (f(x_0) - f*), alpha <= 1/L, beta = sqrt((1-alpha mu)(1-alpha L))",
        source=GHADIMI + ", theorem 4",
        needs=("L", "mu", "alpha", "gap_0"),
        closed=hb_ghadimi,
        hypotheses=all_of(strongly_convex, smooth_everywhere, minimiser, has_beta, step_at_most(1.0), ghadimi_tuned),
    ),
    CESARO,
    Theorem(
        id="nag_fista",
        statement="f(x_k) - f* <= L R2 / (2 t_{k-1}^2), alpha = 1/L, t_0 = 1, t_{j+1} = (1 + sqrt(1 + 4 t_j^2))/2",
        quantity="gap",
        source="Beck and Teboulle 2009, theorem 4.4",
        needs=("L", "R2"),
        closed=nag_fista,
        hypotheses=FISTA,
        judge=lambda facts: FistaJudge(facts, "gap"),
    ),
    closed(
        "gap",
        lambda facts: (1.0, 2),
        id="nag_fista_simple",
        statement="f(x_k) - f* <= 2 L R2 / (k + 1)^2, alpha = 1/L",
        source="Beck and Teboulle 2009, theorem 4.4; Nesterov 1983",
        needs=("L", "R2"),
        closed=nag_simple,
        hypotheses=FISTA,
    ),
    Theorem(
        id="nag_fista_y",
        statement="f(y_k) - f* <= L R2 / (2 t_k^2) at the query point y_k, alpha = 1/L",
        quantity="gap of y",
        source="Kim and Fessler 2016",
        needs=("L", "R2"),
        closed=nag_fista_y,
        hypotheses=FISTA,
        judge=lambda facts: FistaJudge(facts, "gap of y"),
    ),
    closed(
        "gap",
        lambda facts: (1.0, 2),
        id="nag_ratio",
        statement="f(x_k) - f* <= 2 L R2 / (k + 1)^2 with beta_j = j/(j + 3), alpha = 1/L",
        source="Su, Boyd and Candes 2016, theorem 6 with r = 3 (number unverified); from ratio_potential",
        needs=("L", "R2"),
        closed=nag_simple,
        hypotheses=all_of(convex, smooth_everywhere, minimiser, step_is_one_over_L, declared("ratio")),
    ),
    closed(
        "gap",
        nag_sc_rounding,
        id="nag_sc",
        statement="f(x_k) - f* <= (1 - q)^k (f(x_0) - f* + mu/2 R2), alpha = 1/L, beta = p",
        source="Nesterov 2004, theorem 2.2.3 (number unverified); d'Aspremont, Scieur and Taylor 2021, corollary 4.15",
        needs=("L", "mu", "gap_0", "R2"),
        closed=nag_sc,
        hypotheses=all_of(
            strongly_convex, smooth_everywhere, minimiser, has_beta, step_is_one_over_L, nesterov_tuned
        ),
    ),
)
