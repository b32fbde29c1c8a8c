"""Which check of the audit sees which planted bug, beside the check that is named for it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from planted.bugs import EQUIVALENT, Bug

from gdbench import registry
from gdbench.audit.battery import ITERATIONS, checks
from gdbench.audit.check import Check
from gdbench.optimizer import Optimizer
from gdbench.problem import Problem
from gdbench.run import Cell, run_pair

RED = ("violated", "failed")
#: The check that tests/planted names for a bug.
NAMED = "named"


def bugs() -> dict[str, Bug]:
    """All planted bugs by name, file by file."""
    files = sorted(path.stem for path in Path(__file__).parents[1].joinpath("planted").glob("bugs*.py"))
    return {bug.name: bug for file in files for bug in import_module(f"planted.{file}").BUGS}


def equivalent() -> dict[str, str]:
    """The mutants that compute the same, with the reason."""
    return {name: reason for name, _, reason in EQUIVALENT}


def seen_by(bug: Bug) -> list[str]:
    """The checks that are red with the bug."""
    problem, optimizer = bug.setting(registry.problem(bug.problem)), registry.optimizer(bug.optimizer)
    with pytest.MonkeyPatch.context() as monkeypatch:
        bug.patch(monkeypatch)
        problem, optimizer = bug.in_problem(problem), bug.in_optimizer(optimizer)
        named = [NAMED] if bug.check(problem, optimizer) else []
        return named + [check.id for check in checks().values() if red(check, problem, optimizer)]


def red_without(bug: Bug) -> list[str]:
    """The checks that are red on the same cell without the bug."""
    problem, optimizer = bug.setting(registry.problem(bug.problem)), registry.optimizer(bug.optimizer)
    named = [NAMED] if bug.check(problem, optimizer) else []
    return named + [check.id for check in checks().values() if red(check, problem, optimizer)]


def red(check: Check, problem: Problem, optimizer: Optimizer) -> bool:
    """Whether a check finds something wrong, or cannot be made, with a problem and a method as they are handed in."""
    try:
        match check.over:
            case "problem":
                seen = check.see(problem)
            case "optimizer":
                seen = check.see(optimizer)
            case "pair":
                cell = Cell(optimizer.name, problem.name, ITERATIONS)
                seen = check.see(problem, optimizer, run_pair(problem, optimizer, cell))
            case _:
                seen = check.see()
    except Exception:  # noqa: BLE001 - a check that raises does not pass over what is wrong
        return True
    return seen.outcome in RED
