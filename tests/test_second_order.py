"""L-BFGS and Newton against scipy, dense formulas and what a step must do."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from planted import kernels_accelerated
from scipy.optimize import minimize

from gdbench import registry
from gdbench.audit import certificates
from gdbench.errors import BadInput
from gdbench.optimizers.lbfgs import FIRST_ROW, FIRST_WEIGHT, two_loops
from gdbench.problem import Constant
from gdbench.run import Cell, run_cell, run_pair


def go(problem, optimizer, iterations, **more):
    return run_pair(problem, registry.optimizer(optimizer), Cell(optimizer, problem.name, iterations, **more))


def held(result, theorem):
    return next(verdict for verdict in result.verdicts if verdict.theorem == theorem)


# -- L-BFGS ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pairs", [1, 3, 4])
@pytest.mark.parametrize("kept", [3, 4])
def test_two_loops_are_the_dense_update_of_the_inverse(pairs, kept):
    """H+ = (I - s y'/y's) H (I - y s'/y's) + s s'/y's from (s'y/y'y) I (Nocedal and Wright 2006, equation 7.16)."""
    draws, n = np.random.default_rng(pairs), 6
    memory, hyper = np.zeros((FIRST_ROW + 2 * kept, n)), np.zeros(FIRST_WEIGHT + 2 * kept)
    stored = []
    for number in range(pairs):
        s = draws.standard_normal(n)
        y = 2.0 * s + 0.3 * draws.standard_normal(n)
        row = FIRST_ROW + 2 * (number % kept)
        memory[row], memory[row + 1] = s, y
        hyper[FIRST_WEIGHT + 2 * (number % kept)] = s @ y
        stored.append((s, y))
    stored = stored[-kept:]
    s, y = stored[-1]
    inverse = s @ y / (y @ y) * np.eye(n)
    for s, y in stored:
        left = np.eye(n) - np.outer(s, y) / (s @ y)
        inverse = left @ inverse @ left.T + np.outer(s, s) / (s @ y)
    v = draws.standard_normal(n)
    direction = v.copy()
    two_loops(direction, memory, hyper, kept, pairs)
    np.testing.assert_allclose(direction, inverse @ v, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(
    "selector",
    [
        *("rosenbrock", "rosenbrock[dim=10]", "logistic", "logistic[l2=0]", "least_squares", "quadratic[rotated=true]"),
        *("quadratic[kappa=1e4,dim=40]", "huber_strongly_convex"),
    ],
)
def test_lbfgs_finds_the_minimiser_of_scipy_about_as_fast(selector):
    problem = registry.problem(selector)
    kernels = certificates.calls(problem)
    options = {"maxcor": 10, "gtol": 1e-10, "ftol": 0.0, "maxiter": 2000, "maxfun": 5000}
    theirs = minimize(kernels.oracle, problem.start, jac=True, method="L-BFGS-B", options=options)
    allowed = 1e-9 * abs(theirs.fun) + 1e-12 * (kernels.value(problem.start) - theirs.fun)
    ours = run_cell(Cell("lbfgs", selector, 2000, tolerance=1e-8))
    assert ours.status == "converged"
    assert ours.summary["f"] == pytest.approx(theirs.fun, abs=allowed)
    if problem.x_star is not None:
        # ||x - x*|| <= ||g||/lambda_min(H) but for how H changes over 1e-8: g is all that the tolerance bounds.
        flattest = np.linalg.eigvalsh(kernels.hessian(problem.x_star))[0]
        assert np.sqrt(ours.summary["dist2"]) <= 1.00001 * np.sqrt(ours.summary["grad2"]) / flattest
    assert 0.4 * theirs.nfev - 10 <= ours.summary["gradient_calls"] - ours.k <= 2.0 * theirs.nfev + 10


@pytest.mark.parametrize("selector", ["rosenbrock", "logistic[features=3]", "quadratic[dim=3,kappa=1e3]", "damping"])
@pytest.mark.parametrize(("c1", "c2"), [(1e-4, 0.9), (0.1, 0.5)])
def test_every_step_is_a_weak_wolfe_step(selector, c1, c2):
    """f_{k+1} <= f_k + c1 g_k'(x_{k+1} - x_k) and g_{k+1}'s >= c2 g_k's, recomputed from the path: so s'y > 0."""
    problem = registry.problem(selector)
    kernels, found = certificates.calls(problem), go(problem, f"lbfgs[c1={c1},c2={c2}]", 25).trajectory
    path = np.stack([found[f"x{i}"] for i in range(problem.n)], axis=1)
    seen = 0
    for before, after in pairwise(path):
        (f, g), (f_next, g_next) = kernels.oracle(before), kernels.oracle(after)
        s = after - before
        if np.linalg.norm(g) <= 1e-7 * np.linalg.norm(kernels.oracle(problem.start)[1]):
            break
        seen += 1
        assert f_next <= f + c1 * (g @ s) + 1e-14 * abs(f)
        assert g_next @ s >= c2 * (g @ s) - 1e-12 * abs(g @ s)
        assert s @ (g_next - g) > 0.0
    assert seen >= 4


def test_oracle_calls_of_the_search_are_gradients():
    """At least one trial a step, and the query point's own call; none counts as a value."""
    found = run_cell(Cell("lbfgs", "rosenbrock", 30))
    calls = np.diff(found.trajectory["gradient_calls"])
    assert np.all(calls >= 2)
    assert calls.sum() < 3 * 30
    assert found.summary["value_calls"] == 0


