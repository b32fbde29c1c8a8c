"""What a method's naive loop sees of a problem and of what the method declares: functions of NumPy, and no kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from gdbench.problem import Array, Kind
from gdbench.schedule import Schedule


@dataclass(frozen=True, slots=True)
class View:
    """A problem as a textbook has it. start, gradient(x) and product(x, v), the Hessian at x times v, have shape (n,).

    `declared` is what the method says it does on this problem, `constants` holds L, mu and f_star as far as they are
    known, kind and terms are the problem's own, layers the parts of x. sampled(k, x), where the run samples, is the
    estimate at query k.
    """

    f: Callable[[Array], float]
    gradient: Callable[[Array], Array]
    product: Callable[[Array, Array], Array]
    start: Array
    kind: Kind
    terms: int
    schedule: Schedule
    declared: Mapping[str, float] = field(default_factory=dict)
    constants: Mapping[str, float] = field(default_factory=dict)
    layers: tuple[slice, ...] = (slice(None),)
    sampled: Callable[[int, Array], Array] | None = None

    def estimate(self, k: int, x: Array) -> Array:
        """The gradient at x as the sampling gives it at query k, or the gradient itself where there is none."""
        return self.gradient(x) if self.sampled is None else self.sampled(k, x)

    def alpha(self, k: int, first: str = "alpha") -> float:
        """The step size of update k = 0, 1, …: the declared first one times the schedule's share."""
        return self.declared[first] * float(self.schedule.shares(np.array([float(k)]))[0])


#: A method written as a loop that yields x_0, x_1, …, each of shape (n,) and never changed afterwards.
Naive = Callable[[View], Iterator[Array]]
