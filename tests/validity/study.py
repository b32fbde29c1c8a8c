"""What the verdicts say of random instances, as they are and with a violation planted where a bound is attained."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import numpy as np
from instances import Instance, drawn

from gdbench.jury import Jury, facts_of
from gdbench.kernel import COLUMNS
from gdbench.run import Cell, Result, run_pair
from gdbench.theory import theorem
from gdbench.theory.theorem import Facts
from gdbench.trajectory import Chunk
from gdbench.verdict import Verdict

#: Relative sizes of the planted violations.
PLANTS = (1e-2, 1e-4)
#: What a theorem bounds, and the column that is raised: gaps are raised above f*.
RAISED = {"gap": "f", "dist2": "dist2", "grad2": "grad2"}


@dataclass
class Counts:
    """Counts over instances; plants by size: attained bounds, those that rounding lets be told, and those seen."""

    instances: int = 0
    checks: int = 0
    resolvable: int = 0
    alarms: int = 0
    alarmed: list[str] = field(default_factory=list)
    plants: dict[str, list[int]] = field(default_factory=lambda: {str(size): [0, 0, 0] for size in PLANTS})

    def add(self, other: Counts) -> None:
        """Take the counts of more instances."""
        for name in ("instances", "checks", "resolvable", "alarms"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.alarmed += other.alarmed
        for size, counts in other.plants.items():
            self.plants[size] = [a + b for a, b in zip(self.plants[size], counts, strict=True)]


def block(first: int, count: int) -> dict[str, dict[str, object]]:
    """The counts of instances first … first + count - 1, by the name of the method; plain data for a file."""
    found: dict[str, Counts] = {}
    for number in range(first, first + count):
        instance = drawn(number)
        name = instance.optimizer.name.partition("[")[0]
        found.setdefault(name, Counts()).add(studied(instance))
    return {name: asdict(counts) for name, counts in found.items()}


def studied(instance: Instance) -> Counts:
    """One instance: every comparison of every verdict, then the plants."""
    problem, optimizer = instance.problem, instance.optimizer
    result = run_pair(problem, optimizer, Cell(optimizer.name, problem.name, instance.iterations))
    counts = Counts(instances=1)
    for verdict in result.verdicts:
        if verdict.kind == "rate" or verdict.outcome == "not applicable":
            continue
        counts.checks += result.k
        counts.resolvable += round(verdict.resolvable * result.k)
        if verdict.outcome == "violated":
            counts.alarms += 1
            counts.alarmed.append(f"{problem.name} {optimizer.name} {verdict.theorem} at k = {verdict.k}")
        if verdict.outcome == "attained":
            _plant(instance, result, verdict, counts)
    return counts


def _plant(instance: Instance, result: Result, verdict: Verdict, counts: Counts) -> None:
    """Raise what attains a bound, row and all, and judge the run again."""
    quantity = theorem(verdict.theorem).quantity
    if quantity not in RAISED or not verdict.bound > 0.0:
        return  # a bound of 0 that is met cannot be missed by a share of itself
    rows = np.array([result.trajectory[name] for name in COLUMNS]).T.copy()
    facts = _facts(instance, rows)
    share = _allowed(facts, verdict, rows)
    column = COLUMNS.index(RAISED[quantity])
    lowest = facts.f_star if quantity == "gap" else 0.0
    for size in PLANTS:
        planted = rows.copy()
        planted[verdict.k, column] = lowest + (1.0 + size) * (rows[verdict.k, column] - lowest)
        tally = counts.plants[str(size)]
        tally[0] += 1
        if share <= 0.5 * size:
            tally[1] += 1
            tally[2] += _outcome(instance, result, verdict.theorem, planted) == "violated"


def _facts(instance: Instance, rows) -> Facts:
    tuning = instance.optimizer.tune(instance.problem)
    return facts_of(instance.problem, instance.optimizer, tuning, instance.iterations, rows[0])


def _allowed(facts: Facts, verdict: Verdict, rows) -> float:
    """The rounding allowance over the bound, where the bound is attained."""
    comparisons = theorem(verdict.theorem).judge(facts).hear(_chunk(rows))
    return min(one.allowance[verdict.k - 1] / one.bound[verdict.k - 1] for one in comparisons)


def _outcome(instance: Instance, result: Result, name: str, rows) -> str:
    tuning = instance.optimizer.tune(instance.problem)
    jury = Jury(instance.problem, instance.optimizer, tuning, instance.iterations, rows[0])
    jury.hear(_chunk(rows))
    _, verdicts = jury.verdicts(result.trajectory, result.status)
    return next(verdict.outcome for verdict in verdicts if verdict.theorem == name)


def _chunk(rows) -> Chunk:
    """A whole run in one chunk. No theorem of these methods reads the coordinates."""
    return Chunk(1, rows, np.zeros((len(rows), 0)))
