"""The optimised gradient method (Kim and Fessler 2016), tuned to the worst case after a known number of steps.

x_{k+1} = y_k - alpha g(y_k), y_{k+1} = x_{k+1} + (theta_k - 1)/theta_{k+1} (x_{k+1} - x_k) + theta_k/theta_{k+1}
(x_{k+1} - y_k); theta_0 = 1, theta_{k+1} = (1 + sqrt(1 + 4 theta_k^2))/2, but (1 + sqrt(1 + 8 theta_k^2))/2 for the
step to y_N. The iterate is the query point y_k, for which the bound at k = N is optimal. After every N steps the
method starts afresh from where it is: on a strongly convex function each round then shrinks the gap by kappa/theta_N^2.
One gradient a step.
"""

import math
from collections.abc import Iterator
from itertools import count
from typing import Annotated

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import Range, StepSize
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("ogm", "ogm_primary", "quad_ogm_exact", "lower_krylov", "lower_nesterov")


@step
def optimised_gradient(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    theta, horizon = state.hyper[0], state.hyper[1]
    last = k % int(horizon) == int(horizon) - 1
    growth = 8.0 if last else 4.0
    theta_next = 0.5 * (1.0 + math.sqrt(1.0 + growth * theta * theta))
    beta = (theta - 1.0) / theta_next
    gamma = theta / theta_next
    state.hyper[0] = 1.0 if last else theta_next
    y = state.x
    g = state.g
    x = state.memory[0]
    for i in range(y.shape[0]):
        moved = y[i] - alpha * g[i]
        y[i] = moved + beta * (moved - x[i]) - gamma * alpha * g[i]
        x[i] = moved
    return alpha, 0, 0


def naive(view: View) -> Iterator[Array]:
    """Kim and Fessler's second form: z_{k+1} = z_k - 2 theta_k alpha g(y_k), y_{k+1} = (1 - 1/theta_{k+1}) x_{k+1} +
    z_{k+1}/theta_{k+1}; a round is 0 … N.
    """
    y, z, theta = view.start, view.start, 1.0
    for k in count():
        yield y
        ends = (k + 1) % view.declared["horizon"] == 0
        moved = view.alpha(k) * view.gradient(y)
        z = z - 2.0 * theta * moved
        theta = (1.0 + math.sqrt(1.0 + (8.0 if ends else 4.0) * theta**2)) / 2.0
        y = (1.0 - 1.0 / theta) * (y - moved) + z / theta
        if ends:
            z, theta = y, 1.0


def make(horizon: Annotated[int, Range(low=1, high=10**6)] = 100, alpha: StepSize = StepSize("1/L")) -> Optimizer:
    """horizon: the number N of steps that the method is tuned for. alpha: step size."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        return Tuning(plan=(size,), hyper=(1.0, float(horizon)), declared={"alpha": size, "horizon": float(horizon)})

    return Optimizer(
        step=optimised_gradient, tune=tune, source="Kim and Fessler 2016", theorems=THEOREMS, memory=1, naive=naive
    )
