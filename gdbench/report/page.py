"""The report as one page: tables, pictures and curves in a single file that asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from markupsafe import Markup

from gdbench.report.chart import drawable, embedded, zoomable
from gdbench.report.content import Content
from gdbench.report.environment import environment
from gdbench.report.figure import Figure, Panel
from gdbench.report.inline import Inliner, palette

#: In the order in which they need each other.
SCRIPTS = ("elements", "theme", "tables", "charts", "explorer", "start")
#: Rows of the table below a figure; its CSV file has all of them.
ROWS = 36


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Evenly chosen points of a panel, by curve: their total, the heads, and a row each."""

    title: str
    total: int
    heads: tuple[str, str, str]
    rows: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure as the page shows it."""

    figure: Figure
    svg: Markup
    zoomable: bool
    excerpts: Sequence[Excerpt]


def page(content: Content, drawn: Mapping[str, str]) -> str:
    """The whole file; drawn holds the SVG document of each figure."""
    inliner = Inliner()
    pictures = [
        Picture(figure, _safe(inliner.element(drawn[figure.name], f"p{i}")), zoomable(figure), _excerpts(figure))
        for i, figure in enumerate(content.figures)
    ]
    style = "\n".join((palette(), _text("vendor/uPlot.min.css"), _text("templates/page.css"), inliner.css()))
    scripts = (f"/*\n{_text('vendor/uPlot.LICENSE')}\n*/\n{_text('vendor/uPlot.iife.min.js')}",
               _script())  # fmt: skip
    text: str = environment().get_template("page.html.jinja").render(
        content=content,
        rows=content.record.rows,
        suite=content.record.suite,
        pictures=pictures,
        policy=_policy((style,), scripts),
        style=_safe(style),
        plotter=_safe(scripts[0]),
        script=_safe(scripts[1]),
        data=_safe(embedded(drawable(content.figures, content.record))),
    )  # fmt: skip
    return text


def _script() -> str:
    """The page's own script: its files in one scope, which nothing else sees."""
    body = "\n".join(_text(f"scripts/{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{body}}})();\n'


def _text(name: str) -> str:
    return resources.files("gdbench.report").joinpath(name).read_text(encoding="utf-8")


def _safe(text: str) -> Markup:
    """Text of this package or escaped by it, which the template takes as it is."""
    return Markup(text)  # noqa: S704


def _policy(styles: Iterable[str], scripts: Iterable[str]) -> str:
    """A Content-Security-Policy that admits these styles and scripts, and nothing else from anywhere."""
    admitted = {"style-src": styles, "script-src": scripts}
    hashes = (f"{kind} {' '.join(map(_hash, texts))}" for kind, texts in admitted.items())
    return "; ".join(("default-src 'none'", *hashes, "base-uri 'none'", "form-action 'none'"))


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _excerpts(figure: Figure) -> list[Excerpt]:
    most = max(ROWS // len(figure.panels), 2)
    return [_excerpt(panel, most) for panel in figure.panels]


def _excerpt(panel: Panel, most: int) -> Excerpt:
    """Each curve has its share of the rows, its first and last point among them."""
    shown = [series for series in panel.series if series.style != "contour" and len(series.x)]
    rows = []
    for series in shown:
        for i in _chosen(len(series.x), max(most // len(shown), 2)):
            x, y = float(series.x[i]), float(series.y[i])
            name = panel.categories[int(y)] if panel.categories else f"{y:.6g}"
            rows.append((series.label.strip(), f"{x:.6g}", name))
    heads = ("curve", panel.x_label, panel.y_label or "theorem")
    return Excerpt(panel.title, sum(len(series.x) for series in shown), heads, rows)


def _chosen(count: int, most: int) -> list[int]:
    if count <= most:
        return list(range(count))
    return [math.floor(i * (count - 1) / (most - 1) + 0.5) for i in range(most)]
