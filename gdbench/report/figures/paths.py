"""Paths of iterates over level sets: the damping demo and Rosenbrock's valley.

Level sets are drawn from their formulas, so that no contouring library has a say in the bytes.
"""

from __future__ import annotations

import numpy as np

from gdbench.claims.claim import iterations
from gdbench.claims.momentum import DAMPING
from gdbench.claims.rates import GD
from gdbench.problem import Array
from gdbench.report.curve import thin
from gdbench.report.figure import Color, Figure, Panel, Series
from gdbench.report.figures.momentum import NAMES
from gdbench.report.record import Record
from gdbench.run import Result

_VALLEY: tuple[tuple[str, str, Color], ...] = (
    (GD, "gradient descent, 1/L", "blue"),
    ("backtracking", "backtracking", "gold"),
)


def _path(result: Result, color: Color, most: int, *, log: bool = False) -> Series:
    k = result.trajectory["k"]
    rows = np.flatnonzero(k <= most)
    rows = rows[thin(rows, log=log)]
    return Series("", result.trajectory["x0"][rows], result.trajectory["x1"][rows], "path", color)


def _ellipse(level: float) -> Series:
    """x^2/100 + y^2 = level."""
    angle = np.linspace(0.0, 2.0 * np.pi, 73)
    radius = np.sqrt(level)
    return Series(f"level {level:g}", 10.0 * radius * np.cos(angle), radius * np.sin(angle), "contour", "ink")


def _banana(level: float) -> Series:
    """(1 - x)^2 + 100 (y - x^2)^2 = level, from y = x^2 +- sqrt(level - (1 - x)^2)/10, a little beyond the window."""
    root = np.sqrt(level)
    x: Array = np.linspace(max(-1.7, 1.0 - root), min(1.5, 1.0 + root), 49)
    rise = np.sqrt(np.maximum(level - (1.0 - x) ** 2, 0.0)) / 10.0
    there, back = x**2 + rise, x**2 - rise
    return Series(f"level {level:g}", np.append(x, x[::-1]), np.append(there, back[::-1]), "contour", "ink")


def _window(series: tuple[Series, ...], title: str, x: tuple[float, float], y: tuple[float, float]) -> Panel:
    return Panel(series, "x", "y", title=title, x_limits=x, y_limits=y)


def damping(record: Record) -> Figure:
    panels, said = [], []
    for optimizer, label, color in NAMES:
        result = record.runs(optimizer, DAMPING)
        contours = tuple(_ellipse(level) for level in (0.05, 0.3, 1.01, 2.5, 5.0, 10.0))
        path = _path(result, color, 60)
        panels.append(_window((*contours, path), label, (-11.5, 11.5), (-4.4, 4.4)))
        flips = int(np.sum(np.diff(np.sign(result.trajectory["x1"][:61])) != 0))
        said.append(f"{label}: y changes sign or becomes 0 {flips} times; 1e-6 takes {iterations(result)} iterations.")
    return Figure(
        name="paths-damping",
        title="Paths on x²/100 + y²",
        caption="The first 60 iterates over level sets. The lecture shows momentum damping oscillations in y; with "
        "α = 1/L gradient descent has none to damp, and momentum brings them.",
        alt=f"Four panels of paths from the same start over ellipses. Within 60 steps: {' '.join(said)}",
        panels=tuple(panels),
    )


def rosenbrock(record: Record) -> Figure:
    panels, said = [], []
    for optimizer, label, color in _VALLEY:
        result = record.runs(optimizer, "rosenbrock")
        contours = tuple(_banana(level) for level in (0.1, 1.0, 4.0, 24.2, 100.0))
        path = _path(result, color, result.k, log=True)
        panels.append(_window((*contours, path), label, (-1.6, 1.4), (-0.6, 2.0)))
        x, y = float(result.trajectory["x0"][-1]), float(result.trajectory["x1"][-1])
        said.append(f"{label}: at ({x:.4g}, {y:.4g}) after {result.k} steps.")
    return Figure(
        name="paths-rosenbrock",
        title="Paths in Rosenbrock's valley",
        caption="Up to 1,000 steps from (−1.2, 1) towards the minimiser (1, 1), over level sets. 1/L, safe on the "
        "whole sublevel set, is a tiny step here; backtracking tries longer ones, and one of them may leap.",
        alt=f"Two panels of paths over bent level sets; the minimiser is (1, 1). {' '.join(said)}",
        panels=tuple(panels),
    )


FIGURES = (damping, rosenbrock)
