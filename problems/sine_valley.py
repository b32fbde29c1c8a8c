"""The sine valley f(x, y) = (y - sin x)^2/2 from (1, 3): every point of y = sin x is a minimiser, and f is not convex.

With r = y - sin x, ||g||^2 = r^2 (1 + cos(x)^2) >= 2 f: the Polyak-Lojasiewicz constant is 1, attained where cos x = 0.
The Hessian [[cos^2 x + r sin x, -cos x], [-cos x, 1]] has eigenvalues of at most 1 + cos^2 x + |r| <= 2 + |r|, and
r^2 <= 2 f_0 on the sublevel set.
"""

import numpy as np

from gdbench.kernel import cos, oracle, product, sin, value
from gdbench.problem import Constant, Problem


@oracle
def valley_oracle(x, g, data):  # type: ignore[no-untyped-def]
    r = x[1] - sin(x[0])
    g[0] = -r * cos(x[0])
    g[1] = r
    return 0.5 * r * r


@value
def valley_value(x, data):  # type: ignore[no-untyped-def]
    r = x[1] - sin(x[0])
    return 0.5 * r * r


@product
def valley_product(x, v, out, data):  # type: ignore[no-untyped-def]
    s, c = sin(x[0]), cos(x[0])
    r = x[1] - s
    out[0] = (c * c + r * s) * v[0] - c * v[1]
    out[1] = v[1] - c * v[0]


#: The nearest minimiser (t, sin t) to (1, 3): the root of t - 1 + (sin t - 3) cos t in [1, pi/2], to the last bit.
NEAREST = 1.3809024214206909
START = (1.0, 3.0)


def make() -> Problem:
    plain = getattr(sin, "py_func", sin)
    r = START[1] - plain(START[0])
    return Problem(
        oracle=valley_oracle,
        value=valley_value,
        product=valley_product,
        start=np.array(START),
        kind="nonconvex",
        source="a curve of minimisers, as in Liu, Zhu and Belkin 2022, section 2",
        L=Constant(2.0 + r, "bound", "2 + |r| on {f <= f_0}"),
        pl=Constant(1.0, "bound", "1 + cos^2 x >= 1"),
        f_star=Constant(0.0, "exact", "f >= 0 = f(0)"),
        x_star=np.array([NEAREST, plain(NEAREST)]),
        region="sublevel set",
        terms=2,
    )
