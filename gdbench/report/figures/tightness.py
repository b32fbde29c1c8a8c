"""How close runs come to each bound."""

from __future__ import annotations

import math

import numpy as np

from gdbench import theory
from gdbench.report.figure import Color, Figure, Panel, Series
from gdbench.report.record import Record

_SHOWN: tuple[tuple[str, Color], ...] = (("holds", "blue"), ("attained", "orange"), ("violated", "ink"))


def tightness(record: Record) -> Figure:
    names: list[str] = []
    points: dict[str, list[tuple[float, int]]] = {outcome: [] for outcome, _ in _SHOWN}
    for name, theorem in theory.theorems().items():
        rows = [row for row in record.verdicts(name) if row["outcome"] in points and math.isfinite(row["tightness"])]
        if rows and theorem.kind in ("bound", "potential"):
            for row in rows:
                points[row["outcome"]].append((row["tightness"], len(names)))
            names.append(name)
    series = [_dots(outcome, points[outcome], color) for outcome, color in _SHOWN if points[outcome]]
    most = max((value for found in points.values() for value, _ in found), default=1.0)
    attained = len({names[y] for _, y in points["attained"]})
    counts = ", ".join(f"{len(found)} {outcome}" for outcome, found in points.items())
    return Figure(
        name="tightness",
        title="Measured / bound, largest over each run",
        caption="One dot for each verdict: 1 means that the run reaches the bound. Dots far left of 1 are runs on "
        "which the bound says little.",
        alt=f"Dots in {len(names)} rows, one row a theorem. Verdicts: {counts}; {attained} theorems are attained by "
        f"some run; the largest value is {most:.9g}.",
        panels=(Panel(tuple(series), "largest measured / bound", categories=tuple(names), x_limits=(-0.03, 1.06)),),
    )


def _dots(outcome: str, points: list[tuple[float, int]], color: Color) -> Series:
    x, y = np.array(points, dtype=float).T
    return Series(outcome, x, y, "dots", color)


FIGURES = (tightness,)
