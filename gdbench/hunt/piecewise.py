"""Piecewise quadratics: sums over coordinates of functions whose slope is piecewise linear, with free breakpoints.

In each coordinate the curvature is `middle` around the minimiser 0 and changes at `knots` on either side to `slopes`,
all within [mu, L]. In one dimension such functions come as near as one likes to every member of the class.
"""

from __future__ import annotations

import numpy as np

from gdbench.errors import BadInput
from gdbench.hunt.family import Data, Family, FunctionClass, L, angle, slope, taken, within
from gdbench.kernel import helper, oracle, product, value
from gdbench.problem import Array, Constant, Problem

#: Breakpoints on each side, and how far out they may lie.
KNOTS, FARTHEST = 2, 1.4
#: The curvature around 0 is at least this share of L, and the first breakpoint at least so far, so that the minimiser
#: is 0 alone.
LEAST = 0.01


@helper
def piece(size, table, row):  # type: ignore[no-untyped-def]
    """f, f' and f'' at a distance from 0; rows of table: breakpoints from 0 on, f, f' and f'' from each on."""
    j = table.shape[1] - 1
    while j > 0 and size < table[row, j]:
        j -= 1
    h = size - table[row, j]
    bend = table[row + 3, j]
    half = table[row + 2, j] + 0.5 * bend * h
    return table[row + 1, j] + h * half, table[row + 2, j] + bend * h, bend


@oracle
def piecewise_oracle(x, g, data):  # type: ignore[no-untyped-def]
    f = 0.0
    for i in range(x.shape[0]):
        left = x[i] < 0.0
        value, size, _ = piece(abs(x[i]), data.rows, 8 * i + (4 if left else 0))
        g[i] = -size if left else size
        f += value
    return f


@value
def piecewise_value(x, data):  # type: ignore[no-untyped-def]
    f = 0.0
    for i in range(x.shape[0]):
        f += piece(abs(x[i]), data.rows, 8 * i + (4 if x[i] < 0.0 else 0))[0]
    return f


@product
def piecewise_product(x, v, out, data):  # type: ignore[no-untyped-def]
    for i in range(x.shape[0]):
        out[i] = piece(abs(x[i]), data.rows, 8 * i + (4 if x[i] < 0.0 else 0))[2] * v[i]


def tabulated(middle: float, knots: Array, slopes: Array) -> Array:
    """The table of one side, from knots and slopes of shape (m,); shape (4, m + 1)."""
    breaks, bends = np.concatenate([[0.0], knots]), np.concatenate([[middle], slopes])
    table = np.zeros((4, len(breaks)))
    table[0], table[3] = breaks, bends
    for j in range(len(knots)):
        h = breaks[j + 1] - breaks[j]
        table[1, j + 1] = table[1, j] + h * (table[2, j] + 0.5 * bends[j] * h)
        table[2, j + 1] = table[2, j] + bends[j] * h
    return table


def placed(u: Array, wanted: FunctionClass) -> Data:
    """u holds for each coordinate the middle, two sides of knots and slopes; with two coordinates the start as well."""
    n = max(len(u) // (1 + 4 * KNOTS), 1)
    start, rest = (np.ones(1), u) if n == 1 else (angle(float(u[0])), u[1:])
    coordinates = rest.reshape(n, 1 + 4 * KNOTS)
    sides = coordinates[:, 1:].reshape(n, 2, 2, KNOTS)
    gaps = FARTHEST / KNOTS * sides[:, :, 0] ** 2 + LEAST / 10.0
    middle = slope(coordinates[:, 0], max(wanted.mu, LEAST * L))
    slopes = slope(sides[:, :, 1], wanted.mu)
    return {"start": start, "middle": middle, "knots": np.cumsum(gaps, axis=2), "slopes": slopes}


def checked(data: Data, wanted: FunctionClass) -> None:
    """`BadInput` where the data are no member of the class."""
    n = len(taken(data, "start", (-1,)))
    middle, knots = taken(data, "middle", (n,)), taken(data, "knots", (n, 2, -1))
    slopes = taken(data, "slopes", knots.shape)
    within("middle", middle, max(wanted.mu, 1e-300), L)
    within("slopes", slopes, wanted.mu, L)
    if not np.all(np.diff(knots, axis=2, prepend=0.0) > 0.0):
        raise BadInput("'knots' of the instance must rise from above 0, as in [0.25, 0.5].")


def made(data: Data, wanted: FunctionClass) -> Problem:
    """The problem of an instance."""
    start, middle, knots, slopes = (data[name] for name in ("start", "middle", "knots", "slopes"))
    n = len(start)
    tables = [tabulated(float(middle[i]), knots[i, side], slopes[i, side]) for i in range(n) for side in (0, 1)]
    constants = wanted.constants("every f'' of every piece lies between them, set")
    return Problem(
        oracle=piecewise_oracle,
        value=piecewise_value,
        product=piecewise_product,
        start=start,
        kind=wanted.kind,
        source="found by a search of the class",
        f_star=Constant(0.0, "exact", "f is convex and its gradient at 0 is 0 = f(0)"),
        x_star=np.zeros(n),
        terms=3 * n,
        separable=True,
        rows=np.concatenate(tables),
        name=f"a {wanted.kind} function",
        **constants,  # type: ignore[arg-type]
    )


LINE = Family("line", "piecewise quadratics in one dimension", 1 + 4 * KNOTS, placed, checked, made)
PLANE = Family("plane", "sums of two piecewise quadratics of one coordinate each", 3 + 8 * KNOTS, placed, checked, made)
