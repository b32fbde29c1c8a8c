"""Where a stochastic method has its gradients from: what the files of gdbench.samplings make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gdbench.errors import BadInput
from gdbench.problem import Array, Integers, Problem

WORD = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a run of a sampling on one problem works in: the arrays of a sampler but its words."""

    chosen: Integers
    order: Integers
    numbers: Array
    factor: Array
    parts: Array


@dataclass(frozen=True, slots=True)
class Batch:
    """How a sampling draws: `size` samples at a time in the given order, computed in `parts` equal pieces."""

    size: int
    order: Literal["replacement", "distinct", "reshuffled", "cyclic"]
    parts: int

    @property
    def independent(self) -> bool:
        """Whether batches of different k are independent."""
        return self.order in ("replacement", "distinct")

    def share(self, samples: int) -> float:
        """The covariance of an independent batch's gradient over that of one of `samples` samples.

        1/size with replacement, else (samples - size)/(samples - 1) of that (Cochran 1977, theorem 2.2).
        """
        alike = (samples - self.size) / max(samples - 1, 1) if self.order == "distinct" else 1.0
        return alike / self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """One sampling with its parameters.

    kernel(k, state, data, calls) -> (f, gradients) is what runs call in place of the oracle. room(problem) makes its
    work space; `BadInput` where the problem does not go with it. noise(problem), where the sampling knows it, is the
    covariance of one estimate as `Noise` has it: draws of different k are independent then. batch, where it draws
    samples of the problem, says how.
    """

    kernel: Callable[..., Any]
    room: Callable[[Problem], Room]
    source: str
    noise: Callable[[Problem], Noise | None]
    batch: Batch | None = None
    name: str = "unnamed"

    def arrays(self, problem: Problem, seed: int, replicate: int = 0) -> tuple[NDArray[Any], ...]:
        """The six arrays of a sampler for a run of its own."""
        room = self.room(problem)
        words = np.array([seed % WORD, seed // WORD % WORD, replicate], dtype=np.int64)
        return (words, room.chosen, room.order, room.numbers, room.factor, room.parts)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """The noise of one estimate of the gradient at x, given x: its mean is 0, draws of different k are independent.

    covariance(mean, second), for the mean (n,) and the second moment (n, n) of x - x*, is the expected covariance
    (n, n). additive: it is the same everywhere; gaussian: and normal.
    """

    covariance: Callable[[Array, Array], Array]
    additive: bool
    gaussian: bool


def samples_of(problem: Problem, name: str) -> int:
    """How many samples a problem has; `BadInput` where it has none."""
    if problem.batch is None:
        offer = "take sampling=noise[sigma=0.1], or a problem with samples such as least_squares"
        raise BadInput(f"{problem.name} has no samples for sampling={name}: {offer}.")
    return problem.samples
