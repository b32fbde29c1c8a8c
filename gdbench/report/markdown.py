"""The report as a Markdown file."""

from __future__ import annotations

import re

from gdbench.report.content import Content
from gdbench.report.environment import environment


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, in a paragraph or in a cell."""
    return re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", " ".join(str(text).split()))


def markdown(content: Content) -> str:
    """The whole file."""
    template = environment(md=escaped).get_template("convergence.md.jinja")
    text: str = template.render(content=content, rows=content.record.rows, suite=content.record.suite)
    return text
