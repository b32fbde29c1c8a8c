"""Accelerated methods and Krylov spaces: naive loops in 50 digits, scipy, worst functions, and a proof's identity."""

import math
from dataclasses import replace

import mpmath
import numpy as np
import pytest
from planted import bugs_accelerated
from scipy.sparse.linalg import cg

from gdbench import registry
from gdbench.errors import BadInput
from gdbench.kernel import prepare
from gdbench.kernel.recurrences import two_term
from gdbench.problems.quadratic import diagonal, rotated_by
from gdbench.run import Cell, run_cell, run_pair
from gdbench.theory.krylov import _best_gaps

mpmath.mp.dps = 50
METHODS = ("nesterov_ratio", "ogm", "triple_momentum", "nesterov_restart", "nesterov_restart[test=function]")


def verdict_of(result, theorem):
    return next(verdict for verdict in result.verdicts if verdict.theorem == theorem)


def go(problem, optimizer, iterations):
    return run_pair(problem, registry.optimizer(optimizer), Cell(optimizer, problem.name, iterations))


def spectrum(eigenvalues, start, turned=False):
    """A quadratic with these eigenvalues, ascending, and this start in the eigenbasis."""
    problem = diagonal(np.array(eigenvalues, dtype=float), np.array(start, dtype=float), "a test")
    if not turned:
        return problem
    axis = np.random.default_rng(4).standard_normal(len(start))
    return rotated_by([axis / np.linalg.norm(axis)], problem)


# -- the sequences, step by step ---------------------------------------------------------------------------------------


def thetas(horizon):
    theta = [mpmath.mpf(1)]
    for j in range(horizon):
        growth = 8 if j == horizon - 1 else 4
        theta.append((1 + mpmath.sqrt(1 + growth * theta[-1] ** 2)) / 2)
    return theta


def naive_ratio(g, x, L, mu, steps):
    y, found = x[:], []
    for j in range(steps):
        last, x = x, [a - b / L for a, b in zip(y, g(y), strict=True)]
        y = [a + mpmath.mpf(j) / (j + 3) * (a - b) for a, b in zip(x, last, strict=True)]
        found.append(x)
    return found


def naive_ogm(g, y, L, mu, steps, horizon=100):
    theta, x, found = thetas(horizon), y[:], []
    for k in range(steps):
        j = k % horizon
        if j == 0:
            x = y[:]
        last, x = x, [a - b / L for a, b in zip(y, g(y), strict=True)]
        one, two = (theta[j] - 1) / theta[j + 1], theta[j] / theta[j + 1]
        y = [a + one * (a - b) + two * (a - c) for a, b, c in zip(x, last, y, strict=True)]
        found.append(y)
    return found


def naive_triple(g, x, L, mu, steps):
    rho = 1 - mpmath.sqrt(mu / L)
    alpha, beta = (1 + rho) / L, rho**2 / (2 - rho)
    gamma, delta = rho**2 / ((1 + rho) * (2 - rho)), rho**2 / (1 - rho**2)
    xi, last, found = x[:], x[:], []
    for _ in range(steps):
        y = [(1 + gamma) * a - gamma * b for a, b in zip(xi, last, strict=True)]
        moved = [(1 + beta) * a - beta * b - alpha * c for a, b, c in zip(xi, last, g(y), strict=True)]
        xi, last = moved, xi
        found.append([(1 + delta) * a - delta * b for a, b in zip(xi, last, strict=True)])
    return found


def naive_restart(g, x, L, mu, steps, f=None):
    t, y, found = mpmath.mpf(1), x[:], []
    for _ in range(steps):
        slope = g(y)
        last, x = x, [a - b / L for a, b in zip(y, slope, strict=True)]
        harmful = sum(a * (b - c) for a, b, c in zip(slope, x, last, strict=True)) > 0
        if f is not None:
            harmful = f(x) > f(last)
        t_next = (1 + mpmath.sqrt(1 + 4 * t * t)) / 2
        beta = 0 if harmful else (t - 1) / t_next
        t = mpmath.mpf(1) if harmful else t_next
        y = [a + beta * (a - b) for a, b in zip(x, last, strict=True)]
        found.append(x)
    return found


EIGENVALUES, START = [0.05, 0.7, 4.0], [1.5, -2.0, 1.0]


