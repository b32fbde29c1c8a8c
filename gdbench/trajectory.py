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
    """Consecutive rows of a run, with the row before them: k runs over the rows that are judged, all >= 1."""

    first: int
    rows: Array
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

    @property
    def path(self) -> Array:
        """The recorded coordinates at k - 1 and k, shape (m + 1, c)."""
        return self.rows[:, len(COLUMNS) :]


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

    value_calls and gradient_calls are totals up to x_k, calls made only to record excluded.
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
        self._kept: list[Array] = []
        self._k: list[Integers] = []
        self._calls = np.zeros(2)

    def add(self, first: int, rows: Array) -> None:
        """Take rows k = first, first + 1, …; the last row of a run that ended early is kept by `finish`."""
        wanted = self._grid[np.searchsorted(self._grid, first) : np.searchsorted(self._grid, first + len(rows))]
        self._keep(first, rows, wanted)

    def _keep(self, first: int, rows: Array, wanted: Integers) -> None:
        kept = rows[wanted - first].copy()
        calls = np.cumsum(rows[:, 6:8], axis=0) + self._calls
        before = np.vstack([self._calls, calls[:-1]])
        kept[:, 6:8] = before[wanted - first] + np.column_stack([np.zeros(len(wanted)), wanted + 1])
        self._calls = calls[-1]
        self._kept.append(kept)
        self._k.append(wanted)

    def finish(self, last: int, row: Array) -> Trajectory:
        """The trajectory of a run whose last row is k = last."""
        k = np.concatenate(self._k)
        rows = np.concatenate(self._kept)
        if k[-1] != last:
            final = row.copy()
            final[6:8] = np.add(self._calls, [0.0, last + 1.0])
            k = np.append(k, last)
            rows = np.vstack([rows, final])
        columns: dict[str, NDArray[Any]] = {"k": k}
        columns.update({name: rows[:, i].copy() for i, name in enumerate(COLUMNS)})
        for i in range(rows.shape[1] - len(COLUMNS)):
            columns[f"x{i}"] = rows[:, len(COLUMNS) + i].copy()
        return Trajectory(columns)
