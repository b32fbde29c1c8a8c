"""An optimizer: a step kernel, what it remembers, how it is tuned to a problem, and the theorems that bind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gdbench.problem import Problem
from gdbench.sampling import Sampling
from gdbench.schedule import CONSTANT, Schedule
from gdbench.view import Naive


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a run of an optimizer on one problem uses.

    plan holds alpha_0, what the schedule starts from, hyper what the step unpacks on its first line. `declared` names
    every value for theorems and closed forms: it is what the method says it does, not what it does. momentum names the
    sequence of a momentum that changes from step to step (`gdbench.theory.sequences`).
    """

    plan: tuple[float, ...]
    hyper: tuple[float, ...] = ()
    declared: Mapping[str, float] = field(default_factory=dict)
    momentum: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimizer:
    """One method with its parameters.

    step moves state.x. Where `ahead` is true state.x is the query point and memory[0] the iterate x_k that theorems
    bound (and the start is copied there). memory is the number of rows of n numbers that the method keeps, zero at the
    start, or a function of the problem that gives it. sampling, where there is one, is asked in place of the problem's
    oracle; `asks` says that the step itself asks the problem for exact values, so that none goes with it; `draws` that
    the step reads the samples that its sampling has chosen, so that it goes with mini-batches only.
    report(problem), where there is one, gives figures of the method on a problem, by heading and name, that its runs
    show beside their own.
    failures[c - 1] says what failure c of the step means. theorems are ids of `gdbench.theory`.
    naive is the same method as a plain loop that shares no code with step, against which `gdbench audit` holds it.
    """

    step: Callable[..., Any]
    tune: Callable[[Problem], Tuning]
    source: str
    theorems: tuple[str, ...] = ()
    memory: int | Callable[[Problem], int] = 0
    ahead: bool = False
    schedule: Schedule = CONSTANT
    sampling: Sampling | None = None
    asks: bool = False
    draws: bool = False
    report: Callable[[Problem], Mapping[str, Mapping[str, float]]] | None = None
    failures: tuple[str, ...] = ()
    naive: Naive | None = None
    name: str = "unnamed"

    def rows(self, problem: Problem) -> int:
        """The number of rows of n numbers that it keeps on this problem."""
        return self.memory if isinstance(self.memory, int) else self.memory(problem)

    def failure(self, number: int) -> str:
        """What failure 1, 2, … of the step means."""
        if number > len(self.failures):
            return f"the step answered failure {number}, which the method does not name"
        return self.failures[number - 1]
