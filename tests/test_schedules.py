"""Schedules: kernels against their formulas, exact limits on a quadratic, Robbins and Monro's conditions, bad input."""

import math
import re

import mpmath
import numpy as np
import pytest
from subjects import suited

from gdbench import registry
from gdbench.errors import BadInput
from gdbench.kernel import prepare
from gdbench.run import Cell, run_cell, run_pair

NAMES = registry.names("schedule")
#: Each schedule with its defaults, and with parameters that bring its corners into a short run.
VARIANTS = [
    *NAMES,
    *("cosine[steps=40]", "cosine[steps=40,end=0.1]", "cosine[steps=7,restarts=true]", "step[gamma=0.5,every=7]"),
    *("milestones[at=1/2/50,gamma=0.7]", "milestones[at=5]", "exponential[rate=3]", "inverse_decay[rate=2.5]"),
    *("one_cycle[steps=20]", "one_cycle[steps=100,rise=0.5,first=2,last=5]", "transformer[width=3,warmup=5]"),
    *(
        "warmup_inverse_sqrt[warmup=1]",
        "warmup_linear[warmup=10,steps=30]",
        "warmup_cosine[warmup=10,steps=30,end=0.2]",
    ),
]
K = np.arange(300)


def alphas(selector, k=K, alpha=1.0, *, plain=False):
    schedule = registry.schedule(selector)
    plan = np.array([alpha, *schedule.parameters])
    kernel = getattr(schedule.kernel, "py_func", schedule.kernel) if plain else prepare(schedule.kernel)
    return np.array([kernel(int(i), plan) for i in k])


@pytest.mark.parametrize("selector", VARIANTS)
def test_kernels_follow_their_formulas(selector):
    shares = registry.schedule(selector).shares(K.astype(float))
    assert np.all(np.isfinite(shares)) and np.all(shares >= 0.0) and shares.shape == K.shape
    np.testing.assert_allclose(alphas(selector), shares, rtol=4e-15, atol=1e-15)
    np.testing.assert_allclose(alphas(selector, alpha=0.37), 0.37 * shares, rtol=4e-15, atol=1e-15)
    late = np.array([10**5, 10**7])
    np.testing.assert_allclose(alphas(selector, late), registry.schedule(selector).shares(late.astype(float)),
                               rtol=1e-9, atol=1e-15)  # fmt: skip


@pytest.mark.parametrize("selector", VARIANTS)
def test_plain_python_gives_the_same_bits(selector):
    np.testing.assert_array_equal(alphas(selector), alphas(selector, plain=True))


@pytest.mark.parametrize("selector", VARIANTS)
def test_robbins_and_monros_conditions(selector):
    """Twice the range of a divergent sum adds as much again or more, of a convergent one at most about half."""
    schedule = registry.schedule(selector)
    k = np.arange(2_000_000, dtype=float)
    shares = schedule.shares(k)

    def diverges(terms):
        tails = [float(np.sum(terms[first : 2 * first])) for first in (500_000, 1_000_000)]
        return tails[1] > 0.75 * tails[0] > 1e-100

    assert diverges(shares) == schedule.sum_diverges
    assert diverges(shares**2) != schedule.squares_converge


def factor(selector, u, k):
    """x_k/x_0 of gradient descent on a quadratic in one dimension, alpha_0 lambda = u, as run."""
    problem = registry.problem("quadratic[kappa=1,dim=1]")
    size = u / problem.L.value
    cell = Cell(f"gradient_descent[alpha={size!r},schedule={selector}]", problem.name, k)
    rows = run_cell(cell).trajectory
    assert rows["k"][-1] == k
    return math.sqrt(float(rows["dist2"][-1] / rows["dist2"][0]))


