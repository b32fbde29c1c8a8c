"""One comparison of a method with a copy of it on each of the arena's problems, and what to say of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gdbench.audit.allowance import Agreement, full, worst
from gdbench.audit.arena import Arena, arenas
from gdbench.audit.check import Seen, not_applicable
from gdbench.audit.replay import replay
from gdbench.errors import BadInput
from gdbench.optimizer import Optimizer
from gdbench.problem import Array

#: Updates of a run: more than the 100 after which methods that work in rounds begin another by default.
ITERATIONS = 110


def compiled(optimizer: Optimizer, arena: Arena, iterations: int = ITERATIONS) -> Array:
    """The iterates of the compiled method, shape (iterations + 1, n)."""
    return full(replay(arena.problem(), optimizer, iterations), iterations + 1)


def rounds(compare: Callable[[Arena], Agreement], other: str) -> Seen:
    """What `compare` found on all problems that have what the method needs; `other` is what the run is held against."""
    found: dict[str, Agreement] = {}
    lacking = ""
    for arena in arenas():
        try:
            with np.errstate(all="ignore"):
                found[arena.name] = compare(arena)
        except BadInput as error:
            lacking = str(error)
    if not found:
        return not_applicable(lacking)
    total = worst(list(found.values()))
    counts = total.checked, total.resolvable
    wrong = {name: one for name, one in found.items() if one.wrong >= 0}
    if wrong:
        parts = [f"{name} at k = {one.wrong}: {one.off:.3g} away from {other}" for name, one in wrong.items()]
        return Seen("violated", "; ".join(parts), *counts)
    if total.resolvable == 0:
        return Seen("unresolvable", f"rounding hides how far it is from {other} at every k", *counts)
    return Seen("passed", f"at most {total.share:.2g} of what rounding allows away from {other}", *counts)
