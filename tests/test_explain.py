"""A violation explains itself: planted causes are named, and every kernel of the registry runs in 50 digits."""

import json
import math
from dataclasses import astuple, replace
from importlib import import_module
from itertools import islice
from pathlib import Path

import mpmath
import numpy as np
import pytest
from bits import SMALL
from click.testing import CliRunner
from planted.checks import ITERATIONS
from subjects import EXACT, exact

import gdbench
from gdbench import evaluate, registry
from gdbench.cli import main
from gdbench.explain import Inquiry, explain, explained
from gdbench.explain.minimiser import minimum
from gdbench.explain.points import points
from gdbench.explain.repeat import NotRepeated, Rehearsal, columns, repeat
from gdbench.explain.transplant import Fifty, Plain, Transplant
from gdbench.explain.wide import CapExceeded, Leak, number_type
from gdbench.kernel import COLUMNS, box_data, dot, helper, inlined, oracle, prepare, step, value
from gdbench.problem import Constant
from gdbench.report.content import Content
from gdbench.report.record import Record
from gdbench.run import Cell, run_pair
from gdbench.theory import theorems

FILES = sorted(path.stem for path in (Path(__file__).parent / "planted").glob("bugs*.py"))
BUGS = tuple(bug for name in FILES for bug in import_module(f"planted.{name}").BUGS)
PLENTY = 10**7
#: Planted bugs that are no fault of method, constants or theorem: rounding, too strict a judge, a judge of other rows.
OTHERS = {
    "iterates in float32": "arithmetic",
    "naive: iterates in single precision": "arithmetic",
    "naive: an integer that wraps when compiled": "compiler",
    "no allowance for rounding": "arithmetic",
    "rows judged one early": "not explained",
}
#: A hundredfold of the largest sum of roundings of a few steps from numbers of size 1: 2^-53 times some hundred terms.
CLOSE = 1e-12


@step
def too_long(k, alpha, f, state, data, calls):
    """Gradient descent with 2.5 times the step that it says it takes."""
    for i in range(state.x.shape[0]):
        state.x[i] -= 2.5 * alpha * state.g[i]
    return alpha, 0, 0


@inlined
def single(x):
    """x to the 24 digits of float32, by Veltkamp's splitting: in 50 digits it stays x."""
    c = 536870913.0 * x
    return c - (c - x)


@oracle
def coarse_oracle(x, g, data):
    for i in range(x.shape[0]):
        g[i] = single(data.vector[i] * x[i])
    return 0.5 * dot(g, x)


@oracle
def offset_oracle(x, g, data):
    """1e5 + x'Ax/2, through a sum that is 1e5 times as large."""
    for i in range(x.shape[0]):
        g[i] = data.vector[i] * x[i]
    return ((0.5 * dot(g, x) + 1e5) + 1e10) - 1e10


@value
def offset_value(x, data):
    f = 0.0
    for i in range(x.shape[0]):
        f += 0.5 * data.vector[i] * x[i] * x[i]
    return ((f + 1e5) + 1e10) - 1e10


@step
def wrapping(k, alpha, f, state, data, calls):
    """Right in Python, whose whole numbers grow; compiled, (k + 1) 2^64 is 0 and the step 2.5 times too long."""
    large = (k + 1) * 4611686018427387904 * 4
    size = 2.5 * alpha if large == 0 else alpha
    for i in range(state.x.shape[0]):
        state.x[i] -= size * state.g[i]
    return alpha, 0, 0


@step
def through_float(k, alpha, f, state, data, calls):
    for i in range(state.x.shape[0]):
        state.x[i] = float(state.x[i]) - 2.5 * alpha * state.g[i]
    return alpha, 0, 0


@step
def through_erf(k, alpha, f, state, data, calls):
    for i in range(state.x.shape[0]):
        state.x[i] -= 2.5 * alpha * math.erf(state.g[i])
    return alpha, 0, 0


