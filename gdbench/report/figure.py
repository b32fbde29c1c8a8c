"""A figure as data: panels of series with a caption, a text alternative, and the table of all that is drawn.

One description makes the picture, the zoomable chart of the page and the CSV file beside it, so they cannot disagree.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Literal

from gdbench.problem import Array

Scale = Literal["linear", "log"]
Style = Literal["line", "dashed", "dotted", "points", "path", "contour", "dots"]
#: Okabe and Ito's colours that differ in lightness too; ink is the text's colour.
Color = Literal["blue", "orange", "green", "purple", "gold", "ink"]


@dataclass(frozen=True, slots=True)
class Series:
    """One curve, shape (m,) each; its label stands beside it."""

    label: str
    x: Array
    y: Array
    style: Style = "line"
    color: Color = "blue"


@dataclass(frozen=True, slots=True)
class Panel:
    """Series in one pair of axes. x_label and y_label hold the symbols that are shown; categories name y = 0, 1, …."""

    series: tuple[Series, ...]
    x_label: str = "k"
    y_label: str = ""
    x_scale: Scale = "linear"
    y_scale: Scale = "linear"
    title: str = ""
    categories: tuple[str, ...] = ()
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """name: its files' stem. caption: what to see in it. alt: what it shows, in words and numbers."""

    name: str
    title: str
    caption: str
    alt: str
    panels: tuple[Panel, ...]

    def to_csv(self) -> str:
        """Every point that is drawn but those of level sets, one a line, in six digits."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(("panel", "series", "x", "y"))
        for panel in self.panels:
            for series in (one for one in panel.series if one.style != "contour"):
                points = zip(series.x.tolist(), series.y.tolist(), strict=True)
                writer.writerows((panel.title, series.label, f"{x:.6g}", f"{y:.6g}") for x, y in points)
        return buffer.getvalue()
