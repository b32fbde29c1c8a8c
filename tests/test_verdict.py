"""Verdicts: what a tally makes of comparisons, and what a jury makes of runs."""

import math
from dataclasses import replace
from importlib import import_module
from itertools import pairwise

import numpy as np
import pytest

from gdbench import registry
from gdbench.jury import Jury
from gdbench.kernel import COLUMNS
from gdbench.run import Cell, run_cell
from gdbench.theory import Comparison, theorem
from gdbench.theory.rounding import Rounding
from gdbench.trajectory import Chunk, Recorder
from gdbench.verdict import OUTCOMES, Tally

TIGHT, UPPER = theorem("gd_sc_gap"), theorem("gd_sc_linear")


def tally(measured, bound, allowance, tight=True, two_sided=False, reason="", splits=()):
    held = Tally(TIGHT if tight else UPPER)
    held.reason = reason
    arrays = [np.asarray(values, dtype=float) for values in np.broadcast_arrays(measured, bound, allowance)]
    k = np.arange(1, len(arrays[0]) + 1)
    for part in np.split(np.arange(len(k)), splits):
        with np.errstate(all="ignore"):
            held.add(k[part], Comparison(*(values[part] for values in arrays), two_sided))
    return held.verdict("method", "problem")


@pytest.mark.parametrize(
    ("outcome", "arguments"),
    [
        ("holds", {"measured": [0.5, 0.9], "bound": [1.0, 1.0], "allowance": 1e-12}),
        ("attained", {"measured": [0.5, 1.0 - 5e-10], "bound": [1.0, 1.0], "allowance": 1e-12}),
        ("holds", {"measured": [0.5, 1.0 - 5e-9], "bound": [1.0, 1.0], "allowance": 1e-12}),
        ("attained", {"measured": [0.5, 1.0 + 5e-10], "bound": [1.0, 1.0], "allowance": 1e-9}),
        ("holds", {"measured": [0.5, 1.0], "bound": [1.0, 1.0], "allowance": 1e-12, "tight": False}),
        ("violated", {"measured": [0.5, 1.01], "bound": [1.0, 1.0], "allowance": 9.9e-3}),
        ("violated", {"measured": [1.0, 1.0 + 2e-12], "bound": [1.0, 1.0], "allowance": 1e-12}),
        ("violated", {"measured": [0.5, math.nan], "bound": [1.0, 1.0], "allowance": 1e-12}),
        ("violated", {"measured": [0.5, math.inf], "bound": [1.0, 1.0], "allowance": 1e-12}),
        ("violated", {"measured": [0.5, 0.5], "bound": [1.0, math.nan], "allowance": 1e-12}),
        ("violated", {"measured": [0.5, 0.5], "bound": [1.0, 1.0], "allowance": [1e-12, math.nan]}),
        ("violated", {"measured": [1e-300], "bound": [0.0], "allowance": 0.0}),
        ("attained", {"measured": [0.0], "bound": [0.0], "allowance": 0.0}),
        ("attained", {"measured": [0.0], "bound": [0.0], "allowance": 1e-290}),
        ("holds", {"measured": [0.9], "bound": [1.0], "allowance": 0.0}),
        ("unresolvable", {"measured": [1.0, 0.9], "bound": [1.0, 1.0], "allowance": 0.011}),
        ("holds", {"measured": [1.0, 0.9], "bound": [1.0, 1.0], "allowance": [0.011, 0.01]}),
        ("violated", {"measured": [0.9], "bound": [1.0], "allowance": 1e-12, "two_sided": True}),
        ("attained", {"measured": [1.0 - 1e-13], "bound": [1.0], "allowance": 1e-12, "two_sided": True}),
        ("violated", {"measured": [math.nan], "bound": [1.0], "allowance": 1e-12, "two_sided": True}),
        ("not applicable", {"measured": [0.5], "bound": [1.0], "allowance": 1e-12, "reason": "L is unknown"}),
        ("violated", {"measured": [1.5], "bound": [1.0], "allowance": 1e-12, "reason": "alpha changed later"}),
        ("unresolvable", {"measured": [], "bound": [], "allowance": []}),
    ],
)
def test_outcome(outcome, arguments):
    found = tally(**arguments)
    assert found.outcome == outcome
    assert found.outcome in OUTCOMES
    assert found.reason == arguments.get("reason", found.reason)


