"""alpha_k = alpha_0 e^(-rate k) (lecture, section 5): the steps add up to alpha_0/(1 - e^-rate) and no more."""

from typing import Annotated

import numpy as np

from gdbench.kernel import exp, schedule
from gdbench.parameter import Range
from gdbench.problem import Array
from gdbench.schedule import Schedule


@schedule
def exponential(k, plan):  # type: ignore[no-untyped-def]
    return plan[0] * exp(-plan[1] * k)


def make(rate: Annotated[float, Range(low=0.0, open_low=True)] = 0.01) -> Schedule:
    """rate: the decrease of log alpha in an iteration."""

    def shares(k: Array) -> Array:
        return np.exp(np.maximum(-rate * k, -708.0))

    return Schedule(
        kernel=exponential,
        shares=shares,
        source="lecture, section 5",
        parameters=(rate,),
        sum_diverges=False,
        squares_converge=True,
    )
