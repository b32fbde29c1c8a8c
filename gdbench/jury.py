"""The jury of a run: hears every row once, in chunks, and returns figures and verdicts."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from gdbench.kernel import COLUMNS
from gdbench.optimizer import Optimizer, Tuning
from gdbench.problem import Array, Problem
from gdbench.rate import Rate, estimate, rate_verdict
from gdbench.summary import Summary
from gdbench.theory import theorem
from gdbench.theory.ensemble import Ensemble
from gdbench.theory.hypotheses import SAMPLED, SCHEDULED
from gdbench.theory.rounding import Rounding, U
from gdbench.theory.theorem import Facts, HypothesisFails, Judge, Reference
from gdbench.trajectory import Chunk, Trajectory
from gdbench.verdict import Tally, Verdict, expectation


def facts_of(problem: Problem, optimizer: Optimizer, tuning: Tuning, iterations: int, start: Array) -> Facts:
    """What theorems are told of a run; start is its row k = 0."""
    row = dict(zip(COLUMNS, start.tolist(), strict=True))
    begin = (row["f"], row["grad2"], row["dist2"])
    shares = None if optimizer.schedule.constant else optimizer.schedule.shares
    rounding = Rounding(problem, row["f"])
    return Facts(problem, tuning.declared, *begin, iterations, rounding, shares, tuning.momentum, optimizer.sampling)


class Jury:
    """start is the row k = 0; hear is called with chunks in order, verdicts once at the end."""

    def __init__(self, problem: Problem, optimizer: Optimizer, tuning: Tuning, iterations: int, start: Array) -> None:
        self._names = (optimizer.name, problem.name)
        self._facts = facts_of(problem, optimizer, tuning, iterations, start)
        f_star = problem.f_star
        known = f_star is not None and f_star.kind == "exact"
        self._summary = Summary(f_star.value if f_star is not None and known else math.nan, start)
        self._optimizer = optimizer
        self._benches: list[tuple[Tally, Judge | None]] = []
        for name in optimizer.theorems:
            held = theorem(name)
            if held.expectations is not None:
                continue  # judged over replicates
            tally = Tally(held)
            tally.reason = held.hypotheses(self._facts) or ""
            if tally.reason in (SCHEDULED, SAMPLED):
                continue  # with a schedule or a sampling the method is another one, which this theorem is not about
            self._benches.append((tally, None if tally.reason else held.judge(self._facts)))

    def hear(self, chunk: Chunk) -> None:
        """Take the rows of a chunk."""
        with np.errstate(all="ignore"):
            self._summary.hear(chunk)
            if not len(chunk.k):
                return
            for tally, judge in self._benches:
                if judge is None or tally.reason:
                    continue
                try:
                    for comparison in judge.hear(chunk):
                        tally.add(chunk.k, comparison)
                except HypothesisFails as fails:
                    tally.reason = str(fails)

    def on_expectations(self, ensemble: Ensemble | None, status: str) -> list[Verdict]:
        """The verdicts of theorems on expectations; None stands for a run without replicates, ended with `status`."""
        held = [theorem(name) for name in self._optimizer.theorems]
        named = [one for one in held if one.expectations is not None]
        with np.errstate(all="ignore"):
            return [expectation(*self._names, one, self._facts, ensemble, status) for one in named]

    def verdicts(self, trajectory: Trajectory, status: str) -> tuple[dict[str, Any], tuple[Verdict, ...]]:
        """The figures and the verdicts of the whole run."""
        figures = {**self._summary.figures(), "rate": asdict(self._rate(trajectory))}
        found = [tally.verdict(*self._names) for tally, _ in self._benches]
        for tally, judge in self._benches:
            if isinstance(judge, Reference) and not tally.reason and status != "diverged":
                gap = trajectory["f"] - self._facts.f_star
                rate = Rate(**figures["rate"])
                found.append(rate_verdict(*self._names, rate, trajectory["k"], gap, judge.gaps_at(trajectory["k"])))
        return figures, tuple(found)

    def _rate(self, trajectory: Trajectory) -> Rate:
        problem = self._facts.problem
        if problem.f_star is None or problem.f_star.kind != "exact":
            return Rate("refused", reason="f* is unknown")
        gap = trajectory["f"] - self._facts.f_star
        f_star = abs(self._facts.f_star)
        floor = 1e3 * U * problem.terms * (f_star + 1e-3 * abs(self._facts.gap_0)) if f_star else 0.0
        k = trajectory["k"]
        if self._facts.sampling is not None:
            k, gap = k[~np.isnan(gap)], gap[~np.isnan(gap)]
        with np.errstate(all="ignore"):
            return estimate(k, gap, max(floor, 1e-26 * abs(self._facts.gap_0)))
