"""The files of a report, as texts by name."""

from __future__ import annotations

from gdbench.metrics import metrics, to_csv
from gdbench.report.content import content
from gdbench.report.draw import svg
from gdbench.report.markdown import markdown
from gdbench.report.page import page
from gdbench.report.record import Record


def build(record: Record) -> dict[str, str]:
    """Every file, named relative to the folder of the report; the same record gives the same bytes."""
    shown = content(record)
    drawn = {figure.name: svg(figure) for figure in shown.figures}
    files = {
        "convergence.md": markdown(shown),
        "index.html": page(shown, drawn),
        "metrics.csv": to_csv(metrics(record.results.values(), record.rows)),
    }
    for figure in shown.figures:
        files[f"figures/{figure.name}.svg"] = drawn[figure.name]
        files[f"figures/{figure.name}.csv"] = figure.to_csv()
    return files
