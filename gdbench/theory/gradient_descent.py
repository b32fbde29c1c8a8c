"""Gradient descent with a fixed step: x_{k+1} = x_k - alpha g(x_k). Notation: a = alpha L, Delta = f(x_0) - inf f."""

from __future__ import annotations

import math

import numpy as np

from gdbench.problem import Array
from gdbench.theory.hypotheses import (
    SAME,
    all_of,
    bounded_below,
    convex,
    lojasiewicz,
    minimiser,
    pl_constant,
    region_kept,
    smooth,
    smooth_everywhere,
    step_at_most,
    step_below,
    step_is_one_over_L,
    step_stayed,
    steps_below,
    strongly_convex,
)
from gdbench.theory.judges import ClosedJudge, Running, closed, per_step
from gdbench.theory.rounding import TINY, U
from gdbench.theory.theorem import Comparison, Facts, HypothesisFails, Theorem
from gdbench.trajectory import Chunk

DRORI_TEBOULLE = "Drori and Teboulle 2014, theorem 3.1 (alpha <= 1/L); Kim 2024, arXiv 2412.04427 (alpha < 2/L)"
THG = "Taylor, Hendrickx and Glineur 2018, exact worst-case convergence rates of the proximal gradient method"
LECTURE_1 = "lecture, section 2, theorem 1; Nesterov 2004, section 2.1.5"
AKZ = "Abbaszadehpeivasti, de Klerk and Zamani 2022, Optim. Lett. 16 (theorem number unverified)"


def contraction(L: float, mu: float, alpha: float) -> float:
    """rho = max(|1 - alpha mu|, |1 - alpha L|): the factor of ||x_k - x*|| per step."""
    return max(abs(1.0 - alpha * mu), abs(1.0 - alpha * L))


def rounding_model(facts: Facts) -> tuple[float, int]:
    """Gradient steps with alpha <= 2/L are non-expansive, contractive on strongly convex problems."""
    mu = facts.value("mu") if facts.knows("mu") else 0.0
    return contraction(facts.value("L"), mu, facts.value("alpha")), 1


def convex_headline(k: Array, L: float, R2: float) -> Array:
    return 2.0 * L * R2 / k


def convex_proof(k: Array, L: float, R2: float) -> Array:
    return L * R2 / (2.0 * k)


def convex_tight(k: Array, L: float, R2: float, alpha: float) -> Array:
    a = alpha * L
    return 0.5 * L * R2 * np.maximum(1.0 / (2.0 * k * a + 1.0), ((1.0 - a) ** 2) ** k)


def convex_grad_from_distance(k: Array, L: float, alpha: float, R2: float) -> Array:
    a = alpha * L
    return L * L * R2 * np.maximum(1.0 / (k * a + 1.0) ** 2, ((1.0 - a) ** 2) ** k)


def convex_grad_from_gap(k: Array, L: float, alpha: float, gap_0: float) -> Array:
    a = alpha * L
    return np.asarray(2.0 * L * gap_0 * np.maximum(1.0 / (2.0 * k * a + 1.0), ((1.0 - a) ** 2) ** k))


def convex_varstep(k: Array, L: float, R2: float, S: float | Array) -> Array:
    return L * R2 / (2.0 + 4.0 * L * np.asarray(S)) + 0.0 * k


def sc_linear(k: Array, L: float, mu: float, alpha: float, gap_0: float) -> Array:
    return (1.0 - alpha * mu * (2.0 - alpha * L)) ** k * gap_0


def sc_gap(k: Array, L: float, mu: float, alpha: float, gap_0: float) -> Array:
    return (contraction(L, mu, alpha) ** 2) ** k * gap_0


def sc_dist(k: Array, L: float, mu: float, alpha: float, R2: float) -> Array:
    return (contraction(L, mu, alpha) ** 2) ** k * R2


def sc_grad(k: Array, L: float, mu: float, alpha: float, G_0: float) -> Array:
    return (contraction(L, mu, alpha) ** 2) ** k * G_0


def sc_gap_R2(k: Array, L: float, mu: float, alpha: float, R2: float) -> Array:
    m = mu / L
    left = abs(1.0 - alpha * mu)
    shrinks = math.log1p(-alpha * mu) if alpha * mu < 0.5 else math.log(left) if left > 0.0 else -math.inf
    growth = np.expm1(-2.0 * k * shrinks)
    return np.asarray(0.5 * L * R2 * np.maximum(m / (m + growth), ((1.0 - alpha * L) ** 2) ** k))


