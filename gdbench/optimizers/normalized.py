"""Normalised descent: steps of length alpha along -g/||g|| (Shor 1985; Nesterov 2004, section 3.2.3)."""

import math

from gdbench.kernel import dot, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import StepSize
from gdbench.problem import Problem

THEOREMS = ("normalized_gap",)


@step
def descend_normalized(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    x = state.x
    g = state.g
    length = math.sqrt(dot(g, g))
    if length == 0.0:
        return 0.0, 0, 0
    size = alpha / length
    for i in range(x.shape[0]):
        x[i] -= size * g[i]
    return size, 0, 0


def make(alpha: StepSize = StepSize("0.01")) -> Optimizer:
    """alpha: length of a step, in units of x. Where g = 0 the run stays."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        return Tuning(plan=(size,), declared={"length": size})

    return Optimizer(step=descend_normalized, tune=tune, source="Nesterov 2004, section 3.2.3", theorems=THEOREMS)