def test_a_longer_memory_takes_fewer_steps():
    cells = [Cell(f"lbfgs[memory={m}]", "quadratic[kappa=1e4,dim=40]", 5000, target=1e-10) for m in (1, 5, 20)]
    reached = [run_cell(cell).k for cell in cells]
    assert reached[0] > reached[1] > reached[2]


@pytest.mark.parametrize("optimizer", ["lbfgs[c1=0.9,c2=0.5]", "lbfgs[memory=0]", "newton[c=0.5]", "newton[factor=1]"])
def test_bad_parameters(optimizer):
    with pytest.raises(BadInput):
        registry.optimizer(optimizer)


# -- Newton ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kappa", ["1", "100", "1e4", "1e6", "inf"])
@pytest.mark.parametrize("more", ["", ",rotated=true"])
def test_one_step_of_newton_minimises_a_quadratic(kappa, more):
    shape = "linear" if kappa == "inf" else "log_uniform"
    f = run_cell(Cell("newton", f"quadratic[kappa={kappa},dim=12,spectrum={shape}{more}]", 5)).trajectory["f"]
    assert f[1] <= 1e-18 * f[0]


@pytest.mark.parametrize("selector", ["logistic", "rosenbrock", "least_squares", "heavy_ball_cycle"])
def test_the_first_step_is_that_of_a_dense_solve(selector):
    problem = registry.problem(selector)
    kernels = certificates.calls(problem)
    found = go(problem, "newton", 1).trajectory
    expected = np.linalg.solve(kernels.hessian(problem.start), -kernels.oracle(problem.start)[1])
    length = np.linalg.norm(expected) * found["alpha"][0]
    assert np.sqrt(found["step2"][1]) == pytest.approx(length, rel=1e-10)
    assert found["f"][1] == pytest.approx(kernels.value(problem.start + found["alpha"][0] * expected), rel=1e-10)


@pytest.mark.parametrize("selector", ["logistic", "logistic[l2=0]", "logistic[samples=60,features=3,l2=1]"])
def test_newton_is_of_order_two_on_logistic_regression(selector):
    """||g_{k+1}|| / ||g_k||^2 stays of one size while ||g|| falls by ten orders of magnitude."""
    size = np.sqrt(run_cell(Cell("newton", selector, 20)).trajectory["grad2"])
    last = np.flatnonzero(size < 1e-11)[0] if np.any(size < 1e-11) else len(size)
    quotients = size[1:last] / size[: last - 1] ** 2
    assert 3 <= last <= 9
    assert np.all(quotients < 30.0)


def test_newton_is_seen_to_be_superlinear():
    assert run_cell(Cell("newton", "rosenbrock", 60)).summary["rate"]["kind"] == "superlinear"


@pytest.mark.parametrize("dim", [2, 5, 20])
def test_newton_leaves_the_valley_of_rosenbrock(dim):
    """On the way the Hessian is indefinite at times: conjugate gradients stop where there is no curvature."""
    found = run_cell(Cell("newton", f"rosenbrock[dim={dim}]", 300))
    assert found.status == "finished"
    assert found.summary["grad2"] < 1e-20
    assert held(found, "armijo_progress").outcome == "holds"


def test_where_the_hessian_vanishes_newton_descends_along_the_gradient():
    """Huber's function is linear beyond tau: there d = -g, and t = 1 passes Armijo's test or shrinks."""
    found = go(registry.problem("huber[horizon=100]"), "newton", 500)
    assert (found.status, found.summary["f"]) == ("finished", 0.0)
    first = found.trajectory
    assert np.sqrt(first["step2"][1]) == pytest.approx(first["alpha"][0] * np.sqrt(first["grad2"][0]), rel=1e-12)


def test_calls_of_newton_are_products_and_trials():
    """On a quadratic with two eigenvalues a direction takes two products and one or two for its last digits."""
    found = run_cell(Cell("newton", "quadratic[spectrum=two_point,start=ones]", 1)).trajectory
    assert found["gradient_calls"][1] - 2 in (2, 3, 4)
    assert found["value_calls"].tolist() == [0, 1]


@pytest.mark.parametrize("selector", ["logistic", "heavy_ball_cycle", "huber_strongly_convex", "quadratic"])
def test_newtons_theorems_hold(selector):
    found = run_cell(Cell("newton", selector, 40))
    for theorem in ("newton_decrease", "newton_step", "armijo_progress"):
        verdict = held(found, theorem)
        assert verdict.outcome == "holds"
        assert verdict.resolvable > 0.0


# -- what they share ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["lbfgs", "newton"])
def test_an_oracle_that_lies_about_the_slope_makes_no_run_climb(optimizer):
    """No step passes Armijo's test but those that rounding swallows."""
    problem = replace(registry.problem("quadratic[dim=3]"), oracle=kernels_accelerated.climbing_oracle)
    found = go(problem, optimizer, 20)
    f = found.trajectory["f"]
    assert np.all(f <= f[0] * (1.0 + 1e-13))


@pytest.mark.parametrize("optimizer", ["lbfgs[c1=0.1]", "newton"])
def test_armijo_progress_sees_a_modulus_that_is_too_large(optimizer):
    problem = registry.problem("quadratic[dim=3,kappa=2]")
    honest = go(problem, optimizer, 10)
    wrong = go(replace(problem, mu=Constant(1000.0, "bound", "wrong")), optimizer, 10)
    assert held(honest, "armijo_progress").outcome == "holds"
    assert held(wrong, "armijo_progress").outcome == "violated"
