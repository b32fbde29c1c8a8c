"""Figures as SVG: text stays text, positions are fixed, and the bytes depend on the figure alone."""

from __future__ import annotations

import io
import math
import re
from html import escape
from typing import Any

import numpy as np

from gdbench.problem import Array
from gdbench.report.figure import Figure, Panel, Series
from gdbench.report.notation import power_of_ten

#: Okabe and Ito 2008; blue and orange are its "blue" and "vermillion".
COLORS = {
    "blue": "#0072b2",
    "orange": "#d55e00",
    "green": "#009e73",
    "purple": "#aa4499",
    "gold": "#b8860b",
    "ink": "#222222",
}
PAPER, RULES, FAINT = "#ffffff", "#d9d9d9", "#999999"
WIDTH, HEIGHT = 7.6, 4.1
LINES: dict[str, Any] = {
    "line": {"lw": 2.4},
    "dashed": {"lw": 1.2, "dashes": (5, 2)},
    "dotted": {"lw": 1.4, "dashes": (1, 2)},
    "points": {"lw": 1.0, "marker": "o", "ms": 4.5},
    "path": {"lw": 1.2, "marker": "o", "ms": 2.2},
    "dots": {"lw": 0, "marker": "o", "ms": 3.2, "alpha": 0.75},
}
STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": COLORS["ink"],
    "axes.labelcolor": COLORS["ink"],
    "text.color": COLORS["ink"],
    "xtick.color": COLORS["ink"],
    "ytick.color": COLORS["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "path.simplify": False,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
}


def svg(figure: Figure) -> str:
    """The figure as an SVG document with a title and a description for those who do not see it."""
    import matplotlib.style
    from matplotlib.figure import Figure as Canvas

    with matplotlib.style.context(["default", {**STYLE, "svg.hashsalt": figure.name}]):
        rows, columns = _shape(figure)
        tall = max((len(panel.categories) for panel in figure.panels), default=0)
        height = max(HEIGHT if rows == 1 else 3.0 * rows, 0.9 + 0.165 * tall)
        canvas = Canvas(figsize=(WIDTH, height))
        for i, panel in enumerate(figure.panels):
            axes = canvas.add_axes(_place(i, rows, columns, height, panel))
            _panel(axes, panel)
        buffer = io.StringIO()
        canvas.savefig(buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return _described(buffer.getvalue(), figure)


def _shape(figure: Figure) -> tuple[int, int]:
    """Rows and columns: panels with labels beside their curves stand one below the other."""
    count = len(figure.panels)
    columns = 1 if count == 1 or any(_named(panel) for panel in figure.panels) else 2
    return math.ceil(count / columns), columns


def _named(panel: Panel) -> list[Series]:
    return [one for one in panel.series if one.label and one.style != "contour" and len(one.x)]


def _place(i: int, rows: int, columns: int, height: float, panel: Panel) -> tuple[float, float, float, float]:
    """The axes of panel i in shares of the figure, margins in inches: named curves leave room for their labels."""
    left = 1.75 if panel.categories else 0.75
    right, top, bottom = (2.15 if columns == 1 else 0.25), 0.4, 0.55
    if panel.categories:
        right = 1.0
    width, depth = WIDTH / columns, height / rows
    row, column = divmod(i, columns)
    x, y = column * width + left, height - (row + 1) * depth + bottom
    return x / WIDTH, y / height, (width - left - right) / WIDTH, (depth - top - bottom) / height


def _panel(axes: Any, panel: Panel) -> None:
    for series in panel.series:
        _series(axes, series)
    axes.set_xlabel(panel.x_label)
    axes.set_ylabel(panel.y_label)
    axes.set_title(panel.title, loc="left", fontsize=9)
    axes.grid(visible=True, color=RULES, lw=0.5)
    axes.set_axisbelow(True)
    for axis, scale in ((axes.xaxis, panel.x_scale), (axes.yaxis, panel.y_scale)):
        _scale(axis, scale)
    if panel.x_limits is not None:
        axes.set_xlim(panel.x_limits)
    if panel.y_limits is not None:
        axes.set_ylim(panel.y_limits)
    if panel.categories:
        axes.set_yticks(range(len(panel.categories)), panel.categories, fontsize=7)
        axes.set_ylim(len(panel.categories) - 0.4, -0.6)
    _labels(axes, panel)


def _series(axes: Any, series: Series) -> None:
    if series.style == "contour":
        axes.plot(series.x, series.y, color=FAINT, lw=0.6)
        return
    axes.plot(series.x, series.y, color=COLORS[series.color], **LINES[series.style])


def _scale(axis: Any, scale: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

    if scale == "linear":
        axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}".replace("-", "−")))
        return
    axis._set_axes_scale("log")  # noqa: SLF001 - the same call for x and for y
    axis.set_major_locator(LogLocator(numticks=8))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(round(math.log10(value)))))
    axis.set_minor_formatter(NullFormatter())


def _labels(axes: Any, panel: Panel) -> None:
    """Labels right of the axes, each as high as the end of its curve, moved apart where they would overlap."""
    named = _named(panel)
    if not named:
        return
    low, high = axes.get_ylim()
    ends = np.array([float(series.y[int(np.argmax(series.x))]) for series in named])
    shares = _share(ends, low, high, log=panel.y_scale == "log")
    line = 0.16 / (axes.get_position().height * axes.figure.get_figheight())
    for series, share in zip(named, _apart(shares, line), strict=True):
        color = COLORS[series.color]
        axes.text(1.02, share, series.label, color=color, fontsize=8, va="center", transform=axes.transAxes)


def _share(values: Array, low: float, high: float, *, log: bool) -> Array:
    if log:
        values, low, high = np.log(values), math.log(low), math.log(high)
    return np.clip((values - low) / (high - low), 0.0, 1.0)


def _apart(shares: Array, least: float) -> Array:
    """The same order, at least so far apart, the lowest at 0 or above."""
    order = np.argsort(shares, kind="stable")
    placed = shares[order].copy()
    for i in range(1, len(placed)):
        placed[i] = max(placed[i], placed[i - 1] + least)
    over = max(float(placed[-1]) - 1.0, 0.0)
    placed -= over
    for i in range(len(placed) - 2, -1, -1):
        placed[i] = min(placed[i], placed[i + 1] - least)
    found = np.empty_like(placed)
    found[order] = placed
    return found


_LONG = re.compile(r"-?\d+\.\d{3,}")


def _described(document: str, figure: Figure) -> str:
    """The document with a role, a title and a description, and coordinates to a hundredth of a point."""
    head, body = re.sub(r"\s*<metadata>.*?</metadata>", "", document, flags=re.DOTALL).split("<svg ", 1)
    attributes, rest = body.split(">", 1)
    name = figure.name
    named = f'role="img" aria-labelledby="{name}-title {name}-desc"'
    title = f'<title id="{name}-title">{escape(figure.title)}</title><desc id="{name}-desc">{escape(figure.alt)}</desc>'
    rest = re.sub(r"<[^>]*>", lambda tag: _LONG.sub(lambda found: f"{float(found[0]):.2f}", tag[0]), rest)
    lines = (line.rstrip() for line in f"{head}<svg {named} {attributes}>\n {title}{rest}".splitlines())
    return "\n".join(lines) + "\n"
