from dataclasses import replace

import pytest

from gdbench.claims.claim import Claim, Finding
from gdbench.errors import BadInput
from gdbench.evaluate import filtered, pairs
from gdbench.evaluate import suite as evaluated
from gdbench.execute import execute, failed
from gdbench.run import Cell
from gdbench.suite import load, names

GOOD = """
title = "A test"
[[cells]]
optimizer = "gradient_descent"
problem = "quadratic[kappa=10,dim=2,start=bottom]"
iterations = 60
attained = ["gd_sc_gap"]
[[scaling]]
optimizer = "gradient_descent"
problem = "quadratic[kappa={kappa},dim=2,start=bottom]"
kappa = [16, 32, 64, 128]
iterations = 5000
target = 1e-6
exponent = [0.9, 1.1]
"""
GD = "gradient_descent"
BOTTOM = "quadratic[kappa=10,dim=2,start=bottom]"


def written(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return str(path)


@pytest.fixture
def good(tmp_path):
    return load(written(tmp_path, GOOD))


@pytest.fixture
def results(good):
    return execute(good.cells).results


def test_a_suite_lists_its_cells(good):
    assert good.name == "mine" and good.title == "A test"
    assert good.cells[0] == Cell(GD, BOTTOM, 60)
    assert good.cells[1] == Cell(GD, "quadratic[kappa=16,dim=2,start=bottom]", 5000, target=1e-6)
    assert len(good.cells) == 5
    assert good.rows[0].expected == {"gd_sc_gap": "attained"}
    assert good.scalings[0].interval == (0.9, 1.1)


@pytest.mark.parametrize("name", names())
def test_the_suites_that_come_along_can_be_read(name):
    assert load(name).cells


def test_what_is_expected_is_compared(good, results):
    report = evaluated(good, results)
    rows = {row["theorem"]: row for row in report.verdicts}
    assert rows["gd_sc_gap"]["as_expected"] and rows["gd_sc_gap"]["expected"] == "attained"
    assert rows["gd_pl"]["expected"] == "holds"
    assert rows["scaling_kappa"]["outcome"] == rows["scaling_kappa"]["expected"] == "holds"
    assert rows["scaling_kappa"]["kind"] == "scaling"
    assert [row["status"] for row in report.runs] == ["finished", *["reached"] * 4]
    assert not report.as_expected


def test_a_full_list_is_as_expected(good, results):
    row = replace(good.rows[0], expected={verdict.theorem: verdict.outcome for verdict in results[0].verdicts})
    assert evaluated(replace(good, rows=(row,)), results).as_expected
    other = replace(row, status="diverged")
    report = evaluated(replace(good, rows=(other,)), results)
    assert [run["as_expected"] for run in report.runs] == [False, True, True, True, True]
    missing = replace(row, expected={**row.expected, "nag_fista": "holds"})
    wrong = [one for one in evaluated(replace(good, rows=(missing,)), results).verdicts if not one["as_expected"]]
    assert [one["theorem"] for one in wrong] == ["nag_fista"]


def test_a_violation_in_a_scaling_run_is_not_hidden(good, results):
    bad = replace(results[1].verdicts[0], outcome="violated")
    report = evaluated(good, [results[0], replace(results[1], verdicts=(bad,)), *results[2:]])
    assert [row["theorem"] for row in report.verdicts if row["outcome"] == "violated"] == [bad.theorem]
    assert not report.as_expected


def test_a_target_that_is_not_reached_is_inconclusive(good, results):
    short = replace(results[4], status="finished")
    row = evaluated(good, [*results[:4], short]).verdicts[-1]
    assert row["outcome"] == "inconclusive" and not row["as_expected"]


def claim(problem=BOTTOM, status="confirmed", **changes):
    def measure(runs):
        return Finding(status, "a figure", {"k": float(runs(GD, problem).k)})

    fields = {"section": "1", "says": "it is so", "expects": "confirmed", "cells": ((GD, problem),), "measure": measure}
    return Claim(id="mine", **{**fields, **changes})


def test_claims_look_up_runs_by_any_spelling(good, results):
    one = claim("quadratic[dim=2,kappa=10.0,start=bottom]")
    row = evaluated(replace(good, claims=(one,)), results).claims[0]
    assert row["values"] == {"k": 60.0} and row["as_expected"] and row["status"] == "confirmed"
    row = evaluated(replace(good, claims=(claim(status="refuted"),)), results).claims[0]
    assert not row["as_expected"]


def test_a_claim_without_its_cell_is_an_error_that_names_both(good, results):
    with pytest.raises(BadInput, match=r"claim mine needs gradient_descent on bowl.*suite mine"):
        evaluated(replace(good, claims=(claim("bowl"),)), results)


def test_a_claim_whose_run_failed_is_a_row(good, results):
    nothing = failed(results[0].cell, ZeroDivisionError("no"))
    rows = evaluated(replace(good, claims=(claim(),)), [nothing, *results[1:]]).claims
    assert [row["status"] for row in rows] == ["not measured"] and not rows[0]["as_expected"]
    assert "ZeroDivisionError: no" in rows[0]["figure"]


def test_a_filter_keeps_families_and_instances_and_the_claims_that_they_decide(good):
    whole = replace(good, claims=(claim(), claim("quadratic[kappa=16,dim=2,start=bottom]")))
    assert filtered(whole, ["quadratic"], []) == whole
    part = filtered(whole, [BOTTOM], [GD])
    assert [cell.problem for cell in part.cells] == [BOTTOM] and len(part.claims) == 1
    with pytest.raises(BadInput, match="no cell with bowl"):
        filtered(whole, ["bowl"], [])


def test_pairs_expect_nothing_but_soundness():
    report = pairs(execute([Cell(GD, "bowl", 5), Cell("gradient_descent[alpha=2.1/L]", "quadratic")]).results)
    assert [row["as_expected"] for row in report.runs] == [True, False]
    assert all(row["as_expected"] for row in report.verdicts)


CELL = '[[cells]]\noptimizer = "gradient_descent"\nproblem = "bowl"\n'
SCALING = CELL.replace("cells", "scaling").replace("bowl", "quadratic[kappa={kappa}]") + (
    "kappa = [2, 4]\ntarget = 1e-6\nexponent = [0.9, 1.1]\n"
)
WRONG = {
    "titel = 'x'\n" + CELL: "key 'titel': did you mean 'title'?",
    CELL + "iteration = 5": "key 'iteration': did you mean 'iterations'?",
    CELL + "atained = []": "key 'atained': did you mean 'attained'?",
    CELL + "iterations = 0": "iterations = 0 must be 1 or more",
    CELL + "replicates = 0": "replicates = 0 must be 1 or more",
    CELL + "seed = -1": "seed = -1 must be 0 or more",
    CELL + f"seed = {2**63}": f"seed = {2**63} must be {2**63 - 1} or less",
    CELL + "iterations = true": "iterations = True must be a number",
    CELL + "tolerance = nan": "tolerance = nan must be 0 or more",
    CELL + "status = 'finnished'": "did you mean 'finished'?",
    CELL + "holds = ['gd_sc_gpa']": "theorem 'gd_sc_gpa': did you mean 'gd_sc_gap'?",
    CELL + "holds = 'gd_sc_gap'": "must be a list of texts",
    CELL + "holds = ['gd_pl']\nviolated = ['gd_pl']": "gd_pl is both holds and violated",
    CELL + CELL: "gradient_descent on bowl is listed twice",
    CELL.replace("bowl", "bowel"): "problem 'bowel': did you mean 'bowl'?",
    CELL.replace("bowl", "quadratic[kapa=2]"): "did you mean 'kappa'?",
    CELL.replace("bowl", "quadratic[kappa=0.5]"): "the nearest valid value is 1",
    CELL.replace("gradient_descent", "gradient_decent"): "did you mean 'gradient_descent'?",
    "claims = ['no_such_claim']\n" + CELL: "There is no claim 'no_such_claim'",
    "claims = 3\n" + CELL: "claims = 3 must be a list of texts",
    "cells = 3": "cells must be tables",
    "title = 'nothing'": "it has no cells",
    SCALING.replace("[2, 4]", "[2]"): "kappa needs two numbers or more",
    SCALING.replace("{kappa}", "3"): "problem must contain {kappa}",
    SCALING.replace("[0.9, 1.1]", "[1.1, 0.9]"): "exponent must be an interval",
    SCALING.replace("1e-6", "0"): "target must be a number > 0",
    "title = ": "is not a TOML file",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_with_a_file_is_said(tmp_path, text):
    with pytest.raises(BadInput) as caught:
        load(written(tmp_path, text))
    assert WRONG[text] in str(caught.value)
    assert "The suite " in str(caught.value)


def test_all_errors_are_said_at_once(tmp_path):
    with pytest.raises(BadInput) as caught:
        load(written(tmp_path, CELL.replace("bowl", "bowel") + "iteration = 5\nholds = ['gd_lp']"))
    assert all(text in str(caught.value) for text in ("3 errors", "'bowl'", "'iterations'", "'gd_pl'", "cells[0]"))


def test_unknown_suites():
    with pytest.raises(BadInput, match="did you mean 'quick'"):
        load("qick")
    with pytest.raises(BadInput, match="no such file"):
        load("nowhere/mine.toml")
