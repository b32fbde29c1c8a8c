"""A run's rows held against one theorem by its own judge."""

from __future__ import annotations

import numpy as np

from gdbench.jury import facts_of
from gdbench.kernel import COLUMNS
from gdbench.optimizer import Optimizer
from gdbench.problem import Array, Problem
from gdbench.run import Result
from gdbench.theory import Comparison, Theorem
from gdbench.theory.theorem import HypothesisFails
from gdbench.trajectory import Chunk


class Inapplicable(Exception):
    """Raised where a hypothesis of the theorem is missing; the message says which."""


def rows_of(result: Result) -> Array:
    """All rows of a run that is short enough to be stored whole; shape (k + 1, columns)."""
    return np.column_stack([result.trajectory[name] for name in COLUMNS])


def compare(held: Theorem, problem: Problem, optimizer: Optimizer, rows: Array, last: int) -> list[Comparison]:
    """The comparisons of a theorem at k = 1, …, last, from rows k = 0, …, last.

    `HypothesisFails` is raised where the rows end before, or leave what the method declares.
    """
    facts = facts_of(problem, optimizer, optimizer.tune(problem), last, rows[0])
    reason = held.hypotheses(facts)
    if reason is not None:
        raise Inapplicable(reason)
    if len(rows) <= last:
        raise HypothesisFails(f"the run ended at k = {len(rows) - 1}")
    with np.errstate(all="ignore"):
        return held.judge(facts).hear(Chunk(1, rows, np.zeros((len(rows), 0))))
