"""Backtracking along -g: alpha_init, factor b, Armijo constant c. Every step taken is a figure of the run.

The test f(x - alpha g) <= f(x) - c alpha ||g||^2 is made on computed values, so its consequences hold up to the
rounding of f summed over the steps; no other rounding model is needed.
"""

from __future__ import annotations

import math

import numpy as np

from gdbench.problem import Array
from gdbench.theory.hypotheses import (
    Check,
    all_of,
    bounded_below,
    convex,
    lojasiewicz,
    minimiser,
    pl_constant,
    region_kept,
    smooth,
    smooth_everywhere,
)
from gdbench.theory.judges import Running, per_step
from gdbench.theory.rounding import TINY, U
from gdbench.theory.theorem import Comparison, Facts, Theorem
from gdbench.trajectory import Chunk

SOURCE = "Armijo 1966; Nocedal and Wright 2006, section 3.1; proof in the statement's terms from the descent lemma"


def least_step(L: float, alpha_init: float, factor: float, c: float) -> float:
    """min(alpha_init, 2 b (1 - c)/L): no accepted step is smaller."""
    return min(alpha_init, 2.0 * factor * (1.0 - c) / L)


def most_backtracks(L: float, alpha_init: float, factor: float, c: float) -> int:
    """max(0, ceil(log(alpha_init L/(2 (1 - c))) / log(1/b))): no call shrinks the step more often."""
    ratio = math.log(alpha_init * L / (2.0 * (1.0 - c))) / math.log(1.0 / factor)
    return max(0, math.ceil(ratio - 1e-9))


def armijo_sc(k: Array, mu: float, c: float, alpha_min: float, gap_0: float) -> Array:
    return (1.0 - 2.0 * c * mu * alpha_min) ** k * gap_0


def armijo_nonconvex(k: Array, c: float, S: float | Array, Delta: float) -> Array:
    return Delta / (c * np.asarray(S)) + 0.0 * k


def armijo_convex(k: Array, R2: float, gap_0: float, alpha_init: float, c: float, S: float | Array) -> Array:
    return (R2 + alpha_init / c * gap_0) / (2.0 * np.asarray(S)) + 0.0 * k


def armijo_convex_half(k: Array, R2: float, S: float | Array) -> Array:
    return R2 / (2.0 * np.asarray(S)) + 0.0 * k


def value_rounding(facts: Facts, chunk: Chunk) -> Array:
    """Rounding of f at both ends of a step, and the slack of the computed test itself."""
    ends = facts.rounding.value(chunk, chunk.now("f")) + facts.rounding.value(chunk, chunk.before("f"))
    return np.asarray(ends + 8.0 * U * np.abs(chunk.before("f")) + TINY)


def steps_long_enough(facts: Facts, chunk: Chunk) -> Comparison:
    names = ("L", "alpha_init", "factor", "c")
    least = least_step(*(facts.value(name) for name in names))
    taken = chunk.before("alpha")
    visible = 0.01 * facts.value("c") * taken * chunk.before("grad2") - value_rounding(facts, chunk)
    allowed = np.where(visible >= 0.0, 1e-12 * taken, np.inf)
    return Comparison(np.full(len(taken), least), taken, allowed)


def few_backtracks(facts: Facts, chunk: Chunk) -> Comparison:
    names = ("L", "alpha_init", "factor", "c")
    most = most_backtracks(*(facts.value(name) for name in names))
    visible = 0.01 * facts.value("c") * chunk.before("alpha") * chunk.before("grad2") - value_rounding(facts, chunk)
    trials = np.maximum(chunk.now("value_calls") - chunk.before("value_calls") - 1.0, 0.0)
    return Comparison(trials, np.full(len(trials), float(most)), np.where(visible >= 0.0, 0.0, np.inf))


def contraction_per_step(facts: Facts, chunk: Chunk) -> Comparison:
    factor = 1.0 - 2.0 * facts.value("c") * pl_constant(facts) * chunk.before("alpha")
    bound = factor * (chunk.before("f") - facts.f_star)
    return Comparison(chunk.now("f") - facts.f_star, bound, value_rounding(facts, chunk) + 1e-12 * bound)


class SumOfStepsJudge:
    """A bound through S, the sum of the steps taken before k, with the rounding of every test summed up."""

    def __init__(self, facts: Facts, theorem: str) -> None:
        self._facts, self._theorem = facts, theorem
        self._steps = Running("sum", 0.0)
        self._errors = Running("sum", 0.0)
        self._moved = Running("sum", 0.0)
        self._min = Running("min", math.inf)
        self._longest = Running("max", facts.value("alpha_init"))

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, k = self._facts, chunk.k
        region_kept(facts, chunk)
        # Not 0: where x has only stayed in place there is nothing to divide by.
        S = np.maximum(self._steps.through(chunk.before("alpha")), TINY)
        errors = self._errors.through(value_rounding(facts, chunk))
        c, alpha_init = facts.value("c"), facts.value("alpha_init")
        if self._theorem == "armijo_nonconvex":
            bound = armijo_nonconvex(k, c, S, facts.gap_0)
            measured = self._min.through(chunk.before("grad2"))
            allowed = errors / (c * S) + bound * (1e-12 + 8.0 * U * k) + 8.0 * facts.problem.n * U * measured
            return [Comparison(measured, bound, allowed)]
        eta = facts.rounding.step(chunk)
        moved = self._moved.through(2.0 * np.sqrt(chunk.before("dist2")) * eta + eta * eta)
        if self._theorem == "armijo_convex":
            bound = armijo_convex(k, facts.dist2_0, facts.gap_0, alpha_init, c, S)
            measured = chunk.before("f") - facts.f_star
        else:
            bound = armijo_convex_half(k, facts.dist2_0, S)
            measured = chunk.now("f") - facts.f_star
        longest = self._longest.through(chunk.before("alpha"))
        spread = (moved + 2.0 * longest * (1.0 + 1.0 / c) * errors) / (2.0 * S)
        offset = 2.0 * facts.rounding.value(chunk, np.array(facts.f_star))
        return [Comparison(measured, bound, bound * (1e-12 + 8.0 * U * k) + spread + offset + TINY)]


