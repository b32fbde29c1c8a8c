"""Polyak's step and the two-point steps: against rational arithmetic and equalities that hold on quadratics."""

from fractions import Fraction

import numpy as np
import pytest

from gdbench import registry
from gdbench.run import Cell, run_cell, run_pair


def go(optimizer: str, problem: str, iterations: int):
    return run_cell(Cell(optimizer, problem, iterations))


def two_point_steps(variant: str, first: Fraction, spectrum: list[Fraction], x: list[Fraction], count: int):
    """The iterates and steps in rational arithmetic."""
    steps, last = [], None
    for _ in range(count):
        g = [a * b for a, b in zip(spectrum, x, strict=True)]
        if last is None:
            alpha = first
        else:
            s = [a - b for a, b in zip(x, last[0], strict=True)]
            y = [a - b for a, b in zip(g, last[1], strict=True)]
            ss, sy, yy = (sum(a * b for a, b in zip(*pair, strict=True)) for pair in ((s, s), (s, y), (y, y)))
            alpha = ss / sy if variant == "long" else sy / yy
        steps.append(alpha)
        last = (x, g)
        x = [a - alpha * b for a, b in zip(x, g, strict=True)]
    return steps, x


@pytest.mark.parametrize("variant", ["long", "short"])
@pytest.mark.parametrize("dim", [2, 3])
def test_two_point_steps_equal_rational_arithmetic(variant, dim):
    problem = registry.problem(f"quadratic[kappa=8,dim={dim},spectrum=linear,start=ones]")
    spectrum = [Fraction(float(one)) for one in problem.spectrum.eigenvalues]
    steps, x = two_point_steps(variant, Fraction(1, 8), spectrum, [Fraction(1)] * dim, 6)
    found = go(f"barzilai_borwein[alpha=0.125,variant={variant}]", problem.name, 6)
    np.testing.assert_allclose(found.trajectory["alpha"][:-1], [float(one) for one in steps], rtol=1e-11)
    np.testing.assert_allclose([found.trajectory[f"x{i}"][-1] for i in range(dim)], [float(one) for one in x],
                               rtol=1e-9)  # fmt: skip


def test_by_hand_the_first_two_point_steps():
    """f = x^2/4 + 2 y^2 from (1, 1), alpha_0 = 1/4: x_1 = (7/8, 0), so s = (-1/8, -1), y = (-1/16, -4)."""
    problem = registry.problem("quadratic[kappa=8,dim=2,start=ones]")
    s, y = (-1 / 8, -1.0), (-1 / 16, -4.0)
    ss, sy, yy = s[0] ** 2 + s[1] ** 2, s[0] * y[0] + s[1] * y[1], y[0] ** 2 + y[1] ** 2
    for variant, expected in (("long", ss / sy), ("short", sy / yy)):
        found = go(f"barzilai_borwein[variant={variant}]", problem.name, 2)
        assert found.trajectory["alpha"][0] == 0.25
        assert found.trajectory["alpha"][1] == pytest.approx(expected, rel=1e-15)


def test_the_long_step_is_the_exact_step_of_the_iterate_before():
    problem = registry.problem("quadratic[kappa=40,dim=3]")
    found = go("barzilai_borwein[alpha=0.1]", problem.name, 25)
    spectrum = problem.spectrum.eigenvalues
    e = np.stack([found.trajectory[f"x{i}"] for i in range(3)], axis=1)
    exact = np.sum(spectrum**2 * e**2, axis=1) / np.sum(spectrum**3 * e**2, axis=1)
    np.testing.assert_allclose(found.trajectory["alpha"][1:-1], exact[:-2], rtol=1e-7)


def test_a_two_point_step_without_curvature_is_alpha():
    """Beyond tau Huber's function is linear: y = 0 there."""
    found = go("barzilai_borwein", "huber[horizon=100]", 5)
    np.testing.assert_array_equal(found.trajectory["alpha"][:-1], np.full(5, 0.25))


