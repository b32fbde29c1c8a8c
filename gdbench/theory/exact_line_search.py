"""Steepest descent with exact line search: x_k = x_{k-1} - alpha g_{k-1}, alpha minimises f along -g_{k-1}.

Per step, rounding enters four times: (i) f is rounded at both ends; (ii) x_k is rounded by eta, which moves f by at
most sqrt(2 L gap) eta + L eta^2; (iii) g is known to e = L eta only, and exact search along a direction that is off by
the share e/||g|| contracts by ((kappa' - 1)/(kappa' + 1))^2, kappa' = kappa (1 + e/||g||)/(1 - e/||g||) (de Klerk,
Glineur and Taylor 2017, theorem 1.3; number unverified), so by at most 4 ||g|| eta more; (iv) the search ends at a
slope of at most s = left ||g||^2 + 2 e ||g||, which is s^2 / (mu ||g||^2) above the minimum along the line. gap_k <=
rate gap_{k-1} + a_k for each step, so gap_k <= rate^k gap_0 + sum_j rate^{k-j} a_j.
"""

from __future__ import annotations

import numpy as np

from gdbench.kernel import prepare
from gdbench.kernel.recurrences import decaying_sum
from gdbench.problem import Array
from gdbench.theory.hypotheses import (
    all_of,
    convex,
    minimiser,
    quadratic,
    smooth,
    smooth_everywhere,
    strongly_convex,
)
from gdbench.theory.judges import per_step
from gdbench.theory.rounding import TINY, U
from gdbench.theory.theorem import Comparison, Facts, Theorem
from gdbench.trajectory import Chunk

DE_KLERK = "de Klerk, Glineur and Taylor 2017, theorem 1.2"
#: ||g||^2 below which a method may leave x where it is.
VANISHED = 1e-299


def rate(L: float, mu: float) -> float:
    """((kappa - 1)/(kappa + 1))^2."""
    return ((L - mu) / (L + mu)) ** 2


def exact_search(k: Array, L: float, mu: float, gap_0: float) -> Array:
    return rate(L, mu) ** k * gap_0


def condition(facts: Facts) -> float:
    """kappa, 1 where mu is unknown."""
    return facts.value("L") / facts.value("mu") if facts.knows("mu") else 1.0


def slope_share(facts: Facts, chunk: Chunk) -> Array:
    """s / ||g||^2: the slope that the search may leave, with the rounding of slopes or of the curvature."""
    noise = 2.0 * facts.value("L") * facts.rounding.step(chunk) / np.sqrt(chunk.before("grad2"))
    return np.asarray(facts.value("slope_left") + 4.0 * facts.problem.n * U * condition(facts) + noise)


def step_rounding(facts: Facts, chunk: Chunk) -> Array:
    """a_k of the module's docstring."""
    L, mu = facts.value("L"), facts.value("mu")
    eta, rounding = facts.rounding.step(chunk), facts.rounding
    before, grad2 = np.abs(chunk.before("f") - facts.f_star), chunk.before("grad2")
    values = 2.0 * rounding.value(chunk, np.abs(chunk.before("f")))
    moved = np.sqrt(2.0 * L * before) * eta + L * eta * eta
    turned = 4.0 * np.sqrt(grad2) * eta
    short = slope_share(facts, chunk) ** 2 * grad2 / mu
    return np.asarray(values + moved + turned + np.where(grad2 > 0.0, short, 0.0) + 1e-15 * before + TINY)


def contraction_per_step(facts: Facts, chunk: Chunk) -> Comparison:
    bound = rate(facts.value("L"), facts.value("mu")) * (chunk.before("f") - facts.f_star)
    return Comparison(chunk.now("f") - facts.f_star, bound, step_rounding(facts, chunk) + 1e-12 * np.abs(bound))


class ExactSearchJudge:
    """gap_k <= rate^k gap_0, with the allowances of the steps before, each shrunk by the steps since."""

    def __init__(self, facts: Facts) -> None:
        self._facts, self._state = facts, np.zeros(2)
        self._rate = rate(facts.value("L"), facts.value("mu"))

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, errors = self._facts, np.empty(len(chunk.k))
        prepare(decaying_sum)(step_rounding(facts, chunk), self._rate, 1, self._state, errors)
        bound = exact_search(chunk.k, facts.value("L"), facts.value("mu"), facts.gap_0)
        allowed = errors + bound * (1e-12 + 8.0 * U * chunk.k + facts.rounding.start)
        return [Comparison(chunk.now("f") - facts.f_star, bound, allowed)]


