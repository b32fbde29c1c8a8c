"""Replicates of a run, and statistics of them that a theorem holds against expectations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdbench.problem import Array, Integers


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Independent replicates of one run: f, shape (replicates, c), and judged iterates, shape (replicates, c, n), at c
    checkpoints k.
    """

    k: Integers
    f: Array
    x: Array

    @property
    def count(self) -> int:
        """How many replicates there are."""
        return len(self.f)

    def figures(self) -> dict[str, Any]:
        """How many there are, and at every checkpoint the mean of f and its standard error, as plain numbers."""
        error = self.f.std(axis=0, ddof=1) / np.sqrt(self.count)
        return {"count": self.count, "k": self.k.tolist(), "f": self.f.mean(axis=0).tolist(), "error": error.tolist()}


@dataclass(frozen=True, slots=True)
class Moments:
    """Statistics of replicates and what is said of their expectations, all of shape (m,).

    k: the checkpoint. error: the standard error of `measured`, and skewness its third cumulant over error^3; `known`
    that the law of the method gives the error, not the sample, of which `weight` is as `shape_of` has it. None counts
    as 0. rounding: what arithmetic may add. scale: what counts as a full-size deviation, for telling whether the
    replicates are enough. two_sided: the expectation is `expected`, else at most that.
    """

    k: Array
    measured: Array
    expected: Array
    error: Array
    rounding: Array
    scale: Array
    two_sided: bool
    skewness: Array | None = None
    weight: Array | None = None
    known: bool = False


def shape_of(samples: Array) -> tuple[Array, Array]:
    """The skewness of the mean over replicates of samples, shape (replicates, m), and the weight of the largest in its
    error: the sum of the fourth powers of deviations over the square of the sum of their squares. Both of shape (m,).
    """
    centred = samples - samples.mean(axis=0)
    largest = np.max(np.abs(centred), axis=0)
    centred /= np.where(largest == 0.0, 1.0, largest)  # so that no power is too large
    square, cube, fourth = (np.mean(centred**power, axis=0) for power in (2, 3, 4))
    square, count = np.where(square == 0.0, 1.0, square), len(samples)
    return np.asarray(cube / square**1.5 / math.sqrt(count)), np.asarray(fourth / square**2 / count)
