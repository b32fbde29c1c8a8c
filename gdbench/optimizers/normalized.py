"""Normalised descent: steps of length alpha along -g/||g|| (Shor 1985; Nesterov 2004, section 3.2.3)."""

import math
from collections.abc import Iterator
from itertools import count
from typing import Annotated

import numpy as np

from gdbench.kernel import dot, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import StepSize, Unit
from gdbench.problem import Array, Problem
from gdbench.view import View

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


def naive(view: View) -> Iterator[Array]:
    """A step of the declared length along the unit vector -g/||g||."""
    x = view.start
    for k in count():
        yield x
        g = view.gradient(x)
        if np.any(g):
            x = x - view.alpha(k, "length") * (g / np.linalg.norm(g))


def make(alpha: Annotated[StepSize, Unit(x=1)] = StepSize("0.01")) -> Optimizer:
    """alpha: length of a step, in units of x. Where g = 0 the run stays."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        return Tuning(plan=(size,), declared={"length": size})

    source = "Nesterov 2004, section 3.2.3"
    return Optimizer(step=descend_normalized, tune=tune, source=source, theorems=THEOREMS, naive=naive)
