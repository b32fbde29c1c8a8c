"""The two-point step of Barzilai and Borwein (1988): alpha_k = s.s/s.y (long) or s.y/y.y (short) for k >= 1.

s = x_k - x_{k-1}, y = g_k - g_{k-1}; between steps memory holds x_{k-1} and g_{k-1}. Where s.y is not positive, or
lost in underflow or in rounding, the step is alpha. The method is not monotone; for its rate there is no theorem here:
measured only.
"""

from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Literal

import numpy as np

from gdbench.kernel import dot, helper, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import StepSize
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("bb_step",)
#: Squares below this have lost digits to underflow.
VANISHED = 1e-300
#: y.y below this share of g.g is made of rounding (of g, and of steps before): 2^-40 squared.
NOISE = 2.0**-80


@helper
def two_point(s, y, g, short):  # type: ignore[no-untyped-def]
    """The step of the variant, 0 where it is undefined; s, y and g have shape (n,)."""
    ss, sy, yy = dot(s, s), dot(s, y), dot(y, y)
    if not (ss > VANISHED and sy > VANISHED and yy > VANISHED and yy > NOISE * dot(g, g)):
        return 0.0
    return sy / yy if short else ss / sy


@step
def descend_by_two_points(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    x = state.x
    g = state.g
    s, y = state.memory[0], state.memory[1]
    n = x.shape[0]
    for i in range(n):
        s[i] = x[i] - s[i]
        y[i] = g[i] - y[i]
    used = two_point(s, y, g, state.hyper[0] > 0.0) if k > 0 else 0.0
    if not used > 0.0:
        used = alpha
    for i in range(n):
        s[i] = x[i]
        y[i] = g[i]
        x[i] -= used * g[i]
    return used, 0, 0


def naive(view: View, variant: str) -> Iterator[Array]:
    """1/alpha is the least-squares solution of s/alpha = y (long), alpha that of s = alpha y (short)."""
    x, last, before = view.start, view.start, 0.0 * view.start
    for k in count():
        yield x
        g, s = view.gradient(x), x - last
        y = g - before
        alpha = view.alpha(k, "first")
        if k > 0 and s @ y > 0.0 and np.linalg.norm(y) > np.sqrt(NOISE) * np.linalg.norm(g):
            alpha = float(1.0 / ((s @ y) / (s @ s)) if variant == "long" else (y @ s) / (y @ y))
        x, last, before = x - alpha * g, x, g


def make(alpha: StepSize = StepSize("1/L"), variant: Literal["long", "short"] = "long") -> Optimizer:
    """alpha: the first step, and the step where s.y is not positive. variant: long is s.s/s.y, short s.y/y.y."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        return Tuning(plan=(size,), hyper=(float(variant == "short"),), declared={"first": size})

    return Optimizer(
        step=descend_by_two_points,
        tune=tune,
        source="Barzilai and Borwein 1988",
        theorems=THEOREMS,
        memory=2,
        naive=partial(naive, variant=variant),
    )
