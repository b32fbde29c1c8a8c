"""Verdicts: what became of one theorem on one run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from gdbench.kernel import prepare
from gdbench.kernel.recurrences import compare
from gdbench.problem import Array
from gdbench.theory.ensemble import Ensemble, Moments
from gdbench.theory.theorem import Comparison, Facts, Theorem

OUTCOMES = ("attained", "holds", "unresolvable", "inconclusive", "not applicable", "violated")
#: A bound counts as attained within this relative distance, and k as resolvable up to this share of allowance.
ATTAINED, RESOLVABLE = 1e-9, 0.01
#: The chance that a true theorem on expectations is called violated, over all that one verdict compares (Bonferroni).
FAMILYWISE = 1e-4
#: Fewer replicates say too little of the normal law of a mean; a statistic tells if what is allowed is this share of
#: its size.
REPLICATES, TOLD = 100, 0.25
#: An equality of a mean whose error is the sample's own needs more, and a sample without too heavy a tail: `weight` of
#: Moments. HEAVY and SQUARE are by simulation: of 2000 verdicts on mini-batches of one sample, near where their second
#: moments diverge, 66, 12, 2 and 0 are wrong at family-wise errors of .1, .01, .001 and .0001; without HEAVY one in 25
#: is at the last.
SAMPLED, HEAVY, SQUARE = 4000, 0.02, 0.7
#: What became of a run whose replicates were not made.
ENDED = {
    "converged": "converged before its last iteration",
    "reached": "reached its target before its last iteration",
    "diverged": "diverged",
    "failed": "failed",
    "stopped": "was stopped",
    "timed_out": "was stopped",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One theorem on one run.

    kind: bound, exact, potential, rate, scaling, expectation. outcome: one of OUTCOMES; expected: what a suite
    expects, or empty. k, measured and bound: where it is violated first, attained first, or tightest. tightness: the
    largest measured / bound over resolvable k; resolvable: the share of k where the rounding allowance is within 1 % of
    the bound. Of an equality of expectations k, measured and bound are where it is farthest off, and tightness is the
    share of the allowed deviation that this takes. reason: why it does not apply, cannot be told, or what it compares.
    """

    optimizer: str
    problem: str
    theorem: str
    kind: str
    outcome: str
    k: int
    measured: float
    bound: float
    tightness: float
    resolvable: float
    reason: str = ""
    expected: str = ""


@dataclass(slots=True)
class _Place:
    k: int
    measured: float
    bound: float


class Tally:
    """Collects the comparisons of one theorem, chunk by chunk, and sums them up in a verdict."""

    def __init__(self, theorem: Theorem) -> None:
        self._theorem = theorem
        self._total = self._resolvable = 0
        self._violated: _Place | None = None
        self._attained: _Place | None = None
        self._tightest: _Place | None = None
        self._tightness = -math.inf
        self.reason = ""

    def add(self, k: Array, comparison: Comparison) -> None:
        """Count one comparison over rows k, shape (m,)."""
        found = np.zeros(4, dtype=np.int64)
        sides = (comparison.measured, comparison.bound, comparison.allowance)
        arrays = [np.ascontiguousarray(array) for array in sides]
        largest = prepare(compare)(*arrays, comparison.two_sided, RESOLVABLE, ATTAINED, found)
        resolvable, violated, tightest, attained = found.tolist()
        self._total += len(k)
        self._resolvable += resolvable
        if self._violated is None and violated >= 0:
            self._violated = self._place(k, comparison, violated)
        if largest > self._tightness:
            self._tightness = largest
            self._tightest = self._place(k, comparison, tightest)
        if self._theorem.tight and self._attained is None and attained >= 0:
            self._attained = self._place(k, comparison, attained)

    @staticmethod
    def _place(k: Array, comparison: Comparison, i: int) -> _Place:
        return _Place(int(k[i]), float(comparison.measured[i]), float(comparison.bound[i]))

    def verdict(self, optimizer: str, problem: str) -> Verdict:
        """The verdict on all that was added. A violation before a hypothesis fails stays one."""
        outcome, place, reason = "holds", self._tightest, self.reason
        if self._violated is not None:
            outcome, place = "violated", self._violated
        elif self.reason:
            outcome, place = "not applicable", None
        elif self._resolvable == 0:
            outcome, place = "unresolvable", None
            reason = "rounding hides the bound at every k" if self._total else "no step was taken"
        elif self._attained is not None:
            outcome, place = "attained", self._attained
        place = place if place is not None else _Place(0, math.nan, math.nan)
        return Verdict(
            *(optimizer, problem, self._theorem.id, self._theorem.kind, outcome),
            *(place.k, place.measured, place.bound),
            tightness=self._tightness if math.isfinite(self._tightness) else math.nan,
            resolvable=self._resolvable / self._total if self._total else 0.0,
            reason=reason,
        )


