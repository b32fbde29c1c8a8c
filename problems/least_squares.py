"""Least squares f(x) = ||A x - y||^2 / (2 samples) with a random design A and y = A w + noise.

The kernels compute ||A x - y||^2 / 2: `make` divides A and y by the root of the number of samples.
"""

import math
from typing import Annotated

import numpy as np

from gdbench.errors import BadInput
from gdbench.exactly import gram, inner, solve_spd, symmetric_eigen, times
from gdbench.kernel import batch, combine_rows, dot, helper, oracle, product, value
from gdbench.parameter import Range
from gdbench.problem import Array, Constant, Problem, Spectrum


@helper
def _residuals(x, data):  # type: ignore[no-untyped-def]
    residuals = data.scratch
    targets = data.vector
    combine_rows(data.matrix, x, residuals)
    for i in range(residuals.shape[0]):
        residuals[i] -= targets[i]
    return residuals


@oracle
def squares_oracle(x, g, data):  # type: ignore[no-untyped-def]
    residuals = _residuals(x, data)
    combine_rows(data.rows, residuals, g)
    return 0.5 * dot(residuals, residuals)


@value
def squares_value(x, data):  # type: ignore[no-untyped-def]
    residuals = _residuals(x, data)
    return 0.5 * dot(residuals, residuals)


@batch
def squares_batch(x, g, chosen, data):  # type: ignore[no-untyped-def]
    """The rows are divided by the root of their number, so that each counts that many times in a mean."""
    rows = data.rows
    n = x.shape[0]
    for j in range(n):
        g[j] = 0.0
    scale = rows.shape[0] / chosen.shape[0]
    squares = 0.0
    for i in chosen:
        row = rows[i]
        residual = dot(row, x) - data.vector[i]
        squares += residual * residual
        residual *= scale
        for j in range(n):
            g[j] += residual * row[j]
    return 0.5 * scale * squares


@product
def squares_product(x, v, out, data):  # type: ignore[no-untyped-def]
    combine_rows(data.matrix, v, data.scratch)
    combine_rows(data.rows, data.scratch, out)


def squares(rows: Array, targets: Array, source: str) -> Problem:
    """The problem ||rows x - targets||^2 / 2 from 0, for rows of shape (samples, features) and full column rank."""
    samples, features = rows.shape
    columns = np.ascontiguousarray(rows.T)
    hessian = gram(rows)
    eigenvalues, eigenvectors = symmetric_eigen(hessian)
    x_star = solve_spd(hessian, times(columns, targets))
    residuals = times(rows, x_star) - targets
    largest = samples * max(inner(row, row) for row in rows)
    return Problem(
        oracle=squares_oracle,
        value=squares_value,
        product=squares_product,
        batch=squares_batch,
        samples=samples,
        L_sample=Constant(largest, "exact", "the Hessian of a sample has rank 1"),
        start=np.zeros(features),
        kind="quadratic",
        source=source,
        L=Constant(float(eigenvalues[-1]), "exact", "largest eigenvalue of the Gram matrix, by Jacobi's method"),
        mu=Constant(float(eigenvalues[0]), "exact", "smallest eigenvalue of the Gram matrix, by Jacobi's method"),
        f_star=Constant(0.5 * inner(residuals, residuals), "exact", "f at the solution of the normal equations"),
        x_star=x_star,
        spectrum=Spectrum(eigenvalues, -times(eigenvectors, x_star)),
        terms=samples,
        matrix=columns,
        rows=rows,
        vector=targets,
        scratch=np.zeros(samples),
    )


def make(
    samples: Annotated[int, Range(low=2, high=100_000)] = 200,
    features: Annotated[int, Range(low=1, high=128)] = 10,
    noise: Annotated[float, Range(low=0.0, high=1e6)] = 0.1,
    seed: Annotated[int, Range(low=0, high=2**63 - 1)] = 0,
) -> Problem:
    """samples, features: shape of the design, standard normal; noise: standard deviation in the targets."""
    if samples <= features:
        raise BadInput(
            f"least_squares with samples={samples} and features={features} has no unique minimiser: "
            f"take samples={features + 1} or more."
        )
    draws = np.random.Generator(np.random.Philox(seed))
    rows = draws.standard_normal((samples, features))
    targets = times(rows, draws.standard_normal(features)) + noise * draws.standard_normal(samples)
    root = math.sqrt(samples)
    return squares(rows / root, targets / root, "linear regression with a Gaussian design")
