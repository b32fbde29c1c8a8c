"""Nesterov's worst function for smooth convex minimisation (Nesterov 2004, section 2.1.2).

f(x) = (L/4)(1/2 (x_1^2 + sum (x_i - x_{i+1})^2 + x_n^2) - x_1) with n = 2 k + 1 from x_0 = 0: after k steps that
combine gradients only the first k coordinates have moved, and f(x_k) - f* >= 3 L R^2/(32 (k + 1)^2). It is a quadratic:
its Hessian L/4 tridiag(-1, 2, -1) has the eigenvalues L sin(phi_j)^2, phi_j = j pi/(2 (n + 1)), and eigenvectors
sqrt(2/(n + 1)) sin(2 i phi_j), in which x* = 1 - i/(n + 1) has the coordinates sqrt(1/(2 (n + 1))) cot(phi_j).
"""

import math
from typing import Annotated

import numpy as np

from gdbench.kernel import cos, dot, helper, oracle, product, sin, value
from gdbench.parameter import Range
from gdbench.problem import Constant, Problem, Spectrum

#: A power of two other than 1, so that 1/L is exact and a missing factor of L still shows.
L = 4.0


@helper
def _differences(x, out):  # type: ignore[no-untyped-def]
    """x_1, x_2 - x_1, …, x_n - x_{n-1}, -x_n: shape (n + 1,)."""
    n = x.shape[0]
    out[0] = x[0]
    for i in range(1, n):
        out[i] = x[i] - x[i - 1]
    out[n] = -x[n - 1]


@oracle
def chain_oracle(x, g, data):  # type: ignore[no-untyped-def]
    differences = data.scratch
    scale = data.vector[0]
    _differences(x, differences)
    for i in range(x.shape[0]):
        g[i] = scale * (differences[i] - differences[i + 1])
    g[0] -= scale
    return scale * (0.5 * dot(differences, differences) - x[0])


@value
def chain_value(x, data):  # type: ignore[no-untyped-def]
    differences = data.scratch
    _differences(x, differences)
    return data.vector[0] * (0.5 * dot(differences, differences) - x[0])


@product
def chain_product(x, v, out, data):  # type: ignore[no-untyped-def]
    differences = data.scratch
    _differences(v, differences)
    for i in range(v.shape[0]):
        out[i] = data.vector[0] * (differences[i] - differences[i + 1])


def make(horizon: Annotated[int, Range(low=1, high=1000)] = 20) -> Problem:
    """horizon: the k of the lower bound; there are 2 k + 1 variables."""
    n = 2 * horizon + 1
    angles = [j * (math.pi / (2.0 * (n + 1))) for j in range(1, n + 1)]
    sines = np.array([float(sin(angle)) for angle in angles])
    cosines = np.array([float(cos(angle)) for angle in angles])
    eigenvalues = L * sines * sines
    return Problem(
        oracle=chain_oracle,
        value=chain_value,
        product=chain_product,
        start=np.zeros(n),
        kind="quadratic",
        source="Nesterov 2004, section 2.1.2",
        L=Constant(L, "bound", "row sums of |L/4 tridiag(-1, 2, -1)|"),
        mu=Constant(float(eigenvalues[0]), "exact", "smallest eigenvalue L sin(pi/(2 (n + 1)))^2"),
        f_star=Constant(L / 8.0 * (1.0 / (n + 1) - 1.0), "exact", "f at x*, where the gradient vanishes"),
        x_star=1.0 - np.arange(1, n + 1) / (n + 1.0),
        spectrum=Spectrum(eigenvalues, -(np.sqrt(0.5 / (n + 1)) * (cosines / sines))),
        terms=n + 2,
        vector=np.array([0.25 * L]),
        scratch=np.zeros(n + 1),
    )
