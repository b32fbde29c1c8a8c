"""One comparison: a method, a reference, a problem, and what both sides keep from step to step."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Kept:
    """A row of our memory, and the name of the same in the reference's state: theirs = factor ours + shift."""

    ours: int
    theirs: str
    factor: float = 1.0
    shift: float = 0.0


@dataclass(frozen=True)
class Case:
    """ours is a selector; theirs makes the reference.

    Where ahead is given, theirs is ahead times the first kept row short of memory[0]: they keep the query point alone.
    may_stay: steps of length 0 are not held against theirs. moved_at: the k at which x is moved by an ulp, to see what
    our path makes of it; not 0 where a method takes another first step from 0 than from beside it.
    """

    method: str
    reference: str
    problem: str
    ours: str
    theirs: Callable
    kept: tuple[Kept, ...] = ()
    ahead: float | None = None
    may_stay: bool = False
    moved_at: int = 0

    @property
    def label(self) -> str:
        return f"{self.method}-{self.reference}-{self.problem}"


def velocity(row: int) -> tuple[Kept, ...]:
    """A momentum buffer, as both references have it."""
    return (Kept(row, "velocity"),)
