"""alpha rises to alpha_0 over `warmup` iterations and falls to 0 at `steps`, both along a line (Devlin et al. 2019).

From `steps` on alpha is 0: what is left of a longer run stands still.
"""

from typing import Annotated

import numpy as np

from gdbench.errors import BadInput
from gdbench.kernel import schedule
from gdbench.parameter import Range
from gdbench.problem import Array
from gdbench.schedule import Schedule


@schedule
def warmup_linear(k, plan):  # type: ignore[no-untyped-def]
    warmup, steps = plan[1], plan[2]
    if k < warmup:
        return plan[0] * ((k + 1.0) / warmup)
    return plan[0] * (max(steps - k, 0.0) / (steps - warmup))


def make(warmup: Annotated[int, Range(low=1)] = 100, steps: Annotated[int, Range(low=1)] = 1000) -> Schedule:
    """warmup: iterations until alpha_0. steps: when alpha becomes 0, and stays."""
    check_order(warmup, steps, "warmup_linear")

    def shares(k: Array) -> Array:
        falling = np.clip((steps - k) / (steps - warmup), 0.0, None)
        return np.where(k < warmup, (k + 1.0) / warmup, falling)

    return Schedule(
        kernel=warmup_linear,
        shares=shares,
        source="Devlin, Chang, Lee and Toutanova 2019",
        parameters=(float(warmup), float(steps)),
        sum_diverges=False,
        squares_converge=True,
    )


def check_order(warmup: int, steps: int, name: str) -> None:
    """`BadInput` unless the warm-up ends before the schedule does."""
    if warmup >= steps:
        nearest = f"the nearest valid value is {steps - 1}" if steps > 1 else "steps must be 2 or more"
        raise BadInput(f"warmup={warmup} of {name} is not below steps={steps}: {nearest}.")
