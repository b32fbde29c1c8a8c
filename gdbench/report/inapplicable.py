"""Verdicts "not applicable", put together: one row says which theorems one missing hypothesis keeps from one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Inapplicable:
    """Theorems that do not apply to a run for the same reason, and whether the suite expects that."""

    optimizer: str
    problem: str
    reason: str
    as_expected: bool
    theorems: tuple[str, ...]


def inapplicable(verdicts: Iterable[Mapping[str, Any]]) -> tuple[Inapplicable, ...]:
    """A row for each run and reason, in the order of the verdicts; each such verdict is in one row."""
    found: dict[tuple[str, str, str, bool], list[str]] = {}
    for row in verdicts:
        if row["outcome"] == NOT_APPLICABLE:
            group = (row["optimizer"], row["problem"], row["reason"], row["as_expected"])
            found.setdefault(group, []).append(row["theorem"])
    return tuple(Inapplicable(*group, tuple(theorems)) for group, theorems in found.items())
