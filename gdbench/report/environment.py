"""Templates, with the filters that the Markdown file and the page share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gdbench.report.content import (
    MEANINGS,
    figure_text,
    iterations_text,
    rate_text,
    resolvable_text,
    tightness_text,
)
from gdbench.report.notation import symbols

FILTERS = {
    "symbols": symbols,
    "number": figure_text,
    "tightness": tightness_text,
    "iterations": iterations_text,
    "rate": rate_text,
    "resolvable": resolvable_text,
}


def environment(**filters: Callable[..., Any]) -> Any:
    """Templates with the shared filters and those of one format; templates of pages escape what they show."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    made = Environment(
        loader=PackageLoader("gdbench.report"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(("html.jinja",), default=False),
        keep_trailing_newline=True,
    )
    made.filters.update(FILTERS, **filters)
    made.globals["meanings"] = MEANINGS
    return made