@pytest.mark.parametrize("horizon", [10, 77])
def test_a_two_point_step_from_rounding_errors_is_alpha(horizon):
    """After 2 horizon steps of 1/L Huber's iterate is tau up to rounding, and y is that rounding."""
    found = go("barzilai_borwein", f"huber[horizon={horizon}]", 300)
    assert found.status == "finished"
    assert found.summary["gap"] == 0.0


def test_two_point_steps_beat_gradient_descent_where_kappa_is_large():
    steps = [go(name, "quadratic[kappa=1e4]", 20_000).summary["iterations_to_target"]
             for name in ("barzilai_borwein", "barzilai_borwein[variant=short]", "gradient_descent")]  # fmt: skip
    assert all(30 * one < steps[2] for one in steps[:2])


@pytest.mark.parametrize("schedule", ["step", "inverse"])
def test_bb_step_holds_under_a_schedule_and_shapes_the_first_step_only(schedule):
    found = go(f"barzilai_borwein[schedule={schedule}]", "quadratic[kappa=10]", 60)
    plain = go("barzilai_borwein", "quadratic[kappa=10]", 60)
    np.testing.assert_array_equal(found.trajectory["alpha"], plain.trajectory["alpha"])
    assert {verdict.outcome for verdict in found.verdicts} == {"holds"}


@pytest.mark.parametrize("problem", ["damping", "logistic[features=3]"])
@pytest.mark.parametrize("schedule", ["cosine[steps=5]", "warmup_linear[warmup=2,steps=10]"])
def test_bb_step_says_nothing_of_steps_of_0_that_a_schedule_ends_with(schedule, problem):
    """At the minimiser s = 0, and the step is the schedule's."""
    found = go(f"barzilai_borwein[schedule={schedule}]", problem, 60)
    assert found.trajectory["alpha"][-2] == 0.0
    assert {verdict.outcome for verdict in found.verdicts} == {"holds"}


@pytest.mark.parametrize("problem", ["quadratic[kappa=30,dim=3]", "logistic[samples=40,features=3]", "rosenbrock"])
def test_polyak_steps_follow_from_the_row(problem):
    instance = registry.problem(problem)
    found = go("polyak_step", problem, 40).trajectory
    expected = (found["f"] - instance.f_star.value) / found["grad2"]
    moved = found["alpha"] > 0.0
    assert moved[:10].all()
    np.testing.assert_allclose(found["alpha"][moved], expected[moved], rtol=1e-14)


@pytest.mark.parametrize("start", ["top", "bottom"])
def test_polyak_quarters_the_square_of_the_distance_on_an_eigenvector(start):
    """alpha = 1/(2 lambda), so x halves."""
    found = go("polyak_step", f"quadratic[kappa=64,dim=4,start={start}]", 30).trajectory
    np.testing.assert_allclose(found["dist2"], 0.25 ** np.arange(31), rtol=1e-12)


def test_polyak_stays_within_the_rounding_of_f():
    """Without room, quotients of rounding errors throw x away from the minimiser again."""
    problem = registry.problem("least_squares")
    optimizer = registry.optimizer("polyak_step")
    found = run_pair(problem, optimizer, Cell(optimizer.name, problem.name, 2000))
    assert found.trajectory["alpha"][-2] == 0.0
    assert found.trajectory["dist2"][-1] == found.trajectory["dist2"].min()


def test_polyak_sums_to_its_bound():
    """sum of gaps <= 2 L R2/3, which min gap <= 2 L R2/(3 k) comes from."""
    for problem in ("quadratic[kappa=inf,spectrum=linear]", "logistic[l2=0]", "huber"):
        instance = registry.problem(problem)
        found = go("polyak_step", problem, 1000).trajectory
        total = np.sum(found["f"][:-1] - instance.f_star.value)
        assert 0.0 < total <= 2.0 * instance.L.value * found["dist2"][0] / 3.0
