"""A trajectory: what a run leaves behind, the only thing that crosses from running to judging."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdbench.kernel import COLUMNS
from gdbench.problem import Array, Integers

#: A run of fewer iterations is stored whole; a longer one on a linear and a geometric grid of about this many rows.
DENSE_ROWS = 2000
#: Coordinates of the iterate are recorded for problems of at most this dimension.
PATH_DIMENSION = 3


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive rows of a run, with the row before them: k runs over the rows that are judged, all >= 1.

    rows has shape (m + 1, 8); path, shape (m + 1, c), holds the coordinates of the iterates of a small problem (c = n)
    or none (c = 0). Both are views of buffers that the next chunk overwrites.
    """

    first: int
    rows: Array
    path: Array
    _made: dict[str, Array] = field(default_factory=dict, compare=False, repr=False)

    def once(self, name: str, make: Callable[[], Array]) -> Array:
        """What `make` returns, made once for all judges of this chunk."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    @property
    def k(self) -> Array:
        """The iteration numbers as floats, as bounds want them; shape (m,)."""
        return self.once("k", lambda: np.arange(self.first, self.first + len(self.rows) - 1, dtype=np.float64))

    def now(self, column: str) -> Array:
        """A column at k, shape (m,)."""
        return self.rows[1:, COLUMNS.index(column)]

    def before(self, column: str) -> Array:
        """A column at k - 1, shape (m,)."""
        return self.rows[:-1, COLUMNS.index(column)]


def stride(iterations: int) -> int:
    """The distance of the stored grid's equally spaced iterations."""
    return max(1, 2 * iterations // DENSE_ROWS)


def grid(iterations: int) -> Integers:
    """The iterations whose rows are stored: all of a short run, else a linear and a geometric grid with both ends."""
    if iterations < DENSE_ROWS:
        return np.arange(iterations + 1)
    linear = np.arange(0, iterations + 1, stride(iterations))
    ratios = math.log(iterations) / (DENSE_ROWS // 2)
    geometric = np.array([int(math.exp(ratios * i)) for i in range(DENSE_ROWS // 2)], dtype=np.int64)
    return np.unique(np.concatenate([linear, geometric, [iterations]]))


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Columns of equal length, one entry per stored row: k, those of `gdbench.kernel.COLUMNS`, then x0, x1, ….

    value_calls and gradient_calls are totals up to x_k and its gradient, calls made only to record excluded.
    """

    columns: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.columns["k"])

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def to_pandas(self) -> Any:
        """The columns as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame(dict(self.columns))


class Recorder:
    """Copies the rows of the grid out of the driver's buffer, chunk by chunk."""

    def __init__(self, iterations: int) -> None:
        self._grid = grid(iterations)
        self._k: list[Integers] = []
        self._rows: list[Array] = []
        self._path: list[Array] = []

    def add(self, first: int, rows: Array, path: Array) -> None:
        """Take rows k = first, first + 1, … and the coordinates beside them."""
        wanted = self._grid[np.searchsorted(self._grid, first) : np.searchsorted(self._grid, first + len(rows))]
        self._keep(wanted, rows[wanted - first], path[wanted - first])

    def _keep(self, k: Integers, rows: Array, path: Array) -> None:
        self._k.append(k)
        self._rows.append(rows)
        self._path.append(path)

    def finish(self, last: int, row: Array, place: Array) -> Trajectory:
        """The trajectory of a run whose last row is k = last; that row is kept also where the run ended early."""
        if self._k[-1].size == 0 or self._k[-1][-1] != last:
            self._keep(np.array([last]), row[np.newaxis], place[np.newaxis])
        rows, path = np.concatenate(self._rows), np.concatenate(self._path)
        columns: dict[str, NDArray[Any]] = {"k": np.concatenate(self._k)}
        columns.update({name: rows[:, i].copy() for i, name in enumerate(COLUMNS)})
        columns.update({f"x{i}": path[:, i].copy() for i in range(path.shape[1])})
        return Trajectory(columns)
