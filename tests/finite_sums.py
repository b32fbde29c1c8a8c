"""Sums over samples in NumPy and in other formulas than the kernels', as naive loops of sampled methods see them."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace

import numpy as np

from gdbench.kernel import COMPILED, box_data, box_state, contract, prepare
from gdbench.stage import arrays_of, kernels_of


def gradients(problem) -> Callable:
    """(x, samples) -> the gradients (size, n) of single samples of a least-squares or a logistic problem."""
    rows, m = problem.rows, problem.samples

    def squares(x, chosen):
        return m * (rows[chosen] @ x - problem.vector[chosen])[:, np.newaxis] * rows[chosen]

    def logistic(x, chosen):
        return -rows[chosen] / (1.0 + np.exp(rows[chosen] @ x))[:, np.newaxis] + problem.vector[0] * x

    return squares if problem.kind == "quadratic" else logistic


class Player:
    """One run, step by step, whose arrays can be looked at and put back. chosen=… overrides what is drawn."""

    def __init__(self, problem, optimizer, seed: int = 0):
        self.tuning = optimizer.tune(problem)
        self.x, self.g, self.memory, self.hyper, sampler = arrays_of(problem, optimizer, self.tuning, seed)
        self.chosen, self.parts = sampler[1], sampler[5]
        self.state = box_state(self.x, self.g, self.memory, self.hyper, sampler)
        self.data = box_data(*problem.arrays())
        kernels = kernels_of(problem, optimizer)
        oracle, value, product, _, self._step, self._batch, self._sample = map(prepare, kernels)
        called = (oracle, value, product, self._batch)
        self._calls = prepare(contract._box_calls)(*called) if COMPILED else contract.PlainCalls(*called)

    def query(self, k: int) -> None:
        self._sample(k, self.state, self.data, self._calls)

    def step(self, k: int, chosen: Sequence[int] | None = None) -> tuple:
        """Query and update k; what the step returned."""
        if chosen is None:
            self.query(k)
        else:
            self.chosen[:] = chosen
            self._batch(self.x, self.g, self.chosen, self.data)
        return self._step(k, self.tuning.plan[0], 0.0, self.state, self.data, self._calls)

    def kept(self) -> tuple:
        return self.x.copy(), self.memory.copy(), self.hyper.copy()

    def put_back(self, kept: tuple) -> None:
        self.x[:], self.memory[:], self.hyper[:] = kept


def textbook(problem, optimizer, chosen: Callable | Sequence, seed: int = 0):
    """What naive loops ask; chosen(k), or a list of them, are the samples of query k."""
    declared, slopes = optimizer.tune(problem).declared, gradients(problem)
    everything = list(range(problem.samples))
    return SimpleNamespace(
        start=problem.start,
        declared=declared,
        samples=problem.samples,
        gradient=lambda x: np.mean(slopes(x, everything), axis=0),
        batch=lambda x, indices: np.mean(slopes(x, list(indices)), axis=0),
        chosen=chosen if callable(chosen) else chosen.__getitem__,
        estimate=lambda k, x: np.mean(slopes(x, list(chosen(k) if callable(chosen) else chosen[k])), axis=0),
        alpha=lambda k: declared["alpha"],
    )
