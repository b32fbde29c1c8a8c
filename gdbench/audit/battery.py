"""Runs the checks over problems, optimizers and pairs; every subject of every check has a row."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import numpy as np

from gdbench import registry
from gdbench.audit.check import Check, Outcome, Seen
from gdbench.errors import BadInput
from gdbench.optimizer import Optimizer
from gdbench.problem import Problem
from gdbench.run import Cell, Result, run_pair

#: In the order in which a failure explains those after it.
ORDER = (
    *("control", "certificate", "naive", "scaling", "permutation"),
    *("exact", "expectation", "equality", "potential", "bound", "rate"),
)
#: Updates of the run of a pair.
ITERATIONS = 300


@dataclass(frozen=True, slots=True)
class Row:
    """What one check saw of one subject, and for how many seconds of processor time it looked."""

    check: str
    optimizer: str
    problem: str
    outcome: Outcome
    saw: str
    checked: int
    resolvable: int
    seconds: float


@cache
def checks() -> dict[str, Check]:
    """All checks by id, in their order."""
    found = [import_module(f"gdbench.audit.checks.{name}").CHECK for name in ORDER]
    return {check.id: check for check in found}


def audit(problems: Sequence[str], optimizers: Sequence[str]) -> Iterator[Row]:
    """All checks over selectors of problems and optimizers, and over all their pairs."""
    runs = Runs()
    for task in tasks(problems, optimizers):
        yield look(task, runs)


@dataclass(frozen=True, slots=True)
class Task:
    """One check of one subject."""

    check: str
    optimizer: str
    problem: str

    def involves(self, name: str, what: str) -> bool:
        """Whether a problem or an optimizer is a part of the subject."""
        selector = self.optimizer if what == "optimizer" else self.problem
        return bool(selector) and registry.split_selector(selector)[0] == name

    def row(self, seen: Seen, seconds: float) -> Row:
        """What came of it."""
        counts = seen.checked, seen.resolvable
        return Row(self.check, self.optimizer, self.problem, seen.outcome, seen.saw, *counts, seconds)


def tasks(problems: Sequence[str], optimizers: Sequence[str]) -> list[Task]:
    """Every check of every subject, check by check."""
    pairs = {check.id: _subjects(check, problems, optimizers) for check in checks().values()}
    return [Task(check, *pair) for check, subjects in pairs.items() for pair in subjects]


def look(task: Task, runs: Runs) -> Row:
    """Make one check of one subject."""
    start = time.process_time()
    seen = _look(checks()[task.check], runs, task.optimizer, task.problem)
    return task.row(seen, time.process_time() - start)


def _subjects(check: Check, problems: Sequence[str], optimizers: Sequence[str]) -> list[tuple[str, str]]:
    match check.over:
        case "problem":
            return [("", problem) for problem in problems]
        case "optimizer":
            return [(optimizer, "") for optimizer in optimizers]
        case "pair":
            return [(optimizer, problem) for optimizer in optimizers for problem in problems]
        case _:
            return [("", "")]


def _look(check: Check, runs: Runs, optimizer: str, problem: str) -> Seen:
    """A check that cannot be made is a row as well, with the reason."""
    arguments: list[Callable[[], Problem | Optimizer | Result]] = []
    if problem:
        arguments.append(lambda: registry.problem(problem))
    if optimizer:
        arguments.append(lambda: registry.optimizer(optimizer))
    if check.over == "pair":
        arguments.append(lambda: runs.result(optimizer, problem))
    try:
        with np.errstate(all="ignore"):  # what overflows is seen by its values, compiled or not
            return check.see(*(argument() for argument in arguments))
    except BadInput as error:
        return Seen("not applicable", str(error))
    except Exception as error:  # noqa: BLE001 - whatever foreign code raises is a finding
        return Seen("failed", f"{type(error).__name__}: {' '.join(str(error).split())}")


class Runs:
    """The run of each pair, made once however many checks look at it."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Result | Exception] = {}

    def result(self, optimizer: str, problem: str) -> Result:
        """The run of a pair; what it raised the first time it raises again."""
        pair = optimizer, problem
        if pair not in self._held:
            try:
                subjects = registry.problem(problem), registry.optimizer(optimizer)
                self._held[pair] = run_pair(*subjects, Cell(optimizer, problem, ITERATIONS))
            except Exception as error:  # noqa: BLE001 - see _look
                self._held[pair] = error
        held = self._held[pair]
        if isinstance(held, Exception):
            raise held
        return held
