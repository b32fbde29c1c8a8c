"""The valley f(x, y) = x^2/100 + y^2 from (10, 1): kappa = 100, where momentum damps what gradient descent swings."""

import numpy as np

from gdbench.problem import Constant, Problem, Spectrum
from gdbench.problems.quadratic import diagonal_oracle, diagonal_product, diagonal_value


def make() -> Problem:
    eigenvalues = np.array([0.02, 2.0])
    start = np.array([10.0, 1.0])
    return Problem(
        oracle=diagonal_oracle,
        value=diagonal_value,
        product=diagonal_product,
        start=start,
        kind="quadratic",
        source="the lecture's momentum example",
        L=Constant(2.0, "exact", "the Hessian is diag(1/50, 2)"),
        mu=Constant(0.02, "exact", "the Hessian is diag(1/50, 2)"),
        f_star=Constant(0.0, "exact", "f >= 0 = f(0)"),
        x_star=np.zeros(2),
        spectrum=Spectrum(eigenvalues, start),
        terms=2,
        vector=eigenvalues,
        scratch=np.zeros(2),
    )
