"""The online problem of Reddi, Kale and Kumar (2018, theorem 1), on which Adam goes the wrong way.

In every `period` losses the first is large x and the others are -small x; f is their mean, s x. On the box [-1, 1], to
which the method projects, the best point is -1 where large > (period - 1) small. Taken in turn
(`sampling=batches[size=1,order=cyclic]`) the rare large gradient is the one that Adam divides by its size.

Outside the box every loss rises by (|x| - 1)^2/2 besides, so that f has L = 1 and a minimiser, -sign(s) (1 + |s|).
"""

import math
from typing import Annotated

import numpy as np

from gdbench.kernel import batch, inlined, oracle, product, value
from gdbench.parameter import Range
from gdbench.problem import Constant, Problem


@inlined
def _outside(x):  # type: ignore[no-untyped-def]
    """How far x lies outside the box, with its sign."""
    return math.copysign(max(abs(x) - 1.0, 0.0), x)


@oracle
def slope_oracle(x, g, data):  # type: ignore[no-untyped-def]
    beyond = _outside(x[0])
    g[0] = data.vector[0] + beyond
    return data.vector[0] * x[0] + 0.5 * beyond * beyond


@value
def slope_value(x, data):  # type: ignore[no-untyped-def]
    beyond = _outside(x[0])
    return data.vector[0] * x[0] + 0.5 * beyond * beyond


@batch
def slope_batch(x, g, chosen, data):  # type: ignore[no-untyped-def]
    slope = 0.0
    for i in chosen:
        slope += data.vector[1 + i]
    slope /= chosen.shape[0]
    beyond = _outside(x[0])
    g[0] = slope + beyond
    return slope * x[0] + 0.5 * beyond * beyond


@product
def slope_product(x, v, out, data):  # type: ignore[no-untyped-def]
    out[0] = v[0] if abs(x[0]) > 1.0 else 0.0


def make(
    large: Annotated[float, Range(low=0.0, high=1e6, open_low=True)] = 3.0,
    period: Annotated[int, Range(low=2, high=100_000)] = 3,
    small: Annotated[float, Range(low=0.0, high=1e6, open_low=True)] = 1.0,
    start: Annotated[float, Range(low=-1.0, high=1.0)] = 0.0,
) -> Problem:
    """large: slope of the first loss of every `period`; -small: slope of the others; start: x_0."""
    mean = (large - (period - 1) * small) / period
    x_star = -math.copysign(1.0 + abs(mean), mean) if mean else start
    return Problem(
        oracle=slope_oracle,
        value=slope_value,
        product=slope_product,
        batch=slope_batch,
        samples=period,
        start=np.array([start]),
        kind="convex",
        source="Reddi, Kale, Kumar 2018, theorem 1 and section 3",
        L=Constant(1.0, "exact", "f'' = 1 outside the box, 0 inside"),
        f_star=Constant(-abs(mean) - 0.5 * mean * mean, "exact", "f at the root of f'"),
        x_star=np.array([x_star]),
        terms=period,
        vector=np.array([mean, large, *[-small] * (period - 1)]),
    )
