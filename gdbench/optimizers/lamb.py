"""LAMB: Adam's direction, which each layer scales to a share of its own length (You et al. 2020).

The direction is r = m/(1 - beta1^(k+1)) / (sqrt(v/(1 - beta2^(k+1))) + eps) + decay x with the moments of `adam`. A
layer moves by x_{k+1} = x_k - alpha (||x||/||r||) r, so by alpha times its length whatever the gradient; where ||x|| or
||r|| is 0 by alpha r, as optax has it. A problem without layers is one layer. No theorem bounds f.

With eps = 0 a coordinate whose gradient was always 0 has no part in the direction but its decay.
"""

import math
from collections.abc import Iterator
from itertools import count
from typing import Annotated

import numpy as np

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.optimizers._moments import averaged, over, past, quotient, ratio, trust
from gdbench.parameter import Range, Share, StepSize, Unit
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("layer_step",)


@step
def adapt_by_layers(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    hyper = state.hyper
    beta1, beta2, eps, decay = hyper[0], hyper[1], hyper[2], hyper[3]
    x = state.x
    g = state.g
    first, second, direction = state.memory[0], state.memory[1], state.memory[2]
    hyper[4] = averaged(hyper[4], beta1, 1.0)
    hyper[5] = averaged(hyper[5], beta2, 1.0)
    root = math.sqrt(hyper[5])
    for i in range(x.shape[0]):
        first[i] = averaged(first[i], beta1, g[i])
        second[i] = averaged(second[i], beta2, g[i] * g[i])
        adapted = over(first[i] / hyper[4], math.sqrt(second[i]) / root + eps)
        direction[i] = adapted + decay * x[i]
    for layer in range(data.layers.shape[0] - 1):
        begin, end = data.layers[layer], data.layers[layer + 1]
        size = alpha * trust(x[begin:end], direction[begin:end], 1.0, 0.0)
        for i in range(begin, end):
            x[i] -= size * direction[i]
    return alpha, 0, 0


def naive(view: View) -> Iterator[Array]:
    """No running moments: at each step all gradients so far are averaged anew."""
    beta1, beta2, eps, decay = (view.declared[name] for name in ("beta1", "beta2", "eps", "decoupled"))
    slopes: list[Array] = []
    x = view.start
    for k in count():
        yield x
        slopes.append(view.gradient(x))
        square = past([slope**2 for slope in slopes], beta2, corrected=True)
        direction = quotient(past(slopes, beta1, corrected=True), np.sqrt(square) + eps) + decay * x
        following = x.copy()
        for layer in view.layers:
            following[layer] -= view.alpha(k) * ratio(x[layer], direction[layer]) * direction[layer]
        x = following


def make(
    alpha: Annotated[StepSize, Unit()] = StepSize("0.01"),
    beta1: Share = 0.9,
    beta2: Share = 0.999,
    eps: Annotated[float, Range(low=0.0), Unit(f=1, x=-1)] = 1e-6,
    decay: Annotated[float, Range(low=0.0), Unit(x=-1)] = 0.0,
) -> Optimizer:
    """alpha: a number, the share of its length by which a layer moves. eps: in units of g. decay: of the weights, added
    to the adapted gradient, which is a number: in units of 1/x.
    """

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        declared = {"alpha": size, "beta1": beta1, "beta2": beta2, "eps": eps, "decoupled": decay}
        return Tuning(plan=(size,), hyper=(beta1, beta2, eps, decay, 0.0, 0.0), declared=declared)

    source = "You et al. 2020; optax.lamb"
    return Optimizer(step=adapt_by_layers, tune=tune, source=source, theorems=THEOREMS, memory=3, naive=naive)
