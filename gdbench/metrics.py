"""Exact metrics of runs, verdicts and claims as one table whose lines git can tell apart: the record of a commit.

Whole numbers and words are exact; other numbers have nine digits, so that the last bits of a library's logarithm do not
show as a change.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdbench.errors import BadInput

if TYPE_CHECKING:
    from gdbench.evaluate import Report
    from gdbench.run import Result
    from gdbench.verdict import Verdict

#: What a metric is filed under: which line of which run, verdict or claim it stands on.
IDENTITY = ("subject", "name", "optimizer", "problem", "iterations", "tolerance", "target", "seed", "replicates")


@dataclass(frozen=True, slots=True)
class Metrics:
    """One line. Every field is the text that the file holds, empty where it means nothing.

    subject: run, the kind of a verdict (bound, exact, potential, rate, scaling), claim, or figure (a number behind a
    claim). name: the theorem, the claim, or claim/figure. outcome: a run's status, a verdict's outcome, a claim's
    status. iterations_to_target: the first k with gap <= 1e-6 gap_0. e_fold_iterations: -1/log of the fitted factor
    per step of the gap. order: p of a gap that falls like k^-p. f: its last value. value: an exponent over kappa, or
    the number behind a claim.
    """

    subject: str
    name: str = ""
    optimizer: str = ""
    problem: str = ""
    iterations: str = ""
    tolerance: str = ""
    target: str = ""
    seed: str = ""
    replicates: str = ""
    outcome: str = ""
    k: str = ""
    iterations_to_target: str = ""
    e_fold_iterations: str = ""
    order: str = ""
    gradient_calls: str = ""
    value_calls: str = ""
    f: str = ""
    tightness: str = ""
    resolvable: str = ""
    value: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """What this line is filed under."""
        return tuple(getattr(self, name) for name in IDENTITY)


COLUMNS = tuple(field.name for field in fields(Metrics))


def text(value: Any) -> str:
    """A number as the file holds it: whole ones as they are, others in nine digits, nothing for none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def metrics(results: Iterable[Result], report: Report | None = None) -> list[Metrics]:
    """The lines of results, each run followed by its verdicts, after the claims and exponents of a report on them."""
    lines = [] if report is None else [line for claim in report.claims for line in _claim(claim)]
    if report is not None:
        lines += [_exponent(verdict) for verdict in report.verdicts if verdict["kind"] == "scaling"]
    for result in results:
        cell = {name: text(getattr(result.cell, name)) for name in IDENTITY[2:]}
        lines.append(_run(result, cell))
        lines += [_verdict(verdict, cell) for verdict in result.verdicts]
    return lines


def _claim(claim: Mapping[str, Any]) -> list[Metrics]:
    line = Metrics("claim", claim["id"], outcome=claim["status"])
    values = claim["values"].items()
    return [line, *(Metrics("figure", f"{claim['id']}/{name}", value=text(value)) for name, value in values)]


def _exponent(verdict: Mapping[str, Any]) -> Metrics:
    names = ("optimizer", "problem", "outcome")
    fields = {name: verdict[name] for name in names}
    return Metrics(verdict["kind"], verdict["theorem"], **fields, value=text(verdict["measured"]))


def _run(result: Result, cell: Mapping[str, str]) -> Metrics:
    summary = result.summary
    rate = summary.get("rate", {"kind": "refused"})
    return Metrics(
        "run",
        **cell,
        outcome=result.status,
        k=text(result.k),
        iterations_to_target=text(summary.get("iterations_to_target")),
        e_fold_iterations=text(1.0 / rate["value"]) if rate["kind"] == "linear" else "",
        order=text(rate["value"]) if rate["kind"] == "power" else "",
        gradient_calls=text(summary.get("gradient_calls")),
        value_calls=text(summary.get("value_calls")),
        f=text(summary.get("f")),
    )


def _verdict(verdict: Verdict, cell: Mapping[str, str]) -> Metrics:
    return Metrics(
        verdict.kind,
        verdict.theorem,
        **cell,
        outcome=verdict.outcome,
        k=text(verdict.k),
        tightness=text(verdict.tightness),
        resolvable=text(verdict.resolvable),
    )


def to_csv(lines: list[Metrics]) -> str:
    """The table as text, a line each."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(astuple(line) for line in lines)
    return buffer.getvalue()


def from_csv(path: Path) -> list[Metrics]:
    """Read a table back; `BadInput` says what is not as it should be."""
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput(f"The metrics {path} cannot be read ({reason.lower()}): name another file.") from error
    header = tuple(rows[0]) if rows else ()
    if header != COLUMNS:
        raise BadInput(_differs(path, header))
    for number, row in enumerate(rows, 1):
        if len(row) != len(COLUMNS):
            raise BadInput(f"Line {number} of {path} has {len(row)} fields, {len(COLUMNS)} are needed: write it anew.")
    return [Metrics(*row) for row in rows[1:]]


def _differs(path: Path, header: tuple[str, ...]) -> str:
    missing = [name for name in COLUMNS if name not in header]
    if len(missing) > len(COLUMNS) // 2:
        return f"The file {path} is no metrics.csv of gdbench: name one that `gdbench report` wrote, or a store."
    extra = [name for name in header if name not in COLUMNS]
    said = [f"it lacks {', '.join(missing)}"] * bool(missing) + [f"it also has {', '.join(extra)}"] * bool(extra)
    detail = " and ".join(said) or "its columns are in another order"
    return f"The metrics {path} are of another schema ({detail}): write them anew with `gdbench report`."
