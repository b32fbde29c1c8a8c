"""One cycle: up to alpha_0 and down to almost nothing, along half cosines (Smith and Topin 2018).

alpha starts at alpha_0/`first`, reaches alpha_0 after a share `rise` of the steps and ends at alpha_0/(`first` `last`),
where it stays from k = `steps` - 1 on: PyTorch's OneCycleLR with its defaults, which refuses a longer run.
"""

from typing import Annotated

import numpy as np

from gdbench.kernel import schedule, sin
from gdbench.parameter import Range
from gdbench.problem import Array
from gdbench.schedule import Schedule
from gdbench.schedules.cosine import HALF_PI


@schedule
def one_cycle(k, plan):  # type: ignore[no-untyped-def]
    top, steps, start, end = plan[1], plan[2], plan[3], plan[4]
    if k <= top:
        wave = sin(HALF_PI * (k / top))
        return plan[0] * (start + (1.0 - start) * (wave * wave))
    wave = sin(HALF_PI * (max(steps - k, 0.0) / (steps - top)))
    return plan[0] * (end + (1.0 - end) * (wave * wave))


def make(
    steps: Annotated[int, Range(low=4)] = 1000,
    rise: Annotated[float, Range(low=0.0, high=1.0, open_low=True, open_high=True)] = 0.3,
    first: Annotated[float, Range(low=1.0)] = 25.0,
    last: Annotated[float, Range(low=1.0)] = 1e4,
) -> Schedule:
    """steps: length of the cycle. rise: the share of it that goes up. first, last: divisors at both ends."""
    top, bottom = max(rise * steps - 1.0, 1e-9), steps - 1.0
    start, end = 1.0 / first, 1.0 / (first * last)

    def shares(k: Array) -> Array:
        up = start + (1.0 - start) * (1.0 - np.cos(np.pi * np.minimum(k / top, 1.0))) / 2.0
        down = end + (1.0 - end) * (1.0 + np.cos(np.pi * np.clip((k - top) / (bottom - top), 0.0, 1.0))) / 2.0
        return np.where(k <= top, up, down)

    return Schedule(
        kernel=one_cycle,
        shares=shares,
        source="Smith and Topin 2018",
        parameters=(top, bottom, start, end),
        sum_diverges=True,
        squares_converge=False,
    )
