"""Gradient descent that leaves saddles: where ||g|| is small, a step in a random direction (Jin et al. 2017).

The direction has entries that are sums of two uniform draws, the length is uniform up to `radius`, at most once in
`wait` iterations. No theorem: measured only.
"""

import math
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Annotated

import numpy as np

from gdbench.kernel import dot, seed_draws, step, uniform
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import Range, StepSize, Unit
from gdbench.problem import Array, Problem
from gdbench.view import View


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


def _uniforms(seed: int) -> Iterator[float]:
    """L'Ecuyer's MRG32k3a (1999) in Python's integers."""
    m1, m2 = 2**32 - 209, 2**32 - 22853
    words = [int(word) for word in np.random.SeedSequence(seed).generate_state(6, np.uint64)]
    one, two = [1 + word % (m1 - 1) for word in words[:3]], [1 + word % (m2 - 1) for word in words[3:]]
    while True:
        one = [*one[1:], (1403580 * one[1] - 810728 * one[0]) % m1]
        two = [*two[1:], (527612 * two[2] - 1370589 * two[0]) % m2]
        yield ((one[2] - two[2]) % m1 or m1) / (m1 + 1)


def naive(view: View, threshold: float, radius: float, wait: int, seed: int) -> Iterator[Array]:
    """Gradient steps; where ||g|| <= threshold, at most once in `wait` iterations, a random one."""
    x, draws, last = view.start, _uniforms(seed), -wait
    for k in count():
        yield x
        g = view.gradient(x)
        if np.linalg.norm(g) <= threshold and k >= last + wait:
            noise = np.array([next(draws) + next(draws) - 1.0 for _ in x])
            x, last = x + radius * next(draws) * (noise / np.linalg.norm(noise)), k
        else:
            x = x - view.alpha(k) * g


def make(
    alpha: StepSize = StepSize("1/L"),
    threshold: Annotated[float, Range(low=0.0, open_low=True), Unit(f=1, x=-1)] = 1e-3,
    radius: Annotated[float, Range(low=0.0, open_low=True), Unit(x=1)] = 1e-2,
    wait: Annotated[int, Range(low=1)] = 50,
    seed: Annotated[int, Range(low=0, high=2**63 - 1)] = 0,
) -> Optimizer:
    """threshold: ||g|| at or below which it moves at random. radius: how far at most. wait: iterations between."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        state = (float(word) for word in seed_draws(seed)[1:])
        hyper = (threshold, radius, float(wait), -float(wait), *state)
        return Tuning(plan=(size,), hyper=hyper, declared={"alpha": size})

    return Optimizer(
        step=descend_perturbed,
        tune=tune,
        source="Jin, Ge, Netrapalli, Kakade and Jordan 2017",
        memory=1,
        naive=partial(naive, threshold=threshold, radius=radius, wait=wait, seed=seed),
    )
