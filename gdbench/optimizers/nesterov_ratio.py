"""Nesterov's method for convex functions with momentum j/(j + 3) (Su, Boyd and Candes 2016).

x_{k+1} = y_k - alpha g(y_k), y_{k+1} = x_{k+1} + k/(k + 3) (x_{k+1} - x_k): the first momentum is 0. memory[0] is x_k,
the sequence that the theorems bound. One gradient a step.
"""

from collections.abc import Iterator
from itertools import count

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import StepSize
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("nag_ratio", "ratio_potential", "quad_nag_exact", "lower_krylov", "lower_nesterov")


@step
def look_ahead_ratio(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    beta = k / (k + 3.0)
    y = state.x
    g = state.g
    x = state.memory[0]
    for i in range(y.shape[0]):
        moved = y[i] - alpha * g[i]
        y[i] = moved + beta * (moved - x[i])
        x[i] = moved
    return alpha, 0, 0


def naive(view: View) -> Iterator[Array]:
    """As Nesterov's method with t_k = (k + 2)/2 and three sequences, y_k = (1 - 1/t_k) x_k + z_k/t_k."""
    x, z = view.start, view.start
    for k in count():
        yield x
        t = (k + 2.0) / 2.0
        y = (1.0 - 1.0 / t) * x + z / t
        new = y - view.alpha(k) * view.gradient(y)
        x, z = new, x + t * (new - x)


def make(alpha: StepSize = StepSize("1/L")) -> Optimizer:
    """alpha: step size."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        return Tuning(plan=(size,), declared={"alpha": size}, momentum="ratio")

    return Optimizer(
        step=look_ahead_ratio,
        tune=tune,
        source="Su, Boyd and Candes 2016",
        theorems=THEOREMS,
        memory=1,
        ahead=True,
        naive=naive,
    )
