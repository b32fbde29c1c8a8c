"""The flat bowl f(x) = x^p/p from 1, p = 4 or 6: convex, no curvature at its minimum, so gradient descent is sublinear.

The continuous limit x' = -x^(p-1) gives f ~ k^(-p/(p-2)): order 2 for p = 4, 1.5 for p = 6.
"""

from typing import Literal

import numpy as np

from gdbench.kernel import inlined, oracle, product, value
from gdbench.problem import Constant, Problem


@inlined
def to_the(x, m):  # type: ignore[no-untyped-def]
    """x^m by m multiplications."""
    result = 1.0
    for _ in range(m):
        result *= x
    return result


@oracle
def power_oracle(x, g, data):  # type: ignore[no-untyped-def]
    p = data.sizes[0]
    g[0] = to_the(x[0], p - 1)
    return g[0] * x[0] / p


@value
def power_value(x, data):  # type: ignore[no-untyped-def]
    p = data.sizes[0]
    return to_the(x[0], p - 1) * x[0] / p


@product
def power_product(x, v, out, data):  # type: ignore[no-untyped-def]
    p = data.sizes[0]
    out[0] = (p - 1) * to_the(x[0], p - 2) * v[0]


def make(p: Literal["4", "6"] = "4") -> Problem:
    """p: the power."""
    power = int(p)
    return Problem(
        oracle=power_oracle,
        value=power_value,
        product=power_product,
        start=np.ones(1),
        kind="convex",
        source="Polyak 1987, section 1.4 (number unverified)",
        L=Constant(power - 1.0, "exact", "f'' = (p - 1) x^(p-2), largest at the start"),
        f_star=Constant(0.0, "exact", "f >= 0 = f(0)"),
        x_star=np.zeros(1),
        region="sublevel set",
        separable=True,
        sizes=np.array([power], dtype=np.int64),
    )
