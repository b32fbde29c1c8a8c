"""Line searches along directions other than -g: what every accepted step must do, by Armijo's test and curvature.

Newton's direction d solves H d = -g, or stops early on the way of conjugate gradients there: either way -g'd = d'H d,
which is at least mu ||d||^2, and at least ||g||^2/L because the first step of conjugate gradients lowers the model by
half of that. Armijo's test holds for t <= 2 (1 - c) mu/L (Boyd and Vandenberghe 2004, section 9.5.3).
"""

from __future__ import annotations

import math

import numpy as np

from gdbench.theory.hypotheses import all_of, minimiser, smooth_everywhere, strongly_convex
from gdbench.theory.judges import per_step
from gdbench.theory.line_search import value_rounding
from gdbench.theory.rounding import TINY
from gdbench.theory.theorem import Comparison, Facts, Theorem
from gdbench.trajectory import Chunk

BV = "Boyd and Vandenberghe 2004, section 9.5.3"


class ProgressJudge:
    """Armijo's test and strong convexity, wherever the run goes: it needs no L, so no region where L holds."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        return [progress(self._facts, chunk)]


def progress(facts: Facts, chunk: Chunk) -> Comparison:
    c = facts.value("c")
    mu = facts.value("mu") if facts.problem.convex and facts.knows("mu") else 0.0
    gained = 0.5 * c * mu / (1.0 - c)
    step2, eta = chunk.now("step2"), facts.rounding.step(chunk)
    rounded = gained * (4.0 * np.sqrt(step2) * eta + eta * eta)
    allowed = (1.0 / (1.0 - c)) * value_rounding(facts, chunk) + np.where(np.isnan(rounded), 0.0, rounded) + TINY
    # From f* on, where it is known: rows are resolved against what is bounded.
    lowest = 0.0 if math.isnan(facts.f_star) else facts.f_star
    return Comparison(chunk.now("f") - lowest + gained * step2, chunk.before("f") - lowest, allowed)


def newton_decrease(facts: Facts, chunk: Chunk) -> Comparison:
    drop = facts.value("c") * chunk.before("alpha") * chunk.before("grad2") / facts.value("L")
    allowed = value_rounding(facts, chunk) + 1e-9 * drop
    return Comparison(chunk.now("f") - facts.f_star, chunk.before("f") - facts.f_star - drop, allowed)


def newton_step(facts: Facts, chunk: Chunk) -> Comparison:
    c, L = facts.value("c"), facts.value("L")
    least = min(1.0, 2.0 * facts.value("factor") * (1.0 - c) * facts.value("mu") / L)
    taken = chunk.before("alpha")
    visible = 0.01 * c * taken * chunk.before("grad2") / L - value_rounding(facts, chunk)
    return Comparison(np.full(len(taken), least), taken, np.where(visible >= 0.0, 1e-9 * taken, np.inf))


THEOREMS: tuple[Theorem, ...] = (
    Theorem(
        id="armijo_progress",
        statement="f(x_k) + c mu/(2 (1 - c)) ||x_k - x_{k-1}||^2 <= f(x_{k-1}), mu = 0 where f is not strongly convex",
        quantity="f, per step",
        source="Armijo's test f_k <= f_{k-1} + c t g'd and f_k >= f_{k-1} + t g'd + mu/2 ||t d||^2",
        kind="potential",
        hypotheses=all_of(scheduled=True),
        judge=ProgressJudge,
    ),
    per_step(
        newton_decrease,
        id="newton_decrease",
        statement="f(x_k) <= f(x_{k-1}) - c t_{k-1} ||g(x_{k-1})||^2/L along Newton's direction",
        quantity="gap, per step",
        source=BV,
        kind="potential",
        hypotheses=all_of(strongly_convex, smooth_everywhere, minimiser),
    ),
    per_step(
        newton_step,
        id="newton_step",
        statement="t_k >= min(1, 2 b (1 - c) mu/L) along Newton's direction",
        quantity="step size, per step",
        source=BV,
        kind="bound",
        hypotheses=all_of(strongly_convex, smooth_everywhere, minimiser),
    ),
)
