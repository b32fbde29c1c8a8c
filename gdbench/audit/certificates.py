"""Certificates of a problem: each function tries to refute one claim and returns its complaints, none if it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdbench.kernel import box_data, prepare
from gdbench.problem import Problem

Vector = NDArray[np.float64]
EPS = 2.0**-52


@dataclass(frozen=True)
class Calls:
    """A problem's kernels as functions of x."""

    problem: Problem
    data: Any

    def oracle(self, x: Vector) -> tuple[float, Vector]:
        """f and the gradient at x."""
        g = np.full(len(x), np.nan)
        return float(prepare(self.problem.oracle)(x.copy(), g, self.data)), g

    def value(self, x: Vector) -> float:
        """f at x."""
        return float(prepare(self.problem.value)(x.copy(), self.data))

    def product(self, x: Vector, v: Vector) -> Vector:
        """The Hessian at x times v."""
        out = np.full(len(x), np.nan)
        prepare(self.problem.product)(x.copy(), v.copy(), out, self.data)
        return out

    def hessian(self, x: Vector) -> NDArray[np.float64]:
        """The Hessian at x, column by column."""
        return np.array([self.product(x, column) for column in np.eye(len(x))])


def calls(problem: Problem, dirt: float = 0.0) -> Calls:
    """The kernels over the problem's data; dirt is added to the work space, which must not matter."""
    arrays = list(problem.arrays())
    arrays[3] = arrays[3] + dirt
    return Calls(problem, box_data(*arrays))


def random_points(problem: Problem, count: int, seed: int = 7) -> list[Vector]:
    """Points around the minimiser at the start's distance, drawn back into {f <= f(start)} where L holds only there."""
    draws = np.random.default_rng(seed)
    centre = np.zeros(problem.n) if problem.x_star is None else problem.x_star
    spread = max(float(np.linalg.norm(problem.start - centre)), 1.0) / np.sqrt(problem.n)
    run = calls(problem)
    highest = run.value(problem.start) if problem.region == "sublevel set" else np.inf
    points = []
    for scale in np.linspace(0.05, 1.5, count):
        x = centre + scale * spread * draws.standard_normal(problem.n)
        while run.value(x) > highest:
            x = centre + 0.8 * (x - centre)
        points.append(x)
    return points


def region_points(problem: Problem) -> list[Vector]:
    """Where constants are sought: a segment from the start to the minimiser (else to 0), 0, and random points."""
    centre = np.zeros(problem.n) if problem.x_star is None else problem.x_star
    segment = [problem.start + t * (centre - problem.start) for t in np.linspace(0.0, 1.0, 41)]
    points = [*segment, np.zeros(problem.n), *random_points(problem, 40)]
    if problem.region == "everywhere":
        return points
    run = calls(problem)
    highest = run.value(problem.start)
    return [x for x in points if run.value(x) <= highest]


def _directions(problem: Problem) -> Iterator[tuple[Vector, Vector]]:
    draws = np.random.default_rng(11)
    anchors = [problem.start] if problem.x_star is None else [problem.start, problem.x_star]
    for x in [*anchors, *random_points(problem, 4)]:
        for _ in range(4):
            v = draws.standard_normal(problem.n)
            yield x, v / np.linalg.norm(v)


def _slope(function: Callable[[Vector], Any], x: Vector, v: Vector, h: float = 1e-4) -> Any:
    """The derivative of a function along v, by the five-point rule."""
    far = function(x - 2.0 * h * v) - function(x + 2.0 * h * v)
    return (far + 8.0 * (function(x + h * v) - function(x - h * v))) / (12.0 * h)


def gradient(problem: Problem) -> list[str]:
    """The oracle's gradient is the derivative of `value`."""
    run = calls(problem)
    found = []
    for x, v in _directions(problem):
        f, g = run.oracle(x)
        expected = float(_slope(run.value, x, v))
        allowed = 1e-7 * float(np.linalg.norm(g)) + 1e-9 + 100.0 * EPS * abs(f) / 1e-4
        if not abs(float(g @ v) - expected) <= allowed:
            found.append(f"gradient: {float(g @ v)!r} along a direction, value says {expected!r}")
    return found


def curvature(problem: Problem) -> list[str]:
    """`product` is the derivative of the gradient, and symmetric."""
    run = calls(problem)
    found = []
    for x, v in _directions(problem):
        moved = run.product(x, v)
        expected = _slope(lambda y: run.oracle(y)[1], x, v)
        size = float(np.linalg.norm(moved)) + float(np.linalg.norm(run.oracle(x)[1]))
        if not float(np.linalg.norm(moved - expected)) <= 1e-7 * size + 1e-9:
            found.append(f"product: {moved!r}, the gradient says {expected!r}")
    hessian = run.hessian(problem.start)
    if not np.allclose(hessian, hessian.T, rtol=1e-12, atol=1e-13 * float(np.abs(hessian).max())):
        found.append("product: the Hessian is not symmetric")
    return found


