"""The bowl f(x, y) = x^2 + y^2 from (5, 3): kappa = 1, where alpha = 1/L reaches the minimiser in one step."""

import numpy as np

from gdbench.problem import Constant, Problem, Spectrum
from gdbench.problems.quadratic import diagonal_oracle, diagonal_product, diagonal_value


def make() -> Problem:
    eigenvalues = np.array([2.0, 2.0])
    start = np.array([5.0, 3.0])
    return Problem(
        oracle=diagonal_oracle,
        value=diagonal_value,
        product=diagonal_product,
        start=start,
        kind="quadratic",
        source="the lecture's first example",
        L=Constant(2.0, "exact", "the Hessian is 2 I"),
        mu=Constant(2.0, "exact", "the Hessian is 2 I"),
        f_star=Constant(0.0, "exact", "f >= 0 = f(0)"),
        x_star=np.zeros(2),
        spectrum=Spectrum(eigenvalues, start),
        terms=2,
        vector=eigenvalues,
        scratch=np.zeros(2),
    )