def nonconvex(k: Array, L: float, alpha: float, Delta: float) -> Array:
    return Delta / (alpha * (1.0 - 0.5 * alpha * L) * k)


def nonconvex_slope(a: float) -> float:
    """h(a) = a (4 - a max(1, a)) for a in (0, sqrt 3]."""
    return a * (4.0 - a * max(1.0, a))


def nonconvex_tight(k: Array, L: float, alpha: float, Delta: float) -> Array:
    return 4.0 * L * Delta / (2.0 + (k - 1.0) * nonconvex_slope(alpha * L))


def nonconvex_drop(k: Array, L: float, alpha: float, drop: float | Array) -> Array:
    return 4.0 * L * np.asarray(drop) / (k * nonconvex_slope(alpha * L))


def fejer(facts: Facts, chunk: Chunk) -> Comparison:
    steps_below(facts, chunk, 2.0)
    alpha, L = chunk.before("alpha"), facts.value("L")
    bound = chunk.before("dist2")
    measured = chunk.now("dist2") + alpha * (2.0 / L - alpha) * chunk.before("grad2")
    return Comparison(measured, bound, facts.rounding.of_dist2(chunk, bound, facts.rounding.step(chunk)))


def descent(facts: Facts, chunk: Chunk) -> Comparison:
    steps_below(facts, chunk, 2.0)
    alpha, L = chunk.before("alpha"), facts.value("L")
    bound = chunk.before("f") - facts.f_star
    measured = chunk.now("f") - facts.f_star + alpha * (1.0 - 0.5 * alpha * L) * chunk.before("grad2")
    return Comparison(measured, bound, facts.rounding.of_descent(chunk, L) + 1e-12 * bound)


class VariableStepJudge:
    """gap_k against the sum of the steps taken, each at most 1/L."""

    def __init__(self, facts: Facts) -> None:
        self._facts, self._sum = facts, Running("sum", 0.0)

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, L = self._facts, self._facts.value("L")
        steps = chunk.before("alpha")
        long = np.flatnonzero(~(steps * L <= 1.0 + SAME))
        if len(long):
            raise HypothesisFails(f"alpha L = {steps[long[0]] * L:.6g} at k = {chunk.k[long[0]] - 1:.0f} is above 1")
        bound = convex_varstep(chunk.k, L, facts.dist2_0, self._sum.through(steps))
        delta = facts.rounding.distance(chunk, 1.0, 1)
        allowed = facts.rounding.of_gap(chunk, bound, L, delta)
        return [Comparison(chunk.now("f") - facts.f_star, bound, allowed)]


class NonconvexJudge:
    """min grad2 so far against a total decrease, with the rounding of every descent step summed up."""

    def __init__(self, facts: Facts, theorem: str) -> None:
        self._facts, self._theorem = facts, theorem
        inclusive = theorem == "gd_nonconvex_drop"
        self._inclusive = inclusive
        self._min = Running("min", facts.grad2_0 if inclusive else math.inf)
        self._errors = Running("sum", 0.0)

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts = self._facts
        step_stayed(facts, chunk)
        region_kept(facts, chunk)
        L, alpha, k = facts.value("L"), facts.value("alpha"), chunk.k
        measured = self._min.through(chunk.now("grad2") if self._inclusive else chunk.before("grad2"))
        errors = self._errors.through(facts.rounding.of_descent(chunk, L))
        if self._inclusive:
            bound = nonconvex_drop(k, L, alpha, np.maximum(facts.f_0 - chunk.now("f"), 0.0))
            scale = nonconvex_drop(k, L, alpha, 1.0)
        elif self._theorem == "gd_nonconvex":
            bound, scale = nonconvex(k, L, alpha, facts.gap_0), nonconvex(k, L, alpha, 1.0)
        else:
            bound, scale = nonconvex_tight(k, L, alpha, facts.gap_0), nonconvex_tight(k, L, alpha, 1.0)
        allowed = bound * (1e-12 + 8.0 * U * k) + errors * scale + 8.0 * facts.problem.n * U * measured + TINY
        return [Comparison(measured, bound, allowed)]


def lojasiewicz_judge(facts: Facts) -> ClosedJudge:
    values = {"L": facts.value("L"), "mu": pl_constant(facts), "alpha": facts.value("alpha"), "gap_0": facts.gap_0}
    return ClosedJudge(facts, PL.bound, "gap", values, rounding_model(facts))


