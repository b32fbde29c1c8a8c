"""Certificates of a problem: each function tries to refute one claim and returns its complaints, none if it stands."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gdbench.audit.batches import samples
from gdbench.audit.calls import Vector, calls
from gdbench.audit.extremes import (
    DENSE,
    NEAR,
    curved,
    highest,
    lowest_value,
    spectrum_ends,
    steepness,
)
from gdbench.audit.places import EPS, curvature_points, directions, random_points, region_points, slope
from gdbench.problem import Problem


def gradient(problem: Problem) -> list[str]:
    """The oracle's gradient is the derivative of `value`."""
    run = calls(problem)
    found = []
    for x, v in directions(problem):
        f, g = run.oracle(x)
        expected = float(slope(run.value, x, v))
        allowed = 1e-7 * float(np.linalg.norm(g)) + 1e-9 + 100.0 * EPS * abs(f) / 1e-4
        if not abs(float(g @ v) - expected) <= allowed:
            found.append(f"gradient: {float(g @ v)!r} along a direction, value says {expected!r}")
    return found


def curvature(problem: Problem) -> list[str]:
    """`product` is the derivative of the gradient, and symmetric."""
    run = calls(problem)
    found = []
    for x, v in directions(problem):
        moved = run.product(x, v)
        expected = slope(lambda y: run.oracle(y)[1], x, v)
        size = float(np.linalg.norm(moved)) + float(np.linalg.norm(run.oracle(x)[1]))
        if not float(np.linalg.norm(moved - expected)) <= 1e-7 * size + 1e-9:
            found.append(f"product: {moved!r}, the gradient says {expected!r}")
    for x, v in directions(problem):
        w = np.roll(v, 1)
        moved = run.product(x, v)
        if not abs(float(w @ moved) - float(v @ run.product(x, w))) <= 1e-13 * float(np.linalg.norm(moved)):
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
    """f >= f*, also on a run that looks for lower values; at x*, if it is known, the gradient vanishes and f = f*."""
    if problem.f_star is None:
        return []
    run = calls(problem)
    found = []
    lowest = problem.f_star.value
    rounding = value_rounding(problem)
    values = [run.value(x) for x in region_points(problem)]
    values.append(lowest_value(problem))
    if not min(values) >= lowest - rounding:
        found.append(f"f_star: {lowest!r}, but f = {min(values)!r} somewhere")
    if problem.x_star is None:
        return found + (["f_star: exact without a minimiser"] if problem.f_star.kind == "exact" else [])
    f, g = run.oracle(problem.x_star)
    g_start = run.oracle(problem.start)[1]
    if not np.linalg.norm(g) <= 1e-12 * np.linalg.norm(g_start):
        found.append(f"x_star: the gradient is {np.linalg.norm(g)!r} there")
    if problem.f_star.kind == "exact" and not abs(f - lowest) <= rounding:
        found.append(f"f_star: {lowest!r}, but f(x*) = {f!r}")
    return found + _polished(problem)


def value_rounding(problem: Problem) -> float:
    """How far a value near f* may be off: f* is rounded, and so are sums of terms of the size of f at the start."""
    assert problem.f_star is not None
    return 1e-14 * abs(problem.f_star.value) + 1e-15 * abs(calls(problem).value(problem.start))


def _polished(problem: Problem) -> list[str]:
    """Newton's steps from x* lead nowhere, and where f is flat along a line no other minimiser is nearer.

    The gradient of x^6 at 1e-3 is as good as 0: what tells is that Newton's method moves on to smaller ones.
    """
    assert problem.x_star is not None
    if problem.n > DENSE:
        return []
    run, x = calls(problem), problem.x_star
    distance = float(np.linalg.norm(problem.start - x))
    g = run.oracle(x)[1]
    values, vectors = np.linalg.eigh(run.hessian(x))
    flat = vectors[:, np.abs(values) <= 1e-12 * np.abs(values).max()]
    nearer = x + flat @ (flat.T @ (problem.start - x))
    shorter = float(np.linalg.norm(problem.start - nearer)) < distance * (1.0 - 1e-9)
    if problem.convex and shorter and run.value(nearer) <= run.value(x) + value_rounding(problem):
        return [f"x_star: {nearer!r} is a minimiser as well, and nearer to the start"]
    for _ in range(60):
        trial = x - np.linalg.pinv(run.hessian(x), rcond=1e-12) @ g
        slope = run.oracle(trial)[1]
        if not np.linalg.norm(slope) < np.linalg.norm(g):
            break
        x, g = trial, slope
    moved = float(np.linalg.norm(x - problem.x_star))
    return [f"x_star: Newton's method moves by {moved!r} from there"] if moved > 1e-6 * distance else []


def smoothness(problem: Problem) -> list[str]:
    """No Hessian in the region is larger than L; an exact L is attained."""
    if problem.L is None:
        return []
    L = problem.L.value
    largest, off = largest_curvature(problem, L)
    found = [f"L: {L!r}, but the curvature reaches {largest!r}"] if not largest <= L * (1.0 + 1e-12) else []
    if problem.L.kind == "exact" and not largest + off >= L * (1.0 - 1e-6):
        found.append(f"L: {L!r} is called exact, but the curvature reaches {largest!r} only")
    return found