def test_violation_outranks_attainment_and_names_the_first_k():
    found = tally([1.0, 0.5, 1.2, 1.3], 1.0, 1e-12)
    assert (found.outcome, found.k, found.measured, found.bound) == ("violated", 3, 1.2, 1.0)
    assert found.tightness == 1.3


def test_attained_names_the_first_k_and_holds_the_tightest():
    assert tally([0.5, 1.0, 1.0 - 1e-12], 1.0, 1e-11).k == 2
    found = tally([0.5, 0.8, 0.7], 1.0, 1e-12)
    assert (found.outcome, found.k, found.tightness) == ("holds", 2, 0.8)


def test_tightness_counts_resolvable_k_only():
    found = tally([0.5, 0.99, 0.6], 1.0, [1e-12, 0.5, 1e-12])
    assert (found.k, found.tightness, found.resolvable) == (3, 0.6, pytest.approx(2 / 3))


def test_an_unresolvable_verdict_has_no_figures():
    found = tally([0.5], 1.0, 0.5)
    assert math.isnan(found.tightness)
    assert (found.k, found.resolvable) == (0, 0.0)
    assert "rounding" in found.reason


@pytest.mark.parametrize("splits", [(1,), (2,), (1, 2, 3, 4)])
def test_chunks_do_not_change_a_tally(splits):
    measured, bound = [0.2, 0.9, 1.0, 0.9, 1.2], 1.0
    for last in (4, 5):
        part = measured[:last]
        whole = tally(part, bound, 1e-12)
        assert tally(part, bound, 1e-12, splits=[s for s in splits if s < last]) == whole


def rows_of(x: np.ndarray, alpha: float, L: float = 4.0) -> np.ndarray:
    """The rows of a run over f = L x^2 / 2 in one dimension."""
    rows = np.zeros((len(x), len(COLUMNS)))
    rows[:, 0] = rows[:, 1] = 0.5 * L * x * x
    rows[:, 2] = (L * x) ** 2
    rows[:, 3] = x * x
    rows[1:, 4] = np.diff(x) ** 2
    rows[:, 5] = alpha
    return rows


def judged(rows: np.ndarray, alpha: float = 0.125, splits=(), status="finished") -> dict[str, str]:
    """Outcomes of gradient descent with a declared alpha on quadratic[kappa=1,dim=1], given the rows of a run."""
    problem = registry.problem("quadratic[kappa=1,dim=1,start=ones]")
    optimizer = registry.optimizer("gradient_descent")
    tuning = replace(optimizer.tune(problem), declared={"alpha": alpha})
    recorder = Recorder(len(rows) - 1)
    recorder.add(0, rows, rows[:, :0])
    jury = Jury(problem, optimizer, tuning, len(rows) - 1, rows[0].copy())
    edges = [0, *splits, len(rows) - 1]
    for first, last in pairwise(edges):
        jury.hear(Chunk(first + 1, rows[first : last + 1], rows[first : last + 1, :0]))
    _, verdicts = jury.verdicts(recorder.finish(len(rows) - 1, rows[-1], rows[-1, :0]), status)
    return {verdict.theorem: verdict.outcome for verdict in verdicts}


HALVED = 0.5 ** np.arange(41)


def test_jury_on_a_run_made_by_hand():
    found = judged(rows_of(HALVED, 0.125))
    assert {found[name] for name in ("gd_sc_gap", "gd_sc_dist", "gd_sc_grad")} == {"attained"}
    assert "violated" not in found.values()
    assert found["quad_gd_exact"] == "holds"
    assert found["gd_convex_proof"] == "not applicable"


@pytest.mark.parametrize("splits", [(1,), (20,), (1, 2, 3, 39)])
def test_jury_does_not_depend_on_chunks(splits):
    assert judged(rows_of(HALVED, 0.125), splits=splits) == judged(rows_of(HALVED, 0.125))


@pytest.mark.parametrize(
    ("column", "name"),
    [(0, "gd_sc_gap"), (3, "gd_sc_dist"), (2, "gd_sc_grad"), (0, "quad_gd_exact"), (0, "gd_descent")],
)
def test_one_percent_too_much_at_one_k_is_flagged(column, name):
    rows = rows_of(HALVED, 0.125)
    rows[17, column] *= 1.01
    assert judged(rows)[name] == "violated"


def test_a_value_that_is_not_a_number_is_flagged():
    rows = rows_of(HALVED, 0.125)
    rows[30, 0] = math.nan
    found = judged(rows, status="diverged")
    for name in ("gd_convex_tight", "gd_sc_gap", "gd_sc_gap_R2", "gd_descent", "quad_gd_exact"):
        assert found[name] == "violated"
    assert found["gd_sc_dist"] == "attained"


