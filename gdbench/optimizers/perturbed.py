"""Gradient descent that leaves saddles: where ||g|| is small, a step in a random direction (Jin et al. 2017).

The direction has entries that are sums of two uniform draws, the length is uniform up to `radius`, at most once in
`wait` iterations. No theorem: measured only.
"""

import math
from typing import Annotated

import numpy as np

from gdbench.kernel import dot, seed_draws, step, uniform
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import Range, StepSize
from gdbench.problem import Problem


@step
def descend_perturbed(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    hyper = state.hyper
    threshold, radius, wait, last = hyper[0], hyper[1], hyper[2], hyper[3]
    x = state.x
    g = state.g
    if dot(g, g) <= threshold * threshold and k - last >= wait:
        hyper[3] = k
        noise = state.memory[0]
        draw = np.empty(7, dtype=np.int64)
        for i in range(1, 7):
            draw[i] = int(hyper[3 + i])
        for i in range(x.shape[0]):
            noise[i] = uniform(draw) + uniform(draw) - 1.0
        reach = radius * uniform(draw) / math.sqrt(max(dot(noise, noise), 1e-300))
        for i in range(x.shape[0]):
            x[i] += reach * noise[i]
        for i in range(1, 7):
            hyper[3 + i] = float(draw[i])
        return 0.0, 0, 0
    for i in range(x.shape[0]):
        x[i] -= alpha * g[i]
    return alpha, 0, 0


def make(
    alpha: StepSize = StepSize("1/L"),
    threshold: Annotated[float, Range(low=0.0, open_low=True)] = 1e-3,
    radius: Annotated[float, Range(low=0.0, open_low=True)] = 1e-2,
    wait: Annotated[int, Range(low=1)] = 50,
    seed: Annotated[int, Range(low=0, high=2**63 - 1)] = 0,
) -> Optimizer:
    """threshold: ||g|| at or below which it moves at random. radius: how far at most. wait: iterations between."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        state = (float(word) for word in seed_draws(seed)[1:])
        return Tuning(plan=(size,), hyper=(threshold, radius, float(wait), -float(wait), *state))

    return Optimizer(step=descend_perturbed, tune=tune, source="Jin, Ge, Netrapalli, Kakade and Jordan 2017", memory=1)
