"""Steps along -g that satisfy Wolfe's conditions with 0 < c1 < c2 < 1.

Curvature gives (1 - c2) ||g||^2 <= g.(g - g+) <= L alpha ||g||^2; with sufficient decrease f falls by at least
c1 (1 - c2) ||g||^2 / L. Where L holds on a sublevel set only and the step leaves it, f has a stationary point before,
which is at least 1/L away. Both slopes are known to 2 ||g|| L eta, so alpha to 3 eta/||g||.
"""

from __future__ import annotations

import numpy as np

from gdbench.problem import Array
from gdbench.theory.hypotheses import all_of, bounded_below, region_kept, smooth
from gdbench.theory.judges import Running, per_step
from gdbench.theory.line_search import value_rounding
from gdbench.theory.rounding import TINY, U
from gdbench.theory.theorem import Comparison, Facts, Theorem
from gdbench.trajectory import Chunk


def zoutendijk(k: Array, L: float, Delta: float, c1: float, c2: float) -> Array:
    return L * Delta / (c1 * (1.0 - c2)) + 0.0 * k


def steps_long_enough(facts: Facts, chunk: Chunk) -> Comparison:
    taken, grad2 = chunk.before("alpha"), chunk.before("grad2")
    least = np.full(len(taken), (1.0 - facts.value("c2")) / facts.value("L"))
    slopes = 3.0 * facts.rounding.step(chunk) / np.sqrt(grad2) + 4.0 * facts.problem.n * U * taken
    # Only where f could not be seen to fall may x stay where it is.
    hidden = (taken == 0.0) & (least * grad2 <= value_rounding(facts, chunk))
    return Comparison(least, taken, np.where((grad2 > TINY) & ~hidden, slopes + 1e-12 * taken, np.inf))


class ZoutendijkJudge:
    """The sum of ||g||^2 over 0..k-1, with the rounding of every test summed up."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._sum, self._errors = Running("sum", 0.0), Running("sum", 0.0)

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts = self._facts
        region_kept(facts, chunk)
        L, c1, c2 = (facts.value(name) for name in ("L", "c1", "c2"))
        measured = self._sum.through(chunk.before("grad2"))
        slopes = 3.0 * c1 * facts.rounding.step(chunk) * np.sqrt(chunk.before("grad2"))
        errors = self._errors.through(value_rounding(facts, chunk) + slopes)
        bound = zoutendijk(chunk.k, L, facts.gap_0, c1, c2)
        allowed = errors * L / (c1 * (1.0 - c2)) + 8.0 * facts.problem.n * U * measured
        return [Comparison(measured, bound, allowed + (1e-12 + 8.0 * U * chunk.k) * bound)]


THEOREMS = (
    per_step(
        steps_long_enough,
        id="wolfe_step",
        statement="alpha_k >= (1 - c2)/L along -g: the slope has to rise by (1 - c2) ||g||^2",
        quantity="step size, per step",
        source="Nocedal and Wright 2006, theorem 3.2, first lines of its proof",
        hypotheses=all_of(smooth),
    ),
    Theorem(
        id="wolfe_zoutendijk",
        statement="sum over 0..k-1 of ||g||^2 <= L Delta / (c1 (1 - c2)) along -g",
        quantity="sum grad2 over 0..k-1",
        source="Zoutendijk 1970; Nocedal and Wright 2006, theorem 3.2",
        needs=("L", "Delta", "c1", "c2"),
        closed=zoutendijk,
        hypotheses=all_of(smooth, bounded_below),
        judge=ZoutendijkJudge,
    ),
)