@pytest.mark.parametrize("u", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("k", [1, 10, 400])
def test_limits_on_a_quadratic_in_one_dimension(u, k):
    """Closed forms of prod (1 - u s_i): powers, Gamma functions and q-Pochhammer symbols, in thirty digits."""
    with mpmath.workdps(30):
        m = mpmath.mpf(u)
        closed = {
            "constant": (1 - m) ** k,
            "inverse": mpmath.rf(1 - m, k) / mpmath.factorial(k),
            "inverse_decay[rate=0.5]": mpmath.rf((1 - m) / 0.5, k) / mpmath.rf(2, k),
            "exponential[rate=0.25]": mpmath.qp(m, mpmath.exp(-mpmath.mpf(0.25)), k),
            "step[gamma=0.5,every=1]": mpmath.qp(m, mpmath.mpf(0.5), k),
        }
    for selector, value in closed.items():
        assert factor(selector, u, k) == pytest.approx(float(value), rel=1e-11), selector


@pytest.mark.parametrize("selector", ["exponential[rate=0.1]", "step[gamma=0.1,every=30]"])
def test_schedules_whose_steps_add_up_to_little_stall(selector):
    """A positive limit: no budget brings them closer."""
    assert factor(selector, 0.01, 2000) == pytest.approx(factor(selector, 0.01, 20_000), rel=1e-9)
    assert factor(selector, 0.01, 20_000) > 0.7
    assert factor("inverse_sqrt", 0.01, 20_000) < 0.1


def test_an_inverse_schedule_ends_where_u_is_whole():
    assert factor("inverse", 1.0, 1) == 0.0 and factor("inverse", 2.0, 5) == 0.0


#: Schedules that end: the k from which on they stay, and at which share.
ENDS = {
    "cosine[steps=40]": (40, 0.0),
    "cosine[steps=40,end=0.1]": (40, 0.1),
    "warmup_linear[warmup=10,steps=30]": (30, 0.0),
    "warmup_cosine[warmup=10,steps=30,end=0.2]": (30, 0.2),
    "one_cycle[steps=20]": (19, 1.0 / (25.0 * 1e4)),
    "one_cycle[steps=20,first=2,last=5]": (19, 0.1),
    "milestones[at=1/2/50,gamma=0.7]": (50, 0.7**3),
}


@pytest.mark.parametrize("selector", ENDS)
def test_a_schedule_that_is_shorter_than_the_run_stays_at_its_end(selector):
    last, share = ENDS[selector]
    past = alphas(selector, [last, last + 1, 2 * last, 10 * last, 10**6, 2**53])
    assert set(past) == {past[0]}
    # Factors of a product, or a sine of 0: an ulp or two.
    assert past[0] == pytest.approx(share, rel=4e-16, abs=0.0)
    assert alphas(selector, [last - 1])[0] != past[0]
    cell = Cell(f"gradient_descent[schedule={selector}]", "quadratic[kappa=10,dim=3]", 100)
    run = run_cell(cell)
    assert run.status == "finished"
    assert set(run.trajectory["alpha"][last:-1] * registry.problem(cell.problem).L.value) == {past[0]}
    moved = run.trajectory["step2"][last + 1 :]
    assert np.all(moved == 0.0) if share == 0.0 else np.all(moved > 0.0)
    assert not any(verdict.outcome == "violated" for verdict in run.verdicts)


def test_restarts_have_no_end():
    selector = "cosine[steps=7,restarts=true]"
    np.testing.assert_array_equal(alphas(selector, K + 7), alphas(selector))


@pytest.mark.parametrize("selector", ["warmup_linear[warmup=2,steps=10]", "cosine[steps=5]", "one_cycle[steps=5]"])
@pytest.mark.parametrize("problem", ["damping", "logistic[features=4]", "rosenbrock"])
@pytest.mark.parametrize("name", registry.names("optimizer"))
def test_every_method_outlives_its_schedule(name, problem, selector):
    """Steps of 0 are no division by 0."""
    if not any(one.name == "schedule" for one in registry.parameters("optimizer", name)):
        with pytest.raises(BadInput, match=r"'schedule'|schedule="):
            registry.optimizer(f"{name}[schedule={selector}]")
        return
    numbers = ",beta=0.5" if name in ("heavy_ball", "nesterov") else ""
    small = "1e-5" if problem == "rosenbrock" else "0.1/L"
    method = registry.optimizer(f"{name}[alpha={small}{numbers},schedule={selector}]")
    run = run_pair(*suited(problem, method), Cell(method.name, problem, 40))
    assert run.status == "finished" and run.k == 40
    assert all(np.all(np.isfinite(run.trajectory[column][:-1])) for column in ("f", "grad2", "alpha"))
    assert not any(verdict.outcome == "violated" for verdict in run.verdicts)


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ("warmup_linear[warmup=0]", "warmup=0 is out of range (>= 1): the nearest valid value is 1"),
        ("warmup_cosine[warmup=-3]", "warmup=-3 is out of range (>= 1): the nearest valid value is 1"),
        ("warmup_inverse_sqrt[warmup=0]", "warmup=0 is out of range (>= 1): the nearest valid value is 1"),
        ("transformer[warmup=0]", "warmup=0 is out of range (>= 1): the nearest valid value is 1"),
        ("warmup_linear[warmup=100,steps=100]", "not below steps=100: the nearest valid value is 99"),
        ("warmup_cosine[warmup=5,steps=2]", "not below steps=2"),
        ("warmup_linear[warmup=1,steps=1]", "warmup=1 of warmup_linear is not below steps=1: steps must be 2 or more"),
        ("cosine[steps=0]", "steps=0 is out of range (>= 1): the nearest valid value is 1"),
        ("cosine[steps=-5]", "steps=-5 is out of range (>= 1): the nearest valid value is 1"),
        ("cosine[steps=1e3]", "steps=1e3 of cosine is not a whole number: the nearest valid value is 1000"),
        ("cosine[steps=0.2]", "steps=0.2 of cosine is not a whole number: the nearest valid value is 1"),
        ("cosine[steps=1e99]", f"not a whole number: the nearest valid value is {2**53}"),
        ("cosine[steps=inf]", "steps=inf of cosine is not a whole number: whole number >= 1 is meant"),
        ("cosine[steps=nan]", "steps=nan of cosine is not a whole number: whole number >= 1 is meant"),
        ("cosine[steps=soon]", "steps=soon of cosine is not a whole number: whole number >= 1 is meant"),
        (f"cosine[steps={2**53 + 1}]", f"too large: the nearest valid value is {2**53}"),
        (f"cosine[steps={10**400}]", f"too large: the nearest valid value is {2**53}"),
        (f"milestones[at=5/{10**400}]", f"ends too late: the nearest valid end is {2**53}"),
        ("milestones[at=0/5]", "must increase from 1 on"),
        ("milestones[at=1e2]", "30/60/90"),
        ("one_cycle[steps=3]", "steps=3 is out of range (>= 4): the nearest valid value is 4"),
        ("one_cycle[first=inf]", "first=inf is not a finite number: first must be >= 1"),
        ("step[every=0]", "every=0 is out of range (>= 1): the nearest valid value is 1"),
        ("cosine[end=nan]", "end=nan is not a finite number: end must be >= 0 and <= 1"),
        ("exponential[rate=Infinity]", "rate=inf is not a finite number: rate must be > 0"),
        ("exponential[rate=0]", "rate=0 is out of range (> 0): it must lie strictly above 0"),
        ("inverse[steps=5]", "steps=5 cannot be given: inverse takes no parameters"),
        ("nothing_like_it", "the known ones are constant, cosine"),
        ("cosine[end=1.5]", "end=1.5 is out of range"),
        ("cosine[restarts=maybe]", "true or false"),
        ("step[gamma=1]", "gamma=1 is out of range"),
        ("step[gamma=0]", "gamma=0 is out of range"),
        ("exponential[rate=-1]", "rate=-1 is out of range"),
        ("milestones[at=90/30]", "must increase"),
        ("milestones[at=soon]", "30/60/90"),
        ("one_cycle[rise=0]", "rise=0 is out of range"),
        ("cosin", "did you mean 'cosine'"),
        ("cosine[step=3]", "did you mean 'steps'"),
    ],
)
def test_bad_input(selector, words):
    with pytest.raises(BadInput, match=re.escape(words)):
        registry.optimizer(f"gradient_descent[schedule={selector}]")


