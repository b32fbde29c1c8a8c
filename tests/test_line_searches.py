"""Exact line search, Wolfe's conditions, the estimate of L: closed forms, SciPy, and kernels that count their calls."""

import random
import warnings
from dataclasses import replace
from importlib import import_module
from itertools import pairwise

import numpy as np
import pytest
import scipy.optimize
from planted import kernels
from planted.bugs import oracle as broken
from planted.bugs_line_search import HONEST
from planted.test_planted import same_run
from test_no_false_alarms import problem as random_problem

from gdbench import registry
from gdbench.audit import certificates
from gdbench.audit.calls import Calls
from gdbench.errors import BadInput
from gdbench.kernel import oracle, product, value
from gdbench.optimizers._wolfe import MOST_TRIALS
from gdbench.problem import Problem
from gdbench.run import Cell, run_cell, run_pair

RULES = ("exact_line_search", "wolfe", "wolfe[conditions=weak]", "polyak_step", "barzilai_borwein",
         "barzilai_borwein[variant=short]", "adaptive_lipschitz", "adaptive_lipschitz[growth=2]")  # fmt: skip


def go(problem: Problem, optimizer: str, iterations: int):
    return run_pair(problem, registry.optimizer(optimizer), Cell(optimizer, problem.name, iterations))


def path(found) -> np.ndarray:
    columns = [name for name in found.trajectory.columns if name.startswith("x")]
    return np.stack([found.trajectory[name] for name in columns], axis=1)


def outcomes(found) -> dict[str, str]:
    return {verdict.theorem: verdict.outcome for verdict in found.verdicts}


@pytest.mark.parametrize("kappa", [2.0, 10.0, 100.0, 1e4, 1e6])
@pytest.mark.parametrize("rotated", ["false", "true"])
def test_kantorovich_start_attains_the_bound_at_every_k(kappa, rotated):
    found = run_cell(Cell("exact_line_search", f"quadratic[kappa={kappa},start=line_search,rotated={rotated}]", 400))
    f = found.trajectory["f"]
    bound = ((kappa - 1.0) / (kappa + 1.0)) ** (2.0 * np.arange(401)) * f[0]
    seen = bound > 1e-250
    np.testing.assert_allclose(f[seen], bound[seen], rtol=1e-9)
    assert outcomes(found)["gd_exact_ls"] == "attained"
    # The parabola's drop is 4/kappa of a gap that is known to kappa roundings.
    assert outcomes(found)["exact_ls_drop"] == ("holds" if kappa <= 1e4 else "unresolvable")


def test_exact_steps_on_a_quadratic_follow_from_its_eigenvalues():
    instance = registry.problem("quadratic[kappa=50,dim=3]")
    found = go(instance, "exact_line_search", 60)
    spectrum = instance.spectrum.eigenvalues
    e = path(found)[:-1]
    expected = np.sum(spectrum**2 * e**2, axis=1) / np.sum(spectrum**3 * e**2, axis=1)
    np.testing.assert_allclose(found.trajectory["alpha"][:-1], expected, rtol=1e-12)
    np.testing.assert_array_equal(found.trajectory["gradient_calls"], 1 + 2 * np.arange(61))


@pytest.mark.parametrize("problem", ["quadratic[dim=3,rotated=true]", "logistic[samples=40,features=3]", "rosenbrock",
                                     "least_squares[samples=30,features=3]", "quadratic[dim=3]"])  # fmt: skip
def test_the_new_gradient_is_orthogonal_to_the_old(problem):
    instance = registry.problem(problem)
    found = go(instance, "exact_line_search", 8)
    calls = certificates.calls(instance)
    gradients = [calls.oracle(x)[1] for x in path(found)]
    for before, after in pairwise(gradients):
        assert abs(before @ after) <= 1e-10 * (before @ before)
    assert np.all(np.diff(found.trajectory["f"]) < 0.0)


@pytest.mark.parametrize("problem", ["logistic[samples=40,features=3]", "logistic[samples=60,features=2,l2=0]",
                                     "huber_strongly_convex[kappa=10]", "heavy_ball_cycle"])  # fmt: skip
def test_exact_steps_are_roots_of_the_slope(problem):
    instance = registry.problem(problem)
    found = go(instance, "exact_line_search", 4)
    calls = certificates.calls(instance)
    for x, alpha in zip(path(found)[:-1], found.trajectory["alpha"], strict=False):
        g = calls.oracle(x)[1]
        if g @ g < 1e-20:
            continue
        slope = lambda t, x=x, g=g: -(g @ calls.oracle(x - t * g)[1])  # noqa: E731
        root = scipy.optimize.brentq(slope, 0.0, 2.0 * alpha, xtol=1e-15, rtol=1e-14)
        assert alpha == pytest.approx(root, rel=1e-9)


