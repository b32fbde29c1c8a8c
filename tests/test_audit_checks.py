"""The checks that hold a method against a copy of itself: their problems, allowances, and what they do not see."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from planted.bugs_audit import COPIES, HONEST, PLANTS

from gdbench import registry
from gdbench.audit import rounds
from gdbench.audit.arena import SHAPES, arenas
from gdbench.audit.battery import checks
from gdbench.audit.certificates import ALL, calls, random_points
from gdbench.audit.replay import replay
from gdbench.audit.rounds import ITERATIONS
from gdbench.audit.units import in_units
from gdbench.kernel import plain
from gdbench.optimizers._wolfe import cubic_minimum
from gdbench.parameter import StepSize, Unit

#: Other parameters and schedules than the defaults: other branches of the loops.
OTHERS = (
    *("nesterov_restart[test=function]", "wolfe[conditions=weak]", "barzilai_borwein[variant=short]"),
    *("clipped[by=value]", "ogm[horizon=7]", "perturbed[threshold=5.0,wait=3]", "adaptive_lipschitz[growth=2.0]"),
    *("backtracking[factor=0.7,c=0.3]", "backtracking[schedule=inverse]", "lbfgs[memory=3]", "newton[factor=0.3]"),
    *("heavy_ball[schedule=cosine]", "nesterov[schedule=inverse_sqrt]", "nesterov_convex[schedule=warmup_linear]"),
    *("sgd[beta=0.9,nesterov=true]", "sgd[beta=0.5,dampening=0.25,decay=0.1,average=true]"),
    *("sgd[sampling=batches[size=5,order=distinct]]", "sgd[sampling=batches[size=32,order=reshuffled]]"),
    *("sgd[sampling=batches[size=15,order=cyclic,parts=3]]", "sgd[sampling=noise[sigma=0.5,spread=9,correlation=0.3]]"),
    *("nesterov[sampling=batches]", "barzilai_borwein[sampling=batches[size=7]]", "momentum_buffer[sampling=noise]"),
)
ARENAS = {arena.name: arena for arena in arenas()}


@pytest.mark.parametrize("name", registry.names("optimizer"))
def test_every_method_has_a_naive_loop(name):
    assert registry.optimizer(name).naive is not None


@pytest.mark.parametrize("name", [*registry.names("optimizer"), *OTHERS])
def test_methods_agree_with_their_copies(name):
    optimizer = registry.optimizer(name)
    seen = {check: checks()[check].see(optimizer) for check in COPIES}
    drawn = name.startswith("perturbed[") or "noise" in name
    assert {check: one.outcome for check, one in seen.items()} == {
        **dict.fromkeys(COPIES, "passed"),
        **({"permutation": "not applicable"} if drawn else {}),
    }
    assert all(one.resolvable > 0 for one in seen.values() if one.outcome == "passed")


@pytest.mark.parametrize("plant", [*PLANTS, *HONEST], ids=lambda plant: f"{plant.optimizer}: {plant.name}")
def test_the_other_checks_do_not_see_it(plant):
    """What is written down of a check is what it sees, and no more."""
    planted = plant.plant(registry.optimizer(plant.optimizer))
    green = [name for name in COPIES if checks()[name].see(planted).outcome == "passed"]
    assert green == [name for name in COPIES if name not in plant.seen_by]


@pytest.mark.parametrize("name", registry.names("optimizer"))
def test_a_nudge_of_one_coordinate_in_one_iterate_is_seen(name, monkeypatch):
    """On any one problem: all of them take a second."""
    optimizer = registry.optimizer(name)
    one = list(ARENAS.values())[registry.names("optimizer").index(name) % len(ARENAS)]
    monkeypatch.setattr(rounds, "arenas", lambda: (one,))

    def nudged(view):
        for k, x in enumerate(optimizer.naive(view)):
            yield x + 1e-10 * (k == 2) * np.eye(len(x))[-1] * np.abs(view.start).max()

    seen = checks()["naive"].see(replace(optimizer, naive=nudged))
    assert seen.outcome == "violated" and "at k = 2" in seen.saw


def test_a_loop_that_ends_before_the_method_is_seen():
    optimizer = registry.optimizer("gradient_descent")
    short = replace(optimizer, naive=lambda view: islice(optimizer.naive(view), 50))
    seen = checks()["naive"].see(short)
    assert seen.outcome == "violated" and "at k = 50" in seen.saw


def test_a_method_without_a_loop_is_still_held_against_plain_python():
    plug_in = replace(registry.optimizer("nesterov"), naive=None)
    seen = checks()["naive"].see(plug_in)
    assert seen.outcome == "not applicable" and seen.saw.startswith("the method gives no naive loop")
    wraps = next(plant for plant in PLANTS if "wraps" in plant.name)
    broken = replace(wraps.plant(registry.optimizer(wraps.optimizer)), naive=None)
    assert checks()["naive"].see(broken).outcome == "violated"


def test_the_figure_names_the_parameters_that_were_multiplied():
    saw = {name: checks()["scaling"].see(registry.optimizer(name)).saw for name in ("perturbed", "gradient_descent")}
    assert saw["perturbed"].endswith("with threshold, radius multiplied")
    assert saw["gradient_descent"].endswith("units")


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("backtracking", ["alpha"]),
        ("backtracking[alpha=1/L]", []),
        ("heavy_ball[alpha=0.01,beta=0.5]", ["alpha"]),
        ("heavy_ball", []),
        ("sign", ["alpha"]),
        ("clipped[threshold=3]", ["threshold"]),
        ("lbfgs", ["step", "length"]),
    ],
)
def test_parameters_with_a_unit_change_with_it(selector, names):
    usual = ARENAS["log cosh"]
    optimizer = registry.optimizer(selector)
    assert in_units(optimizer, usual.problem(), usual.scaled(0, 5).problem(), 0, 5)[1] == names


def test_units():
    assert Unit(f=1, x=-1).factor(6, -9) == 2.0**15
    found = {one.name: one.unit for one in registry.parameters("optimizer", "gradient_descent")}
    assert found == {"alpha": Unit(f=-1, x=2), "schedule": None, "sampling": None}
    assert {one.unit for one in registry.parameters("optimizer", "sign") if one.type is StepSize} == {Unit(x=1)}


@pytest.mark.parametrize("name", SHAPES)
def test_the_arena_is_certified_in_all_units_and_orders(name):
    arena = ARENAS[name]
    for other in (arena, arena.scaled(6, 5), arena.permuted(np.arange(13)[::-1])):
        assert [complaint for certificate in ALL for complaint in certificate(other.problem())] == []


@pytest.mark.parametrize("arena", ARENAS.values(), ids=ARENAS)
def test_the_arena_in_numpy_is_the_arena(arena):
    problem, view = arena.problem(), arena.view(registry.optimizer("gradient_descent"))
    run = calls(problem)
    for x in random_points(problem, 5):
        f, g = run.oracle(x)
        np.testing.assert_allclose(view.f(x), f, rtol=1e-13)
        np.testing.assert_allclose(view.gradient(x), g, rtol=0, atol=1e-13 * arena.L * np.linalg.norm(x))
        expected = run.product(x, g)
        np.testing.assert_allclose(view.product(x, g), expected, rtol=0, atol=1e-13 * arena.L * np.linalg.norm(g))


@pytest.mark.parametrize("arena", ARENAS.values(), ids=ARENAS)
def test_other_units_are_exact(arena):
    p, q = 6, -9
    here, there = calls(arena.problem()), calls(arena.scaled(p, q).problem())
    for x in random_points(arena.problem(), 5):
        f, g = here.oracle(x)
        f_there, g_there = there.oracle(2.0**q * x)
        assert f_there == 2.0**p * f and np.array_equal(g_there, 2.0 ** (p - q) * g)
        assert np.array_equal(there.product(2.0**q * x, g), 2.0 ** (p - 2 * q) * here.product(x, g))


def test_the_moved_arena_is_an_ulp_away():
    arena = ARENAS["log cosh"]
    moved = arena.moved(1)
    for old, new in ((arena.rows, moved.rows), (arena.start, moved.start), (arena.offsets, moved.offsets)):
        assert np.all(old != new)
        np.testing.assert_allclose(new, old, rtol=2.3e-16)
    f, noisy = calls(arena.problem()).value(arena.start), calls(moved.problem()).value(arena.start)
    assert 0.0 < abs(noisy / f - 1.0) < 1e-14


def test_plain_python_reaches_all_that_a_kernel_calls():
    problem, optimizer = registry.problem("logistic[samples=30,features=7]"), registry.optimizer("lbfgs")
    assert not hasattr(plain(optimizer.step), "py_func")
    slow = replay(problem, optimizer, 8, as_python=True)
    assert np.array_equal(slow, replay(problem, optimizer, 8))


def test_a_replay_is_the_run():
    from gdbench.run import Cell, run_pair

    problem, optimizer = registry.problem("rosenbrock"), registry.optimizer("nesterov[beta=0.5]")
    found = run_pair(problem, optimizer, Cell(optimizer.name, problem.name, ITERATIONS)).trajectory
    assert np.array_equal(np.stack([found["x0"], found["x1"]], axis=1), replay(problem, optimizer, ITERATIONS))


def test_the_cubic_through_points_of_a_parabola_has_its_minimum():
    """Its third derivative is made of rounding: in a form that divides by it nothing would be left."""
    cubic = plain(cubic_minimum)
    for lowest, high, old in ((0.015094148662938149, 0.25, 0.5), (0.3, 1.0, 2.0), (-0.3, -1.0, -2.0)):
        f = [44700.0 * (t - lowest) ** 2 for t in (0.0, high, old)]
        found = cubic(0.0, f[0], -89400.0 * lowest, high, f[1], old, f[2])
        assert found == pytest.approx(lowest, rel=1e-12)
