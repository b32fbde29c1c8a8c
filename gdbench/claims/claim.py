"""A claim of the lecture: what it says, which runs it is held against, and what they measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from gdbench.run import Result
from gdbench.verdict import Verdict

Status = Literal["confirmed", "loose", "refuted", "not measured"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was measured: the claim's status, the figure in a sentence, and the numbers behind it by name."""

    status: Status
    figure: str
    values: dict[str, float]


class NotMeasured(Exception):
    """A run that a claim needs came to nothing; the message says which."""


class Runs(Protocol):
    """The suite's results, looked up by optimizer and problem; a missing one is an error."""

    def __call__(self, optimizer: str, problem: str) -> Result:
        """The result of that cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """id: short name. section: the lecture's section. says: the claim in our own words. expects: the status expected.

    cells are the (optimizer, problem) of the suite's cells that `measure` reads.
    """

    id: str
    section: str
    says: str
    expects: Status
    cells: tuple[tuple[str, str], ...] = ()
    measure: Callable[[Runs], Finding]


def verdict_on(result: Result, theorem: str) -> Verdict:
    """The verdict of one theorem on one run."""
    for verdict in result.verdicts:
        if verdict.theorem == theorem:
            return verdict
    raise NotMeasured(f"{result.cell.optimizer} on {result.cell.problem} {result.status}: no verdict on {theorem}")


def sound(result: Result, theorem: str) -> Result:
    """The result, if the run obeys a theorem; a claim is not decided by a run that is itself wrong."""
    verdict = verdict_on(result, theorem)
    if verdict.outcome not in ("attained", "holds"):
        raise NotMeasured(f"{result.cell.optimizer} on {result.cell.problem}: {theorem} is {verdict.outcome}")
    return result


def iterations(result: Result) -> int:
    """Iterations to gap <= 1e-6 gap_0; the budget plus one where that was not reached, so that comparisons fail."""
    reached = result.summary["iterations_to_target"]
    return result.cell.iterations + 1 if reached is None else int(reached)


def holds(results: Iterable[Result], theorem: str) -> bool:
    """Whether a theorem applies to every one of the runs and none violates it."""
    return all(verdict_on(result, theorem).outcome in ("attained", "holds") for result in results)


def bound_status(obeyed: bool, slack: float) -> Status:
    """A bound that is obeyed is confirmed if the worst case comes within 1 % of it, else loose by the slack."""
    if not obeyed:
        return "refuted"
    return "confirmed" if slack <= 1.01 else "loose"
