"""The kernel contract carries what comes later, unchanged; and the driver stops, counts and keeps what it should."""

import math
import threading
import tracemalloc
from dataclasses import replace
from importlib import import_module
from itertools import pairwise

import numpy as np
import pytest
from subjects import EXACT, exact

from gdbench import registry
from gdbench.kernel import COMPILED, batch, dot, oracle, step, value
from gdbench.optimizer import Optimizer, Tuning
from gdbench.problem import Constant, Problem
from gdbench.problems.quadratic import diagonal_product
from gdbench.run import Cell, StopFlag, run_cell, run_pair

TOUCHED, VALUES = 0, 1


@oracle
def full_oracle(x, g, data):
    """Mean squared error over all samples; no sampled run asks it."""
    for j in range(g.shape[0]):
        g[j] = math.nan
    return math.nan


@batch
def some_squares(x, g, chosen, data):
    """Mean squared error over the chosen samples; draw[0] counts those it reads."""
    share = 1.0 / chosen.shape[0]
    f = 0.0
    for j in range(g.shape[0]):
        g[j] = 0.0
    for i in chosen:
        data.draw[TOUCHED] += 1
        row = data.rows[i]
        residual = dot(row, x) - data.vector[i]
        f += 0.5 * share * residual * residual
        for j in range(g.shape[0]):
            g[j] += share * residual * row[j]
    return f


@value
def full_value(x, data):
    """Mean squared error over all samples; draw[1] counts the calls."""
    data.draw[VALUES] += 1
    f = 0.0
    for i in range(data.rows.shape[0]):
        residual = dot(data.rows[i], x) - data.vector[i]
        f += 0.5 * residual * residual
    return f / data.rows.shape[0]


@step
def layered_step(k, alpha, f, state, data, calls):
    """LARS without momentum: each layer moves by alpha times its own length."""
    x = state.x
    g = state.g
    for layer in range(data.layers.shape[0] - 1):
        first, last = data.layers[layer], data.layers[layer + 1]
        weight, slope = dot(x[first:last], x[first:last]), dot(g[first:last], g[first:last])
        trust = math.sqrt(weight / slope) if slope > 0.0 else 0.0
        for i in range(first, last):
            x[i] -= alpha * trust * g[i]
    return alpha, 0, 0


@step
def newton_step(k, alpha, f, state, data, calls):
    """Newton's direction by conjugate gradients; memory: direction, residual, conjugate direction, its product."""
    x = state.x
    product = calls.product
    d, r, p, product_p = state.memory[0], state.memory[1], state.memory[2], state.memory[3]
    n = x.shape[0]
    for i in range(n):
        d[i] = 0.0
        r[i] = state.g[i]
        p[i] = r[i]
    square = dot(r, r)
    for _ in range(int(state.hyper[0])):
        if square == 0.0:
            break
        product(x, p, product_p, data)
        size = square / dot(p, product_p)
        for i in range(n):
            d[i] += size * p[i]
            r[i] -= size * product_p[i]
        last, square = square, dot(r, r)
        for i in range(n):
            p[i] = r[i] + square / last * p[i]
    for i in range(n):
        x[i] -= alpha * d[i]
    return alpha, 0, 0


@step
def polyak_step(k, alpha, f, state, data, calls):
    """alpha_k = (f - f*) / ||g||^2."""
    x = state.x
    g = state.g
    square = dot(g, g)
    used = (f - state.hyper[0]) / square if square > 0.0 else 0.0
    for i in range(x.shape[0]):
        x[i] -= used * g[i]
    return used, 0, 0


@step
def reluctant_step(k, alpha, f, state, data, calls):
    """Fails at k = 3 for its second reason."""
    return alpha, -2 if k == 3 else 0, 0


def method(kernel, *hyper, alpha=1.0, memory=0, **more):
    return Optimizer(
        step=kernel, tune=lambda problem: Tuning(plan=(alpha,), hyper=hyper), source="a test", memory=memory, **more
    )


def go(problem, optimizer, iterations, **more):
    return run_pair(problem, optimizer, Cell("method", "problem", iterations, **more))


def regression(samples: int = 200, noise: float = 0.0) -> Problem:
    draws = np.random.default_rng(5)
    rows, truth = draws.standard_normal((samples, 3)), np.array([1.0, -2.0, 0.5])
    return Problem(
        oracle=full_oracle,
        value=full_value,
        product=diagonal_product,
        start=np.zeros(3),
        kind="strongly convex",
        source="a test",
        f_star=Constant(0.0, "bound", "squares"),
        x_star=truth,
        batch=some_squares,
        samples=samples,
        rows=rows,
        vector=rows @ truth + noise * draws.standard_normal(samples),
        draw=np.zeros(2, dtype=np.int64),
    )


