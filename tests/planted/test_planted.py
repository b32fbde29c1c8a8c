"""Each planted bug turns its check red; without the bug the same check is green.

Bugs are the tuples BUGS of the files bugs*.py, found by being there.
"""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from gdbench import registry
from planted import bugs, checks, kernels
from planted.bugs import EQUIVALENT, Bug

FILES = sorted(path.stem for path in Path(__file__).parent.glob("bugs*.py"))
BUGS = tuple(bug for name in FILES for bug in import_module(f"planted.{name}").BUGS)

HONEST = {
    "gradient_descent": bugs.descent(kernels.NONE),
    "heavy_ball": bugs.ball(kernels.NONE),
    "nesterov": bugs.ahead(kernels.NONE),
    "nesterov_convex": bugs.fista(kernels.NONE),
    "backtracking": bugs.search(kernels.NONE),
}


def cell(bug: Bug):
    return bug.setting(registry.problem(bug.problem)), registry.optimizer(bug.optimizer)


def test_there_are_many_and_no_two_have_one_name():
    assert len(BUGS) >= 30
    assert len({bug.name for bug in BUGS}) == len(BUGS)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_red_with_the_bug(bug, monkeypatch):
    problem, optimizer = cell(bug)
    bug.patch(monkeypatch)
    assert bug.check(bug.in_problem(problem), bug.in_optimizer(optimizer))


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_green_without_the_bug(bug):
    assert not bug.check(*cell(bug))


def same_run(problem, one, other):
    first, second = checks.run(problem, one), checks.run(problem, other)
    for name, column in first.trajectory.columns.items():
        np.testing.assert_array_equal(second.trajectory[name], column)
    assert [v.outcome for v in first.verdicts] == [v.outcome for v in second.verdicts]


@pytest.mark.parametrize("name", HONEST)
def test_the_switch_itself_is_no_bug(name):
    problem, optimizer = registry.problem("quadratic[dim=7]"), registry.optimizer(name)
    same_run(bugs.oracle(kernels.NONE)(problem), optimizer, HONEST[name](optimizer))


@pytest.mark.parametrize(("name", "plant", "reason"), EQUIVALENT)
def test_an_equivalent_mutant_computes_the_same(name, plant, reason):
    problem, optimizer = registry.problem("quadratic[dim=7]"), registry.optimizer("nesterov_convex")
    same_run(problem, optimizer, plant(optimizer))
    assert name.startswith("fista")
    assert "= 0" in reason
