"""Interpolants of certificates in the plane: f(x) = mu/2 ||x||^2 + min over z of c/2 ||x - z||^2 + H(z), c = L - mu.

H is the lower hull of points z_i with heights h_i > 0, but for z_0 = 0 with h_0 = 0. Every such f is in the class, and
has its minimum 0 at 0. Triples (x_i, g_i, f_i) that satisfy the interpolation conditions of the class are interpolated
by the f with z_i = x_i - s_i/c, h_i = f_i - mu/2 ||x_i||^2 - ||s_i||^2/(2 c), s_i = g_i - mu x_i (Taylor, Hendrickx and
Glineur 2017, theorem 4; Drori and Taylor 2020 for the form), so all certificates are reached without a condition to
keep. The inner minimum lies on a point, on a segment or in a triangle: the least of their minima is taken.
"""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from gdbench.errors import BadInput
from gdbench.hunt.family import Data, Family, FunctionClass, L, taken
from gdbench.kernel import helper, oracle, product, value
from gdbench.problem import Array, Constant, Problem

#: Points besides 0, and how far out they may lie.
POINTS, FARTHEST = 4, 1.5
#: H rises from 0 at least so steeply, in units of c, so that f is a parabola around its minimiser, which is 0 alone.
LEAST = 0.005
#: Triangles thinner than this (the sine of an angle) are left out of the search: their slopes are rounded too much.
THINNEST = 1e-3


@helper
def on_segment(x, y, c, points, i, j, best, found):  # type: ignore[no-untyped-def]
    """The minimum inside the segment from point i to j where it is below `best`, else `best`; see `hull`."""
    dx, dy, dh = points[j, 0] - points[i, 0], points[j, 1] - points[i, 1], points[j, 2] - points[i, 2]
    u, v = x - points[i, 0], y - points[i, 1]
    t = (u * dx + v * dy - dh / c) / (dx * dx + dy * dy)
    if not 0.0 < t < 1.0:
        return best
    p, q = u - t * dx, v - t * dy
    f = 0.5 * c * (p * p + q * q) + (points[i, 2] + t * dh)
    if f < best:
        found[0], found[1], found[4] = points[i, 0] + t * dx, points[i, 1] + t * dy, 1.0
        found[2], found[3] = dx, dy
        return f
    return best


@helper
def in_triangle(x, y, c, points, i, j, k, best, found):  # type: ignore[no-untyped-def]
    """The minimum inside the triangle of points i, j, k where it is below `best`, else `best`; see `hull`."""
    ax, ay, ah = points[j, 0] - points[i, 0], points[j, 1] - points[i, 1], points[j, 2] - points[i, 2]
    bx, by, bh = points[k, 0] - points[i, 0], points[k, 1] - points[i, 1], points[k, 2] - points[i, 2]
    det = ax * by - ay * bx
    # H has one slope there, and z is x moved against it.
    sx, sy = (ah * by - bh * ay) / det, (ax * bh - bx * ah) / det
    u, v = x - sx / c - points[i, 0], y - sy / c - points[i, 1]
    s, t = (u * by - v * bx) / det, (ax * v - ay * u) / det
    if not (s > 0.0 and t > 0.0 and s + t < 1.0):
        return best
    f = 0.5 * (sx * sx + sy * sy) / c + (points[i, 2] + s * ah + t * bh)
    if f < best:
        found[0], found[1], found[4] = x - sx / c, y - sy / c, 2.0
        return f
    return best


@helper
def hull(x, y, c, points, found):  # type: ignore[no-untyped-def]
    """min over z of c/2 ||(x, y) - z||^2 + H(z); found is set to z, to the segment's direction and to its kind.

    points, shape (m, 3), holds z and h; found, shape (5,), ends with 0 for a point, 1 for a segment, 2 for a triangle.
    """
    m = points.shape[0]
    best = math.inf
    for i in range(m):
        u, v = x - points[i, 0], y - points[i, 1]
        f = 0.5 * c * (u * u + v * v) + points[i, 2]
        if f < best:
            best = f
            found[0], found[1], found[4] = points[i, 0], points[i, 1], 0.0
    for i in range(m):
        for j in range(i + 1, m):
            best = on_segment(x, y, c, points, i, j, best, found)
            for k in range(j + 1, m):
                best = in_triangle(x, y, c, points, i, j, k, best, found)
    return best


