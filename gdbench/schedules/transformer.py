"""alpha_k = alpha_0 width^(-1/2) min((k + 1)^(-1/2), (k + 1) warmup^(-3/2)) (Vaswani et al. 2017)."""

import math
from typing import Annotated

import numpy as np

from gdbench.kernel import schedule
from gdbench.parameter import Range
from gdbench.problem import Array
from gdbench.schedule import Schedule


@schedule
def transformer(k, plan):  # type: ignore[no-untyped-def]
    warmup = plan[2]
    falling = 1.0 / math.sqrt(k + 1.0)
    rising = (k + 1.0) / (warmup * math.sqrt(warmup))
    return plan[0] / math.sqrt(plan[1]) * min(falling, rising)


def make(width: Annotated[int, Range(low=1)] = 512, warmup: Annotated[int, Range(low=1)] = 4000) -> Schedule:
    """width: of the model (d). warmup: iterations until the largest step."""

    def shares(k: Array) -> Array:
        return np.asarray(width**-0.5 * np.minimum((k + 1.0) ** -0.5, (k + 1.0) * warmup**-1.5))

    return Schedule(
        kernel=transformer,
        shares=shares,
        source="Vaswani et al. 2017, section 5.3",
        parameters=(float(width), float(warmup)),
        sum_diverges=True,
        squares_converge=False,
    )
