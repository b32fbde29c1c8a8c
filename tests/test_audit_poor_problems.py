"""Problems that lack what checks need, or that start where nothing can be told: every row has its reason."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gdbench import registry
from gdbench.audit import battery
from gdbench.problem import Problem


def _without(*names: str) -> Callable[[Problem], Problem]:
    return lambda problem: replace(problem, **dict.fromkeys(names))


def _moved(to: Callable[[Problem], Any]) -> Callable[[Problem], Problem]:
    return lambda problem: replace(problem, start=to(problem))


def _only_bounded(problem: Problem) -> Problem:
    assert problem.f_star is not None
    return replace(problem, f_star=replace(problem.f_star, kind="bound"), x_star=None, spectrum=None)


POOR: dict[str, Callable[[Problem], Problem]] = {
    "no L": _without("L"),
    "no mu": _without("mu", "pl"),
    "no spectrum": _without("spectrum"),
    "no f*": _without("f_star"),
    "no x*": _without("x_star"),
    "nothing": _without("L", "mu", "pl", "f_star", "x_star", "spectrum"),
    "f* is a bound": _only_bounded,
    "no gradient at the start": _moved(lambda problem: problem.x_star.copy()),
    "NaN at the start": _moved(lambda problem: np.full(problem.n, math.nan)),
    "infinity at the start": _moved(lambda problem: np.full(problem.n, math.inf)),
}


@pytest.mark.parametrize("iterations", [0, 1, 2, 40])
@pytest.mark.parametrize("poor", POOR)
@pytest.mark.parametrize("selector", ["quadratic[dim=3]", "logistic[samples=9,features=2]", "saddle"])
def test_checks_of_a_poor_problem_have_a_reason(
    selector: str, poor: str, iterations: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = POOR[poor](registry.problem(selector))
    monkeypatch.setattr(registry, "problem", lambda text: problem)
    monkeypatch.setattr(battery, "ITERATIONS", iterations)
    checks = {name: check for name, check in battery.checks().items() if check.over in ("problem", "pair")}
    monkeypatch.setattr(battery, "checks", lambda: checks)
    rows = list(battery.audit([selector], registry.names("optimizer")))
    assert {(row.optimizer, row.check, row.saw) for row in rows if row.outcome == "failed" or not row.saw} == set()
    if iterations == 0 and "start" not in poor:
        # Replicates have a number of updates of their own.
        held = [row for row in rows if row.optimizer and row.check != "expectation"]
        assert {row.outcome for row in held} <= {"not applicable", "unresolvable"}
