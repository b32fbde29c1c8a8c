"""Nesterov's method with constant momentum, in look-ahead form (Nesterov 1983; lecture, section 6).

v_{k+1} = beta v_k + g(x_k - alpha beta v_k), x_{k+1} = x_k - alpha v_{k+1}. The query point is y_k = x_k - alpha beta
v_k; memory[0] is x_k, the sequence that the theorems bound, and memory[1] is v_k.
"""

import math
from collections.abc import Iterator
from itertools import count
from typing import Annotated

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import Optimal, Range, StepSize
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("nag_quad_gap", "nag_quad_dist", "nag_sc", "nag_potential", "quad_nag_exact", "lower_krylov")


@step
def look_ahead(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    beta = state.hyper[0]
    y = state.x
    g = state.g
    x = state.memory[0]
    velocity = state.memory[1]
    for i in range(y.shape[0]):
        velocity[i] = beta * velocity[i] + g[i]
        x[i] -= alpha * velocity[i]
        y[i] = x[i] - alpha * beta * velocity[i]
    return alpha, 0, 0


def naive(view: View) -> Iterator[Array]:
    """Two sequences: y_k = x_k + beta (x_k - x_{k-1}), x_{k+1} = y_k - alpha g(y_k); a schedule scales y_k - x_k."""
    x, last, before = view.start, view.start, view.alpha(0)
    for k in count():
        yield x
        alpha, y = view.alpha(k), x + view.declared["beta"] * (x - last)
        stretch = alpha / before - 1.0 if before > 0.0 else -1.0
        x, last, before = y + stretch * (y - x) - alpha * view.gradient(y), x, alpha


def make(
    alpha: StepSize = StepSize("1/L"),
    beta: Annotated[float | Optimal, Range(low=0.0, high=1.0, open_high=True)] = "optimal",
) -> Optimizer:
    """alpha: step size. beta: momentum; optimal is (sqrt kappa - 1)/(sqrt kappa + 1)."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        momentum = _optimal_momentum(problem) if beta == "optimal" else float(beta)
        return Tuning(plan=(size,), hyper=(momentum,), declared={"alpha": size, "beta": momentum})

    return Optimizer(
        step=look_ahead, tune=tune, source="Nesterov 1983", theorems=THEOREMS, memory=2, ahead=True, naive=naive
    )


def _optimal_momentum(problem: Problem) -> float:
    L, mu = problem.require("L", "mu")
    return (math.sqrt(L) - math.sqrt(mu)) / (math.sqrt(L) + math.sqrt(mu))
