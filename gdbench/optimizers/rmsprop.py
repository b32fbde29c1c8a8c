"""RMSprop: steps over the root of an average of squared gradients, with or without momentum (Tieleman and Hinton 2012).

v_{k+1} = rho v_k + (1 - rho) g^2 from 0, entry by entry; centered (Graves 2013) takes from it the square of m_{k+1} =
rho m_k + (1 - rho) g. The buffer is b_{k+1} = momentum b_k + g/(sqrt(v_{k+1}) + eps), x_{k+1} = x_k - alpha b_{k+1}, as
torch has it: alpha multiplies the buffer, the division comes before momentum, nothing is corrected for the start at 0.

Where rounding makes a centered v negative it is 0; with eps = 0 a coordinate that would divide by 0 adds nothing.
"""

import math
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Annotated

import numpy as np

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.optimizers._moments import averaged, over, past, quotient
from gdbench.parameter import Range, Share, StepSize, Unit
from gdbench.problem import Array, Problem
from gdbench.view import View

#: A centered v has no lower bound: measured only.
THEOREMS = ("rmsprop_step",)


@step
def descend_by_average(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    rho, eps, momentum = state.hyper[0], state.hyper[1], state.hyper[2]
    x = state.x
    g = state.g
    square, buffer = state.memory[0], state.memory[1]
    for i in range(x.shape[0]):
        square[i] = averaged(square[i], rho, g[i] * g[i])
        buffer[i] = momentum * buffer[i] + over(g[i], math.sqrt(square[i]) + eps)
        x[i] -= alpha * buffer[i]
    return alpha, 0, 0


@step
def descend_by_deviation(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    rho, eps, momentum = state.hyper[0], state.hyper[1], state.hyper[2]
    x = state.x
    g = state.g
    square, buffer, mean = state.memory[0], state.memory[1], state.memory[2]
    for i in range(x.shape[0]):
        square[i] = averaged(square[i], rho, g[i] * g[i])
        mean[i] = averaged(mean[i], rho, g[i])
        variance = square[i] - mean[i] * mean[i]
        deviation = 0.0 if variance < 0.0 else math.sqrt(variance)
        buffer[i] = momentum * buffer[i] + over(g[i], deviation + eps)
        x[i] -= alpha * buffer[i]
    return alpha, 0, 0


def naive(view: View, centered: bool) -> Iterator[Array]:
    """No running averages, and no buffer: all steps so far, each with its power of the momentum."""
    rho, eps, momentum = (view.declared[name] for name in ("rho", "eps", "momentum"))
    slopes: list[Array] = []
    steps: list[Array] = []
    x = view.start
    for k in count():
        yield x
        slopes.append(view.gradient(x))
        square = past([slope**2 for slope in slopes], rho, corrected=False)
        if centered:
            square = np.maximum(square - past(slopes, rho, corrected=False) ** 2, 0.0)
        steps.append(quotient(slopes[k], np.sqrt(square) + eps))
        powers = momentum ** np.arange(k, -1.0, -1.0)
        x = x - view.alpha(k) * np.sum(powers[:, np.newaxis] * np.array(steps), axis=0)


def make(
    alpha: Annotated[StepSize, Unit(x=1)] = StepSize("0.01"),
    rho: Share = 0.99,
    eps: Annotated[float, Range(low=0.0), Unit(f=1, x=-1)] = 1e-8,
    momentum: Share = 0.0,
    centered: bool = False,
) -> Optimizer:
    """alpha: a length. rho: of the average of squares, torch's alpha. eps: in units of g, outside the root."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        declared = {"alpha": size, "rho": rho, "eps": eps, "momentum": momentum}
        return Tuning(plan=(size,), hyper=(rho, eps, momentum), declared=declared)

    return Optimizer(
        step=descend_by_deviation if centered else descend_by_average,
        tune=tune,
        source="Tieleman and Hinton 2012; Graves 2013; torch.optim.RMSprop",
        theorems=() if centered else THEOREMS,
        memory=3 if centered else 2,
        naive=partial(naive, centered=centered),
    )
