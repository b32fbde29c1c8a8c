"""The sine bowl f(x) = x^2 + 3 sin(x)^2 from 3: not convex, yet it satisfies the Polyak-Lojasiewicz inequality.

As sin(t)/t > -1/4, |f'(x)| = 2 |x| (1 + 3 sin(2x)/(2x)) >= |x|/2; as f <= 4 x^2, f'^2 >= f/16 = 2 f/32.
"""

import numpy as np

from gdbench.kernel import cos, oracle, product, sin, value
from gdbench.problem import Constant, Problem


@oracle
def sine_oracle(x, g, data):  # type: ignore[no-untyped-def]
    s = sin(x[0])
    g[0] = 2.0 * x[0] + 6.0 * s * cos(x[0])
    return x[0] * x[0] + 3.0 * s * s


@value
def sine_value(x, data):  # type: ignore[no-untyped-def]
    s = sin(x[0])
    return x[0] * x[0] + 3.0 * s * s


@product
def sine_product(x, v, out, data):  # type: ignore[no-untyped-def]
    s = sin(x[0])
    out[0] = (8.0 - 12.0 * s * s) * v[0]


def make() -> Problem:
    return Problem(
        oracle=sine_oracle,
        value=sine_value,
        product=sine_product,
        start=np.array([3.0]),
        kind="nonconvex",
        source="Karimi, Nutini, Schmidt 2016, section 2.2",
        L=Constant(8.0, "exact", "f'' = 2 + 6 cos 2x lies in [-4, 8]; 8 at x = 0"),
        pl=Constant(1.0 / 32.0, "bound", "f'^2 >= x^2/4 >= f/16; Karimi, Nutini, Schmidt 2016, section 2.2"),
        f_star=Constant(0.0, "exact", "f >= 0 = f(0)"),
        x_star=np.zeros(1),
        terms=2,
    )
