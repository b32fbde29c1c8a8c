"""alpha rises to alpha_0 over `warmup` iterations and then falls like 1/sqrt(k) (lecture, section 5)."""

import math
from typing import Annotated

import numpy as np

from gdbench.kernel import schedule
from gdbench.parameter import Range
from gdbench.problem import Array
from gdbench.schedule import Schedule


@schedule
def warmup_inverse_sqrt(k, plan):  # type: ignore[no-untyped-def]
    share = (k + 1.0) / plan[1]
    return plan[0] * min(share, 1.0 / math.sqrt(share))


def make(warmup: Annotated[int, Range(low=1)] = 100) -> Schedule:
    """warmup: iterations until alpha_0 is reached."""

    def shares(k: Array) -> Array:
        return np.minimum((k + 1.0) / warmup, np.sqrt(warmup / (k + 1.0)))

    return Schedule(
        kernel=warmup_inverse_sqrt,
        shares=shares,
        source="Vaswani et al. 2017",
        parameters=(float(warmup),),
        sum_diverges=True,
        squares_converge=False,
    )