def expectation(
    optimizer: str, problem: str, theorem: Theorem, facts: Facts, ensemble: Ensemble | None, status: str = "finished"
) -> Verdict:
    """The verdict of a theorem on expectations; None stands for a run without replicates, which ended with `status`."""
    assert theorem.expectations is not None
    names = (optimizer, problem, theorem.id, theorem.kind)
    nothing = Verdict(*names, "not applicable", 0, math.nan, math.nan, math.nan, 0.0)
    reason = theorem.hypotheses(facts)
    if reason is not None:
        return replace(nothing, reason=reason)
    if ensemble is None and status != "finished":
        ended = f"no replicates were made: the run itself {ENDED[status]}"
        return replace(nothing, outcome="unresolvable", reason=ended)
    if ensemble is None or ensemble.count < REPLICATES:
        few = f"fewer than {REPLICATES} replicates: -r {SAMPLED} would tell"
        return replace(nothing, outcome="unresolvable", reason=few)
    moments = theorem.expectations(facts, ensemble)
    if not moments:
        return replace(nothing, outcome="unresolvable", reason="the expectations are beyond all numbers")
    verdict = _weighed(nothing, moments, ensemble.count)
    lost = ensemble.count - int(np.sum(np.isfinite(ensemble.f).all(axis=1)))
    left = f"{lost} of {ensemble.count} replicates left all numbers, which no expectation allows"
    return replace(verdict, reason=left) if lost else verdict


def _weighed(nothing: Verdict, moments: Sequence[Moments], count: int) -> Verdict:
    """All comparisons, each with the share of the family-wise error that falls to it."""
    tests = sum(len(one.k) for one in moments)
    sides = 2 if any(one.two_sided for one in moments) else 1
    limit = NormalDist().inv_cdf(1.0 - FAMILYWISE / (sides * tests))
    joined = {name: np.concatenate([getattr(one, name) for one in moments]) for name in _STATISTICS}
    two_sided = np.concatenate([np.full(len(one.k), one.two_sided) for one in moments])
    off = joined["measured"] - joined["expected"]
    multiples = np.concatenate([_multiples(limit, one, count) for one in moments])
    allowed = np.where(joined["error"] == 0.0, 0.0, multiples * joined["error"]) + joined["rounding"]
    off = np.where(two_sided, np.abs(off), off)
    told = allowed <= TOLD * joined["scale"]
    shares = np.where(off == 0.0, 0.0, off / allowed)
    tightness = np.where(two_sided, shares, joined["measured"] / joined["expected"])
    beyond = ~(off <= allowed)
    outcome = "violated" if beyond.any() else "holds" if told.any() else "unresolvable"
    candidates = beyond if beyond.any() else told if told.any() else np.ones(tests, dtype=bool)
    ranked = np.where(candidates, np.where(np.isnan(tightness), math.inf, tightness), -math.inf)
    worst = int(np.argmax(ranked))
    compared = f"{tests} comparisons of {count} replicates, limit {limit:.2f} standard errors each"
    reason = f"{compared}: a family-wise error of {FAMILYWISE:g}"
    if outcome == "unresolvable":
        reason = f"{tests} comparisons, of which {count} replicates tell none"
    return replace(
        nothing,
        outcome=outcome,
        k=int(joined["k"][worst]),
        measured=float(joined["measured"][worst]),
        bound=float(joined["expected"][worst]),
        tightness=float(tightness[worst]),
        resolvable=float(told.mean()),
        reason=reason,
    )


def _multiples(limit: float, one: Moments, count: int) -> Array:
    """How many standard errors each mean may be off by: `limit` for a normal law, more in the longer tail of others.

    The first terms of Cornish and Fisher's expansion (1938) where the law is known, of Hall's (1983) where error and
    skewness come from the sample: a mean that lacks its largest summands has too small an error. The square term is
    larger than theirs, as such a skewness is too small as well. Infinite for equalities of which the sample tells too
    little.
    """
    skewness, weight = (np.zeros(len(one.k)) if side is None else side for side in (one.skewness, one.weight))
    off, size = one.measured - one.expected, np.abs(skewness)
    if one.known:
        return np.where(off * skewness > 0.0, limit + size * (limit * limit - 1.0) / 6.0, limit)
    longer = limit + size * (2.0 * limit * limit + 1.0) / 6.0 + SQUARE * size * size * limit**3
    allowed = np.where(off * skewness < 0.0, longer, limit)
    untold = one.two_sided & ((weight > HEAVY) | (count < SAMPLED))
    return np.where(untold, math.inf, allowed)


_STATISTICS = ("k", "measured", "expected", "error", "rounding", "scale")