def gap(x):
    return sum(mpmath.mpf(v) * a * a for v, a in zip(EIGENVALUES, x, strict=True)) / 2


@pytest.mark.parametrize(
    ("optimizer", "naive", "more"),
    [
        ("nesterov_ratio", naive_ratio, {}),
        ("ogm", naive_ogm, {}),
        ("ogm[horizon=1]", naive_ogm, {"horizon": 1}),
        ("ogm[horizon=7]", naive_ogm, {"horizon": 7}),
        ("triple_momentum", naive_triple, {}),
        ("nesterov_restart", naive_restart, {}),
        ("nesterov_restart[test=function]", naive_restart, {"f": gap}),
    ],
)
def test_iterates_are_those_of_a_naive_loop_in_50_digits(optimizer, naive, more):
    def g(x):
        return [mpmath.mpf(v) * a for v, a in zip(EIGENVALUES, x, strict=True)]

    start = [mpmath.mpf(one) for one in START]
    expected = naive(g, start, mpmath.mpf(4), mpmath.mpf(EIGENVALUES[0]), 150, **more)
    found = go(spectrum(EIGENVALUES, START), optimizer, 150).trajectory
    size = 1.0
    for k, x in enumerate(expected, start=1):
        size = max(1e-3 * size, *(abs(float(a)) for a in x))
        for i in range(3):
            assert found[f"x{i}"][k] == pytest.approx(float(x[i]), abs=1e-13 * (10 + k) * size)


def test_two_term_recurrence_equals_50_digits():
    coefficients = np.array([[1.5, 1.4, 1.2], [-0.3, -0.2, -0.25], [0.5, 0.4, 0.2], [-0.1, -0.05, 0.02]])
    state, out = np.array([START] * 4), np.empty((3, 3))
    prepare(two_term)(np.array(EIGENVALUES), coefficients, 0.75, state, out)
    now, before = [[mpmath.mpf(one) for one in START] for _ in range(2)]
    for k, (a, b, c, d) in enumerate(coefficients.T.tolist()):
        ahead = [(a + b * v) * e - (c + d * v) * last for v, e, last in zip(EIGENVALUES, now, before, strict=True)]
        now, before = ahead, now
        shown = [e + mpmath.mpf(0.75) * (e - last) for e, last in zip(now, before, strict=True)]
        assert out[0, k] == pytest.approx(float(gap(shown)), rel=1e-13)
        assert out[1, k] == pytest.approx(float(sum(e * e for e in shown)), rel=1e-13)
        assert out[2, k] == pytest.approx(
            float(sum((v * e) ** 2 for v, e in zip(EIGENVALUES, shown, strict=True))), rel=1e-13
        )


# -- worst cases -------------------------------------------------------------------------------------------------------


def huber_with(theta_squared_less_one):
    """The selector of Huber's function from R = 1 with threshold tau = 1/(1 + theta_squared_less_one), L = 4."""
    return f"huber[horizon=1000000,alpha={theta_squared_less_one / 8e6!r}]"


@pytest.mark.parametrize("horizon", [1, 2, 5, 20, 100, 1000])
def test_ogm_attains_its_bound_on_both_of_its_worst_functions(horizon):
    """L/2 x^2 and Huber's function with tau = R/theta_N^2 (Kim and Fessler 2017, arXiv 1510.08573)."""
    theta = float(thetas(horizon)[-1])
    for problem in (huber_with(theta * theta - 1.0), "quadratic[start=top]"):
        verdict = verdict_of(run_cell(Cell(f"ogm[horizon={horizon}]", problem, horizon + 5)), "ogm")
        assert (verdict.outcome, verdict.k) == ("attained", horizon)
        assert verdict.measured == pytest.approx(2.0 / theta**2, rel=1e-9)


@pytest.mark.parametrize("k", [1, 4, 19])
def test_ogm_attains_the_bound_of_its_primary_sequence(k):
    theta = float(thetas(100)[k])
    verdict = verdict_of(run_cell(Cell("ogm", huber_with(2.0 * theta * theta - 1.0), 50)), "ogm_primary")
    assert (verdict.outcome, verdict.k) == ("attained", k)


