"""mu x^2/2 plus Huber's function: the equality case of gradient descent's tight strongly convex bound, alpha = 1/L.

With c = (1 - mu/L)^k and tau = mu R/(L c^-2 - (L - mu)) = R/(kappa (c^-2 - 1) + 1), k steps from R attain
f(x_k) = (L R^2 / 2) m/(m - 1 + c^-2), m = mu/L (Taylor, Hendrickx, Glineur 2017; Kim 2024, arXiv 2412.04427).
"""

from decimal import Context, Decimal, Overflow
from typing import Annotated

import numpy as np

from gdbench.errors import BadInput
from gdbench.parameter import Range
from gdbench.problem import Constant, Problem
from gdbench.problems.huber import L, huber_oracle, huber_product, huber_value, parameters

#: Digits enough for c^-2 - 1 at every kappa that mu = L/kappa can tell from infinity.
_CONTEXT = Context(prec=60)
_SMALLEST = 1e-100


def threshold(mu: float, horizon: int) -> float:
    """tau for R = 1, by decimal arithmetic; 0 where it underflows."""
    c = _CONTEXT
    kappa = c.divide(Decimal(L), Decimal(mu))
    try:
        growth = c.power(c.divide(kappa, c.subtract(kappa, Decimal(1))), Decimal(2 * horizon))
    except Overflow:
        return 0.0
    return float(c.divide(Decimal(1), c.add(c.multiply(kappa, c.subtract(growth, Decimal(1))), Decimal(1))))


def make(
    kappa: Annotated[float, Range(low=1.0, open_low=True, high=1e12)] = 100.0,
    horizon: Annotated[int, Range(low=1, high=10**9)] = 100,
) -> Problem:
    """kappa: condition number; horizon: the k at which the bound is attained."""
    mu = L / kappa
    tau = threshold(mu, horizon) if mu < L else 0.0
    if tau < _SMALLEST:
        raise BadInput(
            f"huber_strongly_convex with kappa={kappa:g} and horizon={horizon} has tau below {_SMALLEST:g}: "
            "take a shorter horizon or a larger kappa."
        )
    return Problem(
        oracle=huber_oracle,
        value=huber_value,
        product=huber_product,
        start=np.ones(1),
        kind="strongly convex",
        source="Taylor, Hendrickx, Glineur 2017; Kim 2024, arXiv 2412.04427",
        L=Constant(L, "exact", "f'' is L for |x| < tau and mu beyond"),
        mu=Constant(mu, "exact", "f'' is L for |x| < tau and mu beyond"),
        f_star=Constant(0.0, "exact", "f >= 0 = f(0)"),
        x_star=np.zeros(1),
        terms=2,
        vector=parameters(mu, tau),
    )
