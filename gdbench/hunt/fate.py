"""What becomes of a method on an instance in the long run: it converges, comes back to where it was, or leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdbench.hunt.trial import Track
from gdbench.kernel.driver import DIVERGED, FINISHED
from gdbench.optimizer import Optimizer
from gdbench.problem import Array, Problem

#: Iterations of a long run; of these the last are looked at for a cycle of at most so long a period.
LONG, LAST, PERIOD = 100_000, 1_000, 100
#: Two iterates are the same point within this, and different ones beyond that, in units of ||x_0 - x*|| = 1: rounding
#: stays below the first, and a slow run's steps below the second.
SAME, APART = 1e-10, 1e-6
#: A run whose longest step in the last quarter is at least so much of that in the second does not settle: at a factor
#: per step of 1 - 1e-6 it would have shrunk to 0.95.
AS_LONG = 0.99
#: A gap below this share of the first one counts as converged.
CONVERGED = 1e-6
#: Kinds of fate that are not convergence, the plainest last.
LOST = ("wanders", "cycles", "diverges")


@dataclass(frozen=True, slots=True)
class Fate:
    """kind: diverges, cycles, wanders, open, fails or converges; says: the same with its figures."""

    kind: str
    says: str

    @property
    def lost(self) -> bool:
        """Whether the method was seen not to converge."""
        return self.rank > 0

    @property
    def rank(self) -> int:
        """How plainly it was seen not to converge; 0: it was not."""
        return LOST.index(self.kind) + 1 if self.kind in LOST else 0


def fate(optimizer: Optimizer, problem: Problem, iterations: int = LONG) -> Fate:
    """Run on and look at where it ends."""
    run = Track(optimizer, iterations).run(problem)
    k, gap = len(run.rows) - 1, run.column("f")
    if run.status == DIVERGED:
        return Fate("diverges", f"diverges: f(x_{k}) - f* is {gap[-1]:.3g}, from {gap[0]:.3g}")
    if run.status != FINISHED:
        return Fate("fails", f"gives up at k = {k}")
    period = _period(run.path)
    if period and run.column("step2")[-period:].max() > APART**2:
        low, high = gap[-period:].min(), gap[-period:].max()
        return Fate("cycles", f"does not converge: a cycle of {period} points, f - f* from {low:.6g} to {high:.6g}")
    if gap[-LAST:].max() <= CONVERGED * gap[0]:
        first = int(np.flatnonzero(gap > CONVERGED * gap[0])[-1]) + 1
        return Fate("converges", f"converges: f(x_k) - f* stays below {CONVERGED:g} of its start from k = {first}")
    quarter = k // 4
    moved, gaps = run.column("step2"), gap[-quarter:]
    if moved[-quarter:].max() >= AS_LONG**2 * moved[quarter : 2 * quarter].max() and moved[-quarter:].max() > APART**2:
        span = f"f - f* from {gaps.min():.3g} to {gaps.max():.6g}"
        return Fate("wanders", f"does not converge: up to k = {k} its steps get no shorter, {span}, without a cycle")
    return Fate("open", f"has f(x_{k}) - f* = {gap[-1]:.3g}, from {gap[0]:.3g}: neither converged nor seen not to")


def _period(path: Array) -> int:
    """The least period of the last iterates, 0 where there is none of up to PERIOD."""
    last = path[-LAST:]
    for period in range(1, PERIOD + 1):
        if len(last) > 2 * period and np.abs(last[period:] - last[:-period]).max() <= SAME:
            return period
    return 0
