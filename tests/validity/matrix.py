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


def reds(bug: Bug) -> dict[str, list[str]]:
    """The checks that are red: `with` the bug, `without` it in its cell, and in the `registry` cell of these names.

    A bug may need a problem that is wrong in itself, such as one with a limited domain: the second list says so.
    """
    own, optimizer = registry.problem(bug.problem), registry.optimizer(bug.optimizer)
    problem = bug.setting(own)
    found = {"without": _reds(bug, problem, optimizer), "registry": _reds(bug, own, optimizer)}
    with pytest.MonkeyPatch.context() as monkeypatch:
        bug.patch(monkeypatch)
        return {**found, "with": _reds(bug, bug.in_problem(problem), bug.in_optimizer(optimizer))}


def _reds(bug: Bug, problem: Problem, optimizer: Optimizer) -> list[str]:
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
