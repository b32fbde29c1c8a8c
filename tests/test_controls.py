"""Negative controls: what must fail does."""

import numpy as np
import pytest

from gdbench import registry
from gdbench.run import Cell, run_cell

CYCLE = np.array([792.0, -2208.0, 2592.0]) / 1225.0


def test_too_long_a_step_diverges_and_says_when():
    found = run_cell(Cell("gradient_descent[alpha=2.1/L]", "quadratic[kappa=10]", 1000))
    gap = found.trajectory["f"]
    assert found.status == "diverged"
    assert found.k == found.trajectory["k"][-1] < 200
    assert gap[-1] > 1e10 * gap[0]
    assert np.all(gap[:-1] <= 1e10 * gap[0])
    outcomes = {verdict.theorem: verdict for verdict in found.verdicts}
    assert outcomes["gd_sc_gap"].outcome == "not applicable"
    assert "alpha L = 2.1 is not below 2" in outcomes["gd_sc_gap"].reason
    assert "violated" not in {verdict.outcome for verdict in found.verdicts}


def test_the_longest_stable_step_does_not_diverge():
    found = run_cell(Cell("gradient_descent[alpha=1.99/L]", "quadratic[kappa=10]", 1000))
    assert found.status == "finished"
    assert found.trajectory["f"][-1] < 1e-3 * found.trajectory["f"][0]


def test_heavy_ball_cycles_where_it_is_not_on_a_quadratic():
    found = run_cell(Cell("heavy_ball", "heavy_ball_cycle", 1200))
    tail = found.trajectory["x0"][-300:]
    assert found.status == "finished"
    start = int(np.argmin(np.abs(CYCLE - tail[0])))
    np.testing.assert_allclose(tail, np.roll(CYCLE, -start)[np.arange(300) % 3], rtol=0, atol=1e-12)
    heights = [5.2250, 40.6103, 41.1818]
    np.testing.assert_allclose(sorted(set(np.round(found.trajectory["f"][-300:], 4))), heights, atol=1e-4)
    outcomes = {verdict.theorem: verdict.outcome for verdict in found.verdicts}
    assert outcomes["hb_quad_gap"] == "not applicable"
    assert found.summary["rate"]["kind"] == "refused"


@pytest.mark.parametrize("optimizer", ["gradient_descent", "nesterov", "nesterov_convex", "backtracking"])
def test_the_others_converge_where_heavy_ball_cycles(optimizer):
    found = run_cell(Cell(optimizer, "heavy_ball_cycle", 3000))
    assert found.trajectory["f"][-1] < 1e-8
    assert "violated" not in {verdict.outcome for verdict in found.verdicts}


def test_heavy_ball_with_the_step_of_a_theorem_converges_there():
    problem = registry.problem("heavy_ball_cycle")
    L, mu = problem.constants()["L"], problem.constants()["mu"]
    alpha = 0.5 / L
    beta = ((1 - alpha * mu) * (1 - alpha * L)) ** 0.5
    found = run_cell(Cell(f"heavy_ball[alpha=0.5/L,beta={beta!r}]", "heavy_ball_cycle", 3000))
    outcomes = {verdict.theorem: verdict.outcome for verdict in found.verdicts}
    assert outcomes["hb_ghadimi"] == "holds"
    assert found.trajectory["f"][-1] < 1e-8


def test_thirty_rows_are_too_few_for_a_rate():
    found = run_cell(Cell("gradient_descent", "quadratic[start=bottom]", 30))
    assert found.summary["rate"]["kind"] == "refused"