def scipy_step(calls: Calls, x: np.ndarray, c1: float, c2: float):
    g = calls.oracle(x)[1]
    with warnings.catch_warnings():
        # After ten trials SciPy gives up with a warning and None.
        warnings.simplefilter("ignore")
        return scipy.optimize.line_search(
            calls.value, lambda point: calls.oracle(point)[1], x, -g, gfk=g, old_fval=calls.value(x), c1=c1, c2=c2
        )[0]


@pytest.mark.parametrize("problem", ["logistic[samples=40,features=3]", "quadratic[kappa=100,dim=3]", "rosenbrock",
                                     "rosenbrock[dim=5]", "sine_bowl", "mlp[inputs=2,width=3,samples=20]"])  # fmt: skip
@pytest.mark.parametrize(("c1", "c2"), [(1e-4, 0.9), (1e-4, 0.1), (0.3, 0.5)])
def test_strong_wolfe_steps_equal_those_of_scipy(problem, c1, c2):
    instance = registry.problem(problem)
    calls = certificates.calls(instance)
    same = []
    for x in certificates.random_points(instance, 20, seed=3):
        f, g = calls.oracle(x)
        found = go(replace(instance, start=x), f"wolfe[c1={c1},c2={c2}]", 1)
        assert found.status == "finished"
        alpha = found.trajectory["alpha"][0]
        after, slopes = calls.oracle(x - alpha * g)
        assert after <= f - c1 * alpha * (g @ g) + 1e-15 * abs(f)
        assert abs(g @ slopes) <= c2 * (g @ g) * (1.0 + 1e-12)
        expected = scipy_step(calls, x, c1, c2)
        # The two interpolate by sums in another order: 5 ulp at most, where other steps differ by 4e-4 or more.
        same.append(expected is not None and alpha == pytest.approx(expected, rel=1e-14))
    # SciPy measures the margin of a cubic step by a signed width, so it keeps none where the better end is the right
    # one, and it gives up after ten trials; with its sign here, all steps that it finds are equal.
    assert sum(same) >= (20 if c2 >= 0.5 else 8)


@pytest.mark.parametrize("conditions", ["weak", "strong"])
@pytest.mark.parametrize("c2", [0.2, 0.9])
@pytest.mark.parametrize("alpha", ["0.001", "1/L", "30/L"])
@pytest.mark.parametrize("problem", ["logistic[samples=40,features=3]", "quadratic[kappa=100,dim=3]", "rosenbrock"])
def test_every_step_satisfies_the_conditions(problem, alpha, c2, conditions):
    instance = registry.problem(problem)
    found = go(instance, f"wolfe[alpha={alpha},conditions={conditions},c2={c2}]", 25)
    calls = certificates.calls(instance)
    visited = [calls.oracle(x) for x in path(found)]
    for ((f, g), (after, slopes)), used in zip(pairwise(visited), found.trajectory["alpha"], strict=False):
        assert after <= f - 1e-4 * used * (g @ g) + 1e-15 * abs(f)
        assert g @ slopes <= c2 * (g @ g) * (1.0 + 1e-9)
        assert conditions == "weak" or g @ slopes >= -c2 * (g @ g) * (1.0 + 1e-9)


def test_weak_conditions_accept_what_strong_ones_reject():
    top = "quadratic[dim=3,start=top]"
    weak = run_cell(Cell("wolfe[alpha=1.9/L,conditions=weak,c2=0.5]", top, 1))
    strong = run_cell(Cell("wolfe[alpha=1.9/L,conditions=strong,c2=0.5]", top, 1))
    assert weak.trajectory["alpha"][0] == 1.9 / 4.0
    assert (weak.trajectory["gradient_calls"][-1], strong.trajectory["gradient_calls"][-1]) == (3, 4)
    assert strong.trajectory["alpha"][0] == pytest.approx(1.0 / 4.0, rel=1e-12)


@oracle
def counting_oracle(x, g, data):
    data.draw[0] += 1
    f = 0.0
    for i in range(x.shape[0]):
        square = x[i] * x[i]
        f += 0.5 * data.vector[i] * square + 0.25 * square * square
        g[i] = data.vector[i] * x[i] + square * x[i]
    return f


@value
def counting_value(x, data):
    data.draw[1] += 1
    f = 0.0
    for i in range(x.shape[0]):
        square = x[i] * x[i]
        f += 0.5 * data.vector[i] * square + 0.25 * square * square
    return f


@product
def counting_product(x, v, out, data):
    data.draw[2] += 1
    for i in range(x.shape[0]):
        out[i] = (data.vector[i] + 3.0 * x[i] * x[i]) * v[i]


