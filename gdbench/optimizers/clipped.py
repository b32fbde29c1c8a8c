"""Gradient descent with clipping, of the whole gradient or of each entry (Pascanu, Mikolov and Bengio 2013)."""

import math
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Annotated, Literal

import numpy as np

from gdbench.kernel import dot, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import Range, StepSize, Unit
from gdbench.problem import Array, Problem
from gdbench.view import View

#: Clipping the norm is gradient descent with the shorter step alpha min(1, threshold/||g||).
THEOREMS = ("gd_convex_varstep", "gd_fejer", "gd_descent", "gd_sc_varstep", "gd_nonconvex_varstep")


@step
def clip_norm(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    threshold = state.hyper[0]
    x = state.x
    g = state.g
    length = math.sqrt(dot(g, g))
    size = alpha * (threshold / length) if length > threshold else alpha
    for i in range(x.shape[0]):
        x[i] -= size * g[i]
    return size, 0, 0


@step
def clip_value(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    threshold = state.hyper[0]
    x = state.x
    g = state.g
    for i in range(x.shape[0]):
        x[i] -= alpha * min(max(g[i], -threshold), threshold)
    return alpha, 0, 0


def naive(view: View, threshold: float, by: str) -> Iterator[Array]:
    """A gradient step along what is left of g: its entries clipped, or g over max(1, ||g||/threshold)."""
    x = view.start
    for k in count():
        yield x
        g = view.gradient(x)
        whole = g / max(1.0, float(np.linalg.norm(g)) / threshold)
        x = x - view.alpha(k) * (whole if by == "norm" else np.clip(g, -threshold, threshold))


def make(
    alpha: StepSize = StepSize("1/L"),
    threshold: Annotated[float, Range(low=0.0, open_low=True), Unit(f=1, x=-1)] = 1.0,
    by: Literal["norm", "value"] = "norm",
) -> Optimizer:
    """threshold: the largest ||g||, or |g_i| with by=value, that stays as it is. by=value: measured only."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        return Tuning(plan=(size,), hyper=(threshold,), declared={"alpha": size})

    return Optimizer(
        step=clip_norm if by == "norm" else clip_value,
        tune=tune,
        source="Pascanu, Mikolov and Bengio 2013",
        theorems=THEOREMS if by == "norm" else (),
        naive=partial(naive, threshold=threshold, by=by),
    )
