"""The momentum buffer: heavy ball or Nesterov where it is one, closed forms where it is not, verdicts with a reason."""

import numpy as np
import pytest
from buffer_modes import buffer_modes
from planted.bugs_momentum_buffer import HONEST
from planted.test_planted import same_run

from gdbench import registry
from gdbench.errors import BadInput
from gdbench.run import Cell, run_cell

PROBLEMS = ("quadratic[dim=3,rotated=true]", "rosenbrock", "logistic[features=3]", "sine_valley")
STEPS = 200
U = 2.0**-52


def path_of(optimizer, problem, steps=STEPS):
    """The judged iterates, shape (steps + 1, n)."""
    found = run_cell(Cell(optimizer, problem, steps)).trajectory
    return np.stack([found[f"x{i}"] for i in range(registry.problem(problem).n)], axis=1)


@pytest.mark.parametrize("problem", [*PROBLEMS, "mlp"])
def test_without_more_it_is_heavy_ball_to_the_bit(problem):
    tuning = "alpha=1e-4,beta=0.8"
    ours, same = (run_cell(Cell(f"{name}[{tuning}]", problem, STEPS)) for name in ("momentum_buffer", "heavy_ball"))
    for name, column in same.trajectory.columns.items():
        np.testing.assert_array_equal(ours.trajectory[name], column)
    judged = [[(v.theorem, v.outcome, v.bound) for v in result.verdicts] for result in (ours, same)]
    assert repr(judged[0]) == repr(judged[1])


@pytest.mark.parametrize("problem", PROBLEMS)
def test_with_a_look_ahead_it_is_nesterov(problem):
    """y_k = x_k - alpha beta v_k in place of x_k and v_k: other roundings."""
    tuning = "alpha=1e-4,beta=0.8"
    ours = path_of(f"momentum_buffer[{tuning},nesterov=true]", problem)
    # 7 u of the largest entry at most: steps round by u, and the method forgets.
    same = path_of(f"nesterov[{tuning}]", problem)
    np.testing.assert_allclose(ours, same, rtol=0, atol=16 * U * np.abs(ours).max())


@pytest.mark.parametrize(("optimizer", "gap"), [("heavy_ball", "hb_quad_gap"), ("nesterov", "nag_quad_gap")])
def test_the_theorems_of_the_two_hold_for_it_too(optimizer, gap):
    problem = registry.problem("quadratic")
    declared = registry.optimizer(optimizer).tune(problem).declared
    tuning = f"alpha={declared['alpha']!r},beta={declared['beta']!r},nesterov={str(optimizer == 'nesterov').lower()}"
    ours, same = (run_cell(Cell(one, "quadratic", 300)) for one in (f"momentum_buffer[{tuning}]", optimizer))
    outcomes = [{v.theorem: v.outcome for v in result.verdicts} for result in (ours, same)]
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][gap] in ("holds", "attained")


MORE = {
    "decay": {"decay": 0.3},
    "decay alone": {"beta": 0.0, "decay": 0.3},
    "dampening": {"dampening": 0.6},
    "both": {"dampening": 0.4, "decay": 0.2, "beta": 0.5},
    "look ahead": {"nesterov": True, "beta": 0.7},
    "look ahead, decay": {"nesterov": True, "beta": 0.7, "decay": 0.3},
}


@pytest.mark.parametrize("more", MORE.values(), ids=MORE)
def test_on_a_quadratic_it_is_its_closed_form(more):
    problem = registry.problem("quadratic[dim=3,kappa=10]")
    given = {"alpha": 0.2, "beta": 0.9, "dampening": 0.0, "decay": 0.0, "nesterov": False, **more}
    selector = ",".join(f"{name}={str(value).lower()}" for name, value in given.items())
    exact = buffer_modes(problem.vector, problem.start, STEPS, **given)
    found = path_of(f"momentum_buffer[{selector}]", problem.name)
    # 1.4 u of the largest entry at most: steps round by u, and the method forgets.
    np.testing.assert_allclose(found, exact, rtol=0, atol=4 * U * np.abs(exact).max())