def agreement(problem: Problem) -> list[str]:
    """`value` is the oracle's f to rounding; neither depends on what the work space held."""
    clean, dirty = calls(problem), calls(problem, np.nan)
    found = []
    for x in [problem.start, *random_points(problem, 6)]:
        f, g = clean.oracle(x)
        if not abs(f - clean.value(x)) <= 1e-14 * abs(f):
            found.append(f"value: {clean.value(x)!r}, the oracle says {f!r}")
        again, g_again = dirty.oracle(x)
        if not (again == f and np.array_equal(g, g_again) and dirty.value(x) == clean.value(x)):
            found.append("oracle or value: reads its work space before it writes it")
        if not np.array_equal(clean.product(x, g), dirty.product(x, g)):
            found.append("product: reads its work space before it writes it")
    return found


def minimum(problem: Problem) -> list[str]:
    """f >= f*; at x*, if it is known, the gradient vanishes and f = f*."""
    assert problem.f_star is not None
    run = calls(problem)
    found = []
    lowest = problem.f_star.value
    f_start, g_start = run.oracle(problem.start)
    rounding = 1e-14 * abs(lowest) + 1e-15 * abs(f_start)
    for x in region_points(problem):
        f = run.value(x)
        if not f >= lowest - rounding:
            found.append(f"f_star: {lowest!r}, but f = {f!r} somewhere")
    if problem.x_star is None:
        return found + (["f_star: exact without a minimiser"] if problem.f_star.kind == "exact" else [])
    f, g = run.oracle(problem.x_star)
    if not np.linalg.norm(g) <= 1e-12 * np.linalg.norm(g_start):
        found.append(f"x_star: the gradient is {np.linalg.norm(g)!r} there")
    if problem.f_star.kind == "exact" and not abs(f - lowest) <= rounding:
        found.append(f"f_star: {lowest!r}, but f(x*) = {f!r}")
    return found


def smoothness(problem: Problem) -> list[str]:
    """No Hessian in the region is larger than L; an exact L is attained."""
    if problem.L is None:
        return []
    run = calls(problem)
    largest = max(float(np.abs(np.linalg.eigvalsh(run.hessian(x))).max()) for x in region_points(problem))
    L = problem.L.value
    found = [f"L: {L!r}, but the curvature reaches {largest!r}"] if not largest <= L * (1.0 + 1e-12) else []
    if problem.L.kind == "exact" and not largest >= L * (1.0 - 1e-6):
        found.append(f"L: {L!r} is called exact, but the curvature reaches {largest!r} only")
    return found


def strong_convexity(problem: Problem) -> list[str]:
    """No Hessian of a convex problem is smaller than mu (or 0); an exact mu is attained."""
    if not problem.convex:
        return [] if problem.mu is None else ["mu: of a problem that is not convex"]
    run = calls(problem)
    eigenvalues = [np.linalg.eigvalsh(run.hessian(x)) for x in region_points(problem)]
    smallest = min(float(one[0]) for one in eigenvalues)
    rounding = 1e-13 * max(float(one[-1]) for one in eigenvalues)
    mu = 0.0 if problem.mu is None else problem.mu.value
    found = [f"mu: {mu!r}, but the curvature falls to {smallest!r}"] if not smallest >= mu - rounding else []
    exact = problem.mu is not None and problem.mu.kind == "exact"
    if exact and not smallest <= mu * (1.0 + 1e-6) + rounding:
        found.append(f"mu: {mu!r} is called exact, but the curvature falls to {smallest!r} only")
    return found


def lojasiewicz(problem: Problem, points: list[Vector] | None = None) -> list[str]:
    """||g||^2 >= 2 pl (f - f*)."""
    if problem.pl is None:
        return []
    assert problem.f_star is not None
    run = calls(problem)
    found = []
    for x in region_points(problem) if points is None else points:
        f, g = run.oracle(x)
        needed = 2.0 * problem.pl.value * (f - problem.f_star.value)
        if not float(g @ g) >= needed * (1.0 - 1e-12) - 1e-14 * problem.pl.value * abs(f):
            found.append(f"pl: {problem.pl.value!r} at {x!r}: ||g||^2 = {float(g @ g)!r} < {needed!r}")
    return found


