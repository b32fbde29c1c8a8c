"""Mini-batch methods: the reference takes the samples that we draw, from the plain form of our sampling, and computes
their gradient from its own model. What is drawn is held against statistics elsewhere; here it is the update rule, and
what a batch's gradient is.
"""

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import jax
import numpy as np
import optax
import torch
from case import Case, Kept, velocity
from models import JAX, PROBLEMS
from players import Optax, Torch

from gdbench import registry
from gdbench.problem import Problem
from gdbench.sampling import Gradients

SIZES = {"logistic": 0.1, "mlp": 0.05}
LENGTHS = {"logistic": 0.02, "mlp": 0.005}
BETA, DECAY, SIZE = 0.9, 0.1, 10
ORDERS = ("replacement", "distinct", "reshuffled", "cyclic")
MOMENTS = (Kept(0, "exp_avg"), Kept(1, "exp_avg_sq"))
OPTAX_MOMENTS = (Kept(0, "mu"), Kept(1, "nu"))


def chooser(problem: Problem, sampling: str) -> Callable[[int], list[int]]:
    """chosen(k): the samples of query k with the seed 0."""
    nothing: Any = None
    naive = registry.sampling(sampling).naive
    assert naive is not None
    drawn = naive(Gradients(nothing, nothing, nothing, nothing, problem.samples), 0, 0)
    assert drawn.chosen is not None
    return drawn.chosen


class SampledTorch(Torch):
    """torch on the samples of each query."""

    def __init__(self, name: str, sampling: str, *rule: Any, **given: Any) -> None:
        super().__init__(name, *rule, **given)
        problem = registry.problem(PROBLEMS[name])
        self.chosen, self.queries = chooser(problem, sampling), count()
        self.data = {key: getattr(self.model, key) for key in ("rows", "targets") if hasattr(self.model, key)}

    def step(self, g: np.ndarray | None = None, f: float | None = None) -> None:
        chosen = self.chosen(next(self.queries))
        for key, data in self.data.items():
            setattr(self.model, key, data[chosen])
        super().step(g, f)


class SampledOptax(Optax):
    """optax on the samples of each query: value and gradient are those of the batch."""

    def __init__(self, name: str, sampling: str, rule: optax.GradientTransformation) -> None:
        super().__init__(name, rule)
        problem = registry.problem(PROBLEMS[name])
        self.chosen, self.queries = chooser(problem, sampling), count()

        def on_batch(x: Any, rows: Any, targets: Any) -> Any:
            return JAX[name](Batch(rows, targets))(x)

        self.rows, self.targets = problem.rows, problem.vector
        self.look = jax.jit(jax.value_and_grad(on_batch))

    def step(self, g: np.ndarray | None = None, f: float | None = None) -> None:
        chosen = self.chosen(next(self.queries))
        if g is None:
            # The logistic model's vector is its regulariser, not a target of each sample.
            targets = self.targets[chosen] if len(self.targets) == len(self.rows) else self.targets
            value, slope = self.look(self.parameters, self.rows[chosen], targets)
            g, f = self._vector(slope), float(value)
        super().step(g, f)


class Batch:
    """The part of a problem that a model in jax reads."""

    def __init__(self, rows: Any, vector: Any) -> None:
        self.rows, self.vector = rows, vector


def sampled(problem: str) -> list[Case]:
    """All of them on a problem with samples; none on others."""
    if problem not in SIZES:
        return []
    size, length = SIZES[problem], LENGTHS[problem]

    def case(what: str, reference: str, ours: str, theirs: Callable, kept: tuple[Kept, ...] = ()) -> Case:
        return Case(what, reference, problem, ours, theirs, kept)

    def batches(order: str = "replacement", parts: int = 1) -> str:
        return f"batches[size={SIZE},order={order},parts={parts}]"

    of_torch, of_optax = partial(SampledTorch, problem), partial(SampledOptax, problem)
    usual, alpha = batches(), f"alpha={size}"
    sgd, adam = torch.optim.SGD, torch.optim.Adam
    found = [
        case(f"sgd, {order}", "torch SGD on the same samples", f"sgd[{alpha},sampling={batches(order)}]",
             partial(of_torch, batches(order), sgd, lr=size))
        for order in ORDERS
    ]  # fmt: skip
    momentum = f"sgd[{alpha},beta={BETA},decay={DECAY},sampling={usual}"
    nesterov = optax.chain(optax.add_decayed_weights(DECAY), optax.sgd(size, momentum=BETA, nesterov=True))
    return [
        *found,
        case("sgd, in parts", "torch SGD on the same samples", f"sgd[{alpha},sampling={batches(parts=5)}]",
             partial(of_torch, usual, sgd, lr=size)),
        case("sgd", "optax sgd on the same samples", f"sgd[{alpha},sampling={usual}]",
             lambda: of_optax(usual, optax.sgd(size))),
        case("sgd, beta, decay", "torch SGD(momentum, weight_decay) on the same samples", f"{momentum}]",
             partial(of_torch, usual, sgd, lr=size, momentum=BETA, weight_decay=DECAY), velocity(1)),
        case("sgd, nesterov, decay", "torch SGD(nesterov, weight_decay) on the same samples",
             f"{momentum},nesterov=true]",
             partial(of_torch, usual, sgd, lr=size, momentum=BETA, weight_decay=DECAY, nesterov=True), velocity(1)),
        case("sgd, nesterov, decay", "optax add_decayed_weights, sgd(nesterov) on the same samples",
             f"{momentum},nesterov=true]", lambda: of_optax(usual, nesterov), velocity(1)),
        case("adam, batches", "torch Adam on the same samples", f"adam[alpha={length},sampling={usual}]",
             partial(of_torch, usual, adam, lr=length), MOMENTS),
        case("adam, batches", "optax adam on the same samples", f"adam[alpha={length},sampling={usual}]",
             lambda: of_optax(usual, optax.adam(length)), OPTAX_MOMENTS),
    ]  # fmt: skip