def quartic(**changes) -> Problem:
    """1/2 sum vector_i x_i^2 + 1/4 sum x_i^4, whose kernels count their calls in draw."""
    base = registry.problem("quadratic[kappa=20,dim=3]")
    made = replace(
        base, oracle=counting_oracle, value=counting_value, product=counting_product, spectrum=None, L=None,
        kind="convex", draw=np.zeros(3, dtype=np.int64), name="quartic",
    )  # fmt: skip
    return replace(made, **changes)


@pytest.mark.parametrize("kind", ["convex", "nonconvex"])
@pytest.mark.parametrize("optimizer", RULES)
def test_calls_are_what_the_kernels_counted(optimizer, kind, monkeypatch):
    setting = import_module("gdbench.stage")
    honest, given = setting.box_data, []
    monkeypatch.setattr(setting, "box_data", lambda *arrays: (given.append(arrays), honest(*arrays))[1])
    found = go(quartic(kind=kind), optimizer.replace("borwein[", "borwein[alpha=0.1,").removesuffix("]") + (
        "]" if "[" in optimizer else "[alpha=0.1]" if optimizer == "barzilai_borwein" else ""), 30)  # fmt: skip
    oracles, values, products = given[0][6]
    assert found.status == "finished"
    assert found.summary["gradient_calls"] == oracles + products
    assert found.summary["value_calls"] == values
    assert found.summary["gap"] < 1e-2 * found.summary["gap_0"]


@oracle
def slope_oracle(x, g, data):
    g[0] = 1.0
    return x[0]


@value
def slope_value(x, data):
    return x[0]


@product
def flat_product(x, v, out, data):
    out[0] = 0.0


@pytest.mark.parametrize(
    ("optimizer", "reason"),
    [
        ("exact_line_search", "no minimum along the gradient was found in 200 trials"),
        ("wolfe", f"no step that satisfies Wolfe's conditions was found in {MOST_TRIALS} trials"),
    ],
)
def test_a_function_without_minimum_ends_with_a_reason(optimizer, reason):
    falling = Problem(
        oracle=slope_oracle, value=slope_value, product=flat_product, start=np.zeros(1), kind="convex", source="a test"
    )
    found = go(falling, optimizer, 10)
    assert (found.status, found.k, found.reason) == ("failed", 0, reason)


def test_a_quadratic_that_curves_down_ends_with_a_reason():
    base = registry.problem("quadratic[dim=3]")
    found = go(replace(base, vector=-base.vector), "exact_line_search", 10)
    assert (found.status, found.reason) == ("failed", "the quadratic does not curve upwards along the gradient")


@pytest.mark.parametrize("problem", ["quadratic[dim=3]", "huber", "rosenbrock"])
@pytest.mark.parametrize("optimizer", RULES)
def test_at_a_stationary_point_nothing_moves(optimizer, problem):
    base = registry.problem(problem)
    found = go(replace(base, start=base.x_star.copy()), optimizer, 5)
    assert (found.status, found.k) == ("finished", 5)
    np.testing.assert_array_equal(found.trajectory["dist2"], np.zeros(6))
    assert "violated" not in outcomes(found).values()


@pytest.mark.parametrize("optimizer", ["exact_line_search", "wolfe[alpha=10]", "wolfe[alpha=10,conditions=weak]",
                                       "adaptive_lipschitz[alpha=10,growth=4]"])  # fmt: skip
def test_trials_where_f_is_not_a_number_are_too_long(optimizer):
    base = replace(registry.problem("quadratic[kappa=2,dim=7,start=ones]"), spectrum=None, kind="nonconvex")
    holed = broken(kernels.DOMAIN, 8.0)(base)
    found = go(holed, optimizer, 60)
    assert found.status == "finished"
    assert found.summary["gap"] < 1e-8 * found.summary["gap_0"]


def test_the_estimate_doubles_until_it_passes_and_is_kept():
    top = "quadratic[dim=2,start=top]"
    kept = run_cell(Cell("adaptive_lipschitz[alpha=10/L]", top, 1))
    # 10/L, 5/L, 2.5/L and 1.25/L fail: f falls by alpha ||g||^2/2 only for alpha <= 1/L.
    assert kept.trajectory["alpha"][0] * 4.0 == 0.625
    assert kept.summary["value_calls"] == 5
    found = run_cell(Cell("adaptive_lipschitz", "quadratic[kappa=100,dim=2,start=top]", 30))
    assert found.trajectory["alpha"][0] == 0.25
    mixed = run_cell(Cell("adaptive_lipschitz[alpha=128/L]", "quadratic[kappa=100,dim=9]", 200)).trajectory
    assert np.all(np.diff(mixed["alpha"][:-1]) <= 0.0)
    shrinks = np.log2(128.0 / 4.0 / mixed["alpha"][:-1])
    np.testing.assert_array_equal(mixed["value_calls"][1:], np.arange(1, 201) + shrinks)


