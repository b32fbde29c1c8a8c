"""What a report says, as tables of texts that the Markdown file and the page share."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gdbench import theory
from gdbench.claims.claim import NotMeasured
from gdbench.evaluate import SOUND
from gdbench.report.figure import Figure
from gdbench.report.figures import makers
from gdbench.report.inapplicable import NOT_APPLICABLE, Inapplicable, inapplicable
from gdbench.report.notation import symbols
from gdbench.report.record import Record
from gdbench.verdict import OUTCOMES

Row = Mapping[str, Any]
STATUSES = ("confirmed", "loose", "refuted", "not measured")
MEANINGS = {
    "attained": "the bound is tight and the run reaches it within 1e-9",
    "holds": "measured ≤ bound + rounding allowance at every k",
    "unresolvable": "rounding could hide a violation at every k",
    "inconclusive": "a rate could not be told",
    "not applicable": "a hypothesis is missing",
    "violated": "some k has measured > bound + allowance",
}


@dataclass(frozen=True, slots=True)
class Undrawn:
    """A figure whose runs came to nothing."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class TheoremRows:
    """A theorem and what became of it: how many runs had which outcome, and the rows of those it applies to."""

    id: str
    statement: str
    source: str
    kind: str
    tight: bool
    counts: Counter[str]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that templates show."""

    record: Record
    figures: tuple[Figure, ...]
    undrawn: tuple[Undrawn, ...]
    theorems: tuple[TheoremRows, ...]
    inapplicable: tuple[Inapplicable, ...]

    @property
    def title(self) -> str:
        """The heading."""
        return "Does gradient descent keep its promises?"

    @property
    def claim_counts(self) -> list[tuple[str, int]]:
        """How many claims have which status."""
        return _counted((row["status"] for row in self.record.rows.claims), STATUSES)

    @property
    def outcome_counts(self) -> list[tuple[str, int]]:
        """How many verdicts have which outcome."""
        return _counted((row["outcome"] for row in self.record.rows.verdicts), OUTCOMES)

    @property
    def status_counts(self) -> list[tuple[str, int]]:
        """How many runs ended how."""
        counts = Counter(row["status"] for row in self.record.rows.runs)
        return sorted(counts.items())

    @property
    def broken(self) -> list[Row]:
        """Runs that diverged, failed, or ran out of time."""
        return [row for row in self.record.rows.runs if row["status"] not in SOUND]

    @property
    def unexpected(self) -> list[str]:
        """A sentence for each row that is not as the suite expects."""
        rows = self.record.rows
        claims, runs, verdicts = ((row for row in some if not row["as_expected"]) for some in
                                  (rows.claims, rows.runs, rows.verdicts))  # fmt: skip
        return [
            *(f"The claim {row['id']} is {row['status']}, expected {row['expects']}." for row in claims),
            *(f"{_pair(row)}: {row['status']} at k = {row['k']}, expected {row['expected']}." for row in runs),
            *(f"{row['theorem']} on {_pair(row)}: {row['outcome']}, expected {row['expected'] or 'no violation'}"
              f"{_cause(row)}." for row in verdicts),
        ]  # fmt: skip


def _cause(row: Row) -> str:
    return f"; {row['cause']}: {row['why']}" if row.get("cause") else ""


def _pair(row: Row) -> str:
    return f"{row['optimizer']} on {row['problem']}"


def content(record: Record) -> Content:
    """Draw and sort all that a record holds."""
    figures, undrawn = [], []
    for maker in makers():
        try:
            figures.append(maker(record))
        except NotMeasured as nothing:
            undrawn.append(Undrawn(maker.__name__.replace("_", " "), str(nothing)))
    found = inapplicable(record.rows.verdicts)
    return Content(record, tuple(figures), tuple(undrawn), tuple(_theorems(record)), found)


def _counted(words: Iterable[str], order: Sequence[str]) -> list[tuple[str, int]]:
    counts = Counter(words)
    return [(word, counts[word]) for word in order]


def _theorems(record: Record) -> Iterable[TheoremRows]:
    """The theorems in their order, then what is judged without one: rates and exponents."""
    known = theory.theorems()
    judged = dict.fromkeys(row["theorem"] for row in record.rows.verdicts)
    for name in [*(name for name in known if name in judged), *(name for name in judged if name not in known)]:
        rows = record.verdicts(name)
        counts = Counter(row["outcome"] for row in rows)
        kept = [row for row in rows if row["outcome"] != NOT_APPLICABLE]
        if name in known:
            held = known[name]
            yield TheoremRows(name, symbols(held.statement), held.source, held.kind, held.tight, counts, kept)
        else:
            yield TheoremRows(name, UNPROVED[name], "no theorem", rows[0]["kind"], False, counts, kept)


UNPROVED = {
    "quad_rate": "the fitted slope of log gap agrees within 1 % with that of the closed form over the same window",
    "scaling_kappa": "iterations to 1e-6 grow like a power of κ within the interval that the suite expects",
}


def figure_text(value: float) -> str:
    """A measured number as tables show it: six digits, or nothing."""
    return "" if math.isnan(value) else f"{value:.6g}"


def tightness_text(value: float) -> str:
    """Six digits; 1 where it is 1 to nine digits."""
    return "" if math.isnan(value) else f"{value:.9f}".rstrip("0").rstrip(".") if value > 0.9999 else f"{value:.6g}"


def resolvable_text(row: Row) -> str:
    """The share of resolvable k in percent; nothing where no k was judged."""
    judged = row["outcome"] not in (NOT_APPLICABLE, "inconclusive")
    return f"{100 * row['resolvable']:.0f} %" if judged else ""


def iterations_text(run: Row) -> str:
    """When a run reached 1e-6."""
    summary = run["summary"]
    if not summary or math.isnan(summary["gap"]):
        return "f⋆ unknown" if summary else ""
    reached = summary["iterations_to_target"]
    return "not reached" if reached is None else str(reached)


def rate_text(run: Row) -> str:
    """How fast a run went, in words."""
    rate = run["summary"].get("rate", {})
    match rate.get("kind"):
        case "linear":
            return f"gap × {math.exp(-rate['value']):.6g} a step"
        case "power":
            return f"gap ~ k^-{rate['value']:.4g}"
        case "superlinear":
            return "superlinear"
        case "refused":
            return f"not told: {rate['reason']}"
        case _:
            return ""
