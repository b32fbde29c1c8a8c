"""A ravine: a quadratic in two variables whose long axis runs along the diagonal, from where steepest descent zigzags.

In u = (x + y)/sqrt 2 and v = (x - y)/sqrt 2 it is (mu u^2 + L v^2)/2; the start has u = kappa v, the worst ratio for
exact line search.
"""

from dataclasses import replace
from typing import Annotated

import numpy as np

from gdbench.parameter import Range
from gdbench.problem import Problem, Spectrum
from gdbench.problems.quadratic import L, dense_oracle, dense_product, dense_value, diagonal


def make(kappa: Annotated[float, Range(low=1.0, high=1e3)] = 1000.0) -> Problem:
    """kappa: how much steeper the walls are than the floor."""
    mu = L / kappa
    along = diagonal(np.array([mu, L]), np.zeros(2), "Rosenbrock 1960 names the shape; a rotated quadratic")
    start = np.array([0.5 * (kappa + 1.0), 0.5 * (kappa - 1.0)])
    root = np.sqrt(0.5)
    coordinates = np.array([(start[0] + start[1]) * root, (start[0] - start[1]) * root])
    return replace(
        along,
        oracle=dense_oracle,
        value=dense_value,
        product=dense_product,
        separable=False,
        start=start,
        matrix=np.array([[0.5 * (L + mu), 0.5 * (mu - L)], [0.5 * (mu - L), 0.5 * (L + mu)]]),
        spectrum=Spectrum(np.array([mu, L]), coordinates),
    )
