"""Where a stochastic method has its gradients from: what the files of gdbench.samplings make."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gdbench.errors import BadInput
from gdbench.problem import Array, Integers, Problem

WORD = 2**32
UNNAMED = "unnamed"


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

    def chance(self, samples: int) -> float:
        """The chance that one of `samples` samples is in an independent batch."""
        if self.order == "distinct":
            return self.size / samples
        return -math.expm1(self.size * math.log1p(-1.0 / samples)) if samples > 1 else 1.0

    def share(self, samples: int) -> float:
        """The covariance of an independent batch's gradient over that of one of `samples` samples.

        1/size with replacement, else (samples - size)/(samples - 1) of that (Cochran 1977, theorem 2.2).
        """
        alike = (samples - self.size) / max(samples - 1, 1) if self.order == "distinct" else 1.0
        return alike / self.size


@dataclass(frozen=True, slots=True)
class Gradients:
    """What a plain sampling asks at x: f and its gradient (n,); loss and batch, both of a mean over some samples."""

    f: Callable[[Array], float]
    gradient: Callable[[Array], Array]
    loss: Callable[[Array, Sequence[int]], float]
    batch: Callable[[Array, Sequence[int]], Array]
    samples: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sampling as a plain loop has it: at query k value(k, x) of f, estimate(k, x) of its gradient, and chosen(k),
    where it chooses samples. What is random depends on the seed and on k alone.
    """

    value: Callable[[int, Array], float]
    estimate: Callable[[int, Array], Array]
    chosen: Callable[[int], list[int]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """One sampling with its parameters.

    kernel(k, state, data, calls) -> (f, gradients) is what runs call in place of the oracle. room(problem) makes its
    work space; `BadInput` where the problem does not go with it. noise(problem), where the sampling knows it, is the
    covariance of one estimate as `Noise` has it: draws of different k are independent then. batch, where it draws
    samples of the problem, says how.
    naive(gradients, seed, replicate) is the same sampling in plain Python that shares no code with the kernel;
    `by_coordinate` says that it draws a number for each coordinate of x, in their order.
    """

    kernel: Callable[..., Any]
    room: Callable[[Problem], Room]
    source: str
    noise: Callable[[Problem], Noise | None]
    batch: Batch | None = None
    naive: Callable[[Gradients, int, int], Drawn] | None = None
    by_coordinate: bool = False
    name: str = UNNAMED

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


def batch_of(sampling: Sampling, problem: Problem, method: str) -> Batch:
    """How a method's samples are drawn; `BadInput` where its sampling draws none or the problem has none."""
    if sampling.batch is None:
        raise BadInput(f"sampling={sampling} draws no samples, which {method} needs: take sampling=batches[size=1].")
    if problem.batch is None:
        raise BadInput(f"{problem.name} has no samples, which {method} needs: take least_squares, or mlp.")
    return sampling.batch


def samples_of(problem: Problem, name: str) -> int:
    """How many samples a problem has; `BadInput` where it has none."""
    if problem.batch is None:
        offer = "take sampling=noise[sigma=0.1], or a problem with samples such as least_squares"
        raise BadInput(f"{problem.name} has no samples for sampling={name}: {offer}.")
    return problem.samples
