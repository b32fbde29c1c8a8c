"""alpha_k = alpha_0/(k + 1) (Robbins and Monro 1951): slow on quadratics, where alpha_0 = 1/L gives k^(-mu/L)."""

import numpy as np

from gdbench.kernel import schedule
from gdbench.problem import Array
from gdbench.schedule import Schedule


@schedule
def inverse(k, plan):  # type: ignore[no-untyped-def]
    return plan[0] / (k + 1.0)


def make() -> Schedule:
    """alpha_0/(k + 1)."""

    def shares(k: Array) -> Array:
        return np.reciprocal(k + 1.0)

    return Schedule(
        kernel=inverse, shares=shares, source="Robbins and Monro 1951", sum_diverges=True, squares_converge=True
    )
