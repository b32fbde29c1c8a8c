"""Functions of a few directions of R^n: f(x) = b/2 ||x - c||^2 + sum_j phi_j(u_j . (x - c)), phi_j piecewise quadratic.

Equality cases of theorems have one dimension or two. Turned into random directions of a space whose dimension is no
multiple of the kernels' eight lanes they see every coordinate of a method. rows holds c and the orthonormal u_j, vector
b, matrix the pieces of all phi_j, and sizes where those of each begin.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from gdbench.exactly import reflected, unit
from gdbench.kernel import dot, helper, oracle, product, value
from gdbench.problem import Array, Constant, Problem, Spectrum

#: No multiple of eight, so that sums have a tail, and more than one block.
DIMENSION = 13
#: Farther than any run goes.
FAR = 1e300
SOURCE = "a function of a few directions, for the audit"

#: Rows (end, s_0, height, slope, curvature): up to s = end, phi is height + slope (s - s_0) + curvature (s - s_0)^2/2.
Pieces = list[tuple[float, float, float, float, float]]


@helper
def profile(pieces, first, last, s):  # type: ignore[no-untyped-def]
    """phi, its slope and its curvature at s."""
    here = first
    while here < last - 1 and s > pieces[here, 0]:
        here += 1
    moved = s - pieces[here, 1]
    slope, curvature = pieces[here, 3], pieces[here, 4]
    return pieces[here, 2] + moved * (slope + 0.5 * curvature * moved), slope + curvature * moved, curvature


@oracle
def ridge_oracle(x, g, data):  # type: ignore[no-untyped-def]
    rows, sizes, bulk, away = data.rows, data.sizes, data.vector[0], data.scratch
    for i in range(x.shape[0]):
        away[i] = x[i] - rows[0, i]
        g[i] = bulk * away[i]
    f = 0.5 * bulk * dot(away, away)
    for j in range(1, rows.shape[0]):
        height, slope, _ = profile(data.matrix, sizes[j - 1], sizes[j], dot(rows[j], away))
        f += height
        for i in range(x.shape[0]):
            g[i] += slope * rows[j, i]
    return f


@value
def ridge_value(x, data):  # type: ignore[no-untyped-def]
    rows, sizes, away = data.rows, data.sizes, data.scratch
    for i in range(x.shape[0]):
        away[i] = x[i] - rows[0, i]
    f = 0.5 * data.vector[0] * dot(away, away)
    for j in range(1, rows.shape[0]):
        f += profile(data.matrix, sizes[j - 1], sizes[j], dot(rows[j], away))[0]
    return f


@product
def ridge_product(x, v, out, data):  # type: ignore[no-untyped-def]
    rows, sizes, bulk, away = data.rows, data.sizes, data.vector[0], data.scratch
    for i in range(x.shape[0]):
        away[i] = x[i] - rows[0, i]
        out[i] = bulk * v[i]
    for j in range(1, rows.shape[0]):
        bent = profile(data.matrix, sizes[j - 1], sizes[j], dot(rows[j], away))[2] * dot(rows[j], v)
        for i in range(x.shape[0]):
            out[i] += bent * rows[j, i]


def parabola(curvature: float) -> Pieces:
    """curvature s^2/2."""
    return [(FAR, 0.0, 0.0, 0.0, curvature)]


def huber(curvature: float, tau: float) -> Pieces:
    """A parabola up to |s| = tau, straight beyond (Huber 1964)."""
    edge = 0.5 * curvature * tau * tau
    return [
        (-tau, -tau, edge, -curvature * tau, 0.0),
        (tau, 0.0, 0.0, 0.0, curvature),
        (FAR, tau, edge, curvature * tau, 0.0),
    ]


def followed_by(pieces: Pieces, *more: tuple[float, float]) -> Pieces:
    """pieces, the last one cut short at the first of the (start, curvature) that go on from it with the same slope."""
    made = list(pieces)
    for start, curvature in more:
        _, s_0, height, slope, bent = made[-1]
        moved = start - s_0
        made[-1] = (start, s_0, height, slope, bent)
        there = height + moved * (slope + 0.5 * bent * moved)
        made.append((FAR, start, there, slope + bent * moved, curvature))
    return made


@cache
def _frame() -> Array:
    """A random orthonormal basis, as rows: three reflections of the coordinates; shape (n, n)."""
    draws = np.random.Generator(np.random.Philox(2024))
    axes = [unit(draws.standard_normal(DIMENSION)) for _ in range(3)]
    frame = np.eye(DIMENSION)
    for axis in axes:
        frame = np.array([reflected(row, axis) for row in frame])
    return frame


@cache
def _centre() -> Array:
    """x*: not 0, which a method that shrinks x would find; shape (n,)."""
    return unit(np.random.Generator(np.random.Philox(2025)).standard_normal(DIMENSION))


def ridge(profiles: Sequence[Pieces], start: Sequence[float], bulk: float = 0.0, **facts: Any) -> Problem:
    """The problem whose phi_j are given and whose start lies at start_j along u_j from x* = c, where f = 0 = f*.

    facts are fields of the problem: kind, L, mu, spectrum, …
    """
    axes, centre = _frame()[: len(profiles)], _centre()
    moved = sum((s * axis for s, axis in zip(start, axes, strict=True)), np.zeros(DIMENSION))
    pieces = [piece for one in profiles for piece in one]
    return Problem(
        oracle=ridge_oracle,
        value=ridge_value,
        product=ridge_product,
        start=centre + moved,
        source=SOURCE,
        f_star=Constant(0.0, "exact", "f >= 0 = f(c)"),
        x_star=centre.copy(),
        terms=DIMENSION + len(profiles),
        matrix=np.array(pieces),
        rows=np.array([centre, *axes]),
        vector=np.array([bulk]),
        scratch=np.zeros(DIMENSION),
        sizes=np.cumsum([0, *map(len, profiles)], dtype=np.int64),
        name=f"a {facts['kind']} equality case",
        **facts,
    )


def quadratic(eigenvalues: Sequence[float], start: Sequence[float]) -> Problem:
    """A quadratic with these eigenvalues, ascending, each along a direction of its own, and the first in all others.

    start: the coordinates of x_0 - x* along the directions.
    """
    least, most = eigenvalues[0], eigenvalues[-1]
    rest = DIMENSION - len(eigenvalues)
    return ridge(
        [parabola(one - least) for one in eigenvalues],
        start,
        bulk=least,
        kind="quadratic" if least > 0.0 else "convex",
        L=Constant(most, "exact", "largest eigenvalue, set"),
        mu=Constant(least, "exact", "smallest eigenvalue, set") if least > 0.0 else None,
        spectrum=Spectrum(np.array([least] * rest + list(eigenvalues)), np.array([0.0] * rest + list(start))),
    )