def test_only_the_horizon_counts():
    """One step earlier or later the same run is above the bound of its own k or not held against it."""
    result = run_cell(Cell("ogm[horizon=20]", "quadratic[start=top]", 60))
    assert verdict_of(result, "ogm").resolvable == pytest.approx(1 / 60)
    assert verdict_of(run_cell(Cell("ogm[horizon=20]", "quadratic", 19)), "ogm").outcome == "unresolvable"


def test_after_its_horizon_ogm_starts_afresh():
    problem = registry.problem("logistic[features=3]")
    whole = go(problem, "ogm[horizon=10]", 25).trajectory
    reached = np.array([whole[f"x{i}"][10] for i in range(3)])
    again = go(replace(problem, start=reached), "ogm[horizon=10]", 15).trajectory
    np.testing.assert_array_equal(whole["f"][10:], again["f"])


def test_each_round_of_ogm_shrinks_the_gap_of_a_strongly_convex_function():
    theta = float(thetas(30)[-1])
    f = run_cell(Cell("ogm[horizon=30]", "quadratic[kappa=100,start=ones]", 150)).trajectory["f"]
    factors = f[30::30] / f[:-30:30]
    assert np.all(factors <= 100.0 / theta**2)


# -- triple momentum: the identity behind its bound --------------------------------------------------------------------


def symmetric(a, b):
    return (a * b.T + b * a.T) / 2


@pytest.mark.parametrize("kappa", ["1.01", "2", "4", "100", "1e8"])
def test_the_potential_of_triple_momentum_shrinks_by_an_identity(kappa):
    """V_{k+1} - rho^2 V_k + rho^2 Q(y_{k-1}, y_k) + (1 - rho^2) Q(x*, y_k) = 0 as a quadratic form; f cancels."""
    L, mu = mpmath.mpf(1), 1 / mpmath.mpf(kappa)
    q, rho = mu / L, 1 - mpmath.sqrt(mu / L)
    alpha, beta = (1 + rho) / L, rho**2 / (2 - rho)
    gamma, delta = rho**2 / ((1 + rho) * (2 - rho)), rho**2 / (1 - rho**2)
    xi, last, g_last, g = (mpmath.matrix([int(i == j) for i in range(4)]) for j in range(4))
    before = ((1 + beta) * last - alpha * g_last - xi) / beta
    y, y_last = (1 + gamma) * xi - gamma * last, (1 + gamma) * last - gamma * before
    moved = (1 + beta) * xi - beta * last - alpha * g
    x, x_next = (1 + delta) * xi - delta * last, (1 + delta) * moved - delta * xi
    nought = mpmath.matrix(4, 1)

    def interpolation(x_i, g_i, x_j, g_j):
        dx, dg = x_i - x_j, g_i - g_j
        squares = symmetric(dg, dg) / L + mu * symmetric(dx, dx) - 2 * q * symmetric(dg, dx)
        return -symmetric(g_j, dx) - squares / (2 * (1 - q))

    def psi(at, slope):
        off = at - slope / L
        return -symmetric(slope, slope) / (2 * L) - mu / (2 * (1 - q)) * symmetric(off, off)

    weight = mu / (1 - q)
    rest = weight * symmetric(x_next, x_next) + psi(y, g) - rho**2 * (weight * symmetric(x, x) + psi(y_last, g_last))
    rest += rho**2 * interpolation(y_last, g_last, y, g) + (1 - rho**2) * interpolation(nought, nought, y, g)
    assert mpmath.mnorm(rest) < mpmath.mpf(10) ** -30
    # The first step: V_1 - (1 - sqrt q)/(1 + sqrt q) <g, x> + Q(x*, x_0), with x_0 = xi and g in its place.
    first = xi - (1 + delta) * alpha * g
    rest = weight * symmetric(first, first) + psi(xi, g) + interpolation(nought, nought, xi, g)
    rest -= (1 - mpmath.sqrt(q)) / (1 + mpmath.sqrt(q)) * symmetric(g, xi)
    assert mpmath.mnorm(rest) < mpmath.mpf(10) ** -30


