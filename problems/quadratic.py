"""Quadratics f(x) = 1/2 x^T A x with a given spectrum: the family on which everything has a closed form."""

import math
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np

from gdbench.errors import BadInput
from gdbench.exactly import geometric, reflected, rotated_diagonal, unit
from gdbench.kernel import combine_rows, dot, oracle, product, value
from gdbench.parameter import Range
from gdbench.problem import Array, Constant, Problem, Spectrum

#: A power of two other than 1, so that 1/L is exact and a missing factor of L still shows.
L = 4.0


@oracle
def diagonal_oracle(x, g, data):  # type: ignore[no-untyped-def]
    eigenvalues = data.vector
    for i in range(x.shape[0]):
        g[i] = eigenvalues[i] * x[i]
    return 0.5 * dot(g, x)


@value
def diagonal_value(x, data):  # type: ignore[no-untyped-def]
    eigenvalues = data.vector
    scaled = data.scratch
    for i in range(x.shape[0]):
        scaled[i] = eigenvalues[i] * x[i]
    return 0.5 * dot(scaled, x)


@product
def diagonal_product(x, v, out, data):  # type: ignore[no-untyped-def]
    eigenvalues = data.vector
    for i in range(v.shape[0]):
        out[i] = eigenvalues[i] * v[i]


@oracle
def dense_oracle(x, g, data):  # type: ignore[no-untyped-def]
    combine_rows(data.matrix, x, g)
    return 0.5 * dot(g, x)


@value
def dense_value(x, data):  # type: ignore[no-untyped-def]
    combine_rows(data.matrix, x, data.scratch)
    return 0.5 * dot(data.scratch, x)


@product
def dense_product(x, v, out, data):  # type: ignore[no-untyped-def]
    combine_rows(data.matrix, v, out)


def spectrum_of(kappa: float, dim: int, spectrum: str) -> Array:
    """The eigenvalues, ascending from L/kappa to L; shape (dim,)."""
    mu = L / kappa
    if dim == 1 and kappa != 1:
        raise BadInput(f"quadratic with dim=1 has one eigenvalue, so kappa={kappa:g} cannot be: take kappa=1 or dim=2.")
    if spectrum == "linear" or dim == 1:
        steps = np.arange(dim) / max(dim - 1, 1)
        values: Array = mu + (L - mu) * steps
        values[-1] = L
        return values
    if spectrum == "two_point":
        return np.array([mu] * (dim // 2) + [L] * (dim - dim // 2))
    if math.isinf(kappa):
        raise BadInput("kappa=inf has no log_uniform spectrum: take spectrum=linear or spectrum=two_point.")
    return geometric(mu, L, dim)


def coordinates_of(start: str, eigenvalues: Array, seed: int) -> Array:
    """x_0 in the eigenbasis; shape (dim,)."""
    dim = len(eigenvalues)
    match start:
        case "random":
            return np.random.Generator(np.random.Philox(seed)).standard_normal(dim)
        case "ones":
            return np.ones(dim)
        case "top" | "bottom":
            coordinates = np.zeros(dim)
            coordinates[-1 if start == "top" else 0] = 1.0
            return coordinates
        case _:
            if eigenvalues[0] == 0:
                raise BadInput("kappa=inf has no line_search start (it divides by mu): take start=random or ones.")
            coordinates = np.zeros(dim)
            coordinates[0] = L / eigenvalues[0]
            coordinates[-1] = 1.0
            return coordinates


def diagonal(eigenvalues: Array, start: Array, source: str) -> Problem:
    """f(x) = 1/2 sum eigenvalues_i x_i^2 from a start, both of shape (n,); eigenvalues ascend."""
    n, mu, largest = len(eigenvalues), float(eigenvalues[0]), float(eigenvalues[-1])
    # The minimiser nearest to the start keeps its components along eigenvalue 0.
    nearest = np.where(eigenvalues == 0.0, start, 0.0)
    return Problem(
        oracle=diagonal_oracle,
        value=diagonal_value,
        product=diagonal_product,
        start=start,
        kind="quadratic" if mu > 0 else "convex",
        source=source,
        L=Constant(largest, "exact", "largest eigenvalue, set"),
        mu=Constant(mu, "exact", "smallest eigenvalue, set") if mu > 0 else None,
        pl=Constant(float(eigenvalues[eigenvalues > 0][0]), "exact", "smallest nonzero eigenvalue"),
        f_star=Constant(0.0, "exact", "f >= 0 = f(0)"),
        x_star=nearest,
        spectrum=Spectrum(eigenvalues, start - nearest),
        terms=n,
        separable=True,
        vector=eigenvalues,
        scratch=np.zeros(n),
    )


def rotated_by(axes: list[Array], problem: Problem) -> Problem:
    """A diagonal problem turned by the reflections along unit axes, with a dense matrix."""
    start, nearest = problem.start, problem.x_star
    assert nearest is not None
    for axis in reversed(axes):
        start, nearest = reflected(start, axis), reflected(nearest, axis)
    return replace(
        problem,
        separable=False,
        oracle=dense_oracle,
        value=dense_value,
        product=dense_product,
        start=start,
        x_star=nearest,
        matrix=rotated_diagonal(problem.vector, axes),
    )


def make(
    kappa: Annotated[float, Range(low=1.0, infinity=True)] = 100.0,
    dim: Annotated[int, Range(low=1, high=4096)] = 20,
    spectrum: Literal["log_uniform", "linear", "two_point"] = "log_uniform",
    rotated: bool = False,
    seed: Annotated[int, Range(low=0, high=2**63 - 1)] = 0,
    start: Literal["random", "ones", "top", "bottom", "line_search"] = "random",
) -> Problem:
    """kappa: condition number; rotated: a dense matrix (two reflections) instead of a diagonal one; start: in the
    eigenbasis; line_search is (1/mu, 0, …, 0, 1/L) up to scale, the worst start of exact line search.
    """
    eigenvalues = spectrum_of(kappa, dim, spectrum)
    problem = diagonal(eigenvalues, coordinates_of(start, eigenvalues, seed), "Nesterov 2004, section 2.1")
    if not rotated:
        return problem
    draws = np.random.Generator(np.random.Philox([seed, 1]))
    return rotated_by([unit(draws.standard_normal(dim)) for _ in range(2)], problem)