def drop(facts: Facts, chunk: Chunk) -> Comparison:
    alpha, grad2, L = chunk.before("alpha"), chunk.before("grad2"), facts.value("L")
    eta, rounding = facts.rounding.step(chunk), facts.rounding
    bound = 0.5 * alpha * grad2
    before = np.abs(chunk.before("f") - facts.f_star)
    values = 2.0 * rounding.value(chunk, np.abs(chunk.before("f")))
    moved = np.sqrt(2.0 * L * before) * eta + L * eta * eta
    turned = alpha * np.sqrt(grad2) * L * eta
    steps = (1e-12 + 4.0 * facts.problem.n * U * condition(facts)) * bound
    return Comparison(chunk.before("f") - chunk.now("f"), bound, values + moved + turned + steps + TINY, two_sided=True)


class StepRangeJudge:
    """alpha >= 1/L, and alpha <= 1/mu where f is strongly convex."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, taken = self._facts, chunk.before("alpha")
        share = np.where(chunk.before("grad2") > VANISHED, slope_share(facts, chunk) + 1e-12, np.inf)
        least = np.full(len(taken), 1.0 / facts.value("L"))
        found = [Comparison(least, taken, share * least)]
        if facts.knows("mu") and facts.problem.convex:
            most = np.full(len(taken), 1.0 / facts.value("mu"))
            found.append(Comparison(taken, most, share * most))
        return found


def descent(facts: Facts, chunk: Chunk) -> Comparison:
    alpha, grad2, L = chunk.before("alpha"), chunk.before("grad2"), facts.value("L")
    bound = chunk.before("f") - facts.f_star
    left = np.where(grad2 > 0.0, slope_share(facts, chunk) * grad2 * np.maximum(alpha, 1.0 / L), 0.0)
    turned = 2.0 * np.sqrt(grad2) * facts.rounding.step(chunk)
    allowed = facts.rounding.of_descent(chunk, L) + left + turned + 1e-12 * bound
    return Comparison(chunk.now("f") - facts.f_star + grad2 / (2.0 * L), bound, allowed)


def searched(facts: Facts) -> str | None:
    """The method minimises along the gradient."""
    return None if facts.knows("slope_left") else "the method does not minimise along the gradient"


STRONGLY_CONVEX = all_of(searched, strongly_convex, smooth_everywhere, minimiser)

THEOREMS = (
    Theorem(
        id="gd_exact_ls",
        statement="f(x_k) - f* <= ((kappa - 1)/(kappa + 1))^(2k) (f(x_0) - f*) with exact line search",
        quantity="gap",
        source=DE_KLERK,
        tight=True,
        needs=("L", "mu", "gap_0"),
        closed=exact_search,
        hypotheses=STRONGLY_CONVEX,
        judge=ExactSearchJudge,
    ),
    per_step(
        contraction_per_step,
        id="exact_ls_rate",
        statement="f(x_k) - f* <= ((kappa - 1)/(kappa + 1))^2 (f(x_{k-1}) - f*) with exact line search",
        quantity="gap, per step",
        kind="potential",
        source=DE_KLERK,
        hypotheses=STRONGLY_CONVEX,
    ),
    per_step(
        drop,
        id="exact_ls_drop",
        statement="f(x_{k-1}) - f(x_k) = alpha ||g_{k-1}||^2/2 on quadratics: f along -g is a parabola with its top "
        "slope at x_{k-1} and its minimum at x_k",
        quantity="decrease, per step",
        kind="exact",
        source="Nocedal and Wright 2006, section 3.3",
        hypotheses=all_of(searched, quadratic, smooth, minimiser),
    ),
    Theorem(
        id="exact_ls_step",
        statement="1/L <= alpha, and alpha <= 1/mu where f is strongly convex: the slope along -g starts at "
        "-||g||^2 and rises at a rate between mu ||g||^2 and L ||g||^2",
        quantity="step size, per step",
        source="proof in the statement",
        hypotheses=all_of(searched, smooth, minimiser),
        judge=StepRangeJudge,
    ),
    per_step(
        descent,
        id="exact_ls_descent",
        statement="f(x_k) <= f(x_{k-1}) - ||g_{k-1}||^2/(2 L) for convex f: no worse than alpha = 1/L",
        quantity="gap, per step",
        kind="potential",
        source="Nesterov 2004, section 1.2.3, for alpha = 1/L",
        hypotheses=all_of(searched, convex, smooth_everywhere, minimiser),
    ),
)