# -- restarts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("test", ["function", "gradient"])
def test_restarts_make_fista_linear(test):
    problem = "quadratic[kappa=10000,dim=30,start=ones]"
    plain = run_cell(Cell("nesterov_convex", problem, 20_000, target=1e-10))
    restarted = run_cell(Cell(f"nesterov_restart[test={test}]", problem, 20_000, target=1e-10))
    assert restarted.status == plain.status == "reached"
    assert restarted.k < 0.5 * plain.k
    assert restarted.summary["value_calls"] == (restarted.k if test == "function" else 0)
    assert restarted.summary["gradient_calls"] == restarted.k + 1


# -- conjugate gradients and Krylov spaces -----------------------------------------------------------------------------


def exact_gaps(eigenvalues, start, steps):
    """gaps of conjugate gradients by their textbook recurrence in 120 digits, equal eigenvalues taken together."""
    with mpmath.workdps(120):
        weights = {}
        for v, c in zip(eigenvalues, start, strict=True):
            if v > 0 and c != 0:
                weights[float(v)] = weights.get(float(v), 0) + mpmath.mpf(float(c)) ** 2
        values = [mpmath.mpf(v) for v in weights]
        e = [mpmath.sqrt(w) for w in weights.values()]
        r = [-v * one for v, one in zip(values, e, strict=True)]
        p, found = r[:], [sum(v * one * one for v, one in zip(values, e, strict=True)) / 2]
        for _ in range(min(steps, len(values) - 1)):
            square = sum(one * one for one in r)
            curved = [v * one for v, one in zip(values, p, strict=True)]
            size = square / sum(a * b for a, b in zip(p, curved, strict=True))
            e = [a + size * b for a, b in zip(e, p, strict=True)]
            r = [a - size * b for a, b in zip(r, curved, strict=True)]
            ratio = sum(one * one for one in r) / square
            p = [a + ratio * b for a, b in zip(r, p, strict=True)]
            found.append(sum(v * one * one for v, one in zip(values, e, strict=True)) / 2)
        return [float(one) for one in found]