@oracle
def envelope_oracle(x, g, data):  # type: ignore[no-untyped-def]
    mu, c, found = data.vector[0], data.vector[1], data.scratch
    f = hull(x[0], x[1], c, data.rows, found)
    g[0] = mu * x[0] + c * (x[0] - found[0])
    g[1] = mu * x[1] + c * (x[1] - found[1])
    return 0.5 * mu * (x[0] * x[0] + x[1] * x[1]) + f


@value
def envelope_value(x, data):  # type: ignore[no-untyped-def]
    f = hull(x[0], x[1], data.vector[1], data.rows, data.scratch)
    return 0.5 * data.vector[0] * (x[0] * x[0] + x[1] * x[1]) + f


@product
def envelope_product(x, v, out, data):  # type: ignore[no-untyped-def]
    mu, c, found = data.vector[0], data.vector[1], data.scratch
    hull(x[0], x[1], c, data.rows, found)
    bend = c if found[4] < 2.0 else 0.0
    out[0] = (mu + bend) * v[0]
    out[1] = (mu + bend) * v[1]
    if found[4] == 1.0:
        dx, dy = found[2], found[3]
        along = c * (dx * v[0] + dy * v[1]) / (dx * dx + dy * dy)
        out[0] -= along * dx
        out[1] -= along * dy


def round_enough(points: Array) -> bool:
    """No two points coincide and no triangle of points, shape (m, 3), is thinner than THINNEST."""
    for a, b, c in combinations(points[:, :2].tolist(), 3):
        u, v = (b[0] - a[0], b[1] - a[1]), (c[0] - a[0], c[1] - a[1])
        w = (u[0] - v[0], u[1] - v[1])
        squares = sorted(p * p + q * q for p, q in (u, v, w))
        if not abs(u[0] * v[1] - u[1] * v[0]) > THINNEST * math.sqrt(squares[1] * squares[2]):
            return False
    return True


def placed(u: Array, wanted: FunctionClass) -> Data | None:
    """u: the points in a square around 0, then the roots of their heights, of about (L - mu) FARTHEST^2/2 at most."""
    if wanted.mu == L:
        return None
    places = FARTHEST * (2.0 * u[: 2 * POINTS].reshape(POINTS, 2) - 1.0)
    squares = np.sum(places * places, axis=1)
    heights = (L - wanted.mu) * (0.5 * (FARTHEST * u[2 * POINTS :]) ** 2 + LEAST * np.sqrt(squares))
    points = np.concatenate([np.zeros((1, 3)), np.column_stack([places, heights])])
    return {"start": np.array([1.0, 0.0]), "points": points} if round_enough(points) else None


def checked(data: Data, wanted: FunctionClass) -> None:
    """`BadInput` where the data are no member of the class."""
    taken(data, "start", (2,))
    points = taken(data, "points", (-1, 3))
    if not (len(points) >= 3 and np.all(points[0] == 0.0) and np.all(points[1:, 2] > 0.0) and round_enough(points)):
        raise BadInput("'points' of the instance must be 0 0 0, then two or more of height > 0, no three on a line.")
    if wanted.mu == L:
        raise BadInput("With mu = L there is no certificate to interpolate: every function of the class is quadratic.")


def made(data: Data, wanted: FunctionClass) -> Problem:
    """The problem of an instance."""
    start, points = data["start"], data["points"]
    constants = wanted.constants("mu/2 ||x||^2 and a Moreau envelope with parameter 1/(L - mu) of a convex function")
    return Problem(
        oracle=envelope_oracle,
        value=envelope_value,
        product=envelope_product,
        start=start,
        kind=wanted.kind,
        source="Taylor, Hendrickx and Glineur 2017, theorem 4; found by a search of the class",
        f_star=Constant(0.0, "exact", "f >= 0 = f(0), as no height is negative"),
        x_star=np.zeros(2),
        terms=3 * len(points),
        rows=points,
        vector=np.array([wanted.mu, L - wanted.mu]),
        scratch=np.zeros(5),
        name=f"a {wanted.kind} function",
        **constants,  # type: ignore[arg-type]
    )


ENVELOPE = Family("certificate", "interpolants of certificates in the plane", 3 * POINTS, placed, checked, made)
