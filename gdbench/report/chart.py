"""What the page's script draws: the curves of figures, and the gap of every run, as JSON that names columns."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gdbench.problem import Integers
from gdbench.report.columns import Columns
from gdbench.report.curve import above_floor, gap
from gdbench.report.figure import Figure, Panel, Series
from gdbench.report.record import Record
from gdbench.run import Cell, Result

#: Points of a run that the page can show beyond the report's figures.
POINTS = 24


def zoomable(figure: Figure) -> bool:
    """Whether a figure is made of curves over k or κ."""
    return all(panel.x_label in ("k", "κ") and not panel.categories for panel in figure.panels)


def drawable(figures: Sequence[Figure], record: Record) -> dict[str, Any]:
    """figures: the panels of each zoomable one, by its name; gaps: of each run; columns: what x and y are places in."""
    columns = Columns()
    drawn = {one.name: [_panel(panel, columns) for panel in one.panels] for one in figures if zoomable(one)}
    return {"figures": drawn, "gaps": _gaps(record, columns), "columns": columns.texts()}


def embedded(data: Any) -> str:
    """JSON that nothing in it can end: it stands in a script element."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _panel(panel: Panel, columns: Columns) -> dict[str, Any]:
    return {
        "title": panel.title,
        "labels": [panel.x_label, panel.y_label],
        "log": [panel.x_scale == "log", panel.y_scale == "log"],
        "limits": [panel.x_limits, panel.y_limits],
        "series": [_series(series, columns) for series in panel.series],
    }


def _series(series: Series, columns: Columns) -> dict[str, Any]:
    x, y = (columns.add(values, digits) for values, digits in ((series.x, 6), (series.y, 5)))
    return {"label": series.label.strip(), "style": series.style, "color": series.color, "x": x, "y": y}


def _gaps(record: Record, columns: Columns) -> list[dict[str, Any] | None]:
    """The thinned gap of each run in the order of the rows; None for a run that came to nothing."""
    return [_gap(record.results.get(_cell(row)), columns) for row in record.rows.runs]


def _cell(row: dict[str, Any]) -> Cell:
    return Cell(**{name: row[name] for name in Cell.__dataclass_fields__})


def _gap(result: Result | None, columns: Columns) -> dict[str, Any] | None:
    if result is None or not len(result.trajectory):
        return None
    values = gap(result)
    k = result.trajectory["k"][above_floor(values)]
    rows = _spread(k)
    return {"x": columns.add(k[rows].astype(float), 9), "y": columns.add(values[rows], 4)}


def _spread(k: Integers) -> Integers:
    """Positions of at most `POINTS` rows, half of them equally spaced in k and half in log k."""
    if len(k) <= POINTS:
        return np.arange(len(k))
    last = float(k[-1])
    # Not np.geomspace: its last bits differ from machine to machine.
    ratios = [math.exp(math.log(last) * i / (POINTS // 2)) for i in range(POINTS // 2)]
    wanted = np.concatenate([np.linspace(0.0, last, POINTS // 2), np.floor(ratios)])
    return np.unique(np.searchsorted(k, np.floor(wanted)))