def test_a_step_that_was_not_declared_ends_the_theorem_but_not_a_violation_before_it():
    rows = rows_of(HALVED, 0.125)
    rows[20, 5] = 0.1
    assert judged(rows)["gd_sc_gap"] == "not applicable"
    rows[3, 0] *= 1.01
    assert judged(rows, splits=(10,))["gd_sc_gap"] == "violated"


METHODS = ("gradient_descent", "heavy_ball", "nesterov", "nesterov_convex", "backtracking")


@pytest.mark.parametrize("optimizer", METHODS)
@pytest.mark.parametrize(("chunk", "iterations"), [(1000, 25_000), (7, 2_500)])
def test_chunks_do_not_change_a_run(optimizer, chunk, iterations, monkeypatch):
    cell = Cell(optimizer, "quadratic[kappa=1e4,dim=2,start=ones]", iterations)
    whole = run_cell(cell)
    monkeypatch.setattr(import_module("gdbench.run"), "CHUNK", chunk)
    parts = run_cell(cell)
    assert repr(parts.verdicts) == repr(whole.verdicts)
    assert repr(parts.summary) == repr(whole.summary)
    for name, column in whole.trajectory.columns.items():
        np.testing.assert_array_equal(parts.trajectory[name], column)


@pytest.mark.parametrize("optimizer", METHODS)
def test_kappa_1_is_attained_without_a_warning(optimizer):
    found = {v.theorem: v for v in run_cell(Cell(optimizer, "quadratic[kappa=1,dim=3]", 50)).verdicts}
    assert "violated" not in {verdict.outcome for verdict in found.values()}
    expected = {
        "gradient_descent": ("gd_sc_gap", "gd_sc_dist", "gd_sc_grad", "gd_sc_gap_R2"),
        "heavy_ball": ("hb_quad_gap", "hb_quad_dist"),
        "nesterov": ("nag_quad_gap", "nag_quad_dist"),
    }
    for name in expected.get(optimizer, ()):
        assert (found[name].outcome, found[name].k, found[name].tightness) == ("attained", 1, 1.0)


def test_kappa_infinity_leaves_the_convex_theorems():
    cell = Cell("gradient_descent", "quadratic[kappa=inf,spectrum=linear]", 500)
    found = {verdict.theorem: verdict for verdict in run_cell(cell).verdicts}
    assert "violated" not in {verdict.outcome for verdict in found.values()}
    for name in ("gd_sc_gap", "gd_sc_dist", "gd_sc_grad", "gd_sc_gap_R2", "gd_sc_linear"):
        assert found[name].outcome == "not applicable"
        assert "not strongly convex" in found[name].reason
    for name in ("gd_convex_tight", "gd_convex_grad_R2", "gd_fejer", "gd_descent", "quad_gd_exact"):
        assert found[name].outcome in ("attained", "holds")


ATTAINERS = [
    ("gradient_descent", "quadratic[start=bottom]", ("gd_sc_gap", "gd_sc_dist")),
    ("heavy_ball", "quadratic[start=top]", ("hb_quad_gap", "hb_quad_dist")),
    ("nesterov", "quadratic[start=bottom]", ("nag_quad_gap", "nag_quad_dist")),
]


def spoil(monkeypatch, factor):
    """Judge quantities that are `factor` of what was measured."""
    from gdbench.theory import judges

    honest = judges.measured
    monkeypatch.setattr(judges, "measured", lambda *given: honest(*given) * factor)


@pytest.mark.parametrize(("optimizer", "problem", "names"), ATTAINERS)
def test_a_planted_violation_of_one_percent_is_flagged(optimizer, problem, names, monkeypatch):
    spoil(monkeypatch, 1.01)
    found = {v.theorem: v.outcome for v in run_cell(Cell(optimizer, problem, 200)).verdicts}
    assert {found[name] for name in names} == {"violated"}


@pytest.mark.parametrize(("optimizer", "problem", "names"), ATTAINERS)
def test_without_an_allowance_correct_runs_raise_false_alarms(optimizer, problem, names, monkeypatch):
    for name in ("of_gap", "of_dist2", "of_grad2"):
        monkeypatch.setattr(Rounding, name, lambda self, chunk, bound, *rest: np.zeros_like(bound))
    found = {v.theorem: v.outcome for v in run_cell(Cell(optimizer, problem, 200)).verdicts}
    assert "violated" in {found[name] for name in names}
