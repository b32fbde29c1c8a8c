"""The saddle f(x, y) = (x^2 - 1)^2/4 + y^2/2 from (offset, 1): minima at (+-1, 0), a strict saddle at 0.

With offset 0 the start lies on the saddle's stable manifold: gradient descent ends there and stays.
On {f <= 3/4 + o(1)} it is x^2 <= 1 + 2 sqrt(f_0), where f_xx = 3 x^2 - 1.
"""

import math
from typing import Annotated

import numpy as np

from gdbench.kernel import oracle, product, value
from gdbench.parameter import Range
from gdbench.problem import Constant, Problem


@oracle
def saddle_oracle(x, g, data):  # type: ignore[no-untyped-def]
    w = x[0] * x[0] - 1.0
    g[0] = w * x[0]
    g[1] = x[1]
    return 0.25 * w * w + 0.5 * x[1] * x[1]


@value
def saddle_value(x, data):  # type: ignore[no-untyped-def]
    w = x[0] * x[0] - 1.0
    return 0.25 * w * w + 0.5 * x[1] * x[1]


@product
def saddle_product(x, v, out, data):  # type: ignore[no-untyped-def]
    out[0] = (3.0 * x[0] * x[0] - 1.0) * v[0]
    out[1] = v[1]


def make(offset: Annotated[float, Range(low=0.0, high=1.0)] = 0.0) -> Problem:
    """offset: how far the start lies beside the stable manifold."""
    f_start = 0.25 * (offset * offset - 1.0) ** 2 + 0.5
    return Problem(
        oracle=saddle_oracle,
        value=saddle_value,
        product=saddle_product,
        start=np.array([offset, 1.0]),
        kind="nonconvex",
        source="Lee, Simchowitz, Jordan and Recht 2016",
        L=Constant(2.0 + 6.0 * math.sqrt(f_start), "bound", "3 x^2 - 1 where (x^2 - 1)^2/4 <= f_0; f_yy = 1 is less"),
        f_star=Constant(0.0, "exact", "a sum of squares that both vanish at (1, 0)"),
        x_star=np.array([1.0, 0.0]),
        region="sublevel set",
        terms=2,
    )
