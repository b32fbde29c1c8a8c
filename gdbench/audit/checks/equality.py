"""Tight bounds are equalities where they are known to be: on their worst functions, in random directions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gdbench.audit.check import Check, Seen, not_applicable
from gdbench.audit.rows import Inapplicable, compare, rows_of
from gdbench.audit.witnesses import WITNESSES, Asked, Case, NoCase
from gdbench.errors import BadInput
from gdbench.optimizer import Optimizer
from gdbench.run import Cell, run_pair
from gdbench.theory import Theorem, theorem
from gdbench.theory.hypotheses import SCHEDULED
from gdbench.theory.theorem import HypothesisFails

#: A run in float64 keeps 1e-12 here; iterates in float32 keep 1e-7.
EQUAL = 1e-9
#: L: not 1, so that a missing factor shows; smaller ones for step sizes that are given as large numbers.
SCALES = (4.0, 0.25, 2.0**-6, 2.0**-10)
#: Shorter runs are stored whole.
LONGEST = 1900


@dataclass(frozen=True, slots=True)
class Equality:
    """One theorem on its equality cases: how far the worst of `compared` ks is off, and what is wrong or missing."""

    theorem: str
    compared: int = 0
    off: float = 0.0
    wrong: str = ""
    missing: str = ""


def see(optimizer: Optimizer) -> Seen:
    tight = [held for name in optimizer.theorems if (held := theorem(name)).tight]
    if not tight:
        return not_applicable("no tight theorem is about this method")
    told = [one for held in tight if (one := _best_scale(optimizer, held)) is not None]
    if not told:
        return not_applicable("its tight theorems are for one step size, and it has a schedule")
    missing = _missing(told)
    compared = sum(one.compared for one in told)
    wrong = [f"{one.theorem}{one.wrong}" for one in told if one.wrong]
    if wrong:
        return Seen("violated", "; ".join(wrong), compared, compared)
    if not compared:
        return not_applicable(f"no equality case for {missing}")
    attained = ", ".join(one.theorem for one in told if one.compared)
    off = max(one.off for one in told)
    without = f"; no equality case for {missing}" if missing else ""
    return Seen("passed", f"{attained} attained to {off:.1e}{without}", compared, compared)


def _missing(told: Sequence[Equality]) -> str:
    """The theorems without an equality case, by what the reason is."""
    reasons = dict.fromkeys(one.missing for one in told if one.missing)
    names = {reason: ", ".join(one.theorem for one in told if one.missing == reason) for reason in reasons}
    return "; ".join(f"{names[reason]} ({reason})" for reason in reasons)


def _best_scale(optimizer: Optimizer, held: Theorem) -> Equality | None:
    """The theorem at the first L that suits the method; None where the theorem is not about a method with schedule."""
    if held.id not in WITNESSES:
        return Equality(held.id, missing="none is known")
    reasons = []
    for L in SCALES:
        try:
            return _equality(held, optimizer, WITNESSES[held.id](Asked(optimizer, L)))
        except (NoCase, Inapplicable, BadInput) as why:
            reasons.append(str(why))
        if reasons[-1] == SCHEDULED:
            return None
    return Equality(held.id, missing=reasons[0])


def _equality(held: Theorem, optimizer: Optimizer, cases: Iterator[Case]) -> Equality:
    compared, off = 0, 0.0
    try:
        for case in cases:
            for k, measured, bound in _pairs(held, optimizer, case):
                compared += 1
                distance = abs(measured - bound)
                if not distance <= EQUAL * abs(bound):
                    return Equality(held.id, compared, wrong=f" at k = {k}: {measured!r}, where it is {bound!r}")
                off = max(off, distance / abs(bound) if distance else 0.0)
    except HypothesisFails as why:
        return Equality(held.id, compared, wrong=f": {why}")
    except (NoCase, Inapplicable) as why:
        if not compared:
            raise
        return Equality(held.id, compared, off, missing=str(why))
    return Equality(held.id, compared, off)


def _pairs(held: Theorem, optimizer: Optimizer, case: Case) -> list[tuple[int, float, float]]:
    """k, measured and bound at the ks of a case, as the theorem's own judge has them.

    `HypothesisFails` is raised where the run ended before, or left what the method declares.
    """
    last = max(case.ks)
    if last > LONGEST:
        raise NoCase(f"k = {last} is beyond {LONGEST}, the longest run here")
    result = run_pair(case.problem, optimizer, Cell(optimizer.name, case.problem.name, last))
    found = compare(held, case.problem, optimizer, rows_of(result), last)
    return [(k, float(one.measured[k - 1]), float(one.bound[k - 1])) for one in found for k in case.ks]


CHECK = Check("equality", "tight bounds are attained on their worst functions, in random directions", "optimizer", see)
