"""Nesterov's method for convex functions with adaptive restart (O'Donoghue and Candès 2015).

As `nesterov_convex`, but its momentum starts afresh (t = 1, y_{k+1} = x_{k+1}) where it has turned harmful: with
test=function where f(x_{k+1}) > f(x_k), which asks for one value a step; with test=gradient where g(y_k)'(x_{k+1} -
x_k) > 0, which asks for nothing. memory[0] is x_k. Its rate has no theorem: measured only.
"""

import math
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Literal

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import StepSize
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("lower_krylov",)
FUNCTION = 1.0


@step
def restarted(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    t, test, lowest = state.hyper[0], state.hyper[1], state.hyper[2]
    y = state.x
    g = state.g
    x, moved = state.memory[0], state.memory[1]
    along = 0.0
    for i in range(y.shape[0]):
        moved[i] = y[i] - alpha * g[i]
        along += g[i] * (moved[i] - x[i])
    harmful = along > 0.0
    if test == FUNCTION:
        found = calls.value(moved, data)
        # f at x_0 is f at y_0.
        harmful = found > (f if k == 0 else lowest)
        state.hyper[2] = found
    t_next = 0.5 * (1.0 + math.sqrt(1.0 + 4.0 * t * t))
    beta = 0.0 if harmful else (t - 1.0) / t_next
    state.hyper[0] = 1.0 if harmful else t_next
    for i in range(y.shape[0]):
        y[i] = moved[i] + beta * (moved[i] - x[i])
        x[i] = moved[i]
    return alpha, 1 if test == FUNCTION else 0, 0


def naive(view: View, test: str) -> Iterator[Array]:
    """Three sequences as in `nesterov_convex`; a restart is z = x, t = 1."""
    x, z, t = view.start, view.start, 1.0
    for k in count():
        yield x
        y = (1.0 - 1.0 / t) * x + z / t
        g = view.gradient(y)
        new = y - view.alpha(k) * g
        harmful = view.f(new) > view.f(x) if test == "function" else g @ (new - x) > 0.0
        z, t = (new, 1.0) if harmful else (x + t * (new - x), (1.0 + math.sqrt(1.0 + 4.0 * t**2)) / 2.0)
        x = new


def make(test: Literal["function", "gradient"] = "gradient", alpha: StepSize = StepSize("1/L")) -> Optimizer:
    """test: what tells that momentum is harmful, f or its gradient. alpha: step size."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        return Tuning(plan=(size,), hyper=(1.0, float(test == "function"), 0.0), declared={"alpha": size})

    return Optimizer(
        step=restarted,
        tune=tune,
        source="O'Donoghue and Candès 2015",
        theorems=THEOREMS,
        memory=2,
        asks=True,
        ahead=True,
        naive=partial(naive, test=test),
    )
