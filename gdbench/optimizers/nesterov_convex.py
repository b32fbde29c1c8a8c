"""Nesterov's method for convex functions with the FISTA sequence (Nesterov 1983; Beck and Teboulle 2009).

x_{k+1} = y_k - alpha g(y_k), t_{k+1} = (1 + sqrt(1 + 4 t_k^2))/2, y_{k+1} = x_{k+1} + (t_k - 1)/t_{k+1} (x_{k+1} -
x_k), t_0 = 1: the first momentum is 0. memory[0] is x_k, the sequence that the theorems bound.
"""

import math
from collections.abc import Iterator
from itertools import count

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import StepSize
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("nag_fista", "nag_fista_simple", "nag_fista_y", "fista_potential", "quad_nag_exact", "lower_krylov")


@step
def fista(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    t = state.hyper[0]
    t_next = 0.5 * (1.0 + math.sqrt(1.0 + 4.0 * t * t))
    beta = (t - 1.0) / t_next
    state.hyper[0] = t_next
    y = state.x
    g = state.g
    x = state.memory[0]
    for i in range(y.shape[0]):
        moved = y[i] - alpha * g[i]
        y[i] = moved + beta * (moved - x[i])
        x[i] = moved
    return alpha, 0, 0


def naive(view: View) -> Iterator[Array]:
    """Three sequences: y_k = (1 - 1/t_k) x_k + z_k/t_k, x_{k+1} = y_k - alpha g(y_k), z_{k+1} = x_k + t_k (x_{k+1} -
    x_k).
    """
    x, z, t = view.start, view.start, 1.0
    for k in count():
        yield x
        y = (1.0 - 1.0 / t) * x + z / t
        new = y - view.alpha(k) * view.gradient(y)
        x, z, t = new, x + t * (new - x), (1.0 + math.sqrt(1.0 + 4.0 * t**2)) / 2.0


def make(alpha: StepSize = StepSize("1/L")) -> Optimizer:
    """alpha: step size."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        return Tuning(plan=(size,), hyper=(1.0,), declared={"alpha": size}, momentum="fista")

    return Optimizer(
        step=fista, tune=tune, source="Beck and Teboulle 2009", theorems=THEOREMS, memory=1, ahead=True, naive=naive
    )
