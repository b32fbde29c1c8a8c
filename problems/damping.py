"""The valley f(x, y) = x^2/100 + y^2 from (10, 1): kappa = 100, on which momentum is said to damp oscillations in y."""

import numpy as np

from gdbench.problem import Problem
from gdbench.problems.quadratic import diagonal


def make() -> Problem:
    return diagonal(np.array([0.02, 2.0]), np.array([10.0, 1.0]), "the lecture's momentum example")
