"""The battery says what it saw of everything, and is red where something is wrong."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from gdbench import registry
from gdbench.audit import battery
from gdbench.cli import main
from gdbench.problem import Constant


def audited(*arguments):
    found = CliRunner().invoke(main, ["audit", *arguments, "--json"])
    return found.exit_code, json.loads(found.stdout)["rows"]


def test_every_check_has_a_row_for_each_of_its_subjects():
    status, rows = audited("-p", "bowl", "-p", "logistic", "-o", "gradient_descent", "-o", "nesterov")
    assert status == 0
    for check in battery.checks().values():
        mine = [row for row in rows if row["check"] == check.id]
        assert len(mine) == {"problem": 2, "optimizer": 2, "pair": 4, "judge": 1}[check.over]


def test_theorems_on_expectations_are_a_check_of_methods_that_sample():
    status, rows = audited(
        *("-p", "quadratic[dim=3]", "-p", "least_squares", "-o", "sgd", "-o", "sgd[sampling=noise]", "-o", "nesterov")
    )
    assert status == 0
    rows = {(row["optimizer"], row["problem"]): row for row in rows if row["check"] == "expectation"}
    outcomes = {pair: row["outcome"] for pair, row in rows.items()}
    assert outcomes == {
        ("sgd", "quadratic[dim=3]"): "not applicable",
        ("sgd", "least_squares"): "passed",
        ("sgd[sampling=noise]", "quadratic[dim=3]"): "passed",
        ("sgd[sampling=noise]", "least_squares"): "passed",
        ("nesterov", "quadratic[dim=3]"): "not applicable",
        ("nesterov", "least_squares"): "not applicable",
    }
    assert "has no samples" in rows["sgd", "quadratic[dim=3]"]["saw"]
    assert "no theorem of kind expectation" in rows["nesterov", "least_squares"]["saw"]
    assert rows["sgd", "least_squares"]["saw"].endswith("of what is allowed, over 1000 replicates")


def test_a_wrong_constant_is_red(monkeypatch):
    bowl = registry.problem("bowl")
    wrong = replace(bowl, L=Constant(0.9 * bowl.L.value, "exact", "wrong"))
    monkeypatch.setattr(registry, "problem", lambda text: wrong)
    status, rows = audited("-p", "bowl", "-o", "gradient_descent")
    assert status == 1
    assert next(row["check"] for row in rows if row["outcome"] == "violated") == "certificate"


def test_what_raises_is_a_row(monkeypatch):
    def broken(text):
        raise RuntimeError("no such luck")

    monkeypatch.setattr(registry, "optimizer", broken)
    status, rows = audited("-p", "bowl", "-o", "gradient_descent")
    assert status == 1
    assert {row["saw"] for row in rows if row["outcome"] == "failed"} == {"RuntimeError: no such luck"}


@pytest.mark.parametrize(("arguments", "sentence"), [(["-o", "nestorov"], "nesterov"), (["-p", "bowle"], "bowl")])
def test_a_wrong_name_is_answered_with_the_nearest(arguments, sentence):
    found = CliRunner().invoke(main, ["audit", *arguments])
    assert found.exit_code == 2
    assert sentence in found.output