@pytest.fixture
def run_data(monkeypatch):
    """The arrays that each run was given."""
    given = []
    setting = import_module("gdbench.stage")
    honest = setting.box_data

    def box_data(*arrays):
        given.append(arrays)
        return honest(*arrays)

    monkeypatch.setattr(setting, "box_data", box_data)
    return given


@pytest.mark.parametrize(("iterations", "values"), [(500, 501), (5000, 1001)])
def test_a_mini_batch_is_all_that_a_stochastic_run_pays_for(iterations, values, run_data):
    optimizer = registry.optimizer("gradient_descent[alpha=0.05,sampling=batches[size=4]]")
    found = go(regression(), optimizer, iterations)
    draw = run_data[0][6]
    assert found.status == "finished"
    assert draw[TOUCHED] == found.summary["gradient_calls"] == 4 * (iterations + 1)
    assert draw[VALUES] == values
    assert found.summary["dist2"] < 1e-8
    assert found.summary["f"] < 1e-8
    assert found.verdicts == ()


def test_a_mini_batch_differs_from_step_to_step_and_repeats_with_its_seed():
    optimizer = registry.optimizer("gradient_descent[alpha=0.05,sampling=batches[size=2]]")
    one, again, other = (go(regression(noise=1.0), optimizer, 50, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.trajectory["x0"], again.trajectory["x0"])
    assert not np.array_equal(one.trajectory["x0"], other.trajectory["x0"])
    assert len(set(one.trajectory["f_query"])) == 51
    assert np.any(np.diff(one.trajectory["f"]) > 0)


def test_layers_reach_the_step():
    problem = replace(
        registry.problem("quadratic[dim=3,kappa=4,start=ones]"), layers=np.array([0, 1, 3], dtype=np.int64)
    )
    found = go(problem, method(layered_step, alpha=0.1), 20)
    x = problem.start.copy()
    for k in range(21):
        np.testing.assert_allclose([found.trajectory[f"x{i}"][k] for i in range(3)], x, rtol=1e-13)
        g = problem.vector * x
        for part in (slice(0, 1), slice(1, 3)):
            x[part] -= 0.1 * np.linalg.norm(x[part]) / np.linalg.norm(g[part]) * g[part]


@pytest.mark.parametrize("problem", ["quadratic[dim=6,rotated=true]", "logistic[samples=40,features=4]"])
def test_hessian_products_reach_the_step(problem):
    instance = registry.problem(problem)
    found = go(instance, method(newton_step, 2.0 * instance.n, memory=4), 8)
    grad2 = found.trajectory["grad2"]
    assert grad2[-1] < 1e-25 * grad2[0]
    if "quadratic" in problem:
        assert grad2[1] < 1e-20 * grad2[0]


@pytest.mark.parametrize("name", registry.names("optimizer"))
def test_a_step_that_reads_its_samples_says_so(name):
    made = registry.optimizer(name)
    names = getattr(made.step, "py_func", made.step).__code__.co_names
    assert made.draws == ("sampler" in names or "batch" in names)


@pytest.mark.parametrize("problem", ["quadratic[dim=3]", "bowl"])
@pytest.mark.parametrize("name", EXACT)
def test_a_run_that_starts_at_the_minimiser_stays_there(name, problem):
    """g = 0 there, and so is every length that a step divides by; noise may lead away."""
    instance = registry.problem(problem)
    spectrum = instance.spectrum and replace(instance.spectrum, coordinates=np.zeros(instance.n))
    instance = replace(instance, start=instance.x_star.copy(), spectrum=spectrum)
    found = go(instance, exact(name), 30)
    assert (found.status, found.k) == ("finished", 30)
    assert all(np.all(np.isfinite(found.trajectory[column][:-1])) for column in ("f", "grad2", "alpha"))
    assert found.summary["dist2"] == 0.0 or name == "perturbed"
    assert not any(verdict.outcome == "violated" for verdict in found.verdicts)


def test_f_star_reaches_the_step():
    problem = registry.problem("quadratic[dim=6,kappa=10]")
    found = go(problem, method(polyak_step, problem.f_star.value), 200)
    f, grad2, dist2 = (found.trajectory[name] for name in ("f", "grad2", "dist2"))
    np.testing.assert_allclose(found.trajectory["alpha"][:-1], (f / grad2)[:-1], rtol=1e-15)
    assert np.all(dist2[1:] <= (dist2 - f * f / grad2)[:-1] * (1 + 1e-12))
    assert f[-1] < 1e-8 * f[0]


def test_a_failure_ends_the_run_with_its_reason():
    found = go(registry.problem("bowl"), method(reluctant_step, failures=("first", "second")), 50)
    assert (found.status, found.k, found.reason) == ("failed", 3, "second")
    assert len(found.trajectory) == 4


@pytest.mark.parametrize("iterations", [0, 1, 5, 1999])
def test_a_budget_of_n_updates_gives_n_plus_1_rows(iterations):
    found = run_cell(Cell("gradient_descent", "damping", iterations))
    assert (found.status, found.k) == ("finished", iterations)
    np.testing.assert_array_equal(found.trajectory["k"], np.arange(iterations + 1))
    assert found.trajectory["gradient_calls"][-1] == found.summary["gradient_calls"] == iterations + 1
    assert math.isnan(found.trajectory["alpha"][-1])


@pytest.mark.parametrize("iterations", [2000, 10_000, 12_345, 30_001])
def test_a_long_run_is_stored_on_a_grid_with_both_ends(iterations):
    k = run_cell(Cell("gradient_descent", "quadratic[kappa=1e6]", iterations)).trajectory["k"]
    assert k[0] == 0
    assert k[-1] == iterations
    assert np.all(np.diff(k) > 0)
    assert 1000 < len(k) < 3100


def test_calls_of_a_line_search_are_counted():
    found = run_cell(Cell("backtracking", "quadratic[kappa=10]", 30))
    trials = np.rint(-np.log2(found.trajectory["alpha"][:-1])) + 1
    np.testing.assert_array_equal(found.trajectory["value_calls"], np.concatenate([[0], np.cumsum(trials)]))
    np.testing.assert_array_equal(found.trajectory["gradient_calls"], np.arange(31) + 1)
    assert found.summary["value_calls"] == trials.sum()
    assert found.summary["most_trials"] == trials.max()


LONG = Cell("gradient_descent", "quadratic[kappa=1e9]", 10**9)


def test_a_flag_raised_in_another_thread_keeps_the_trajectory():
    run_cell(replace(LONG, iterations=10))
    flag = StopFlag()
    timer = threading.Timer(0.2, flag.raise_flag)
    timer.start()
    found = run_cell(LONG, flag)
    timer.join()
    assert found.status == "stopped"
    assert 0 < found.k < 10**9
    assert found.trajectory["k"][-1] == found.k
    assert found.trajectory["f"][-1] < found.trajectory["f"][0]
    assert found.verdicts


def test_a_flag_raised_before_stops_at_once():
    flag = StopFlag()
    flag.raise_flag()
    found = run_cell(LONG, flag)
    assert (found.status, found.k, len(found.trajectory)) == ("stopped", 0, 1)
    assert {verdict.outcome for verdict in found.verdicts} <= {"unresolvable", "not applicable", "inconclusive"}


def test_a_timeout_keeps_the_rows():
    found = run_cell(LONG, timeout=0.2)
    assert found.status == "timed_out"
    assert found.reason == "no end within 0.2 s"
    assert found.trajectory["k"][-1] == found.k > 0


def test_tolerance_and_target_stop_at_the_first_row_that_meets_them():
    cell = Cell("gradient_descent", "quadratic", 1000)
    whole = run_cell(cell)
    near = np.flatnonzero(whole.trajectory["grad2"] <= 1e-3**2)[0]
    low = np.flatnonzero(whole.trajectory["f"] <= 1e-6 * whole.trajectory["f"][0])[0]
    converged, reached = run_cell(replace(cell, tolerance=1e-3)), run_cell(replace(cell, target=1e-6))
    assert (converged.status, converged.k) == ("converged", near)
    assert (reached.status, reached.k) == ("reached", low)
    assert whole.summary["iterations_to_target"] == reached.summary["iterations_to_target"] == low
    for name, column in reached.trajectory.columns.items():
        if name != "alpha":
            np.testing.assert_array_equal(column, whole.trajectory[name][: low + 1])


@pytest.mark.skipif(not COMPILED, reason="minutes of plain Python, for arrays of the same size")
def test_memory_does_not_grow_with_iterations():
    peaks = []
    run_cell(Cell("gradient_descent", "damping", 20_000))
    for iterations in (20_000, 400_000):
        tracemalloc.start()
        run_cell(Cell("gradient_descent", "damping", iterations))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert all(after < before + 2**20 for before, after in pairwise(peaks))
