"""AdamW: Adam, and beside its step x shrinks by the factor 1 - alpha decay (Loshchilov and Hutter 2019).

m_{k+1}, v_{k+1} and the step are those of `adam` with correction; x_{k+1} = (1 - alpha decay) x_k - the step, as torch
and optax have it. A schedule scales both. The decay does not pass through the moments, so it acts alike on coordinates
with large and with small gradients; fixed points are those of neither f nor f + decay/2 ||x||^2. No theorem bounds f.

With eps = 0 a coordinate whose gradient was always 0 only shrinks.
"""

import math
from collections.abc import Iterator
from itertools import count
from typing import Annotated

import numpy as np

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.optimizers._moments import averaged, over, past, quotient
from gdbench.parameter import Range, Share, StepSize, Unit
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("adamw_step",)


@step
def adapt_and_shrink(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    hyper = state.hyper
    beta1, beta2, eps, decay = hyper[0], hyper[1], hyper[2], hyper[3]
    x = state.x
    g = state.g
    first, second = state.memory[0], state.memory[1]
    hyper[4] = averaged(hyper[4], beta1, 1.0)
    hyper[5] = averaged(hyper[5], beta2, 1.0)
    size, root = alpha / hyper[4], math.sqrt(hyper[5])
    left = 1.0 - alpha * decay
    for i in range(x.shape[0]):
        first[i] = averaged(first[i], beta1, g[i])
        second[i] = averaged(second[i], beta2, g[i] * g[i])
        x[i] = left * x[i] - size * over(first[i], math.sqrt(second[i]) / root + eps)
    return alpha, 0, 0


def naive(view: View) -> Iterator[Array]:
    """No running moments; the decay is a part of the direction, as in the paper's algorithm 2."""
    beta1, beta2, eps, decay = (view.declared[name] for name in ("beta1", "beta2", "eps", "decoupled"))
    slopes: list[Array] = []
    x = view.start
    for k in count():
        yield x
        slopes.append(view.gradient(x))
        square = past([slope**2 for slope in slopes], beta2, corrected=True)
        direction = quotient(past(slopes, beta1, corrected=True), np.sqrt(square) + eps)
        x = x - view.alpha(k) * (direction + decay * x)


def make(
    alpha: Annotated[StepSize, Unit(x=1)] = StepSize("0.001"),
    beta1: Share = 0.9,
    beta2: Share = 0.999,
    eps: Annotated[float, Range(low=0.0), Unit(f=1, x=-1)] = 1e-8,
    decay: Annotated[float, Range(low=0.0), Unit(x=-1)] = 0.01,
) -> Optimizer:
    """alpha: a length. eps: in units of g. decay: alpha decay is the share of x that a step takes away."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        declared = {"alpha": size, "beta1": beta1, "beta2": beta2, "eps": eps, "decoupled": decay, "correction": 1.0}
        return Tuning(plan=(size,), hyper=(beta1, beta2, eps, decay, 0.0, 0.0), declared=declared)

    source = "Loshchilov and Hutter 2019; torch.optim.AdamW, optax.adamw"
    return Optimizer(step=adapt_and_shrink, tune=tune, source=source, theorems=THEOREMS, memory=2, naive=naive)
