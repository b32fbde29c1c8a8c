"""Sign descent: every coordinate moves by alpha against the sign of its slope (Riedmiller and Braun 1993)."""

from collections.abc import Iterator
from itertools import count
from typing import Annotated

import numpy as np

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import StepSize, Unit
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("sign_separable",)


@step
def descend_sign(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    x = state.x
    g = state.g
    for i in range(x.shape[0]):
        if g[i] > 0.0:
            x[i] -= alpha
        elif g[i] < 0.0:
            x[i] += alpha
    return alpha, 0, 0


def naive(view: View) -> Iterator[Array]:
    """x_{k+1} = x_k - alpha sign(g)."""
    x = view.start
    for k in count():
        yield x
        x = x - view.alpha(k) * np.sign(view.gradient(x))


def make(alpha: Annotated[StepSize, Unit(x=1)] = StepSize("0.01")) -> Optimizer:
    """alpha: how far each coordinate moves, in units of x."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        return Tuning(plan=(size,), declared={"alpha": size})

    return Optimizer(step=descend_sign, tune=tune, source="Riedmiller and Braun 1993", theorems=THEOREMS, naive=naive)
