"""What a theorem is: an inequality, the hypotheses under which it holds, and how a run is held against it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from gdbench.problem import Array, Integers, Problem
from gdbench.sampling import Sampling
from gdbench.theory.ensemble import Ensemble, Moments
from gdbench.theory.rounding import Rounding
from gdbench.trajectory import Chunk

Kind = Literal["bound", "exact", "potential", "rate", "scaling", "expectation"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a judge knows before the run: the problem, the declared values of the method, and the row k = 0.

    shares(k) is the declared alpha_k / alpha_0 of a schedule, None where every step is alpha; momentum the declared
    name of a momentum that changes from step to step. sampling is where the gradients come from, None for the oracle.
    """

    problem: Problem
    declared: Mapping[str, float]
    f_0: float
    grad2_0: float
    dist2_0: float
    iterations: int
    rounding: Rounding
    shares: Callable[[Array], Array] | None = None
    momentum: str = ""
    sampling: Sampling | None = None

    @property
    def f_star(self) -> float:
        """f*, or a lower bound of f where that is all there is; NaN where neither is known."""
        return self.problem.f_star.value if self.problem.f_star is not None else math.nan

    @property
    def gap_0(self) -> float:
        """f(x_0) - f*."""
        return self.f_0 - self.f_star

    def knows(self, name: str) -> bool:
        """Whether a value that a bound needs is known."""
        return name in self._values()

    def value(self, name: str) -> float:
        """A value that a bound needs, by the name that `gdbench bound --set` takes."""
        return self._values()[name]

    def _values(self) -> dict[str, float]:
        starts = {"R2": self.dist2_0, "gap_0": self.gap_0, "Delta": self.gap_0, "G_0": self.grad2_0}
        return {**starts, **self.problem.constants(), **self.declared}


@dataclass(frozen=True, slots=True)
class Comparison:
    """measured <= bound + allowance at each k of a chunk (with `two_sided`, |measured - bound| <= allowance)."""

    measured: Array
    bound: Array
    allowance: Array
    two_sided: bool = False


class Judge(Protocol):
    """Holds one theorem against one run; may keep state from chunk to chunk."""

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""


@runtime_checkable
class Reference(Protocol):
    """A judge that knows the exact gap: the rate of the run is held against the rate of its curve."""

    def gaps_at(self, k: Integers) -> Array:
        """The exact gap at stored iterations, shape (m,)."""


class HypothesisFails(Exception):
    """Raised by a judge when the run itself leaves a theorem's hypotheses; the message says where."""


def _unavailable(facts: Facts) -> Judge:
    raise HypothesisFails("no run is judged by this bound alone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Theorem:
    """One id, one inequality.

    quantity says what is bounded (gap, dist2, grad2, …) at k >= 1; `tight` that the bound is attained by some problem.
    closed(k, **needs), vectorised over k, is the bound itself where it has a closed form. hypotheses returns the first
    one that fails, or None; judge makes the state that compares a run. A theorem on expectations (kind `expectation`)
    has `expectations` instead, which compares an ensemble of runs. by_coordinate: it is judged by the coordinates of
    the iterates where these are kept.
    """

    id: str
    statement: str
    quantity: str
    source: str
    kind: Kind = "bound"
    tight: bool = False
    by_coordinate: bool = False
    needs: tuple[str, ...] = ()
    closed: Callable[..., Array] | None = None
    hypotheses: Callable[[Facts], str | None] = lambda facts: None
    judge: Callable[[Facts], Judge] = _unavailable
    expectations: Callable[[Facts, Ensemble], Sequence[Moments]] | None = None

    def bound(self, k: Array, values: Mapping[str, float]) -> Array:
        """The closed form at k, shape (m,), for values of all `needs`."""
        assert self.closed is not None
        with np.errstate(over="ignore", divide="ignore", under="ignore", invalid="ignore"):
            return np.asarray(self.closed(k, **{name: values[name] for name in self.needs}), dtype=float)
