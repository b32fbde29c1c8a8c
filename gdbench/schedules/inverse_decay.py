"""alpha_k = alpha_0/(1 + rate k) (lecture, section 5)."""

from typing import Annotated

import numpy as np

from gdbench.kernel import schedule
from gdbench.parameter import Range
from gdbench.problem import Array
from gdbench.schedule import Schedule


@schedule
def inverse_decay(k, plan):  # type: ignore[no-untyped-def]
    return plan[0] / (1.0 + plan[1] * k)


def make(rate: Annotated[float, Range(low=0.0, open_low=True)] = 0.01) -> Schedule:
    """rate: by how much of the first step's divisor each iteration adds."""

    def shares(k: Array) -> Array:
        return np.reciprocal(1.0 + rate * k)

    return Schedule(
        kernel=inverse_decay,
        shares=shares,
        source="lecture, section 5",
        parameters=(rate,),
        sum_diverges=True,
        squares_converge=True,
    )