def lipschitz_calls(k: Array, L: float, alpha_init: float, factor: float, growth: float) -> Array:
    shrunk = (k - 1.0) * math.log(growth) + math.log(max(1.0, alpha_init * L / factor))
    return np.asarray(k + shrunk / -math.log(factor))


class EstimateJudge:
    """The kept step alpha = 1/M and its trials, as long as every test before could see f fall."""

    def __init__(self, facts: Facts, theorem: str) -> None:
        self._facts, self._theorem = facts, theorem
        self._visible = Running("min", math.inf)

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, taken = self._facts, chunk.before("alpha")
        region_kept(facts, chunk)
        fall = 0.01 * facts.value("c") * taken * chunk.before("grad2")
        seen = self._visible.through(fall - value_rounding(facts, chunk)) >= 0.0
        if self._theorem == "lipschitz_calls":
            names = ("L", "alpha_init", "factor", "growth")
            most = lipschitz_calls(chunk.k, *(facts.value(name) for name in names))
            return [Comparison(chunk.now("value_calls"), most, np.where(seen, 1e-9 * most, np.inf))]
        least = least_step(*(facts.value(name) for name in ("L", "alpha_init", "factor", "c")))
        return [Comparison(np.full(len(taken), least), taken, np.where(seen, 1e-12 * taken, np.inf))]


def half(facts: Facts) -> str | None:
    """c >= 1/2."""
    return None if facts.value("c") >= 0.5 else f"c = {facts.value('c'):g} is below 1/2"


def sum_of_steps(hypotheses: Check, **theorem: object) -> Theorem:
    made: Theorem

    def judge(facts: Facts) -> SumOfStepsJudge:
        return SumOfStepsJudge(facts, made.id)

    made = Theorem(hypotheses=hypotheses, judge=judge, source=SOURCE, **theorem)  # type: ignore[arg-type]
    return made


THEOREMS = (
    per_step(
        steps_long_enough,
        id="armijo_step",
        statement="alpha_k >= min(alpha_init, 2 b (1 - c)/L)",
        quantity="step size, per step",
        kind="bound",
        source=SOURCE,
        hypotheses=all_of(smooth),
    ),
    per_step(
        few_backtracks,
        id="armijo_backtracks",
        statement="backtracks <= max(0, ceil(log(alpha_init L/(2 (1 - c))) / log(1/b))) per call",
        quantity="backtracks, per step",
        kind="bound",
        source=SOURCE,
        hypotheses=all_of(smooth),
    ),
    per_step(
        contraction_per_step,
        id="armijo_sc",
        statement="f(x_k) - f* <= (1 - 2 c mu alpha_{k-1}) (f(x_{k-1}) - f*), mu strong convexity or PL",
        quantity="gap, per step",
        kind="potential",
        source=SOURCE,
        needs=("mu", "c", "alpha_min", "gap_0"),
        closed=armijo_sc,
        hypotheses=all_of(lojasiewicz, minimiser),
    ),
    sum_of_steps(
        all_of(bounded_below),
        id="armijo_nonconvex",
        statement="min over 0..k-1 of ||g||^2 <= Delta / (c S), S the sum of the k steps before",
        quantity="min grad2 over 0..k-1",
        needs=("c", "S", "Delta"),
        closed=armijo_nonconvex,
    ),
    sum_of_steps(
        all_of(convex, smooth_everywhere, minimiser),
        id="armijo_convex",
        statement="f(x_{k-1}) - f* <= (R2 + (alpha_init/c)(f(x_0) - f*)) / (2 S), S the sum of the k steps before",
        quantity="gap at k - 1",
        needs=("R2", "gap_0", "alpha_init", "c", "S"),
        closed=armijo_convex,
    ),
    sum_of_steps(
        all_of(convex, smooth_everywhere, minimiser, half),
        id="armijo_convex_half",
        statement="f(x_k) - f* <= R2 / (2 S), S the sum of the k steps before, for c >= 1/2",
        quantity="gap",
        needs=("R2", "S"),
        closed=armijo_convex_half,
    ),
    Theorem(
        id="lipschitz_estimate",
        statement="alpha_k >= min(alpha_init, b/L), so M_k <= max(M_0, L/b): an estimate below L passes the test",
        quantity="step size, per step",
        source=SOURCE,
        hypotheses=all_of(smooth),
        judge=lambda facts: EstimateJudge(facts, "lipschitz_estimate"),
    ),
    Theorem(
        id="lipschitz_calls",
        statement="value calls <= k + ((k - 1) log(growth) + log max(1, alpha_init L/b)) / log(1/b) in all",
        quantity="value calls",
        source="Nesterov 2013, lemma 4 (number unverified), for any factor b",
        needs=("L", "alpha_init", "factor", "growth"),
        closed=lipschitz_calls,
        hypotheses=all_of(smooth),
        judge=lambda facts: EstimateJudge(facts, "lipschitz_calls"),
    ),
)
