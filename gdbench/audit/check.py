"""What a check is, and what it says it saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["passed", "violated", "unresolvable", "not applicable", "failed"]
OUTCOMES: tuple[Outcome, ...] = ("violated", "failed", "unresolvable", "passed", "not applicable")
Subject = Literal["problem", "optimizer", "pair", "judge"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check saw of one subject.

    checked: how many comparisons it made; resolvable: at how many of them rounding left something to see. saw: its
    figure, or what is wrong, in a few words. failed means that the check itself could not be made, for example because
    a method raised.
    """

    outcome: Outcome
    saw: str
    checked: int = 0
    resolvable: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `see` is called with a Problem, an Optimizer, both of a pair and its Result, or nothing (`judge`)."""

    id: str
    about: str
    over: Subject
    see: Callable[..., Seen]


def not_applicable(why: str) -> Seen:
    """The answer of a check whose subject gives it nothing to see."""
    return Seen("not applicable", why)
