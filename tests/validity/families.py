"""Random instances of three families whose constants are known by construction, near and far from the origin.

f(x) = f* + s sum_i phi_i(x_i - c_i), a sum of functions of one coordinate with curvatures between mu and L: quadratic,
Huber's, or log cosh, the last two plus mu/2 (x_i - c_i)^2. L and mu are attained, so both are exact.
"""

import numpy as np

from gdbench.kernel import exp, helper, log1p, oracle, product, value
from gdbench.problem import Constant, Problem, Spectrum

QUADRATIC, HUBER, LOG_COSH = range(3)
#: Rows of data.matrix: centres, curvatures above mu, widths.
CENTRES, CURVATURES, WIDTHS = range(3)


@helper
def expm1(y):
    """exp(y) - 1 without cancellation (Kahan's quotient: its two errors are the same)."""
    u = exp(y)
    if y < -1.0:
        return u - 1.0
    return y if u == 1.0 else (u - 1.0) * (y / log1p(u - 1.0))


@helper
def log_cosh(z):
    """log cosh z for z >= 0: its digits are kept near 0 (by sinh) and far out."""
    if z > 1.0:
        return z + log1p(exp(-2.0 * z)) - 0.6931471805599453
    e = expm1(z)
    sinh = 0.5 * (e + e / (e + 1.0))
    return 0.5 * log1p(sinh * sinh)


@oracle
def family_oracle(x, g, data):
    kind, mu = data.sizes[0], data.vector[0]
    f = data.vector[1]
    for i in range(x.shape[0]):
        z = x[i] - data.matrix[0, i]
        c, width = data.matrix[1, i], data.matrix[2, i]
        size = abs(z)
        if kind == 0:
            slope, height = c * size, 0.5 * c * size * size
        elif kind == 1:
            inside = min(size, width)
            slope, height = c * inside, c * inside * (size - 0.5 * inside)
        else:
            e = expm1(-2.0 * size / width)
            slope, height = -c * width * e / (2.0 + e), c * width * width * log_cosh(size / width)
        g[i] = mu * z + (slope if z >= 0.0 else -slope)
        f += 0.5 * mu * z * z + height
    return f


@value
def family_value(x, data):
    kind, mu = data.sizes[0], data.vector[0]
    f = data.vector[1]
    for i in range(x.shape[0]):
        z = x[i] - data.matrix[0, i]
        c, width = data.matrix[1, i], data.matrix[2, i]
        size = abs(z)
        if kind == 0:
            height = 0.5 * c * size * size
        elif kind == 1:
            inside = min(size, width)
            height = c * inside * (size - 0.5 * inside)
        else:
            height = c * width * width * log_cosh(size / width)
        f += 0.5 * mu * z * z + height
    return f


@product
def family_product(x, v, out, data):
    kind, mu = data.sizes[0], data.vector[0]
    for i in range(x.shape[0]):
        z = x[i] - data.matrix[0, i]
        c, width = data.matrix[1, i], data.matrix[2, i]
        if kind == 1:
            c = c if abs(z) <= width else 0.0
        elif kind == 2:
            e = exp(-2.0 * abs(z) / width)
            c = c * 4.0 * e / ((1.0 + e) * (1.0 + e))
        out[i] = (mu + c) * v[i]


def made(kind: int, mu: float, curvatures, widths, centres, start, f_star: float, name: str) -> Problem:
    """An instance; curvatures, widths, centres and start have shape (n,), mu >= 0 is the smallest curvature.

    A quadratic has mu as its smallest eigenvalue where a curvature is 0; the others are flat but for mu far out, so mu
    is their infimum.
    """
    largest = mu + float(np.max(curvatures))
    eigenvalues = mu + curvatures
    smallest = float(np.min(eigenvalues)) if kind == QUADRATIC else mu
    matrix = np.ascontiguousarray([centres, curvatures, widths])
    spectrum = None
    if kind == QUADRATIC:
        order = np.argsort(eigenvalues, kind="stable")
        spectrum = Spectrum(eigenvalues[order], (start - centres)[order])
    kinds = {True: "quadratic", False: "strongly convex" if mu > 0.0 else "convex"}
    return Problem(
        oracle=family_oracle,
        value=family_value,
        product=family_product,
        start=start,
        kind=kinds[kind == QUADRATIC],
        source="a sum of functions of one coordinate",
        L=Constant(largest, "exact", "the largest second derivative, attained at c"),
        mu=Constant(smallest, "exact", "the infimum of the second derivatives") if smallest > 0.0 else None,
        f_star=Constant(f_star, "exact", "each term is smallest at its centre, and 0 there"),
        x_star=centres.copy(),
        spectrum=spectrum,
        terms=len(start) + 1,
        separable=True,
        matrix=matrix,
        vector=np.array([mu, f_star]),
        sizes=np.array([kind], dtype=np.int64),
        name=name,
    )
