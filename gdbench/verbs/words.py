"""What `gdbench run` says to people: claims, counts, verdicts run by run, the unexpected, one summary line."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gdbench.evaluate import Report
from gdbench.verbs.options import number, table
from gdbench.verdict import OUTCOMES

WIDTH = 120
#: Up to so many runs, every verdict has a line of its own.
FEW = 4
#: A space at which no line is broken.
GLUE = "\u00a0"
Row = Mapping[str, Any]


def render(report: Report, title: str, loaded: int, ran: int) -> str:
    """The whole answer; what people read first stands last, where a terminal shows it."""
    parts = [title] if title else []
    parts += _runs(report)
    if report.claims:
        parts.append("Claims\n" + "\n".join(_claim(row) for row in report.claims))
    if report.verdicts:
        parts.append("Verdicts by outcome\n" + _counts(report.verdicts))
    unexpected = list(_unexpected(report))
    if unexpected:
        parts.append("Not as expected\n" + "\n".join(unexpected))
    parts.append(_summary(report, len(unexpected), loaded, ran))
    return "\n\n".join(parts)


def _mark(row: Row) -> str:
    return "ok" if row["as_expected"] else "!!"


def wrapped(first: str, text: str) -> str:
    """Text in lines of `WIDTH` columns, indented as far as its first words."""
    lines = textwrap.wrap(text, WIDTH - len(first), break_long_words=False, break_on_hyphens=False) or [""]
    return "\n".join([first + lines[0], *(" " * len(first) + line for line in lines[1:])]).replace(GLUE, " ")


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns, the last one wrapped."""
    heads = table([row[:-1] for row in rows]).splitlines()
    width = max(map(len, heads), default=0)
    return "\n".join(wrapped(f"{head:<{width}}  ", row[-1]) for head, row in zip(heads, rows, strict=True))


def _claim(row: Row) -> str:
    head = wrapped(f"  {_mark(row)} {row['status']:<9}  {row['section']:<6}  ", row["says"])
    return head + "\n" + wrapped(" " * 24, row["figure"])


def _runs(report: Report) -> Iterable[str]:
    """Every run with its verdicts: a table for a few runs, a few lines each for many."""
    by_pair: dict[tuple[str, str], list[Row]] = {}
    for row in report.verdicts:
        by_pair.setdefault((row["optimizer"], row["problem"]), []).append(row)
    bare = []
    for run in report.runs:
        verdicts = by_pair.pop((run["optimizer"], run["problem"]), [])
        head = wrapped(f"{_mark(run)} ", f"{run['optimizer']} on {run['problem']}: {_end(run, verdicts)}")
        if verdicts:
            lines = [head, _listed(verdicts) if len(report.runs) > FEW else _tabulated(verdicts)]
            yield "\n".join([*lines, *_left_out(run, verdicts), *_reported(run)])
        else:
            bare += [head, *_reported(run)]
    if bare:
        yield "\n".join(bare)
    over = [row for rows in by_pair.values() for row in rows]
    if over:
        yield "Over several runs\n" + "\n".join(_sentence(row) for row in over)


def _end(run: Row, verdicts: list[Row]) -> str:
    """How a run ended, and whether any theorem is about it."""
    what = f"{run['status']} at k = {run['k']}"
    if run["reason"]:
        what += f": {run['reason']}"
    elif run["summary"].get("grad2") == 0.0:
        what += ": the gradient is 0 there"
    judged = any(row["outcome"] != "not applicable" for row in verdicts)
    return what if judged or run["status"] == "failed" else f"{what}; no theorem applies: measured only"


def _left_out(run: Row, verdicts: list[Row]) -> Iterable[str]:
    """The theorems of a method that its schedule has left without a verdict."""
    from gdbench import registry

    optimizer = registry.optimizer(run["optimizer"])
    given = {row["theorem"] for row in verdicts}
    names = [name for name in optimizer.theorems if name not in given]
    if names and not optimizer.schedule.constant:
        yield wrapped("     for one step size, not judged with a schedule: ", ", ".join(names))


def _reported(run: Row) -> Iterable[str]:
    """Figures of the method on the problem, a line for each heading."""
    for heading, named in run["summary"].get("report", {}).items():
        yield wrapped(f"     {heading}: ", ", ".join(f"{name}{GLUE}{number(value)}" for name, value in named.items()))


