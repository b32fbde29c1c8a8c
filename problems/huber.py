"""Huber's function in one dimension, the equality case of gradient descent's tight convex bound.

f(x) = mu x^2/2 + c h(x) with h(x) = x^2/2 for |x| <= tau and tau |x| - tau^2/2 beyond; here mu = 0 and c = L. With
tau = R/(2 k alpha L + 1), k steps of size alpha from R all stay beyond tau, and f(x_k) = L R^2 / (4 k alpha L + 2)
(Drori, Teboulle 2014, section 3).
"""

from typing import Annotated

import numpy as np

from gdbench.errors import BadInput
from gdbench.kernel import oracle, product, value
from gdbench.parameter import Range, StepSize
from gdbench.problem import Array, Constant, Problem

#: A power of two other than 1, so that 1/L is exact and a missing factor of L still shows.
L = 4.0


@oracle
def huber_oracle(x, g, data):  # type: ignore[no-untyped-def]
    mu, curvature, tau = data.vector[0], data.vector[1], data.vector[2]
    size = abs(x[0])
    inside = min(size, tau)
    g[0] = mu * x[0] + curvature * min(max(x[0], -tau), tau)
    return 0.5 * mu * x[0] * x[0] + curvature * (inside * (size - 0.5 * inside))


@value
def huber_value(x, data):  # type: ignore[no-untyped-def]
    mu, curvature, tau = data.vector[0], data.vector[1], data.vector[2]
    size = abs(x[0])
    inside = min(size, tau)
    return 0.5 * mu * x[0] * x[0] + curvature * (inside * (size - 0.5 * inside))


@product
def huber_product(x, v, out, data):  # type: ignore[no-untyped-def]
    mu, curvature, tau = data.vector[0], data.vector[1], data.vector[2]
    out[0] = (mu + curvature) * v[0] if abs(x[0]) <= tau else mu * v[0]


def parameters(mu: float, tau: float) -> Array:
    """The kernels' data: mu, the curvature L - mu of the Huber part, tau; shape (3,)."""
    return np.array([mu, L - mu, tau])


def make(
    horizon: Annotated[int, Range(low=1, high=10**9)] = 100,
    alpha: StepSize = StepSize("1/L"),  # noqa: B008 - frozen
) -> Problem:
    """horizon: the k at which the bound is attained; alpha: the step size it is attained for, below 2/L."""
    if "mu" in alpha.constants:
        raise BadInput(f"huber has no mu, so alpha={alpha} cannot be: take a number or a multiple such as 1/L.")
    scaled = alpha.at({"L": L}) * L
    if scaled >= 2.0:
        raise BadInput(f"alpha={alpha} of huber is {scaled:g}/L: it must lie strictly below 2/L.")
    tau = 1.0 / (2.0 * horizon * scaled + 1.0)
    return Problem(
        oracle=huber_oracle,
        value=huber_value,
        product=huber_product,
        start=np.ones(1),
        kind="convex",
        source="Drori, Teboulle 2014, section 3; Huber 1964",
        L=Constant(L, "exact", "f'' is L for |x| < tau and 0 beyond"),
        f_star=Constant(0.0, "exact", "f >= 0 = f(0)"),
        x_star=np.zeros(1),
        vector=parameters(0.0, tau),
    )