CONVEX_BELOW_2 = all_of(convex, smooth_everywhere, minimiser, step_below(2.0))
CONVEX_AT_1 = all_of(convex, smooth_everywhere, minimiser, step_is_one_over_L)
STRONGLY_CONVEX = all_of(strongly_convex, smooth_everywhere, minimiser, step_below(2.0))

PL = Theorem(
    id="gd_pl",
    statement="f(x_k) - f* <= (1 - mu alpha (2 - a))^k (f(x_0) - f*), mu the Polyak-Lojasiewicz constant",
    quantity="gap",
    source="Polyak 1963; Karimi, Nutini and Schmidt 2016, theorem 1",
    needs=("L", "mu", "alpha", "gap_0"),
    closed=sc_linear,
    hypotheses=all_of(lojasiewicz, smooth, minimiser, step_below(2.0)),
    judge=lojasiewicz_judge,
)

THEOREMS = (
    closed(
        "gap",
        rounding_model,
        id="gd_convex_headline",
        statement="f(x_k) - f* <= 2 L R2 / k with alpha = 1/L",
        source=LECTURE_1 + " (statement; loose by a factor of 8)",
        needs=("L", "R2"),
        closed=convex_headline,
        hypotheses=CONVEX_AT_1,
    ),
    closed(
        "gap",
        rounding_model,
        id="gd_convex_proof",
        statement="f(x_k) - f* <= L R2 / (2 k) with alpha = 1/L",
        source=LECTURE_1 + " (last line of its proof)",
        needs=("L", "R2"),
        closed=convex_proof,
        hypotheses=CONVEX_AT_1,
    ),
    closed(
        "gap",
        rounding_model,
        id="gd_convex_tight",
        statement="f(x_k) - f* <= L R2/2 max(1/(2 k a + 1), (1 - a)^(2k)) for 0 < a < 2",
        source=DRORI_TEBOULLE,
        tight=True,
        needs=("L", "R2", "alpha"),
        closed=convex_tight,
        hypotheses=CONVEX_BELOW_2,
    ),
    closed(
        "grad2",
        rounding_model,
        id="gd_convex_grad_R2",
        statement="||g_k||^2 <= L^2 R2 max(1/(k a + 1)^2, (1 - a)^(2k)) for 0 < a < 2",
        source="Taylor, Hendrickx and Glineur 2017 (conjecture); Rotaru, Glineur and Patrinos 2024, arXiv 2406.17506",
        tight=True,
        needs=("L", "alpha", "R2"),
        closed=convex_grad_from_distance,
        hypotheses=CONVEX_BELOW_2,
    ),
    closed(
        "grad2",
        rounding_model,
        id="gd_convex_grad_gap",
        statement="||g_k||^2 <= 2 L (f(x_0) - f*) max(1/(2 k a + 1), (1 - a)^(2k)) for 0 < a < 2",
        source="Taylor, Hendrickx and Glineur 2017 (conjecture); Rotaru, Glineur and Patrinos 2024, arXiv 2406.17506",
        tight=True,
        needs=("L", "alpha", "gap_0"),
        closed=convex_grad_from_gap,
        hypotheses=CONVEX_BELOW_2,
    ),
    Theorem(
        id="gd_convex_varstep",
        statement="f(x_k) - f* <= L R2 / (2 + 4 L S), S the sum of the k steps before, each at most 1/L",
        quantity="gap",
        source="Drori and Teboulle 2014; confirmed by performance estimation for unequal steps",
        tight=True,
        needs=("L", "R2", "S"),
        closed=convex_varstep,
        hypotheses=all_of(convex, smooth_everywhere, minimiser, scheduled=True),
        judge=VariableStepJudge,
    ),
    per_step(
        fejer,
        id="gd_fejer",
        statement="||x_k - x*||^2 + alpha (2/L - alpha) ||g_{k-1}||^2 <= ||x_{k-1} - x*||^2 for convex f, a < 2",
        quantity="dist2, per step",
        kind="potential",
        source="Nesterov 2004, theorem 2.1.14 (number unverified)",
        hypotheses=all_of(convex, smooth_everywhere, minimiser, scheduled=True),
    ),
    per_step(
        descent,
        id="gd_descent",
        statement="f(x_k) + alpha (1 - a/2) ||g_{k-1}||^2 <= f(x_{k-1}) for any L-smooth f",
        quantity="gap, per step",
        kind="potential",
        source="lecture, section 2, proof of theorem 1, step 3; Nesterov 2004, section 1.2.3",
        hypotheses=all_of(smooth, bounded_below, minimiser, scheduled=True),
    ),
    closed(
        "gap",
        rounding_model,
        id="gd_sc_linear",
        statement="f(x_k) - f* <= (1 - alpha mu (2 - a))^k (f(x_0) - f*) for a <= 1; 1 - mu/L at alpha = 1/L",
        source="lecture, section 3, theorem 2",
        needs=("L", "mu", "alpha", "gap_0"),
        closed=sc_linear,
        hypotheses=all_of(strongly_convex, smooth_everywhere, minimiser, step_at_most(1.0)),
    ),
    closed(
        "gap",
        rounding_model,
        id="gd_sc_gap",
        statement="f(x_k) - f* <= rho^(2k) (f(x_0) - f*), rho = max(|1 - alpha mu|, |1 - a|), 0 < a < 2",
        source=THG,
        tight=True,
        needs=("L", "mu", "alpha", "gap_0"),
        closed=sc_gap,
        hypotheses=STRONGLY_CONVEX,
    ),
    closed(
        "dist2",
        rounding_model,
        id="gd_sc_dist",
        statement="||x_k - x*||^2 <= rho^(2k) ||x_0 - x*||^2, rho = max(|1 - alpha mu|, |1 - a|), 0 < a < 2",
        source=THG,
        tight=True,
        needs=("L", "mu", "alpha", "R2"),
        closed=sc_dist,
        hypotheses=STRONGLY_CONVEX,
    ),
    closed(
        "grad2",
        rounding_model,
        id="gd_sc_grad",
        statement="||g_k||^2 <= rho^(2k) ||g_0||^2, rho = max(|1 - alpha mu|, |1 - a|), 0 < a < 2",
        source=THG,
        tight=True,
        needs=("L", "mu", "alpha", "G_0"),
        closed=sc_grad,
        hypotheses=STRONGLY_CONVEX,
    ),
    closed(
        "gap",
        rounding_model,
        id="gd_sc_gap_R2",
        statement="f(x_k) - f* <= L R2/2 max(m/(m - 1 + (1 - alpha mu)^(-2k)), (1 - a)^(2k)), m = mu/L, 0 < a < 2",
        source="Kim 2024, arXiv 2412.04427; conjectured by Taylor, Hendrickx and Glineur 2017",
        tight=True,
        needs=("L", "mu", "alpha", "R2"),
        closed=sc_gap_R2,
        hypotheses=STRONGLY_CONVEX,
    ),
    PL,
    Theorem(
        id="gd_nonconvex",
        statement="min over 0..k-1 of ||g||^2 <= Delta / (alpha (1 - a/2) k); 2 L Delta / k at alpha = 1/L",
        quantity="min grad2 over 0..k-1",
        source="lecture, section 4, theorem 3; Nesterov 2004, section 1.2.3",
        needs=("L", "alpha", "Delta"),
        closed=nonconvex,
        hypotheses=all_of(smooth, minimiser, step_below(2.0)),
        judge=lambda facts: NonconvexJudge(facts, "gd_nonconvex"),
    ),
    Theorem(
        id="gd_nonconvex_tight",
        statement="min over 0..k-1 of ||g||^2 <= 4 L Delta / (2 + (k - 1) h), h = a (4 - a max(1, a)), a <= sqrt 3",
        quantity="min grad2 over 0..k-1",
        source=AKZ,
        tight=True,
        needs=("L", "alpha", "Delta"),
        closed=nonconvex_tight,
        hypotheses=all_of(smooth_everywhere, minimiser, step_at_most(math.sqrt(3.0))),
        judge=lambda facts: NonconvexJudge(facts, "gd_nonconvex_tight"),
    ),
    Theorem(
        id="gd_nonconvex_drop",
        statement="min over 0..k of ||g||^2 <= 4 L (f(x_0) - f(x_k)) / (k h), h = a (4 - a max(1, a)), a <= sqrt 3",
        quantity="min grad2 over 0..k",
        source=AKZ,
        tight=True,
        needs=("L", "alpha", "drop"),
        closed=nonconvex_drop,
        hypotheses=all_of(smooth_everywhere, minimiser, step_at_most(math.sqrt(3.0))),
        judge=lambda facts: NonconvexJudge(facts, "gd_nonconvex_drop"),
    ),
)
