"""The lecture's least squares f(w) = ||X w - y||^2 / 2: 100 samples, 2 features, NumPy's legacy generator, seed 42."""

import numpy as np

from gdbench.problem import Problem
from gdbench.problems.least_squares import squares


def make() -> Problem:
    draws = np.random.RandomState(42)
    rows = draws.randn(100, 2)
    targets = (rows[:, 0] * 2.0 + rows[:, 1] * -1.5) + 0.1 * draws.randn(100)
    return squares(rows, targets, "the lecture's regression example, np.random.seed(42)")
