"""The report as a Markdown file."""

from __future__ import annotations

import re
from typing import Any

from gdbench.report.content import (
    Content,
    figure_text,
    iterations_text,
    rate_text,
    tightness_text,
)
from gdbench.report.notation import symbols

MEANINGS = {
    "attained": "the bound is tight and the run reaches it within 1e-9",
    "holds": "measured ≤ bound + rounding allowance at every k",
    "unresolvable": "rounding could hide a violation at every k",
    "inconclusive": "a rate could not be told",
    "not applicable": "a hypothesis is missing",
    "violated": "some k has measured > bound + allowance",
}


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, in a paragraph or in a cell."""
    return re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", " ".join(str(text).split()))


def resolvable_text(row: Any) -> str:
    """The share of resolvable k in percent; nothing where no k was judged."""
    judged = row["outcome"] not in ("not applicable", "inconclusive")
    return f"{100 * row['resolvable']:.0f} %" if judged else ""


FILTERS = {
    "md": escaped,
    "symbols": symbols,
    "number": figure_text,
    "tightness": tightness_text,
    "iterations": iterations_text,
    "rate": rate_text,
    "resolvable": resolvable_text,
}


def environment() -> Any:
    """Templates with the filters that reports share; those of pages escape what they show."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    made = Environment(
        loader=PackageLoader("gdbench.report"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(("html.jinja",), default=False),
        keep_trailing_newline=True,
    )
    made.filters.update(FILTERS)
    return made


def markdown(content: Content) -> str:
    """The whole file."""
    template = environment().get_template("convergence.md.jinja")
    rows, suite = content.record.rows, content.record.suite
    text: str = template.render(content=content, rows=rows, suite=suite, meanings=MEANINGS)
    return text
