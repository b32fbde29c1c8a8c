"""Building problem data that is the same on every machine: no BLAS, no LAPACK, no libm, no NumPy transcendentals.

NumPy's elementwise +, -, *, / and sqrt are correctly rounded everywhere; sums go through the kernel's `dot`; powers
and logarithms through `decimal`, which rounds correctly to 34 digits.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal

import numpy as np

from gdbench.kernel import dot
from gdbench.problem import Array

_CONTEXT = Context(prec=34)


def geometric(low: float, high: float, count: int) -> Array:
    """count values from low to high with equal ratios, ends exact; shape (count,)."""
    if count == 1:
        return np.array([high])
    ratio = _CONTEXT.divide(Decimal(high), Decimal(low))
    powers = [_CONTEXT.power(ratio, _CONTEXT.divide(Decimal(i), Decimal(count - 1))) for i in range(count)]
    values = np.array([float(_CONTEXT.multiply(Decimal(low), power)) for power in powers])
    values[0], values[-1] = low, high
    return values


def inner(a: Array, b: Array) -> float:
    """The inner product of two vectors of shape (n,), in the kernel's order of additions."""
    return float(dot(np.ascontiguousarray(a), np.ascontiguousarray(b)))


def unit(vector: Array) -> Array:
    """The vector of shape (n,) divided by its length."""
    return vector / math.sqrt(inner(vector, vector))


def times(matrix: Array, x: Array) -> Array:
    """matrix x, for shapes (m, n) and (n,)."""
    return np.array([inner(row, x) for row in matrix])


def reflected(x: Array, axis: Array) -> Array:
    """x - 2 axis (axis . x): the Householder reflection of x, shape (n,), along a unit vector."""
    return x - (2.0 * inner(axis, x)) * axis


def rotated_diagonal(eigenvalues: Array, axes: list[Array]) -> Array:
    """H diag(eigenvalues) H^T for H the product of the reflections along the axes; symmetric, shape (n, n)."""
    matrix = np.diag(eigenvalues)
    for axis in reversed(axes):
        matrix = np.array([reflected(row, axis) for row in matrix])
        matrix = np.array([reflected(column, axis) for column in matrix.T]).T
    return np.ascontiguousarray((matrix + matrix.T) * 0.5)


def gram(rows: Array) -> Array:
    """rows^T rows for rows of shape (m, n); shape (n, n)."""
    columns = np.ascontiguousarray(rows.T)
    return np.array([[inner(a, b) for b in columns] for a in columns])


def symmetric_eigen(matrix: Array, sweeps: int = 60) -> tuple[Array, Array]:
    """Eigenvalues, ascending, and eigenvectors as rows, of a symmetric matrix (n, n); cyclic Jacobi (Jacobi 1846)."""
    a = matrix.copy()
    n = len(a)
    vectors = np.eye(n)
    for _ in range(sweeps):
        off = sum(a[p, q] * a[p, q] for p in range(n) for q in range(p))
        if off <= 1e-34 * sum(a[p, p] * a[p, p] for p in range(n)):
            break
        for p in range(n - 1):
            for q in range(p + 1, n):
                _rotate(a, vectors, p, q)
    order = np.argsort(np.diag(a), kind="stable")
    return np.diag(a)[order].copy(), vectors[order].copy()


def _rotate(a: Array, vectors: Array, p: int, q: int) -> None:
    if abs(a[p, q]) <= 1e-36 * (abs(a[p, p]) + abs(a[q, q])):
        return
    theta = (a[q, q] - a[p, p]) / (2.0 * a[p, q])
    t = math.copysign(1.0, theta) / (abs(theta) + math.sqrt(theta * theta + 1.0))
    c = 1.0 / math.sqrt(t * t + 1.0)
    s = t * c
    a[p], a[q] = c * a[p] - s * a[q], s * a[p] + c * a[q]
    a[:, p], a[:, q] = c * a[:, p] - s * a[:, q], s * a[:, p] + c * a[:, q]
    vectors[p], vectors[q] = c * vectors[p] - s * vectors[q], s * vectors[p] + c * vectors[q]


def solve_spd(matrix: Array, right: Array) -> Array:
    """The solution of matrix x = right for a symmetric positive definite (n, n) matrix; Cholesky, refined twice."""
    n = len(right)
    lower = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            rest = matrix[i, j] - inner(lower[i, :j], lower[j, :j])
            lower[i, j] = math.sqrt(rest) if i == j else rest / lower[j, j]
    x = np.zeros(n)
    for _ in range(3):
        x = x + _substitute(lower, right - times(matrix, x))
    return x


def _substitute(lower: Array, right: Array) -> Array:
    n = len(right)
    upper = np.ascontiguousarray(lower.T)
    y = np.zeros(n)
    for i in range(n):
        y[i] = (right[i] - inner(lower[i, :i], y[:i])) / lower[i, i]
    for i in reversed(range(n)):
        y[i] = (y[i] - inner(upper[i, i + 1 :], y[i + 1 :])) / upper[i, i]
    return y