def interpolation(problem: Problem) -> list[str]:
    """The inequality that holds for all pairs of points exactly if f is mu-strongly convex and L-smooth.

    Taylor, Hendrickx, Glineur 2017, theorem 4; at mu = L its limit is g = L (x - x*).
    """
    if not problem.convex or problem.L is None or problem.region != "everywhere":
        return []
    run = calls(problem)
    L = problem.L.value
    mu = 0.0 if problem.mu is None else problem.mu.value
    points = [problem.start, *random_points(problem, 12)]
    points += [] if problem.x_star is None else [problem.x_star]
    seen = [(x, *run.oracle(x)) for x in points]
    found = []
    for x_i, f_i, g_i in seen:
        for x_j, f_j, g_j in seen:
            dx, dg = x_i - x_j, g_i - g_j
            if mu >= L:
                if not np.allclose(dg, L * dx, rtol=1e-12, atol=1e-12):
                    found.append("interpolation: mu = L, but the gradient is not L (x - x*)")
                continue
            quadratic = float(dg @ dg) / L + mu * float(dx @ dx) - 2.0 * mu / L * float(dg @ dx)
            gap = f_i - f_j - float(g_j @ dx) - quadratic / (2.0 * (1.0 - mu / L))
            scale = abs(f_i) + abs(f_j) + abs(float(g_j @ dx)) + L * float(dx @ dx)
            if not gap >= -1e-13 * scale / (1.0 - mu / L):
                found.append(f"interpolation: off by {gap!r}")
    return found


def spectrum(problem: Problem) -> list[str]:
    """The spectrum gives f - f*, ||x - x*||^2 and ||g||^2 at the start, and the eigenvalues of the Hessian."""
    if problem.spectrum is None:
        return ["spectrum: a quadratic without one"] if problem.kind == "quadratic" else []
    assert problem.f_star is not None
    assert problem.x_star is not None
    run = calls(problem)
    f, g = run.oracle(problem.start)
    values, squares = problem.spectrum.eigenvalues, problem.spectrum.coordinates**2
    away = problem.start - problem.x_star
    pairs = {
        "f - f*": (0.5 * float(values @ squares), f - problem.f_star.value, abs(f)),
        "dist2": (float(squares.sum()), float(away @ away), 0.0),
        "grad2": (float(values**2 @ squares), float(g @ g), 0.0),
    }
    found = []
    for name, (said, measured, scale) in pairs.items():
        if not abs(said - measured) <= 1e-11 * measured + 1e-14 * scale:
            found.append(f"spectrum: {name} {said!r}, measured {measured!r}")
    hessian = run.hessian(problem.start)
    if not np.allclose(np.linalg.eigvalsh(hessian), np.sort(values), rtol=1e-9, atol=1e-13 * float(values.max())):
        found.append("spectrum: not the eigenvalues of the Hessian")
    return found


def metadata(problem: Problem) -> list[str]:  # noqa: C901 - a list of independent facts
    """Sources are given, constants finite and consistent, arrays of the types and shapes that kernels expect."""
    found = [] if problem.source.strip() else ["source: empty"]
    for name in ("L", "mu", "pl", "f_star"):
        constant = getattr(problem, name)
        if constant is not None and not (constant.source.strip() and np.isfinite(constant.value)):
            found.append(f"{name}: no source, or not finite")
    if problem.f_star is None:
        found.append("f_star: absent")
    needed = {"quadratic": ("L", "mu", "x_star"), "strongly convex": ("mu", "x_star"), "convex": (), "nonconvex": ()}
    found += [f"{name}: absent from a {problem.kind} problem" for name in needed[problem.kind] if _lacks(problem, name)]
    if problem.L and problem.mu and problem.mu.value > problem.L.value:
        found.append("mu: larger than L")
    if problem.x_star is not None and problem.x_star.shape != problem.start.shape:
        found.append("x_star: its shape is not the start's")
    for array in (*problem.arrays()[:4], problem.start):
        if array.dtype != np.float64 or not array.flags.c_contiguous or not np.all(np.isfinite(array)):
            found.append("arrays: not contiguous finite float64")
    for array in problem.arrays()[4:]:
        if array.dtype != np.int64:
            found.append("arrays: not int64")
    layers = problem.arrays()[4]
    if layers[0] != 0 or layers[-1] != problem.n or np.any(np.diff(layers) < 0) or problem.terms < 1:
        found.append("layers or terms: out of order")
    return found


def _lacks(problem: Problem, name: str) -> bool:
    return getattr(problem, name) is None


ALL: tuple[Callable[[Problem], list[str]], ...] = (
    *(metadata, agreement, gradient, curvature, minimum),
    *(smoothness, strong_convexity, lojasiewicz, interpolation, spectrum),
)