@step
def half_of_whole_numbers(k, alpha, f, state, data, calls):
    """The quotient of two whole numbers is a float64 in Python: left in memory, it must be seen."""
    state.memory[0, 0] = (k + 1) / 3
    for i in range(state.x.shape[0]):
        state.x[i] -= 2.5 * alpha * state.g[i]
    return alpha, 0, 0


def descent(kernel=too_long, **more):
    return replace(registry.optimizer("gradient_descent"), step=kernel, **more)


def violations(problem, optimizer, iterations=60, **more):
    """The violated verdicts of a run by theorem, with their explanations."""
    cell = Cell(optimizer.name, problem.name, iterations)
    inquiry = Inquiry(problem, optimizer, cell, **more)
    found = run_pair(problem, optimizer, cell).verdicts
    return {one.theorem: inquiry.explain(one) for one in found if one.outcome == "violated"}


def causes(found):
    assert found
    return {one.cause for one in found.values()}


def small(name):
    return registry.problem(SMALL.get(name, name))


def float_star(problem):
    return np.full(problem.n, math.nan) if problem.x_star is None else problem.x_star


def rehearsed(problem, optimizer, last, arithmetic):
    star = float_star(problem)
    star = arithmetic.array(star) if isinstance(arithmetic, Fifty) else star
    return repeat(problem, optimizer, optimizer.tune(problem), last, arithmetic, star)


def compiled(problem, optimizer, last):
    cell = Cell(optimizer.name, problem.name, last)
    return np.array([one.row for one in points(problem, optimizer, optimizer.tune(problem), cell)])


# -- causes -------------------------------------------------------------------------------------------------------


def test_a_wrong_step_is_no_rounding():
    found = violations(registry.problem("quadratic[dim=5]"), descent())
    assert causes(found) == {"iterates"}
    tight = found["gd_convex_tight"]
    # The run is in its first step: a few roundings of 2^-53 separate it from 50 digits.
    for name in ("points", "repeated"):
        assert tight.figures[f"measured_{name}"] == pytest.approx(tight.figures["measured"], rel=2e-15)
    assert tight.k == 1 and "constants or the theorem are wrong" in tight.detail
    assert "to the last bit" in tight.detail and "as declared" not in tight.detail


def test_a_gradient_in_float32_is_rounding_in_the_steps():
    problem = replace(registry.problem("quadratic[dim=5,seed=1]"), oracle=coarse_oracle)
    found = violations(problem, registry.optimizer("gradient_descent"))
    assert causes(found) == {"arithmetic"}
    assert "in the steps: its points disobey" in found["quad_gd_exact"].detail


def test_a_cancelling_value_is_rounding_in_f():
    problem = registry.problem("quadratic[dim=5]")
    problem = replace(problem, oracle=offset_oracle, value=offset_value, f_star=Constant(1e5, "exact", "set"), terms=1)
    found = violations(problem, registry.optimizer("gradient_descent"), 300)
    assert causes(found) == {"arithmetic"}
    assert "in f and g: its points obey" in found["quad_gd_exact"].detail


def test_what_the_compiler_changes_is_named():
    found = violations(registry.problem("quadratic[dim=5]"), descent(wrapping))
    assert causes(found) == {"compiler"}
    assert "compiled and plain Python differ from k = 1 on, in f, f_query" in found["gd_convex_tight"].detail
    assert "plain Python obeys" in found["gd_convex_tight"].detail


def test_wrong_constants_are_not_repaired():
    problem = registry.problem("quadratic[dim=5]")
    moved = replace(problem, x_star=problem.x_star + 1e-9)
    found = violations(moved, registry.optimizer("gradient_descent"))
    assert causes(found) == {"iterates"}
    assert all(one.detail.endswith("x* and f* as declared") for one in found.values())


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_no_planted_bug_is_called_rounding_but_those_that_are(bug, monkeypatch):
    bug.patch(monkeypatch)
    problem = bug.in_problem(bug.setting(registry.problem(bug.problem)))
    optimizer = bug.in_optimizer(registry.optimizer(bug.optimizer))
    cell = Cell(optimizer.name, problem.name, ITERATIONS)
    found = [one for one in run_pair(problem, optimizer, cell).verdicts if one.outcome == "violated"]
    for verdict in found[:1]:
        law = theorems().get(verdict.theorem)
        followed = optimizer.sampling is None and not (law is not None and law.by_coordinate)
        usual = "iterates" if followed else "not explained"
        assert explain(problem, optimizer, cell, verdict).cause == OTHERS.get(bug.name, usual)


