"""A claim of the lecture: what it says, which runs it is held against, and what they measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Status = Literal["confirmed", "loose", "refuted"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was measured: the claim's status, the figure in a sentence, and the numbers behind it by name."""

    status: Status
    figure: str
    values: dict[str, float]


class Runs(Protocol):
    """The suite's results, looked up by optimizer and problem (canonical selectors); a missing one is an error."""

    def __call__(self, optimizer: str, problem: str) -> Any:
        """The `Result` of that cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """id: short name. section: the lecture's section. says: the claim in our own words. expects: the status expected.

    cells are (optimizer, problem) of the suite's cells that `measure` reads.
    """

    id: str
    section: str
    says: str
    expects: Status
    cells: tuple[tuple[str, str], ...]
    measure: Callable[[Runs], Finding]