def test_decay_alone_is_a_power_in_each_mode():
    problem = registry.problem("quadratic[dim=3,kappa=10]")
    x = path_of("momentum_buffer[alpha=0.2,beta=0,decay=0.3]", problem.name, 60)
    k = np.arange(61)[:, np.newaxis]
    exact = (1.0 - 0.2 * (problem.vector + 0.3)) ** k * problem.start
    # A step rounds by u of x before it: 7 u of x after it where it shrinks to 1 - 0.2 (4 + 0.3) = 0.14. 137 u at most.
    np.testing.assert_allclose(x, exact, rtol=4 * 61 * U)


@pytest.mark.parametrize("more", ["", ",beta=0", ",dampening=0.5", ",nesterov=true"])
def test_decay_ends_at_the_ridge_regression_and_not_at_the_minimiser(more):
    """(H + decay I) x = H x*: closer to 0 than x*."""
    selector, decay = "least_squares[samples=30,features=3]", 0.5
    problem = registry.problem(selector)
    H = problem.rows.T @ problem.rows
    ridge = np.linalg.solve(H + decay * np.eye(3), H @ problem.x_star)
    result = run_cell(Cell(f"momentum_buffer[alpha=0.5/L,decay={decay}{more}]", selector, 5000))
    end = np.array([result.trajectory[f"x{i}"][-1] for i in range(3)])
    # 4 u at most; LAPACK solves by roundings of its own.
    np.testing.assert_allclose(end, ridge, rtol=32 * U)
    assert np.linalg.norm(end) < 0.999 * np.linalg.norm(problem.x_star)
    assert result.summary["gap"] > 0.0


@pytest.mark.parametrize(
    ("more", "free", "reason"),
    [
        ("decay=0.1", set(), "with decay = 0.1 the method descends f + decay/2 ||x||^2, not f"),
        ("decay=0.1,nesterov=true", set(), "with decay = 0.1 the method descends f + decay/2 ||x||^2, not f"),
        ("decay=0.1,dampening=0.5", set(), "with decay = 0.1 the method descends f + decay/2 ||x||^2, not f"),
        ("dampening=0.5", {"lower_krylov"}, "with dampening = 0.5 the first step is longer than the others"),
    ],
)
def test_what_no_theorem_is_about_is_not_applicable_and_says_why(more, free, reason):
    """A Krylov space holds all combinations of gradients: dampening stays in it."""
    result = run_cell(Cell(f"momentum_buffer[{more}]", "quadratic", 100))
    applied = {v.theorem for v in result.verdicts if v.outcome != "not applicable"}
    assert applied == free and len(result.verdicts) >= 6
    assert {v.reason for v in result.verdicts if v.theorem not in free} == {reason}


@pytest.mark.parametrize("more", ["nesterov=true,dampening=0.25", "beta=0,dampening=0.25"])
def test_dampening_that_nothing_would_heed_is_refused(more):
    with pytest.raises(BadInput, match=r"dampening=0.25 .*(nesterov=true|beta=0): the nearest valid value is 0\."):
        registry.optimizer(f"momentum_buffer[{more}]")


@pytest.mark.parametrize("more", ["decay=-1", "decay=inf", "decay=nan", "dampening=1", "dampening=-0.1", "beta=1"])
def test_what_is_out_of_range_is_refused(more):
    with pytest.raises(BadInput, match=more.partition("=")[0]):
        registry.optimizer(f"momentum_buffer[{more}]")


def test_a_schedule_scales_the_buffer_and_not_what_enters_it():
    """On one constant slope v_2 = (1 + beta) g: alpha_1 v_2 tells the two conventions apart."""
    problem = "quadratic[dim=1,kappa=1]"
    lam = float(registry.problem(problem).vector[0])
    x = path_of("momentum_buffer[alpha=0.1,beta=0.5,schedule=inverse]", problem, 2)[:, 0]
    slopes = lam * x
    assert x[2] == pytest.approx(x[1] - 0.05 * (0.5 * slopes[0] + slopes[1]), rel=4 * U)


@pytest.mark.parametrize("selector", HONEST)
def test_the_planted_steps_without_a_bug_are_its_own(selector):
    problem, optimizer = registry.problem("quadratic[dim=7]"), registry.optimizer(selector)
    same_run(problem, optimizer, HONEST[selector](optimizer))
