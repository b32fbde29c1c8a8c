"""What every hand-written loop is made of: a product with the matrix, an inner product, and the row of an iterate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
from numba import types

VECTOR, MATRIX = types.Array(types.float64, 1, "C"), types.Array(types.float64, 2, "C")
#: Every loop's signature: see `Loop.run`.
LOOP = types.int64(MATRIX, VECTOR, VECTOR, types.float64, types.float64, types.int64, types.boolean, MATRIX)
#: Sums may be reordered: the loop promises the same bits on no other machine, which makes it the faster peer.
LOOSE = {"reassoc", "contract", "arcp", "nsz"}
#: The columns of a recorded row.
RECORDED = ("f", "grad2", "dist2", "step2", "alpha")


@dataclass(frozen=True)
class Loop:
    """A loop, and where to run it: as many steps as keep the method at work, on a matrix of condition kappa.

    A method is at work as long as its iterates and decisions are those of exact arithmetic: rounding grows on the way,
    fast where steps are longer than 2/L.

    run(matrix, x, x_star, L, mu, steps, record, rows) moves x, shape (n,), from x_0 to the judged iterate after `steps`
    steps and returns its products with the matrix. rows (steps + 1, 5): alpha always, the rest only with `record`.
    """

    run: Callable[..., int]
    steps: int = 60
    kappa: float = 100.0


def part(function: Callable[..., Any]) -> Callable[..., Any]:
    """Copied into each loop that calls it."""
    return numba.njit(fastmath=LOOSE, error_model="numpy", forceinline=True)(function)  # type: ignore[no-any-return]


def loop(function: Callable[..., Any]) -> Callable[..., Any]:
    return numba.njit(fastmath=LOOSE, error_model="numpy")(function)  # type: ignore[no-any-return]


def compiled(loop: Loop) -> Any:
    """The loop, compiled when it is first asked for."""
    if not loop.run.signatures:  # type: ignore[attr-defined]
        loop.run.compile(LOOP)  # type: ignore[attr-defined]
    return loop.run


@numba.njit(fastmath=LOOSE, error_model="numpy")
def times(matrix, x, out):
    """out = A x, four rows at a time: at n = 1000 as fast as BLAS, below faster."""
    n = x.shape[0]
    whole = n // 4 * 4
    for i in range(0, whole, 4):
        a = b = c = d = 0.0
        first, second, third, fourth = matrix[i], matrix[i + 1], matrix[i + 2], matrix[i + 3]
        for j in range(n):
            a += first[j] * x[j]
            b += second[j] * x[j]
            c += third[j] * x[j]
            d += fourth[j] * x[j]
        out[i], out[i + 1], out[i + 2], out[i + 3] = a, b, c, d
    for i in range(whole, n):
        a = 0.0
        for j in range(n):
            a += matrix[i, j] * x[j]
        out[i] = a


@part
def inner(a, b):
    found = 0.0
    for i in range(a.shape[0]):
        found += a[i] * b[i]
    return found


@part
def note(row, f, g, x, x_star, last):
    """One row in one pass; last becomes x."""
    grad2 = dist2 = step2 = 0.0
    for i in range(x.shape[0]):
        grad2 += g[i] * g[i]
        dist2 += (x[i] - x_star[i]) * (x[i] - x_star[i])
        step2 += (x[i] - last[i]) * (x[i] - last[i])
        last[i] = x[i]
    row[0], row[1], row[2], row[3] = f, grad2, dist2, step2