def test_only_what_is_violated_has_a_cause():
    problem, optimizer = registry.problem("bowl"), registry.optimizer("gradient_descent")
    cell = Cell("gradient_descent", "bowl", 5)
    verdict = run_pair(problem, optimizer, cell).verdicts[0]
    with pytest.raises(ValueError, match="only what is violated has a cause"):
        explain(problem, optimizer, cell, verdict)


# -- where 50 digits end --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kernel", "where"),
    [
        (through_float, "through_float, line {} of test_explain.py leaves the 50-digit arithmetic at float()"),
        (through_erf, "through_erf, line {} of test_explain.py leaves the 50-digit arithmetic at erf, which has no"),
    ],
)
def test_a_kernel_that_falls_back_to_float64_is_found_out(kernel, where):
    found = violations(registry.problem("quadratic[dim=5]"), descent(kernel))
    assert causes(found) == {"not explained"}
    line = kernel.py_func.__code__.co_firstlineno + 3
    assert all(one.detail.startswith(where.format(line)) for one in found.values())
    assert "with f and g in 50 digits the points disobey" in found["gd_convex_tight"].detail


def test_a_float64_that_is_left_in_memory_is_found_out():
    with pytest.raises(NotRepeated, match=r"a float \(0.33.*\) among its numbers, which half_of_whole_numbers leaves"):
        list(rehearsed(registry.problem("bowl"), descent(half_of_whole_numbers, memory=1), 3, Fifty(PLENTY)))


@pytest.mark.parametrize("broken", [lambda x: x + 0.5, lambda x: 0.5 * x, math.sqrt, float, lambda x: x < 0.5])
def test_numbers_refuse_float64(broken):
    with pytest.raises(Leak):
        broken(number_type(PLENTY).of(1))


def test_the_cap_bites_and_says_so():
    problem, optimizer = registry.problem("quadratic[dim=5]"), descent()
    whole = violations(problem, optimizer)["gd_convex_tight"]
    assert whole.cause == "iterates"
    found = violations(problem, optimizer, cap=100)["gd_convex_tight"]
    assert found.cause == "not explained"
    assert found.detail.startswith("repeating the run beyond k = 0 exceeds the cap of 100 operations in 50 digits")
    found = violations(problem, optimizer, cap=20)["gd_convex_tight"]
    assert found.detail == "finding x* and f* exceeds the cap of 20 operations in 50 digits"
    kind = number_type(2)
    with pytest.raises(CapExceeded):
        kind.of(1) + kind.of(1) + kind.of(1) + kind.of(1)


# -- 50 digits ------------------------------------------------------------------------------------------------------


def test_gradient_descent_on_a_quadratic_has_45_digits_of_its_closed_form():
    problem, optimizer = registry.problem("quadratic[dim=5,kappa=1000]"), registry.optimizer("gradient_descent")
    with mpmath.workdps(80):
        alpha = mpmath.mpf(optimizer.tune(problem).plan[0])
        values, start = map(mpmath.mpf, problem.vector.tolist()), map(mpmath.mpf, problem.start.tolist())
        modes = list(zip(values, start, strict=True))
        for row in rehearsed(problem, optimizer, 30, Fifty(PLENTY)):
            shrunk = [(one, (1 - alpha * one) ** row.k * x) for one, x in modes]
            f = sum(one * x * x for one, x in shrunk) / 2
            grad2, dist2 = sum((one * x) ** 2 for one, x in shrunk), sum(x * x for _, x in shrunk)
            for wide, exact in ((row.f, f), (row.grad2, grad2), (row.dist2, dist2)):
                assert abs(mpmath.mp.make_mpf(wide.raw) - exact) <= mpmath.mpf(10) ** -45 * exact


