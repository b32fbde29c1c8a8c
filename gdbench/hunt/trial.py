"""A trial: one method on one instance up to k = K, held against one theorem, or against L R2/2 where none binds it.

A search makes thousands of trials, so that kernels are boxed once and rows are neither stored nor summed up; what it
finds is run again by `gdbench.run.run_pair`, and must be the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdbench.jury import facts_of
from gdbench.kernel import COLUMNS, box_data, box_pair, box_state, descend, prepare
from gdbench.kernel.driver import DIVERGED, FINISHED, STATUS
from gdbench.optimizer import Optimizer, Tuning
from gdbench.problem import Array, Problem
from gdbench.run import DIVERGED_AT
from gdbench.stage import arrays_of, kernels_of, look_of
from gdbench.theory import Theorem
from gdbench.theory.theorem import Comparison, HypothesisFails
from gdbench.trajectory import Chunk
from gdbench.verdict import RESOLVABLE, Tally


@dataclass(frozen=True, slots=True)
class Rows:
    """A whole run: status, rows of shape (last k + 1, 8) and iterates of shape (last k + 1, n)."""

    status: int
    rows: Array
    path: Array

    def column(self, name: str) -> Array:
        """A column of the rows."""
        return self.rows[:, COLUMNS.index(name)]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a run came to: measured and bound at its last k, their ratio (-inf where it tells nothing), and whether the
    theorem was violated at any k.
    """

    ratio: float
    measured: float
    bound: float
    k: int
    status: int
    violated: bool = False


NOTHING = Trial(-math.inf, math.nan, math.nan, 0, 0)


class Track:
    """One method, always for the same number of updates.

    It is tuned, and its kernels are boxed, once for each kernel of a problem: members of a class share their constants.
    """

    def __init__(self, optimizer: Optimizer, iterations: int) -> None:
        self.optimizer, self.iterations = optimizer, iterations
        self._made: dict[Callable[..., Any], tuple[Tuning, Any, Callable[..., Any]]] = {}
        self._buffer = np.zeros((iterations + 1, len(COLUMNS)))
        self._drive = prepare(descend)

    def tuning(self, problem: Problem) -> Tuning:
        """The method's tuning to the problem's class; `BadInput` where the class lacks a constant."""
        return self._for(problem)[0]

    def run(self, problem: Problem) -> Rows:
        """Run on a problem of at most three dimensions whose f* is 0 and whose oracle is exact.

        The rows are a view of a buffer that the next run overwrites.
        """
        optimizer, n = self.optimizer, problem.n
        tuning, pair, value = self._for(problem)
        arrays = arrays_of(problem, optimizer, tuning)
        x, memory = arrays[0], arrays[2]
        data = box_data(*problem.arrays())
        state = box_state(*arrays)
        plan = np.array([*tuning.plan, *optimizer.schedule.parameters])
        control, trace = np.zeros(6, dtype=np.int64), np.empty((self.iterations + 2, n))
        trace[:] = x
        gap = abs(value(x, data))
        limits = np.array([-1.0, -math.inf, DIVERGED_AT * gap if gap > 0.0 else math.inf])
        end = self._drive(
            *(pair, state, memory[0] if optimizer.ahead else x, plan, data, problem.x_star),
            *(0, self.iterations + 1, self.iterations, trace, look_of(optimizer), 1, limits, control, self._buffer),
        )
        return Rows(int(control[STATUS]), self._buffer[: end + 1], trace[1 : end + 2])

    def _for(self, problem: Problem) -> tuple[Tuning, Any, Callable[..., Any]]:
        if problem.oracle not in self._made:
            pair = box_pair(*kernels_of(problem, self.optimizer))
            self._made[problem.oracle] = self.optimizer.tune(problem), pair, prepare(problem.value)
        return self._made[problem.oracle]


def refused(track: Track, theorem: Theorem, problem: Problem) -> str:
    """Why the theorem does not bind the method on this problem; empty where it does."""
    run = track.run(problem)
    facts = facts_of(problem, track.optimizer, track.tuning(problem), track.iterations, run.rows[0].copy())
    reason = theorem.hypotheses(facts)
    try:
        if not reason and len(run.rows) > 1:
            with np.errstate(all="ignore"):
                theorem.judge(facts).hear(Chunk(1, run.rows, run.path))
    except HypothesisFails as fails:
        return str(fails)
    return reason or ""


def judge(track: Track, theorem: Theorem | None, problem: Problem) -> Trial:
    """Run and compare; `NOTHING` where the run leaves the theorem's hypotheses or fails on its way."""
    run = track.run(problem)
    if run.status not in (FINISHED, DIVERGED) or len(run.rows) < 2 or not run.rows[0, 0] > 0.0:
        return NOTHING
    if theorem is None:
        return _unbound(run, problem)
    facts = facts_of(problem, track.optimizer, track.tuning(problem), track.iterations, run.rows[0])
    tally, chunk = Tally(theorem), Chunk(1, run.rows, run.path)
    with np.errstate(all="ignore"):
        try:
            comparisons = theorem.judge(facts).hear(chunk)
        except HypothesisFails:
            return NOTHING
        for comparison in comparisons:
            tally.add(chunk.k, comparison)
    violated = tally.verdict("", "").outcome == "violated"
    ratio, measured, bound = max(_last(comparison) for comparison in comparisons)
    return Trial(ratio, measured, bound, len(run.rows) - 1, run.status, violated)


def _last(comparison: Comparison) -> tuple[float, float, float]:
    """measured / bound, measured and bound at the last k; -inf where rounding could hide what is found."""
    measured, bound = float(comparison.measured[-1]), float(comparison.bound[-1])
    if measured == bound == 0.0:
        return 1.0, measured, bound
    told = comparison.allowance[-1] <= RESOLVABLE * bound
    return (measured / bound if told else -math.inf), measured, bound


def _unbound(run: Rows, problem: Problem) -> Trial:
    """f(x_K) - f* against L R2/2, its largest value at the start."""
    assert problem.L is not None
    measured, bound = float(run.column("f")[-1]), 0.5 * problem.L.value * float(run.column("dist2")[0])
    ratio = measured / bound if math.isfinite(measured) else DIVERGED_AT
    return Trial(ratio, measured, bound, len(run.rows) - 1, run.status)
