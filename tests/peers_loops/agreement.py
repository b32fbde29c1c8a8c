"""Whether a driver and a hand-written loop took the same steps."""

from __future__ import annotations

import numpy as np

from peers_loops.drive import Walk
from peers_loops.parts import RECORDED

#: Rounding alone tears the two at most 7e-13 apart, at n = 10, 20, 100 and 1000 (by Polyak's steps, which go beyond 2/L
#: and so amplify it); two methods are 3e-3 apart, or differ in their products.
ROUNDING = 1e-11


def differences(ours: Walk, theirs: Walk, record: bool) -> dict[str, float]:
    """By how much the two differ: x_k against the size of x_0, rows against their column's largest, products."""
    columns = RECORDED if record else ("alpha",)
    found = {"products": float(abs(ours.products - theirs.products))}
    found["x"] = float(np.max(np.abs(ours.x - theirs.x))) / ours.start
    for name in columns:
        mine, other = (walk.rows[:, RECORDED.index(name)] for walk in (ours, theirs))
        if name == "alpha":  # the last row has none
            mine, other = mine[:-1], other[:-1]
        found[name] = float(np.max(np.abs(mine - other)) / np.max(np.abs(mine)))
    return found


def apart(ours: Walk, theirs: Walk, record: bool) -> str:
    """What is beyond rounding, in words; nothing where the two agree."""
    found = differences(ours, theirs, record)
    return ", ".join(f"{name} by {size:.2g}" for name, size in found.items() if not size <= ROUNDING)
