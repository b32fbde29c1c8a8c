"""The bowl f(x, y) = x^2 + y^2 from (5, 3): kappa = 1, where alpha = 1/L reaches the minimiser in one step."""

import numpy as np

from gdbench.problem import Problem
from gdbench.problems.quadratic import diagonal


def make() -> Problem:
    return diagonal(np.array([2.0, 2.0]), np.array([5.0, 3.0]), "the lecture's first example")
