"""One theorem held against rows of 50 digits, by the judge that held it against the run.

Judges read float64 columns. Each column is formed in 50 digits, f as f - f*, and rounded once; the judge is told of a
problem seen from its minimiser, with f* = 0 and x* = 0, so that nothing is left to cancel. Its allowances are made of
the same formulas, but seen from there they hold no rounding of the size of f* or of x*: what remains is in proportion
to f - f* and to ||x - x*||. That is the final rounding, and that of what stays float64: L, mu and the spectrum of the
problem, and the judge's own closed forms, which for kind `exact` are followed over all k. Where x* and f* are not known
to 50 digits the allowances are those of float64: they hold the rounding of what was declared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gdbench.jury import facts_of
from gdbench.kernel import COLUMNS
from gdbench.optimizer import Optimizer, Tuning
from gdbench.problem import Array, Constant, Problem
from gdbench.rate import estimate, rate_verdict
from gdbench.run import Cell
from gdbench.theory import theorem
from gdbench.theory.rounding import Rounding, U
from gdbench.theory.theorem import Comparison, Facts, HypothesisFails, Reference
from gdbench.trajectory import Chunk, grid
from gdbench.verdict import Tally, Verdict

#: The share of the first gap down to which a rate is told, as of float64.
SMALLEST = 1e-26


class SeenRounding(Rounding):
    """Allowances of a run in 50 digits, f given as f - f*, with the room that kernels give to the rounding of f.

    A line search accepts what is worse by 4 u |f|, f* included, and a method that is told f* is told a float64: that is
    in the source, and 50 digits do not change it.
    """

    def __init__(self, problem: Problem, gap_0: float, f_star: float) -> None:
        declared = 0.0 if problem.f_star is None else problem.f_star.value
        super().__init__(problem, gap_0 + declared)
        self._room = 8.0 * problem.terms * U * abs(f_star)

    def value(self, chunk: Chunk, f: Array) -> Array:
        """As of float64 but for f*, and the room."""
        return np.asarray(super().value(chunk, f) + self._room)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a theorem says of rows: the verdict, and measured and bound at the row that was asked for."""

    verdict: Verdict
    measured: float
    bound: float

    @property
    def obeys(self) -> bool:
        """Whether no row violates it."""
        return self.verdict.outcome != "violated"

    @property
    def applies(self) -> bool:
        """Whether its hypotheses hold on these rows too."""
        return self.verdict.outcome not in ("not applicable", "inconclusive")

    def __str__(self) -> str:
        return f"{self.measured:.9g} against {self.bound:.9g}"


class _Witness:
    """Remembers one row's first comparison that is violated, or else the closest to it."""

    def __init__(self, k: int) -> None:
        self._k, self._over = k, -math.inf
        self.measured = self.bound = math.nan

    def see(self, chunk: Chunk, compared: Comparison) -> None:
        i = self._k - chunk.first
        measured, bound = float(compared.measured[i]), float(compared.bound[i])
        over = abs(measured - bound) if compared.two_sided else measured - bound
        over -= float(compared.allowance[i])
        if self._over <= 0.0 and not over <= self._over:
            self.measured, self.bound, self._over = measured, bound, over


def seen_from_minimiser(problem: Problem) -> Problem:
    """The problem with f* = 0 and x* = 0, as far as they are known; its kernels are not to be called."""
    f_star = None if problem.f_star is None else Constant(0.0, problem.f_star.kind, problem.f_star.source)
    if problem.x_star is None:
        return replace(problem, f_star=f_star)
    start, origin = problem.start - problem.x_star, np.zeros(problem.n)
    return replace(problem, f_star=f_star, x_star=origin, start=start)


def _chunk(rows: Sequence[Array]) -> Chunk:
    return Chunk(1, np.array(rows), np.zeros((len(rows), 0)))


@dataclass(frozen=True, slots=True)
class Trial:
    """What a theorem is told of a run."""

    problem: Problem
    optimizer: Optimizer
    tuning: Tuning
    cell: Cell

    def in_fifty_digits(self, name: str, rows: Sequence[Array], k: int, *, exact: bool) -> Finding:
        """The theorem of an id on rows 0, 1, … of shape (8,), f as f - f*; k is the row whose figures are wanted.

        exact: whether f* and x* are those of the data to 50 digits.
        """
        return self._held(name, self._facts(rows, exact=exact), rows, k)

    def in_float64(self, name: str, rows: Sequence[Array], k: int) -> Finding:
        """The same on rows as the driver records them."""
        facts = facts_of(self.problem, self.optimizer, self.tuning, self.cell.iterations, rows[0])
        return self._held(name, facts, rows, k)

    def rate(self, rows: Sequence[Array], *, exact: bool) -> Finding:
        """The rate of all rows of a run, f as f - f*, against that of its closed form."""
        facts = self._facts(rows, exact=exact)
        laws = [theorem(name) for name in self.optimizer.theorems]
        judges = (law.judge(facts) for law in laws if law.hypotheses(facts) is None)
        judge = next(judge for judge in judges if isinstance(judge, Reference))
        k = grid(self.cell.iterations)
        gap = np.array(rows)[k, COLUMNS.index("f")]
        with np.errstate(all="ignore"):
            judge.hear(_chunk(rows))
            fitted = estimate(k.astype(float), gap, SMALLEST * abs(gap[0]))
            names = (self.optimizer.name, self.problem.name)
            verdict = rate_verdict(*names, fitted, k.astype(float), gap, judge.gaps_at(k))
        return Finding(verdict, verdict.measured, verdict.bound)

    def _facts(self, rows: Sequence[Array], *, exact: bool) -> Facts:
        seen = seen_from_minimiser(self.problem)
        facts = facts_of(seen, self.optimizer, self.tuning, self.cell.iterations, rows[0])
        f_star = 0.0 if self.problem.f_star is None else self.problem.f_star.value
        return replace(facts, rounding=SeenRounding(seen if exact else self.problem, facts.f_0, f_star))

    def _held(self, name: str, facts: Facts, rows: Sequence[Array], k: int) -> Finding:
        law = theorem(name)
        tally, witness = Tally(law), _Witness(k)
        tally.reason = law.hypotheses(facts) or ""
        chunk = _chunk(rows)
        with np.errstate(all="ignore"):
            try:
                for compared in law.judge(facts).hear(chunk) if not tally.reason else ():
                    tally.add(chunk.k, compared)
                    witness.see(chunk, compared)
            except HypothesisFails as fails:
                tally.reason = str(fails)
        return Finding(tally.verdict(self.optimizer.name, self.problem.name), witness.measured, witness.bound)
