"""A strongly convex function on which heavy ball, tuned for quadratics, cycles (Lessard, Recht, Packard 2016).

f'(x) = 25 x for x < 1, x + 24 for 1 <= x < 2, 25 x - 24 from 2 on. From 3.3, alpha = 1/9 and beta = 4/9 lead to the
cycle (792, -2208, 2592)/1225; gradient descent with alpha = 1/L converges.
"""

import numpy as np

from gdbench.kernel import inlined, oracle, product, value
from gdbench.problem import Constant, Problem


@inlined
def _pieces(x):  # type: ignore[no-untyped-def]
    """f and f' at x."""
    if x < 1.0:
        return 12.5 * x * x, 25.0 * x
    if x < 2.0:
        return 0.5 * x * x + 24.0 * x - 12.0, x + 24.0
    return 12.5 * x * x - 24.0 * x + 36.0, 25.0 * x - 24.0


@oracle
def cycle_oracle(x, g, data):  # type: ignore[no-untyped-def]
    f, g[0] = _pieces(x[0])
    return f


@value
def cycle_value(x, data):  # type: ignore[no-untyped-def]
    return _pieces(x[0])[0]


@product
def cycle_product(x, v, out, data):  # type: ignore[no-untyped-def]
    out[0] = v[0] if 1.0 <= x[0] < 2.0 else 25.0 * v[0]


def make() -> Problem:
    return Problem(
        oracle=cycle_oracle,
        value=cycle_value,
        product=cycle_product,
        start=np.array([3.3]),
        kind="strongly convex",
        source="Lessard, Recht, Packard 2016, SIAM J. Optim. 26(1)",
        L=Constant(25.0, "exact", "f'' is 25, 1 and 25 on the three pieces"),
        mu=Constant(1.0, "exact", "f'' is 25, 1 and 25 on the three pieces"),
        f_star=Constant(0.0, "exact", "f is convex and f'(0) = 0 = f(0)"),
        x_star=np.zeros(1),
        terms=3,
    )