def test_a_growing_estimate_tries_longer_steps():
    found = run_cell(Cell("adaptive_lipschitz[growth=2]", "quadratic[kappa=1000,dim=9]", 300))
    kept = run_cell(Cell("adaptive_lipschitz", "quadratic[kappa=1000,dim=9]", 300))
    assert found.trajectory["alpha"][:-1].max() > 4.0 * kept.trajectory["alpha"][:-1].max()
    assert found.summary["gap"] < 0.1 * kept.summary["gap"]
    assert set(outcomes(found).values()) == {"holds"}


@pytest.mark.parametrize(
    ("optimizer", "problem", "sentence"),
    [
        ("wolfe[c1=0.5,c2=0.4]", "quadratic", "c1=0.5 of wolfe is not below c2=0.4"),
        ("wolfe[c2=1]", "quadratic", "c2=1 is out of range"),
        ("wolfe[conditions=strict]", "quadratic", "There is no conditions of wolfe 'strict'"),
        ("wolfe[alpha=1/L]", "mlp", "mlp has no L"),
        ("polyak_step[alpha=1]", "quadratic", "polyak_step takes no parameters"),
        ("polyak_step", "mlp", "mlp has no exact f*: polyak_step needs it"),
        ("polyak_step", "logistic[samples=5,features=3,l2=0]", "has no exact f*"),
        ("barzilai_borwein", "mlp", "mlp has no L"),
        ("barzilai_borwein[variant=middle]", "quadratic", "There is no variant of barzilai_borwein 'middle'"),
        ("adaptive_lipschitz[growth=0.5]", "quadratic", "growth=0.5 is out of range"),
        ("adaptive_lipschitz[factor=1]", "quadratic", "factor=1 is out of range"),
    ],
)
def test_bad_input_is_one_sentence(optimizer, problem, sentence):
    with pytest.raises(BadInput) as caught:
        run_cell(Cell(optimizer, problem, 5))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("problem", ["least_squares", "logistic[l2=0.0001]", "quadratic[kappa=1e4]",
                                     "quadratic[kappa=1e4,rotated=true,start=line_search]"])  # fmt: skip
@pytest.mark.parametrize("optimizer", RULES)
def test_long_runs_raise_no_alarm(optimizer, problem):
    found = run_cell(Cell(optimizer, problem, 3000))
    assert found.status == "finished"
    assert "violated" not in outcomes(found).values()


@pytest.mark.parametrize("schedule", ["warmup_linear", "cosine[steps=20]", "inverse", "exponential"])
@pytest.mark.parametrize("optimizer", ["wolfe", "barzilai_borwein", "adaptive_lipschitz"])
def test_a_schedule_shapes_first_trials_and_may_end_at_zero(optimizer, schedule):
    found = run_cell(Cell(f"{optimizer}[schedule={schedule}]", "quadratic[kappa=10]", 60))
    assert found.status == "finished"
    assert found.summary["gap"] < found.summary["gap_0"]
    assert set(outcomes(found).values()) <= {"holds", "not applicable"}


METHODS = (
    *("exact_line_search", "exact_line_search", "polyak_step", "polyak_step"),
    *("wolfe", "wolfe[alpha={i},conditions={w},c1={c1:.2g},c2={c2:.3f}]"),
    *("barzilai_borwein", "barzilai_borwein[variant=short,alpha={i}]"),
    *("adaptive_lipschitz", "adaptive_lipschitz[alpha={i},factor={f:.2f},growth={r}]"),
)


def method(draws: random.Random) -> str:
    return draws.choice(METHODS).format(
        i=draws.choice(["10", "1/L", "0.3", "100/L"]),
        w=draws.choice(["weak", "strong"]),
        c1=10 ** draws.uniform(-5, -1),
        c2=draws.uniform(0.11, 0.95),
        f=draws.uniform(0.1, 0.8),
        r=draws.choice(["1", "1.3", "2"]),
    )


@pytest.mark.parametrize("block", range(5))
def test_no_theorem_is_violated(block):
    draws = random.Random(500 + block)
    judged = 0
    for seed in range(60):
        cell = Cell(method(draws), random_problem(draws, seed), draws.choice([30, 300, 1500]))
        try:
            result = run_cell(cell)
        except BadInput:
            continue
        judged += len(result.verdicts)
        alarms = [verdict for verdict in result.verdicts if verdict.outcome == "violated"]
        assert not alarms, alarms
        assert result.status == "finished" or cell.optimizer.startswith("barzilai"), (cell, result.reason)
    assert judged > 120


@pytest.mark.parametrize("problem", ["quadratic[dim=7]", "logistic[samples=40,features=3]"])
@pytest.mark.parametrize("name", HONEST)
def test_the_switch_of_planted_kernels_is_no_bug(name, problem):
    instance, optimizer = registry.problem(problem), registry.optimizer(name)
    same_run(instance, optimizer, HONEST[name](optimizer))