def test_functions_have_45_digits():
    arithmetic = Fifty(PLENTY)
    names = [("exp", math.exp), ("tanh", math.tanh), ("sin", math.sin), ("cos", math.cos), ("log1p", math.log1p)]
    with mpmath.workdps(80):
        for text in ("1e-30", "0.7", "3.5", "40"):
            x = float(text)
            for name, original in names:
                found = Transplant(arithmetic)(original)(arithmetic.kind.exactly(x))
                exact = getattr(mpmath, name)(mpmath.mpf(x))
                assert abs(mpmath.mp.make_mpf(found.raw) - exact) <= mpmath.mpf(10) ** -45 * abs(exact)


@pytest.mark.parametrize("name", ["least_squares", "logistic", "quadratic", "monkey_saddle", "nesterov_worst"])
def test_the_minimum_is_known_to_50_digits(name):
    problem, arithmetic = small(name), Fifty(PLENTY)
    found = minimum(problem, arithmetic)
    assert found.exact
    rehearsal = Rehearsal(problem, arithmetic)
    g = arithmetic.array(np.zeros(problem.n))
    f = rehearsal.calls.oracle(found.x_star, g, rehearsal.data)
    assert f == found.f_star
    # g is a sum of terms of size 1, and rounds like them.
    assert math.sqrt(rehearsal.dot(g, g).rounded()) <= 1e-45


@pytest.mark.parametrize("name", registry.names("problem"))
def test_every_problem_transplants(name):
    problem, arithmetic = small(name), Fifty(PLENTY)
    rehearsal, data = Rehearsal(problem, arithmetic), box_data(*problem.arrays())
    draws = np.random.Generator(np.random.Philox(3))
    for x in (problem.start, problem.start + 0.25 * draws.standard_normal(problem.n)):
        v = draws.standard_normal(problem.n)
        g, out = np.zeros(problem.n), np.zeros(problem.n)
        wide_x, wide_v, wide_g, wide_out = map(arithmetic.array, (x, v, g, out))
        pairs = [
            (prepare(problem.oracle)(x, g, data), rehearsal.calls.oracle(wide_x, wide_g, rehearsal.data)),
            (prepare(problem.value)(x, data), rehearsal.calls.value(wide_x, rehearsal.data)),
        ]
        prepare(problem.product)(x, v, out, data)
        rehearsal.calls.product(wide_x, wide_v, wide_out, rehearsal.data)
        for one, wide in pairs:
            assert type(wide) is arithmetic.kind
            assert wide.rounded() == pytest.approx(one, rel=CLOSE, abs=CLOSE)
        for column, wide in ((g, wide_g), (out, wide_out)):
            assert all(type(one) is arithmetic.kind for one in wide)
            found = np.array([one.rounded() for one in wide])
            np.testing.assert_allclose(found, column, rtol=0.0, atol=CLOSE * (1.0 + np.max(np.abs(column))))


def subject(name):
    """A small problem that a method can be tuned to; not a quadratic, where exact line searches divide 0 by 0."""
    return registry.problem("quadratic[dim=5]" if name == "conjugate_gradient" else SMALL["logistic"])


@pytest.mark.parametrize("name", EXACT)
def test_every_optimizer_transplants(name):
    problem, optimizer = subject(name), exact(name)
    wide = np.array([columns(row, None) for row in rehearsed(problem, optimizer, 4, Fifty(PLENTY))])
    run = compiled(problem, optimizer, 4)
    # Numbers of calls may differ where the last digits decide: Newton's inner iteration ends at its own rounding.
    size = np.nanmax(np.abs(run[:, :6]), axis=0)
    assert np.array_equal(np.isnan(wide), np.isnan(run))
    assert np.all(np.nan_to_num(np.abs(wide - run)[:, :6]) <= CLOSE * size)


