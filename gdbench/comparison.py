"""What changed between two tables of metrics, and whether it got worse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gdbench.errors import BadInput
from gdbench.kept import lines
from gdbench.metrics import COLUMNS, IDENTITY, Metrics, from_csv

Direction = Literal["worse", "better", "changed"]

#: From good to bad. A claim has no order: the lecture did not change, so a claim that flips is worse either way.
OUTCOMES = {"attained": 0, "holds": 1, "unresolvable": 2, "inconclusive": 2, "not applicable": 3, "violated": 4}
STATUSES = {"reached": 0, "converged": 0, "finished": 1, "timed_out": 2, "diverged": 3, "failed": 4}
#: Columns of which less is better, and of which more is.
LESS = ("iterations_to_target", "e_fold_iterations", "gradient_calls", "value_calls", "tightness")
MORE = ("order", "resolvable")
#: A number is worse or better from this relative difference on; whole numbers from 1 on.
NOTICED = 1e-6


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one line. column is `line` where all of it is gone or new; factor is after / before."""

    line: Metrics
    column: str
    before: str
    after: str
    direction: Direction
    factor: float = math.nan

    @property
    def flip(self) -> bool:
        """Whether an outcome, a status or a claim changed, or a whole line."""
        return self.column in ("outcome", "line")


def compare(before: Sequence[Metrics], after: Sequence[Metrics]) -> list[Change]:
    """All changes: outcomes first, and in each part the worse first, by their factors.

    A line that is gone counts as worse: what is no longer measured cannot be known to hold.
    """
    old, new = ({line.identity: line for line in lines} for lines in (before, after))
    changes = [Change(line, "line", "there", "gone", "worse") for key, line in old.items() if key not in new]
    changes += [Change(line, "line", "", "new", "changed") for key, line in new.items() if key not in old]
    for key in old.keys() & new.keys():
        changes += _fields(old[key], new[key])
    places = {key: place for place, key in enumerate([*old, *new])}
    return sorted(changes, key=lambda change: (*_weight(change), places[change.line.identity], change.column))


def _weight(change: Change) -> tuple[bool, int, bool, float]:
    severity = ("worse", "better", "changed").index(change.direction)
    away = 0.0 if math.isnan(change.factor) else -abs(math.log(change.factor)) if change.factor > 0 else -math.inf
    return not change.flip, severity, change.column == "line", away


def _fields(before: Metrics, after: Metrics) -> list[Change]:
    """The changes of one line; a verdict whose outcome flipped has no other worth telling."""
    if before.outcome != after.outcome and before.subject != "run":
        direction = _outcome(before, before.outcome, after.outcome)
        return [Change(after, "outcome", before.outcome, after.outcome, direction)]
    found = []
    for column in COLUMNS[len(IDENTITY) :]:
        old, new = getattr(before, column), getattr(after, column)
        if old != new:
            direction = _outcome(before, old, new) if column == "outcome" else _number(before, column, old, new)
            found.append(Change(after, column, old, new, direction, _factor(old, new)))
    return found


def _outcome(line: Metrics, old: str, new: str) -> Direction:
    order = STATUSES if line.subject == "run" else OUTCOMES
    if line.subject == "claim" or new not in order or old not in order:
        return "worse"
    if order[old] == order[new]:
        return "changed"
    return "worse" if order[new] > order[old] else "better"


def _number(line: Metrics, column: str, old: str, new: str) -> Direction:
    exponent = column == "value" and line.subject == "scaling"
    if column not in (*LESS, *MORE) and not exponent:
        return "changed"
    if column == "tightness" and line.subject not in ("bound", "potential"):
        return "changed"  # measured / closed form: neither side of 1 is the good one
    if not old or not new:
        return ("worse" if old else "better") if column == "iterations_to_target" else "changed"
    a, b = float(old), float(new)
    if abs(b - a) <= NOTICED * max(abs(a), abs(b)):
        return "changed"
    return "worse" if (b > a) != (column in MORE) else "better"


def _factor(old: str, new: str) -> float:
    try:
        return float(new) / float(old)
    except (ValueError, ZeroDivisionError):
        return math.nan


def load(path: Path) -> list[Metrics]:
    """The metrics of a store, or of a metrics.csv."""
    if path.is_dir():
        raise BadInput(f"{path} is a folder: name a store, or a metrics.csv such as {path / 'metrics.csv'}.")
    if not path.exists():
        raise BadInput(f"There is no {path}: name a store, or a metrics.csv that `gdbench report` wrote.")
    try:
        with path.open("rb") as file:
            database = file.read(15) == b"SQLite format 3"
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read ({(error.strerror or str(error)).lower()}): name another one."
        ) from error
    return lines(path) if database else from_csv(path)