def _sentence(row: Row) -> str:
    first = f"  {_mark(row)} {row['theorem']}  {row['outcome']}  "
    return wrapped(first, f"{row['optimizer']} on {row['problem']}: {row['reason']}")


def _listed(rows: list[Row]) -> str:
    """A line for each outcome, with the tightness of each theorem; the unexpected ones in a table."""
    lines = []
    for outcome in OUTCOMES:
        names = [_named(row) for row in rows if row["outcome"] == outcome and row["as_expected"]]
        if names:
            lines.append(wrapped(f"     {outcome:<14}  ", ", ".join(names)))
    wrong = [row for row in rows if not row["as_expected"]]
    return "\n".join([*lines, _tabulated(wrong)] if wrong else lines)


def _named(row: Row) -> str:
    shown = row["outcome"] == "holds" and not math.isnan(row["tightness"])
    if row["cause"]:
        return f"{row['theorem']}{GLUE}({row['cause'].replace(' ', GLUE)})"
    return f"{row['theorem']}{GLUE}{row['tightness']:.3g}" if shown else row["theorem"]


def _tabulated(rows: list[Row]) -> str:
    """A line for each theorem; those that do not apply share one."""
    shown = [row for row in rows if row["outcome"] != "not applicable" or not row["as_expected"]]
    header = ["   theorem", "outcome", "at k", "measured", "bound", "tightness", "resolvable"]
    lines = [table([header, *map(_cells, shown)], "  ")] if shown else []
    hidden = [row["theorem"] for row in rows if row not in shown]
    if hidden:
        lines.append(wrapped("     not applicable: ", ", ".join(hidden)))
    return "\n".join(lines)


def _cells(row: Row) -> list[str]:
    tightness = "" if math.isnan(row["tightness"]) else f"{row['tightness']:.9f}".rstrip("0").rstrip(".")
    tightness = tightness if len(tightness) <= 12 else number(row["tightness"])
    figures = [number(row["measured"]), number(row["bound"]), tightness, f"{100 * row['resolvable']:.0f} %"]
    outcome = f"{row['outcome']}: {row['cause']}" if row["cause"] else row["outcome"]
    return [f"{_mark(row)} {row['theorem']}", outcome, str(row["k"]), *figures]


def _counts(verdicts: Iterable[Row]) -> str:
    counts = Counter(row["outcome"] for row in verdicts)
    return table([[outcome, str(counts[outcome])] for outcome in OUTCOMES], "  ")


def _unexpected(report: Report) -> Iterable[str]:
    for row in report.claims:
        if not row["as_expected"]:
            yield wrapped("  ", f"claim {row['id']} is {row['status']}, expected {row['expects']}: {row['figure']}")
    for row in report.runs:
        if not row["as_expected"]:
            wanted = f", expected {row['expected']}" if row["expected"] else ""
            why = f": {row['reason']}" if row["reason"] else ""
            text = f"{row['optimizer']} on {row['problem']} {row['status']} at k = {row['k']}{wanted}{why}"
            yield wrapped("  ", text)
    for row in report.verdicts:
        if not row["as_expected"]:
            wanted = f", expected {row['expected'] or 'no verdict'}" if row["outcome"] != "violated" else ""
            why = f": {row['reason']}" if row["reason"] else ""
            if row["outcome"] == "violated":
                why = f": {row['measured']:.12g} against {row['bound']:.12g} at k = {row['k']}"
                why += f"; {row['cause']}: {row['why']}" if row["cause"] else ""
            pair = f"{row['optimizer']} on {row['problem']}"
            yield wrapped("  ", f"{row['theorem']} is {row['outcome']}{wanted}, {pair}{why}")


def _summary(report: Report, unexpected: int, loaded: int, ran: int) -> str:
    sizes = {"claim": len(report.claims), "run": len(report.runs), "verdict": len(report.verdicts)}
    counts = ", ".join(f"{size} {name}{'s' * (size != 1)}" for name, size in sizes.items() if size or name != "claim")
    verdict = "all as expected" if unexpected == 0 else f"{unexpected} not as expected"
    return f"{counts}: {verdict} ({loaded} cell{'s' * (loaded != 1)} from the store, {ran} run)."
