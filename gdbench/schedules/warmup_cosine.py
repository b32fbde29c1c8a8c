"""alpha rises along a line, then falls along half a cosine to a share `end` (Radford et al. 2019).

From `steps` on it stays at that share: with end=0 what is left of a longer run stands still.
"""

from typing import Annotated

import numpy as np

from gdbench.kernel import schedule, sin
from gdbench.parameter import Range
from gdbench.problem import Array
from gdbench.schedule import Schedule
from gdbench.schedules.cosine import HALF_PI
from gdbench.schedules.warmup_linear import check_order


@schedule
def warmup_cosine(k, plan):  # type: ignore[no-untyped-def]
    warmup, steps, end = plan[1], plan[2], plan[3]
    if k < warmup:
        return plan[0] * ((k + 1.0) / warmup)
    wave = sin(HALF_PI * (max(steps - k, 0.0) / (steps - warmup)))
    return plan[0] * (end + (1.0 - end) * (wave * wave))


def make(
    warmup: Annotated[int, Range(low=1)] = 100,
    steps: Annotated[int, Range(low=1)] = 1000,
    end: Annotated[float, Range(low=0.0, high=1.0)] = 0.0,
) -> Schedule:
    """warmup: iterations until alpha_0. steps: when the share `end` of it is reached."""
    check_order(warmup, steps, "warmup_cosine")

    def shares(k: Array) -> Array:
        phase = np.clip((k - warmup) / (steps - warmup), 0.0, 1.0)
        falling = end + (1.0 - end) * (1.0 + np.cos(np.pi * phase)) / 2.0
        return np.where(k < warmup, (k + 1.0) / warmup, falling)

    return Schedule(
        kernel=warmup_cosine,
        shares=shares,
        source="Radford et al. 2019; Brown et al. 2020",
        parameters=(float(warmup), float(steps), end),
        sum_diverges=end > 0.0,
        squares_converge=end == 0.0,
    )
