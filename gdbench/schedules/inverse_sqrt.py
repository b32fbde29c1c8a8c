"""alpha_k = alpha_0/sqrt(k + 1): the steps of subgradient methods (Nesterov 2004, section 3.2.3)."""

import math

import numpy as np

from gdbench.kernel import schedule
from gdbench.problem import Array
from gdbench.schedule import Schedule


@schedule
def inverse_sqrt(k, plan):  # type: ignore[no-untyped-def]
    return plan[0] / math.sqrt(k + 1.0)


def make() -> Schedule:
    """alpha_0/sqrt(k + 1)."""

    def shares(k: Array) -> Array:
        return np.reciprocal(np.sqrt(k + 1.0))

    return Schedule(
        kernel=inverse_sqrt, shares=shares, source="Nesterov 2004", sum_diverges=True, squares_converge=False
    )
