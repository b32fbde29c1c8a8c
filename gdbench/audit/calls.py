"""A problem's kernels as functions of x."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdbench.kernel import box_data, prepare
from gdbench.problem import Problem

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Calls:
    """A problem's kernels as functions of x."""

    problem: Problem
    data: Any

    def oracle(self, x: Vector) -> tuple[float, Vector]:
        """f and the gradient at x."""
        g = np.full(len(x), np.nan)
        return float(prepare(self.problem.oracle)(x.copy(), g, self.data)), g

    def value(self, x: Vector) -> float:
        """f at x."""
        return float(prepare(self.problem.value)(x.copy(), self.data))

    def product(self, x: Vector, v: Vector) -> Vector:
        """The Hessian at x times v."""
        out = np.full(len(x), np.nan)
        prepare(self.problem.product)(x.copy(), v.copy(), out, self.data)
        return out

    def batch(self, x: Vector, chosen: Sequence[int]) -> tuple[float, Vector]:
        """f and the gradient at x of the mean over some samples."""
        assert self.problem.batch is not None
        g = np.full(len(x), np.nan)
        return float(prepare(self.problem.batch)(x.copy(), g, np.array(chosen, dtype=np.int64), self.data)), g

    def hessian(self, x: Vector) -> NDArray[np.float64]:
        """The Hessian at x, column by column."""
        return np.array([self.product(x, column) for column in np.eye(len(x))])


def calls(problem: Problem, dirt: float = 0.0) -> Calls:
    """The kernels over the problem's data; dirt is added to the work space, which must not matter."""
    arrays = list(problem.arrays())
    arrays[3] = arrays[3] + dirt
    return Calls(problem, box_data(*arrays))