@pytest.mark.parametrize("name", EXACT)
def test_plain_python_is_the_compiled_run(name):
    problem, optimizer = subject(name), exact(name)
    run = compiled(problem, optimizer, 20)
    with np.errstate(all="ignore"):
        plain = list(islice(rehearsed(problem, optimizer, 20, Plain()), 21))
    assert len(plain) == 21
    found = np.array([astuple(row)[1:] for row in plain], dtype=float)
    # The last row has a step size in the driver only where its budget does not end.
    found[-1, COLUMNS.index("alpha")] = run[-1, COLUMNS.index("alpha")]
    assert found.tobytes() == run.tobytes()


@pytest.mark.parametrize("name", registry.names("schedule"))
def test_every_schedule_transplants(name):
    schedule = registry.schedule(name)
    plan = np.array([0.25, *schedule.parameters])
    arithmetic = Fifty(PLENTY)
    wide, kernel = Transplant(arithmetic)(schedule.kernel), prepare(schedule.kernel)
    for k in (0, 1, 31, 99, 2000):
        found = wide(k, arithmetic.array(plan))
        assert type(found) is arithmetic.kind
        assert found.rounded() == pytest.approx(kernel(k, plan), rel=CLOSE, abs=CLOSE * CLOSE)


@helper
def _first(x):
    return _second(x - 1.0) if x > 0.0 else x


@helper
def _second(x):
    return _first(x) * 2.0


def test_functions_that_call_each_other_transplant():
    arithmetic = Fifty(PLENTY)
    assert Transplant(arithmetic)(_first.py_func)(arithmetic.kind.of(3)) == 0


# -- shown ----------------------------------------------------------------------------------------------------------


def test_the_python_interface_shows_the_cause():
    verdicts = gdbench.run(descent(), "quadratic[dim=5]", 30).verdicts.set_index("theorem")
    assert set(verdicts.query("outcome == 'violated'").cause) == {"iterates"}
    assert set(verdicts.query("outcome != 'violated'").cause) <= {""}
    assert "the run repeated in 50 digits violates it" in verdicts.why["gd_convex_tight"]


def test_all_explanations_together_are_capped():
    results = []
    for name in ("quadratic[dim=5]", "quadratic[dim=6]"):
        cell = Cell("gradient_descent", name, 20)
        results.append(run_pair(registry.problem(name), descent(), cell))
    rows = evaluate.pairs(results).verdicts
    # The registry's own method obeys: these verdicts are of another run, and cost its repetition all the same.
    explained(rows, results, together=10)
    first, second = ({row["why"] for row in rows if row["problem"] == name and row["cause"]} for name in
                     ("quadratic[dim=5]", "quadratic[dim=6]"))  # fmt: skip
    assert all("another run was judged" in why for why in first)
    assert second == {"the runs before it took 10 operations in 50 digits, the cap"}


def test_the_report_shows_the_cause():
    rows = [{"theorem": "gd_pl", "optimizer": "a", "problem": "b", "outcome": "violated", "expected": "holds"}]
    rows[0] |= {"as_expected": False, "cause": "arithmetic", "why": "only rounding did it"}
    shown = Content(Record(None, {}, evaluate.Report([], rows, [])), (), (), (), ())
    assert shown.unexpected == ["gd_pl on a on b: violated, expected holds; arithmetic: only rounding did it."]


def test_the_command_shows_the_cause(monkeypatch, tmp_path):
    monkeypatch.setattr(import_module("gdbench.optimizers.gradient_descent"), "descend_gradient", too_long)
    registry.optimizer.cache_clear()
    words = ["run", "-o", "gradient_descent", "-p", "quadratic[dim=5]", "-n", "40", "--store", str(tmp_path / "s")]
    try:
        told = CliRunner().invoke(main, words)
        rows = json.loads(CliRunner().invoke(main, [*words, "--json"]).stdout)["verdicts"]
    finally:
        monkeypatch.undo()
        registry.optimizer.cache_clear()
    assert told.exit_code == 1
    assert "violated: iterates" in told.stdout
    assert "at k = 1; iterates: the points disobey" in " ".join(told.stdout.split())
    assert {row["cause"] for row in rows if row["outcome"] == "violated"} == {"iterates"}
    assert {row["cause"] for row in rows if row["outcome"] != "violated"} <= {""}
