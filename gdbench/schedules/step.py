"""alpha_k = alpha_0 gamma^floor(k/every) (lecture, section 5; He et al. 2016 with gamma = 0.1)."""

from typing import Annotated

import numpy as np

from gdbench.kernel import power, schedule
from gdbench.parameter import Range
from gdbench.problem import Array
from gdbench.schedule import Schedule


@schedule
def step(k, plan):  # type: ignore[no-untyped-def]
    return plan[0] * power(plan[1], k // int(plan[2]))


def make(
    gamma: Annotated[float, Range(low=0.0, high=1.0, open_low=True, open_high=True)] = 0.1,
    every: Annotated[int, Range(low=1)] = 30,
) -> Schedule:
    """gamma: the factor of a drop. every: iterations from drop to drop."""

    def shares(k: Array) -> Array:
        return np.power(gamma, np.floor(k / every))

    return Schedule(
        kernel=step,
        shares=shares,
        source="lecture, section 5; He, Zhang, Ren and Sun 2016",
        parameters=(gamma, float(every)),
        sum_diverges=False,
        squares_converge=True,
    )
