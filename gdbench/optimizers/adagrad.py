"""AdaGrad: steps over the root of the sum of all squared gradients, entry by entry (Duchi, Hazan and Singer 2011).

s_{k+1} = s_k + g^2 from s_0 = initial, x_{k+1} = x_k - alpha g/(sqrt(s_{k+1}) + eps), as torch has it; its lr_decay is
the schedule `inverse_decay`. optax takes g/sqrt(s_{k+1} + eps): here eps=0 and optax's eps is a part of `initial`.

With eps = 0 a coordinate whose gradient was always 0 stays where it is.
"""

import math
from collections.abc import Iterator
from itertools import count
from typing import Annotated

import numpy as np

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.optimizers._moments import over, quotient
from gdbench.parameter import Range, StepSize, Unit
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("adagrad_step", "adagrad_regret")


@step
def descend_by_sums(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    eps, initial = state.hyper[0], state.hyper[1]
    x = state.x
    g = state.g
    squares = state.memory[0]
    for i in range(x.shape[0]):
        if k == 0:
            squares[i] = initial
        squares[i] += g[i] * g[i]
        x[i] -= alpha * over(g[i], math.sqrt(squares[i]) + eps)
    return alpha, 0, 0


def naive(view: View) -> Iterator[Array]:
    """No running sum: at each step all squares so far are summed anew."""
    eps, initial = view.declared["eps"], view.declared["initial"]
    squares: list[Array] = []
    x = view.start
    for k in count():
        yield x
        g = view.gradient(x)
        squares.append(g**2)
        x = x - view.alpha(k) * quotient(g, np.sqrt(initial + np.sum(squares, axis=0)) + eps)


def make(
    alpha: Annotated[StepSize, Unit(x=1)] = StepSize("0.01"),
    eps: Annotated[float, Range(low=0.0), Unit(f=1, x=-1)] = 1e-10,
    initial: Annotated[float, Range(low=0.0), Unit(f=2, x=-2)] = 0.0,
) -> Optimizer:
    """alpha: a length, that of the first step where eps and initial are small. eps: in units of g. initial: of g^2."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        return Tuning(plan=(size,), hyper=(eps, initial), declared={"alpha": size, "eps": eps, "initial": initial})

    source = "Duchi, Hazan and Singer 2011; torch.optim.Adagrad"
    return Optimizer(step=descend_by_sums, tune=tune, source=source, theorems=THEOREMS, memory=1, naive=naive)
