"""Every problem in the registry keeps what it claims, and every certificate can fail."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import mpmath  # type: ignore[import-untyped]
import numpy as np
import pytest

from gdbench import registry
from gdbench.audit import certificates
from gdbench.errors import BadInput
from gdbench.kernel import oracle
from gdbench.problem import Constant, Problem

MORE = {
    "quadratic": [
        *("quadratic[kappa=1,dim=1]", "quadratic[dim=2,kappa=7,start=ones]", "quadratic[kappa=30,dim=9,rotated=true]"),
        *("quadratic[kappa=inf,dim=5,spectrum=linear]", "quadratic[spectrum=two_point,dim=6,start=bottom]"),
        *("quadratic[kappa=inf,dim=5,spectrum=two_point,rotated=true]", "quadratic[start=line_search,dim=3]"),
        "quadratic[kappa=1,dim=3,start=top]",
    ],
    "rosenbrock": ["rosenbrock[dim=3]", "rosenbrock[dim=10]"],
    "nesterov_worst": ["nesterov_worst[horizon=1]", "nesterov_worst[horizon=60]"],
    "least_squares": [
        *("least_squares[samples=40,features=7,seed=3]", "least_squares[samples=3,features=1,noise=2]"),
        "least_squares[samples=30,features=25]",
    ],
    "logistic": [
        *("logistic[l2=0]", "logistic[l2=0,samples=5,features=9]", "logistic[samples=60,features=3,l2=1,seed=2]"),
        *("logistic[samples=1,features=1]", "logistic[samples=37,features=5,l2=1e-6]"),
    ],
    "huber": ["huber[horizon=1]", "huber[horizon=1000]", "huber[alpha=1.5/L]", "huber[horizon=3,alpha=0.1]"],
    "huber_strongly_convex": [
        *("huber_strongly_convex[kappa=2,horizon=5]", "huber_strongly_convex[kappa=1e4,horizon=1000]"),
        "huber_strongly_convex[kappa=1.5,horizon=1]",
    ],
    "power": ["power[p=6]"],
    "saddle": ["saddle[offset=0.3]", "saddle[offset=1]"],
    "monkey_saddle": ["monkey_saddle[offset=0.1]", "monkey_saddle[offset=1]"],
    "plateau": ["plateau[start=0.1]", "plateau[start=100]"],
    "ravine": ["ravine[kappa=1]", "ravine[kappa=30]"],
    "mlp": ["mlp[inputs=1,width=3,samples=9]", "mlp[inputs=3,width=5,samples=33,seed=1]", "mlp[width=1,samples=1]"],
}
SELECTORS = [selector for name in registry.names("problem") for selector in [name, *MORE.get(name, [])]]


@pytest.mark.parametrize("selector", SELECTORS)
@pytest.mark.parametrize("certificate", certificates.ALL, ids=lambda one: one.__name__)
def test_certificate_stands(selector: str, certificate: Callable[[Problem], list[str]]) -> None:
    assert certificate(registry.problem(selector)) == []


@oracle
def _flipped(x, g, data):  # type: ignore[no-untyped-def]
    f = 0.0
    for i in range(x.shape[0]):
        g[i] = data.vector[i] * x[i]
        f += 0.5 * g[i] * x[i]
    g[0] = -g[0]
    return f


def _scaled(constant: Constant | None, factor: float, kind: Any = None) -> Constant:
    assert constant is not None
    return replace(constant, value=constant.value * factor, kind=kind or constant.kind)


@pytest.mark.parametrize("name", ["bowl", "sine_bowl", "least_squares", "logistic", "huber", "heavy_ball_cycle"])
def test_a_wrong_L_is_seen(name: str) -> None:
    problem = registry.problem(name)
    assert certificates.smoothness(replace(problem, L=_scaled(problem.L, 1.1)))
    assert certificates.smoothness(replace(problem, L=_scaled(problem.L, 0.9)))
    assert certificates.smoothness(replace(problem, L=_scaled(problem.L, 0.9, "bound")))
    assert not certificates.smoothness(replace(problem, L=_scaled(problem.L, 1.1, "bound")))


@pytest.mark.parametrize("name", ["quadratic", "damping", "least_squares", "huber_strongly_convex", "heavy_ball_cycle"])
def test_a_wrong_mu_is_seen(name: str) -> None:
    problem = registry.problem(name)
    assert certificates.strong_convexity(replace(problem, mu=_scaled(problem.mu, 1.1)))
    assert certificates.strong_convexity(replace(problem, mu=_scaled(problem.mu, 0.9)))
    assert certificates.strong_convexity(replace(problem, mu=_scaled(problem.mu, 1.1, "bound")))


@pytest.mark.parametrize("name", ["bowl", "rosenbrock", "least_squares", "logistic", "huber_strongly_convex"])
@pytest.mark.parametrize("shift", [1e-6, -1e-6])
def test_a_wrong_minimum_is_seen(name: str, shift: float) -> None:
    problem = registry.problem(name)
    assert problem.f_star is not None and problem.x_star is not None
    moved = replace(problem.f_star, value=problem.f_star.value + shift)
    assert certificates.minimum(replace(problem, f_star=moved))
    assert certificates.minimum(replace(problem, x_star=problem.x_star + shift))


def test_a_flipped_gradient_is_seen() -> None:
    problem = replace(registry.problem("bowl"), oracle=_flipped)
    assert certificates.gradient(problem)
    assert certificates.curvature(problem)
    assert certificates.interpolation(problem)
    assert not certificates.agreement(problem)


def test_the_other_certificates_can_fail() -> None:
    damping, sine = registry.problem("damping"), registry.problem("sine_bowl")
    quadratic, huber = registry.problem("quadratic"), registry.problem("huber_strongly_convex")
    assert quadratic.spectrum is not None
    assert certificates.lojasiewicz(replace(sine, pl=Constant(0.2, "bound", "wrong")), _grid())
    assert certificates.lojasiewicz(replace(quadratic, pl=Constant(4.1, "bound", "wrong")))
    assert certificates.interpolation(replace(huber, L=_scaled(huber.L, 0.9)))
    assert certificates.interpolation(replace(damping, mu=_scaled(damping.mu, 1.1)))
    assert certificates.spectrum(replace(quadratic, spectrum=replace(quadratic.spectrum, coordinates=np.ones(20))))
    assert certificates.spectrum(replace(damping, spectrum=None))
    assert certificates.metadata(replace(damping, source=" "))
    assert certificates.metadata(replace(damping, mu=None))
    assert certificates.agreement(replace(damping, value=sine.value))


def _grid() -> list[np.ndarray[Any, Any]]:
    return [np.array([x]) for x in np.linspace(-30.0, 30.0, 6001)]


def test_sine_bowl_on_a_dense_grid() -> None:
    assert certificates.lojasiewicz(registry.problem("sine_bowl"), _grid()) == []


def _data(selector: str) -> tuple[Problem, Any, Any]:
    problem = registry.problem(selector)
    return problem, problem.rows, problem.vector


def _rosenbrock(selector: str, x: Any) -> float:
    return float(np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2))


def _least_squares(selector: str, x: Any) -> float:
    _, rows, targets = _data(selector)
    return 0.5 * float(np.linalg.norm(rows @ x - targets) ** 2)


def _logistic(selector: str, x: Any) -> float:
    _, rows, l2 = _data(selector)
    return float(np.mean(np.logaddexp(0.0, -rows @ x)) + 0.5 * l2[0] * x @ x)


def _mlp(selector: str, x: Any) -> float:
    problem, rows, targets = _data(selector)
    inputs, width, samples = problem.sizes
    first, b1, w2, b2 = np.split(x, problem.layers[1:-1])  # type: ignore[index]
    hidden = np.tanh(rows @ first.reshape(width, inputs).T + b1)
    return float(np.sum((hidden @ w2 + b2 - targets) ** 2) / (2 * samples))


FORMULAS: dict[str, Callable[[str, Any], float]] = {
    "bowl": lambda _, x: x[0] ** 2 + x[1] ** 2,
    "damping": lambda _, x: x[0] ** 2 / 100 + x[1] ** 2,
    "rosenbrock[dim=7]": _rosenbrock,
    "sine_bowl": lambda _, x: x[0] ** 2 + 3 * np.sin(x[0]) ** 2,
    "power": lambda _, x: x[0] ** 4 / 4,
    "power[p=6]": lambda _, x: x[0] ** 6 / 6,
    "saddle": lambda _, x: (x[0] ** 2 - 1) ** 2 / 4 + x[1] ** 2 / 2,
    "monkey_saddle": lambda _, x: x[0] ** 3 - 3 * x[0] * x[1] ** 2 + (x @ x) ** 2 / 4,
    "plateau": lambda _, x: x[0] ** 2 / (1 + x[0] ** 2),
    "ravine": lambda _, x: (x[0] + x[1]) ** 2 / 1000 + (x[0] - x[1]) ** 2,
    "sine_valley": lambda _, x: (x[1] - np.sin(x[0])) ** 2 / 2,
    "least_squares": _least_squares,
    "lecture_least_squares": _least_squares,
    "logistic": _logistic,
    "mlp": _mlp,
}


@pytest.mark.parametrize("selector", FORMULAS)
def test_value_is_the_formula(selector: str) -> None:
    problem = registry.problem(selector)
    run = certificates.calls(problem)
    for x in [problem.start, *certificates.random_points(problem, 6)]:
        assert run.value(x) == pytest.approx(FORMULAS[selector](selector, x), rel=1e-13)


def test_least_squares_is_half_the_mean_square() -> None:
    draws = np.random.Generator(np.random.Philox(5))
    rows, truth = draws.standard_normal((50, 3)), draws.standard_normal(3)
    targets = rows @ truth + 0.1 * draws.standard_normal(50)
    run = certificates.calls(registry.problem("least_squares[samples=50,features=3,seed=5]"))
    assert run.value(truth) == pytest.approx(np.mean((rows @ truth - targets) ** 2) / 2, rel=1e-12)


def test_published_values() -> None:
    assert certificates.calls(registry.problem("rosenbrock")).value(np.array([-1.2, 1.0])) == pytest.approx(24.2, 1e-15)
    lecture = registry.problem("lecture_least_squares")
    assert lecture.mu is not None and lecture.L is not None and lecture.f_star is not None
    assert [lecture.mu.value, lecture.L.value] == pytest.approx([73.711, 99.108], abs=5e-4)
    assert lecture.f_star.value == pytest.approx(0.55923868, abs=5e-9)
    assert certificates.calls(lecture).value(lecture.start) == pytest.approx(257.62658, abs=5e-6)
    sine = certificates.calls(registry.problem("sine_bowl"))
    assert sine.oracle(np.array([3.0]))[1][0] == pytest.approx(6.0 + 3.0 * math.sin(6.0), rel=1e-15)


def test_rosenbrock_bound_is_nearly_attained() -> None:
    problem = registry.problem("rosenbrock")
    assert problem.L is not None
    run = certificates.calls(problem)
    edge = 1.0 + math.sqrt(24.2) * (1.0 - 1e-12)
    x = np.array([edge, edge * edge])
    assert run.value(x) <= run.value(problem.start)
    assert 0.995 < np.linalg.eigvalsh(run.hessian(x))[-1] / problem.L.value < 1.0


def _descend(problem: Problem, alpha: float, steps: int) -> float:
    run = certificates.calls(problem)
    x = problem.start.copy()
    for _ in range(steps):
        x = x - alpha * run.oracle(x)[1]
    return run.value(x)


@pytest.mark.parametrize(("alpha", "scaled"), [("1/L", 1.0), ("0.5/L", 0.5), ("1.5/L", 1.5)])
@pytest.mark.parametrize("horizon", [1, 10, 1000])
def test_huber_attains_the_bound(horizon: int, alpha: str, scaled: float) -> None:
    reached = _descend(registry.problem(f"huber[horizon={horizon},alpha={alpha}]"), scaled / 4.0, horizon)
    assert reached == pytest.approx(4.0 / (4 * horizon * scaled + 2), rel=1e-11)


@pytest.mark.parametrize(("kappa", "horizon"), [(1.5, 1), (2, 5), (100, 100), (100, 1000), (1e6, 1000)])
def test_huber_strongly_convex_attains_the_bound(kappa: float, horizon: int) -> None:
    problem = registry.problem(f"huber_strongly_convex[kappa={kappa},horizon={horizon}]")
    m = 1 / mpmath.mpf(kappa)
    with mpmath.workdps(50):
        bound = float(2 * m / (m - 1 + (1 - m) ** (-2 * horizon)))
    assert _descend(problem, 0.25, horizon) == pytest.approx(bound, rel=1e-10)


def test_heavy_ball_cycle() -> None:
    problem = registry.problem("heavy_ball_cycle")
    run = certificates.calls(problem)
    for joint in (1.0, 2.0):
        (left, g_left), (right, g_right) = run.oracle(np.array([joint - 1e-12])), run.oracle(np.array([joint]))
        assert left == pytest.approx(right, rel=1e-11) and g_left == pytest.approx(g_right, rel=1e-11)
    x = before = problem.start
    for _ in range(600):
        x, before = x - run.oracle(x)[1] / 9.0 + 4.0 / 9.0 * (x - before), x
    cycle = sorted([792 / 1225, -2208 / 1225, 2592 / 1225])
    seen = []
    for _ in range(3):
        seen.append(float(x[0]))
        x, before = x - run.oracle(x)[1] / 9.0 + 4.0 / 9.0 * (x - before), x
    assert sorted(seen) == pytest.approx(cycle, rel=1e-12)
    assert sorted(run.value(np.array([one])) for one in cycle) == pytest.approx([5.2250, 40.6103, 41.1818], abs=6e-5)


def test_logistic_without_a_minimiser_claims_none() -> None:
    separable = registry.problem("logistic[l2=0,samples=5,features=9]")
    assert separable.x_star is None and separable.f_star is not None
    assert (separable.kind, separable.f_star.kind, separable.f_star.value) == ("convex", "bound", 0.0)
    overlapping = registry.problem("logistic[l2=0]")
    assert overlapping.x_star is not None and overlapping.f_star is not None and overlapping.f_star.kind == "exact"


BAD = [
    *("rosenbrock[dim=1]", "rosenbrock[dims=3]", "bowl[dim=2]", "least_squares[samples=10,features=10]"),
    *("least_squares[noise=-1]", "logistic[l2=-1]", "logistic[l2=nan]", "huber[horizon=0]", "huber[alpha=2/L]"),
    *("huber[alpha=1/mu]", "huber[alpha=0]", "huber_strongly_convex[kappa=1]", "huber_strongly_convex[kappa=inf]"),
    *("huber_strongly_convex[kappa=1.5,horizon=1000]", "huber_strongly_convex[kappa=1.1,horizon=1000000000]"),
    *("mlp[width=0]", "mlp[samples=x]", "sine_bowl[a=1]", "heavy_ball_cycle[x=1]", "rosenbrok"),
]


@pytest.mark.parametrize("selector", BAD)
def test_bad_parameters(selector: str) -> None:
    with pytest.raises(BadInput):
        registry.problem(selector)
