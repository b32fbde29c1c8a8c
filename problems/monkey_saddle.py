"""The monkey saddle f(x, y) = x^3 - 3 x y^2 + (x^2 + y^2)^2/4 from (1, offset): at 0 gradient and Hessian vanish.

In polar coordinates f = r^3 cos(3 angle) + r^4/4: least where cos = -1 and r = 3, f* = -27/4. On {f <= f_0} it is
r <= r_0 with r_0^4/4 - r_0^3 = f_0; the Hessian's eigenvalues are at most 6 r + 3 r^2.
"""

import math
from typing import Annotated

import numpy as np

from gdbench.kernel import oracle, product, value
from gdbench.parameter import Range
from gdbench.problem import Constant, Problem


@oracle
def monkey_oracle(x, g, data):  # type: ignore[no-untyped-def]
    a, b = x[0], x[1]
    square = a * a + b * b
    g[0] = 3.0 * (a * a - b * b) + square * a
    g[1] = -6.0 * a * b + square * b
    return a * (a * a - 3.0 * b * b) + 0.25 * square * square


@value
def monkey_value(x, data):  # type: ignore[no-untyped-def]
    a, b = x[0], x[1]
    square = a * a + b * b
    return a * (a * a - 3.0 * b * b) + 0.25 * square * square


@product
def monkey_product(x, v, out, data):  # type: ignore[no-untyped-def]
    a, b = x[0], x[1]
    square = a * a + b * b
    mixed = -6.0 * b + 2.0 * a * b
    out[0] = (6.0 * a + square + 2.0 * a * a) * v[0] + mixed * v[1]
    out[1] = mixed * v[0] + (-6.0 * a + square + 2.0 * b * b) * v[1]


def radius(f_start: float) -> float:
    """An r >= 4 beyond which f > f_start whatever the angle: Newton's method from above, and a little more."""
    r = 10.0
    for _ in range(60):
        r -= (0.25 * r * r * r * r - r * r * r - f_start) / (r * r * r - 3.0 * r * r)
    return r * (1.0 + 1e-12)


def make(offset: Annotated[float, Range(low=0.0, high=1.0)] = 0.0) -> Problem:
    """offset: how far the start lies beside the ray on which gradient descent creeps into the saddle."""
    square = 1.0 + offset * offset
    r = radius(1.0 - 3.0 * offset * offset + 0.25 * square * square)
    return Problem(
        oracle=monkey_oracle,
        value=monkey_value,
        product=monkey_product,
        start=np.array([1.0, offset]),
        kind="nonconvex",
        source="the monkey saddle of textbooks, with r^4/4 so that it has minima",
        L=Constant(6.0 * r + 3.0 * r * r, "bound", "6 r + 3 r^2 on the disc that holds {f <= f_0}"),
        f_star=Constant(-6.75, "exact", "r^4/4 - r^3 is least at r = 3"),
        x_star=np.array([1.5, 1.5 * math.sqrt(3.0)]),
        region="sublevel set",
        terms=4,
    )
