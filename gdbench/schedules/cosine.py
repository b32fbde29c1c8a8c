"""Cosine annealing: alpha falls from alpha_0 to a share `end` of it along half a cosine (Loshchilov and Hutter 2017).

From `steps` on it stays there (with end=0 what is left of a longer run stands still), or starts again at alpha_0 with
restarts=true.
"""

from typing import Annotated

import numpy as np

from gdbench.kernel import schedule, sin
from gdbench.parameter import Range
from gdbench.problem import Array
from gdbench.schedule import Schedule

HALF_PI = 1.5707963267948966


@schedule
def cosine(k, plan):  # type: ignore[no-untyped-def]
    steps, end = plan[1], plan[2]
    left = steps - (k % steps if plan[3] != 0.0 else min(float(k), steps))
    wave = sin(HALF_PI * (left / steps))
    return plan[0] * (end + (1.0 - end) * (wave * wave))


def make(
    steps: Annotated[int, Range(low=1)] = 1000,
    end: Annotated[float, Range(low=0.0, high=1.0)] = 0.0,
    restarts: bool = False,
) -> Schedule:
    """steps: iterations from alpha_0 down. end: the share that is left. restarts: begin again, or stay."""

    def shares(k: Array) -> Array:
        phase = np.mod(k, steps) if restarts else np.minimum(k, steps)
        return end + (1.0 - end) * (1.0 + np.cos(np.pi * phase / steps)) / 2.0

    on = restarts or end > 0.0
    return Schedule(
        kernel=cosine,
        shares=shares,
        source="Loshchilov and Hutter 2017",
        parameters=(float(steps), end, float(restarts)),
        sum_diverges=on,
        squares_converge=not on,
    )