def test_selectors_with_schedules_have_one_spelling():
    for text, label in {
        "gradient_descent[schedule=constant]": "gradient_descent",
        "gradient_descent[schedule=cosine[end=0,steps=50],alpha=1/L]": "gradient_descent[schedule=cosine[steps=50]]",
        "heavy_ball[beta=0.5, schedule=inverse]": "heavy_ball[beta=0.5,schedule=inverse]",
    }.items():
        assert registry.canonical("optimizer", text) == label == registry.optimizer(text).name


VARYING = {"gd_convex_varstep", "gd_sc_varstep", "gd_nonconvex_varstep", "gd_fejer", "gd_descent", "quad_gd_exact"}


def test_theorems_for_one_step_size_do_not_judge_a_schedule():
    for name in ("gradient_descent", "heavy_ball", "nesterov", "nesterov_convex", "backtracking"):
        result = run_cell(Cell(f"{name}[schedule=cosine[steps=50]]", "quadratic[kappa=10]", 100))
        judged = {v.theorem for v in result.verdicts if v.outcome != "not applicable" and v.kind != "rate"}
        assert judged <= {*VARYING, "lower_krylov"}, name
        assert not any(verdict.outcome == "violated" for verdict in result.verdicts)
    assert {"gd_convex_varstep", "quad_gd_exact"} <= {
        v.theorem
        for v in run_cell(Cell("gradient_descent[schedule=one_cycle[steps=90]]", "quadratic[kappa=10]", 100)).verdicts
        if v.outcome in ("holds", "attained")
    }


def test_a_closed_form_that_does_not_apply_judges_no_rate():
    for size, judged in (("1.9/L", True), ("2.1/L", False)):
        cell = Cell(f"gradient_descent[alpha={size},schedule=warmup_linear[warmup=100]]", "quadratic[kappa=10]")
        outcomes = {verdict.theorem: verdict.outcome for verdict in run_cell(cell).verdicts}
        assert (outcomes["quad_gd_exact"] == "holds") == judged == ("quad_rate" in outcomes)
        assert "violated" not in outcomes.values()


def test_a_key_depends_on_the_file_of_its_schedule():
    from gdbench.sources import sources

    files = {path.name for path in sources("gradient_descent[schedule=cosine]", "bowl")}
    assert "cosine.py" in files and "inverse.py" not in files
