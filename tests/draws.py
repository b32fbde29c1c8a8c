"""What samplings draw, by their compiled kernels: the samples of every query, and the noise of every query."""

from __future__ import annotations

import numpy as np

from gdbench import registry
from gdbench.kernel import box_data, box_pair, box_state, helper
from gdbench.problem import Problem
from gdbench.sampling import Sampling
from gdbench.stage import kernels_of


@helper
def _ask(pair, state, data, first, taken, noise):
    for row in range(taken.shape[0]):
        pair.sample(first + row, state, data, pair.calls)
        for i in range(taken.shape[1]):
            taken[row, i] = state.sampler.chosen[i]
        for i in range(noise.shape[1]):
            noise[row, i] = state.g[i]


def asked(sampling: Sampling, problem: Problem, count: int, *, seed: int = 0, replicate: int = 0, first: int = 0):
    """The samples chosen (count, size) and the gradients (count, n) at queries first, first + 1, … at the start."""
    optimizer = registry.optimizer("gradient_descent")
    kernels = kernels_of(problem, optimizer)[:6]
    arrays = sampling.arrays(problem, seed, replicate)
    state = box_state(problem.start.copy(), np.zeros(problem.n), np.zeros((1, problem.n)), np.zeros(1), arrays)
    taken, noise = np.zeros((count, len(arrays[1])), dtype=np.int64), np.zeros((count, problem.n))
    _ask(box_pair(*kernels, sampling.kernel), state, box_data(*problem.arrays()), first, taken, noise)
    return taken, noise


def samples(text: str, m: int, count: int, **run: int):
    """The samples that a selector's sampling takes of m at `count` queries, shape (count, size)."""
    return asked(registry.sampling(text), registry.problem(f"least_squares[samples={m},features=1]"), count, **run)[0]