def largest_curvature(problem: Problem, enough: float) -> tuple[float, float]:
    """The largest absolute eigenvalue found in the region, or one that is `enough`, and how far it may be off."""
    run, points = calls(problem), curvature_points(problem)
    enough *= 1.0 - 1e-6
    up = highest(problem, curved(run, 1.0), points, enough)
    down = -math.inf if up >= enough else highest(problem, curved(run, -1.0), points, enough)
    return max(up, down), spectrum_ends(run, problem.start)[2]


def strong_convexity(problem: Problem) -> list[str]:
    """No Hessian of a convex problem is smaller than mu (or 0); an exact mu is attained."""
    if not problem.convex:
        return [] if problem.mu is None else ["mu: of a problem that is not convex"]
    mu = 0.0 if problem.mu is None else problem.mu.value
    smallest, off = smallest_curvature(problem, mu)
    run = calls(problem)
    rounding = 1e-13 * max(spectrum_ends(run, x)[1][0] for x in curvature_points(problem))
    found = [f"mu: {mu!r}, but the curvature falls to {smallest!r}"] if not smallest >= mu - rounding else []
    exact = problem.mu is not None and problem.mu.kind == "exact"
    if exact and not smallest - off <= mu * (1.0 + 1e-6) + rounding:
        found.append(f"mu: {mu!r} is called exact, but the curvature falls to {smallest!r} only")
    return found


def smallest_curvature(problem: Problem, enough: float) -> tuple[float, float]:
    """The smallest eigenvalue found in the region, or one as small as `enough`, and how far it may be off."""
    run = calls(problem)
    found = -highest(problem, curved(run, -1.0), curvature_points(problem), -enough * (1.0 + 1e-6))
    return found, spectrum_ends(run, problem.start)[2]


def lojasiewicz(problem: Problem, points: list[Vector] | None = None) -> list[str]:
    """||g||^2 >= 2 pl (f - f*); an exact constant is attained."""
    if problem.pl is None or problem.f_star is None:
        return []
    run = calls(problem)
    found = []
    for x in region_points(problem) if points is None else points:
        f, g = run.oracle(x)
        needed = 2.0 * problem.pl.value * (f - problem.f_star.value)
        if not float(g @ g) >= needed * (1.0 - 1e-12) - 1e-14 * problem.pl.value * abs(f):
            found.append(f"pl: {problem.pl.value!r} at {x!r}: ||g||^2 = {float(g @ g)!r} < {needed!r}")
    least = least_steepness(problem)
    if not least >= problem.pl.value * (1.0 - 1e-9):
        found.append(f"pl: {problem.pl.value!r}, but ||g||^2/(2 (f - f*)) falls to {least!r}")
    if problem.pl.kind == "exact" and not least <= problem.pl.value * (1.0 + 1e-6):
        found.append(f"pl: {problem.pl.value!r} is called exact, but ||g||^2/(2 (f - f*)) falls to {least!r} only")
    return found


def least_steepness(problem: Problem) -> float:
    """The smallest ||g||^2 / (2 (f - f*)) found: near x* along eigenvectors of the Hessian there, and uphill."""
    assert problem.f_star is not None
    run, points = calls(problem), region_points(problem)
    if problem.x_star is not None and problem.n <= DENSE:
        far = float(np.linalg.norm(problem.start - problem.x_star))
        axes = np.linalg.eigh(run.hessian(problem.x_star))[1].T
        points += [problem.x_star + share * far * axis for axis in axes for share in (1e-2, 1.0)]
    gap = run.value(problem.start) - problem.f_star.value
    return -highest(problem, steepness(run, problem.f_star.value, NEAR * gap), points)


def figures(problem: Problem) -> list[str]:
    """How much room each constant leaves that is a bound: what the searches found."""
    found = []
    if problem.L is not None and problem.L.kind == "bound":
        largest = largest_curvature(problem, math.inf)[0]
        found.append(f"L: {problem.L.value:.4g} is a bound, largest curvature found {largest:.4g}")
    if problem.mu is not None and problem.mu.kind == "bound":
        smallest = smallest_curvature(problem, -math.inf)[0]
        found.append(f"mu: {problem.mu.value:.4g} is a bound, smallest curvature found {smallest:.4g}")
    if problem.pl is not None and problem.pl.kind == "bound":
        found.append(f"pl: {problem.pl.value:.4g} is a bound, smallest ratio found {least_steepness(problem):.4g}")
    if problem.f_star is not None and problem.f_star.kind == "bound":
        found.append(f"f*: {problem.f_star.value:.4g} is a bound, lowest value found {lowest_value(problem):.4g}")
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
    if problem.f_star is None or problem.x_star is None:
        return ["spectrum: without f* or x*"]
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
    others = [x for x in curvature_points(problem) if not _has_eigenvalues(problem, x, np.sort(values))]
    return found + [f"spectrum: not the eigenvalues of the Hessian at {x!r}" for x in others]


def _has_eigenvalues(problem: Problem, x: Vector, values: Vector) -> bool:
    run, rounding = calls(problem), 1e-13 * float(values[-1])
    if problem.n <= DENSE:
        return np.allclose(np.linalg.eigvalsh(run.hessian(x)), values, rtol=1e-9, atol=rounding)
    (low, _), (high, _), off = spectrum_ends(run, x)
    return np.allclose([low, high], values[[0, -1]], rtol=1e-9, atol=rounding + off)


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
    *(metadata, agreement, gradient, curvature, samples, minimum),
    *(smoothness, strong_convexity, lojasiewicz, interpolation, spectrum),
)
