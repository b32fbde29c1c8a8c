"""alpha falls by gamma at each of a few iterations, such as 30/60/90 (He et al. 2016; lecture, section 11).

After the last of them it stays.
"""

from itertools import pairwise
from typing import Annotated

import numpy as np

from gdbench.errors import BadInput
from gdbench.kernel import power, schedule
from gdbench.parameter import EXACT, Range
from gdbench.problem import Array
from gdbench.schedule import Schedule


@schedule
def milestones(k, plan):  # type: ignore[no-untyped-def]
    passed = 0
    for i in range(2, plan.shape[0]):
        if k >= plan[i]:
            passed += 1
    return plan[0] * power(plan[1], passed)


def make(
    at: str = "30/60/90",
    gamma: Annotated[float, Range(low=0.0, high=1.0, open_low=True, open_high=True)] = 0.1,
) -> Schedule:
    """at: the iterations of the drops, increasing. gamma: the factor of a drop."""
    drops = _drops(at)

    def shares(k: Array) -> Array:
        return np.power(gamma, np.searchsorted(np.array(drops), k, side="right"))

    return Schedule(
        kernel=milestones,
        shares=shares,
        source="He, Zhang, Ren and Sun 2016",
        parameters=(gamma, *map(float, drops)),
        sum_diverges=True,
        squares_converge=False,
    )


def _drops(text: str) -> list[int]:
    try:
        drops = [int(part) for part in text.split("/")]
    except ValueError:
        raise BadInput(f"at={text} of milestones cannot be read: write iterations such as 30/60/90.") from None
    if drops[-1] > EXACT:
        raise BadInput(f"at={text} of milestones ends too late: the nearest valid end is {EXACT}.")
    if drops[0] < 1 or any(after <= before for before, after in pairwise(drops)):
        raise BadInput(f"at={text} of milestones must increase from 1 on, as in 30/60/90.")
    return drops
