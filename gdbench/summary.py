"""Figures of a run that need every row: when a target was reached, how often f rose, which coordinates changed sign."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.kernel import COLUMNS
from gdbench.problem import Array
from gdbench.trajectory import Chunk

#: "Iterations to 1e-6" everywhere means the first k with gap <= TARGET * gap_0.
TARGET = 1e-6


class Summary:
    """Reads each chunk once. Where f* is unknown the gap is NaN and nothing about it is said."""

    def __init__(self, f_star: float, start: Array) -> None:
        self._f_star = f_star
        self._gap_0 = float(start[0]) - f_star
        self._reached: int | None = None
        self._increases = 0
        self._peak, self._peak_k = 1.0, 0
        self._flips: Array | None = None
        self._most_trials = 0.0
        self._last, self._x = start, np.zeros(0)

    def hear(self, chunk: Chunk) -> None:
        """Take the rows of a chunk."""
        if not len(chunk.k):
            return
        gap = chunk.now("f") - self._f_star
        if self._reached is None:
            hits = np.flatnonzero(gap <= TARGET * self._gap_0)
            self._reached = int(chunk.k[hits[0]]) if len(hits) else None
        self._increases += int(np.sum(chunk.now("f") > chunk.before("f")))
        if self._gap_0 > 0 and np.any(gap > self._peak * self._gap_0):
            self._peak = float(np.nanmax(gap)) / self._gap_0
            self._peak_k = int(chunk.k[int(np.nanargmax(gap))])
        flips = np.sum(chunk.path[1:] * chunk.path[:-1] < 0.0, axis=0)
        self._flips = flips if self._flips is None else self._flips + flips
        trials = chunk.now("value_calls") - chunk.before("value_calls")
        self._most_trials = max(self._most_trials, float(np.max(trials)))
        self._last = chunk.rows[-1].copy()
        self._x = chunk.path[-1].copy()

    def figures(self) -> dict[str, Any]:
        """The figures by name; iterations_to_target is None where the target was not reached."""
        last = dict(zip(COLUMNS, self._last, strict=True))
        return {
            "f": float(last["f"]),
            "gap": float(last["f"] - self._f_star),
            "gap_0": self._gap_0,
            "grad2": float(last["grad2"]),
            "dist2": float(last["dist2"]),
            "iterations_to_target": 0 if self._gap_0 == 0 else self._reached,
            "increases": self._increases,
            "peak": self._peak,
            "peak_k": self._peak_k,
            "sign_changes": [] if self._flips is None else [int(count) for count in self._flips],
            "value_calls": int(last["value_calls"]),
            "gradient_calls": int(last["gradient_calls"]),
            "most_trials": int(self._most_trials),
            "x": [float(value) for value in self._x],
        }
