"""A whole hunt: every family of the class is searched, and what is found is run again and judged as any other run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gdbench.errors import BadInput
from gdbench.hunt.classes import families
from gdbench.hunt.family import FunctionClass, L
from gdbench.hunt.fate import Fate, fate
from gdbench.hunt.instance import Instance
from gdbench.hunt.search import Found, searched
from gdbench.hunt.trial import Track, Trial, judge
from gdbench.kernel import COLUMNS
from gdbench.optimizer import Optimizer
from gdbench.problem import Problem
from gdbench.run import Cell, compile_pair, run_pair
from gdbench.theory import Theorem
from gdbench.verdict import Verdict

#: Runs of a whole hunt, and the iteration at which one looks for a function on which a method does not converge.
BUDGET, FAR = 16_000, 200


@dataclass(frozen=True, slots=True)
class Judged:
    """A run of an instance: what it came to, all verdicts, and where it goes in the long run."""

    problem: Problem
    trial: Trial
    verdicts: tuple[Verdict, ...]
    fate: Fate

    @property
    def violated(self) -> bool:
        """Whether any theorem of the method is violated."""
        return self.trial.violated or any(verdict.outcome == "violated" for verdict in self.verdicts)


@dataclass(frozen=True, slots=True)
class Catch:
    """What a hunt at k brought: the best of each family, in order, the best of all, and that one judged."""

    k: int
    founds: tuple[Found, ...]
    best: Found
    judged: Judged

    @property
    def violations(self) -> int:
        """Runs of the search that violated the theorem."""
        return sum(found.violations for found in self.founds)


class DifferentBits(RuntimeError):
    """The search's run of an instance is not that of `run_pair`."""


def judged(optimizer: Optimizer, theorem: Theorem | None, problem: Problem, k: int) -> Judged:
    """Run an instance as the suite runs its cells, and make sure that the search saw the same run."""
    name = "the instance found"
    compile_pair(problem, optimizer)
    result = run_pair(replace(problem, name=name), optimizer, Cell(optimizer.name, name, k))
    track = Track(optimizer, k)
    trial, rows = judge(track, theorem, problem), track.run(problem).rows
    stored = np.column_stack([result.trajectory[column] for column in COLUMNS])
    if not np.array_equal(stored, rows, equal_nan=True):
        raise DifferentBits(f"the run that the search saw differs from that of run_pair, on {problem.source}")
    return Judged(problem, trial, result.verdicts, fate(optimizer, problem))


def hunted(
    optimizer: Optimizer, wanted: FunctionClass, k: int, theorem: Theorem | None, *, seed: int = 0, budget: int = BUDGET
) -> Catch:
    """Search every family of the class; the budget is shared by the numbers that make an instance of each.

    The best is what violates a theorem, then what does not converge (where no theorem binds the method), then the
    largest ratio; of those that agree in nine digits, the one of the simplest family.
    """
    track = Track(optimizer, k)
    founds = tuple(_searches(track, wanted, theorem, seed, budget))
    told = [found for found in founds if found.data]
    if not told:
        raise BadInput(f"No run of {optimizer.name} on {wanted.about} says anything at k = {k}: take a smaller k.")
    every = [judged(optimizer, theorem, found.family.problem(found.data, wanted), k) for found in told]
    ranks = [(one.violated, one.fate.rank if theorem is None else 0, float(f"{one.trial.ratio:.9e}")) for one in every]
    first = ranks.index(max(ranks))
    return Catch(k, founds, told[first], every[first])


def _searches(track: Track, wanted: FunctionClass, theorem: Theorem | None, seed: int, budget: int) -> Iterator[Found]:
    kinds = families(wanted)
    total = sum(family.size for family in kinds)
    for family in kinds:
        yield searched(family, wanted, track, theorem, budget * family.size // total, seed)


def strayed(
    catch: Catch, optimizer: Optimizer, wanted: FunctionClass, theorem: Theorem | None, *, seed: int, budget: int
) -> Catch | None:
    """A second hunt, at a later k, where no theorem binds the method and the first one saw it converge."""
    if theorem is not None or catch.judged.fate.lost or catch.k >= FAR:
        return None
    found = hunted(optimizer, wanted, FAR, None, seed=seed, budget=budget)
    return found if found.judged.fate.lost else None


def kept(catch: Catch, optimizer: Optimizer, wanted: FunctionClass, theorem: Theorem | None) -> Instance:
    """What a file keeps of a hunt."""
    return Instance(
        optimizer=optimizer.name,
        function_class=wanted.name,
        kappa=L / wanted.mu if wanted.mu > 0.0 else None,
        k=catch.k,
        theorem=None if theorem is None else theorem.id,
        family=catch.best.family.name,
        data=catch.best.data,
        measured=catch.judged.trial.measured,
        bound=catch.judged.trial.bound,
    )