@pytest.mark.parametrize(
    "selector",
    [
        *("quadratic[kappa=100,dim=20]", "quadratic[kappa=1e4,dim=40]", "quadratic[kappa=1e6,dim=60,seed=3]"),
        *("quadratic[kappa=1e4,dim=60,spectrum=linear]", "quadratic[spectrum=two_point,start=ones]"),
        *("quadratic[kappa=1e12,dim=20,seed=5]", "quadratic[kappa=inf,dim=20,spectrum=linear]"),
        *("quadratic[dim=400,kappa=1e3]", "quadratic[dim=7,start=top]", "least_squares"),
    ],
)
def test_the_reference_is_conjugate_gradients_in_120_digits(selector):
    held = registry.problem(selector).spectrum
    values = np.maximum(held.eigenvalues, 0.0)
    steps = min(128, len(values))
    found = _best_gaps(values.tobytes(), (np.sqrt(values) * held.coordinates).tobytes(), steps)
    expected = np.array(exact_gaps(values, held.coordinates, steps))
    assert len(found) >= min(len(expected), 2) or expected[1] < 1e-20 * expected[0]
    expected = expected[: len(found)]
    # Above the true value only by rounding, relative to the square root of what it started from.
    assert np.all(found <= expected + np.sqrt(expected * expected[0]) * 1e-15 * (1 + np.arange(len(found))))
    # Near the end of the space it may lie below: that is the safe side.
    early = (expected > 1e-8 * expected[0]) & (np.arange(len(found)) <= len(values) // 2)
    np.testing.assert_allclose(found[early], expected[early], rtol=1e-7)


@pytest.mark.parametrize("horizon", [1, 4, 20])
def test_on_nesterovs_function_conjugate_gradients_have_a_closed_form(horizon):
    """After k steps f is the minimum over the first k coordinates, -(L/8)(1 - 1/(k + 1)) (Nesterov 2004, 2.1.2)."""
    n = 2 * horizon + 1
    result = run_cell(Cell("conjugate_gradient", f"nesterov_worst[horizon={horizon}]", n + 3))
    k = result.trajectory["k"]
    expected = -0.5 * (1.0 - 1.0 / (np.minimum(k, n) + 1.0))
    np.testing.assert_allclose(result.trajectory["f"], expected, atol=1e-13)
    verdict = verdict_of(result, "lower_nesterov")
    assert (verdict.outcome, verdict.k) == ("holds", horizon)
    assert verdict.bound == pytest.approx(0.5 * (1.0 / (horizon + 1) - 1.0 / (n + 1)), rel=1e-9)


@pytest.mark.parametrize(("optimizer", "factor"), [("gradient_descent", 6.6), ("nesterov_convex", 3.06)])
def test_distances_above_the_lower_bound_are_known(optimizer, factor):
    f = run_cell(Cell(optimizer, "nesterov_worst[horizon=20]", 20)).trajectory["f"]
    problem = registry.problem("nesterov_worst[horizon=20]")
    bound = 3.0 * 4.0 * np.sum(problem.x_star**2) / (32.0 * 21.0**2)
    assert (f[20] - problem.f_star.value) / bound == pytest.approx(factor, rel=0.01)


def test_a_reference_is_computed_once_for_all_methods_on_a_problem():
    problem = "quadratic[dim=31,seed=77]"
    run_cell(Cell("gradient_descent", problem, 1000))
    before = _best_gaps.cache_info()
    for name in ("nesterov", "heavy_ball", "conjugate_gradient"):
        run_cell(Cell(name, problem, 1000))
    after = _best_gaps.cache_info()
    assert (after.misses, after.hits) == (before.misses, before.hits + 3)


@pytest.mark.parametrize(
    ("kappa", "distinct"),
    [(1.0, 1), *[(kappa, m) for kappa in (10.0, 100.0, 1e4) for m in (2, 3, 5)], (10.0, 8), (100.0, 8)],
)
@pytest.mark.parametrize("turned", [False, True])
def test_it_ends_in_as_many_steps_as_there_are_eigenvalues(kappa, distinct, turned):
    values = np.geomspace(4.0 / kappa, 4.0, distinct).repeat(4)
    problem = spectrum(values, np.random.default_rng(distinct).standard_normal(len(values)), turned)
    result = go(problem, "conjugate_gradient", distinct + 3)
    f = result.trajectory["f"]
    assert f[distinct] <= 1e-12 * f[0]
    assert distinct == 1 or f[distinct - 1] > 1e-9 * f[0]
    assert {verdict.outcome for verdict in result.verdicts} <= {"holds", "attained", "unresolvable", "not applicable"}


def test_rounding_costs_steps_where_many_eigenvalues_lie_far_apart():
    """The textbook recurrence needs the ninth step, too: short recurrences lose their conjugacy (Greenbaum 1989)."""
    values = np.geomspace(4e-4, 4.0, 8).repeat(4)
    start = np.random.default_rng(8).standard_normal(32)
    f = go(spectrum(values, start), "conjugate_gradient", 10).trajectory["f"]
    x, g = start.copy(), values * start
    d, textbook = -g, []
    for _ in range(10):
        size = g @ g / (d @ (values * d))
        x, moved = x + size * d, g + size * values * d
        d, g = -moved + moved @ moved / (g @ g) * d, moved
        textbook.append(0.5 * x @ (values * x))
    assert f[8] > 1e-6 * f[0] < textbook[7]
    assert f[9] < 1e-10 * f[0] > textbook[8]


@pytest.mark.parametrize("selector", ["quadratic[rotated=true]", "least_squares", "quadratic[kappa=1e4,dim=40]"])
def test_conjugate_gradients_are_those_of_scipy(selector):
    problem = registry.problem(selector)
    hessian = np.array([_product(problem, column) for column in np.eye(problem.n)])
    right = hessian @ problem.x_star
    seen = []
    cg(hessian, right, x0=problem.start, rtol=0.0, atol=0.0, maxiter=9, callback=lambda x: seen.append(x.copy()))
    f = go(problem, "conjugate_gradient", 9).trajectory["f"] - problem.f_star.value
    expected = [0.5 * (x - problem.x_star) @ hessian @ (x - problem.x_star) for x in seen]
    np.testing.assert_allclose(f[1 : len(expected) + 1], expected, rtol=1e-8, atol=1e-14 * abs(problem.f_star.value))


def _product(problem, v):
    from gdbench.audit.certificates import calls

    return calls(problem).product(problem.start, v)


def test_a_product_counts_as_a_gradient():
    found = run_cell(Cell("conjugate_gradient", "quadratic", 12))
    np.testing.assert_array_equal(found.trajectory["gradient_calls"], 2 * np.arange(13) + 1)
    assert found.summary["value_calls"] == 0


def test_conjugate_gradients_find_the_nearest_minimiser_of_a_flat_quadratic():
    found = run_cell(Cell("conjugate_gradient", "quadratic[kappa=inf,dim=12,spectrum=linear]", 40))
    assert found.summary["dist2"] < 1e-20
    assert all(verdict.outcome != "violated" for verdict in found.verdicts)


@pytest.mark.parametrize(("selector", "kind"), [("huber", "convex"), ("rosenbrock", "nonconvex"), ("mlp", "nonconvex")])
def test_it_refuses_what_is_no_quadratic(selector, kind):
    with pytest.raises(BadInput) as said:
        run_cell(Cell("conjugate_gradient", selector, 5))
    assert str(said.value) == (
        f"conjugate_gradient needs a quadratic and {selector} is {kind} but no quadratic: take lbfgs or newton."
    )


def test_triple_momentum_refuses_a_problem_without_mu():
    with pytest.raises(BadInput, match="huber has no mu"):
        run_cell(Cell("triple_momentum", "huber", 5))


@pytest.mark.parametrize("optimizer", ["ogm[horizon=0]", "ogm[horizon=2.5]", "nesterov_restart[test=both]"])
def test_bad_parameters(optimizer):
    with pytest.raises(BadInput):
        registry.optimizer(optimizer)


@pytest.mark.parametrize("optimizer", bugs_accelerated.HONEST)
def test_planted_steps_with_their_switch_off_are_those_of_the_project(optimizer):
    problem, made = registry.problem("quadratic[dim=7]"), registry.optimizer(optimizer)
    cell = Cell(optimizer, "quadratic[dim=7]", 150)
    own, planted = run_pair(problem, made, cell), run_pair(problem, bugs_accelerated.HONEST[optimizer](made), cell)
    for name, column in own.trajectory.columns.items():
        np.testing.assert_array_equal(planted.trajectory[name], column)


# -- every method ------------------------------------------------------------------------------------------------------

ALL = (*METHODS, "conjugate_gradient", "lbfgs", "newton")


@pytest.mark.parametrize("optimizer", ALL)
def test_no_step_is_a_run_too(optimizer):
    found = run_cell(Cell(optimizer, "quadratic", 0))
    assert (found.status, found.k, len(found.trajectory)) == ("finished", 0, 1)
    assert {verdict.outcome for verdict in found.verdicts} <= {"unresolvable", "inconclusive", "not applicable"}


@pytest.mark.parametrize("optimizer", ALL)
def test_a_start_at_the_minimiser_is_no_failure(optimizer):
    problem = registry.problem("quadratic[dim=5]")
    resting = replace(problem, start=np.zeros(5), spectrum=replace(problem.spectrum, coordinates=np.zeros(5)))
    found = go(resting, optimizer, 9)
    assert (found.status, found.k) == ("finished", 9)
    assert np.all(found.trajectory["f"] == 0.0)
    assert all(verdict.outcome != "violated" for verdict in found.verdicts)


@pytest.mark.parametrize("optimizer", [name for name in ALL if name != "lbfgs"])
def test_scaling_f_by_a_power_of_four_changes_no_bit_of_the_iterates(optimizer):
    """What depends on the scale of f has a hidden constant in it; the first trial of lbfgs is at most 1 long."""
    near = [1e-3 * one for one in START]
    plain, scaled = spectrum(EIGENVALUES, near), spectrum([1024.0 * v for v in EIGENVALUES], near)
    one, other = go(plain, optimizer, 60).trajectory, go(scaled, optimizer, 60).trajectory
    for i in range(3):
        np.testing.assert_array_equal(one[f"x{i}"], other[f"x{i}"])


def test_the_step_of_one_gradient_is_counted_as_one():
    for optimizer in ("nesterov_ratio", "ogm", "triple_momentum", "nesterov_restart"):
        found = run_cell(Cell(optimizer, "quadratic", 20))
        np.testing.assert_array_equal(found.trajectory["gradient_calls"], np.arange(21) + 1)
        assert found.summary["value_calls"] == 0
    assert math.isfinite(found.summary["f"])
