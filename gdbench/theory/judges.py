"""Judges that many theorems share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from gdbench.problem import Array
from gdbench.theory.hypotheses import region_kept, step_stayed
from gdbench.theory.theorem import Comparison, Facts, Theorem
from gdbench.trajectory import Chunk

Quantity = Literal["gap", "gap of y", "dist2", "grad2"]
#: rho and order of the rounding model, from the facts of a run.
Model = Callable[[Facts], tuple[float, int]]


def measured(facts: Facts, quantity: Quantity, chunk: Chunk) -> Array:
    """A quantity at each k of a chunk; shape (m,)."""
    match quantity:
        case "gap":
            return chunk.now("f") - facts.f_star
        case "gap of y":
            return chunk.now("f_query") - facts.f_star
        case _:
            return chunk.now(quantity)


def allowance(facts: Facts, quantity: Quantity, chunk: Chunk, bound: Array, model: tuple[float, int]) -> Array:
    """The rounding allowance of a quantity at each k; shape (m,)."""
    delta = facts.rounding.distance(chunk, *model)
    if quantity == "dist2":
        return facts.rounding.of_dist2(chunk, bound, delta)
    if quantity == "grad2":
        return facts.rounding.of_grad2(chunk, bound, facts.value("L"), delta)
    return facts.rounding.of_gap(chunk, bound, facts.value("L"), delta)


class ClosedJudge:
    """quantity_k <= closed(k): a bound that depends on k and the start only."""

    def __init__(
        self,
        facts: Facts,
        bound: Callable[[Array, Mapping[str, float]], Array],
        quantity: Quantity,
        values: Mapping[str, float],
        model: tuple[float, int],
    ) -> None:
        self._facts, self._bound, self._quantity = facts, bound, quantity
        self._values, self._model = values, model

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        step_stayed(self._facts, chunk)
        region_kept(self._facts, chunk)
        bound = self._bound(chunk.k, self._values)
        allowed = allowance(self._facts, self._quantity, chunk, bound, self._model)
        if not self._values.keys().isdisjoint(("gap_0", "Delta")):
            allowed = allowed + bound * self._facts.rounding.start
        return [Comparison(measured(self._facts, self._quantity, chunk), bound, allowed)]


def closed(quantity: Quantity, model: Model, **theorem: object) -> Theorem:
    """A theorem whose bound depends on k and on `needs` only, judged at every k."""
    made: Theorem

    def judge(facts: Facts) -> ClosedJudge:
        values = {name: facts.value(name) for name in made.needs}
        return ClosedJudge(facts, made.bound, quantity, values, model(facts))

    made = Theorem(quantity=quantity, judge=judge, **theorem)  # type: ignore[arg-type]
    return made


class StepJudge:
    """An inequality between neighbouring rows."""

    def __init__(self, facts: Facts, compare: Callable[[Facts, Chunk], Comparison]) -> None:
        self._facts, self._compare = facts, compare

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        region_kept(self._facts, chunk)
        return [self._compare(self._facts, chunk)]


def per_step(compare: Callable[[Facts, Chunk], Comparison], **theorem: object) -> Theorem:
    """A theorem that compares x_k with x_{k-1}."""
    return Theorem(judge=lambda facts: StepJudge(facts, compare), **theorem)  # type: ignore[arg-type]


class Running:
    """A running extreme or sum over the rows before k (or up to k), carried from chunk to chunk."""

    def __init__(self, kind: Literal["min", "max", "sum"], start: float) -> None:
        self._kind, self._held = kind, start

    def through(self, values: Array) -> Array:
        """The running value after each of the values; shape (m,)."""
        joined = np.concatenate([[self._held], values])
        if self._kind == "sum":
            running = np.cumsum(joined)[1:]
        else:
            extreme = np.minimum if self._kind == "min" else np.maximum
            running = extreme.accumulate(joined)[1:]
        self._held = float(running[-1])
        return np.asarray(running)
