"""What a method's naive loop sees of a problem and of what the method declares: functions of NumPy, and no kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import numpy as np

from gdbench.errors import BadInput
from gdbench.problem import Array, Kind
from gdbench.sampling import Drawn
from gdbench.schedule import Schedule


def no_samples(x: Array, chosen: Sequence[int]) -> Array:
    """Stands where a problem has no samples; `BadInput`."""
    raise BadInput(f"There are no samples {list(chosen)} at a point of {len(x)} coordinates: the problem has none.")


@dataclass(frozen=True, slots=True)
class View:
    """A problem as a textbook has it. start, gradient(x) and product(x, v), the Hessian at x times v, have shape (n,).

    `declared` is what the method says it does on this problem, `constants` holds L, mu and f_star as far as they are
    known, kind and terms are the problem's own, layers the parts of x. batch(x, chosen) is the gradient of the mean
    over some of the problem's `samples`, of which it has none where that is 0. drawn is the run's sampling, None where
    gradients are exact.
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
    samples: int = 0
    batch: Callable[[Array, Sequence[int]], Array] = no_samples
    drawn: Drawn | None = None

    def chosen(self, k: int) -> list[int]:
        """The samples that query k = 0, 1, … takes; `BadInput` where the run takes none."""
        if self.drawn is None or self.drawn.chosen is None:
            raise BadInput("The run takes no samples: its method needs sampling=batches.")
        return self.drawn.chosen(k)

    def estimate(self, k: int, x: Array) -> Array:
        """The gradient at x as the sampling gives it at query k, or the gradient itself where there is none."""
        return self.gradient(x) if self.drawn is None else self.drawn.estimate(k, x)

    def alpha(self, k: int, first: str = "alpha") -> float:
        """The step size of update k = 0, 1, …: the declared first one times the schedule's share."""
        return self.declared[first] * float(self.schedule.shares(np.array([float(k)]))[0])


#: A method written as a loop that yields x_0, x_1, …, each of shape (n,) and never changed afterwards.
Naive = Callable[[View], Iterator[Array]]


def in_turn(naive: Naive) -> Naive:
    """A loop written for exact gradients that asks for one at every query, with the estimates in their places."""

    def loop(view: View) -> Iterator[Array]:
        drawn, asked = view.drawn, count()
        if drawn is None:
            return naive(view)
        query = 0

        def gradient(x: Array) -> Array:
            nonlocal query
            query = next(asked)
            return drawn.estimate(query, x)

        return naive(replace(view, gradient=gradient, f=lambda x: drawn.value(query, x)))

    return loop
