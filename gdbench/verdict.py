"""The judge: every theorem of a run against every row, in chunks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


OUTCOMES = ("attained", "holds", "unresolvable", "inconclusive", "not applicable", "violated")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One theorem on one run.

    kind: bound, exact, potential, rate, scaling, control. outcome: one of OUTCOMES; expected: what a suite expects, or
    empty. k, measured and bound: where it is violated first, attained first, or tightest. tightness: the largest
    measured / bound over resolvable k; resolvable: the share of k where the rounding allowance is within 1 % of the
    bound. reason: why it does not apply or cannot be told.
    """

    optimizer: str
    problem: str
    theorem: str
    kind: str
    outcome: str
    k: int
    measured: float
    bound: float
    tightness: float
    resolvable: float
    reason: str = ""
    expected: str = ""


class Jury:
    def __init__(self, problem: Any, optimizer: Any, tuning: Any, start: Any) -> None:
        pass

    def hear(self, chunk: Any) -> None:
        pass

    def verdicts(self, trajectory: Any, status: str) -> Any:
        return {}, ()
