"""The plateau f(x) = x^2/(1 + x^2) from `start`: far out the slope is 2/x^3 and gradient descent hardly moves.

f'' = (2 - 6 x^2)/(1 + x^2)^3 lies in [-1/2, 2]: 2 at 0, -1/2 at 1.
"""

from typing import Annotated

import numpy as np

from gdbench.kernel import oracle, product, value
from gdbench.parameter import Range
from gdbench.problem import Constant, Problem


@oracle
def plateau_oracle(x, g, data):  # type: ignore[no-untyped-def]
    square = x[0] * x[0]
    below = 1.0 + square
    g[0] = 2.0 * x[0] / (below * below)
    return square / below


@value
def plateau_value(x, data):  # type: ignore[no-untyped-def]
    square = x[0] * x[0]
    return square / (1.0 + square)


@product
def plateau_product(x, v, out, data):  # type: ignore[no-untyped-def]
    square = x[0] * x[0]
    below = 1.0 + square
    out[0] = (2.0 - 6.0 * square) / (below * below * below) * v[0]


def make(start: Annotated[float, Range(low=0.0, high=1e3, open_low=True)] = 10.0) -> Problem:
    """start: how far out the run begins."""
    return Problem(
        oracle=plateau_oracle,
        value=plateau_value,
        product=plateau_product,
        start=np.array([start]),
        kind="nonconvex",
        source="lecture, section 9: plateaus",
        L=Constant(2.0, "exact", "f'' = (2 - 6 x^2)/(1 + x^2)^3 is 2 at 0 and no larger elsewhere"),
        f_star=Constant(0.0, "exact", "f >= 0 = f(0)"),
        x_star=np.zeros(1),
        separable=True,
    )
