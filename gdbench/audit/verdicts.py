"""Checks that are verdicts of theorems of one kind, counted over all iterates of a run."""

from __future__ import annotations

from collections.abc import Sequence

from gdbench.audit.check import Seen, not_applicable
from gdbench.run import Result
from gdbench.verdict import Verdict


def judged(result: Result, kind: str, share: str = "of the bound") -> Seen:
    """The verdicts of one kind on a run: the worst of them, and the largest tightness, which is a `share`."""
    verdicts = [verdict for verdict in result.verdicts if verdict.kind == kind]
    applying = [verdict for verdict in verdicts if verdict.outcome != "not applicable"]
    if not applying:
        return not_applicable(_why(verdicts, kind))
    wrong = [verdict for verdict in applying if verdict.outcome == "violated"]
    checked = result.k * len(applying)
    resolvable = round(sum(verdict.resolvable for verdict in applying) * result.k)
    if wrong:
        return Seen("violated", "; ".join(map(_violation, wrong)), checked, resolvable)
    told = [verdict for verdict in applying if verdict.outcome in ("attained", "holds")]
    if not told:
        return Seen("unresolvable", "; ".join(f"{v.theorem}: {v.reason}" for v in applying), checked, resolvable)
    tightest = max(told, key=lambda verdict: verdict.tightness)
    return Seen("passed", f"{tightest.theorem}: {tightest.tightness:.6g} {share}", checked, resolvable)


def _why(verdicts: Sequence[Verdict], kind: str) -> str:
    if not verdicts:
        return f"no theorem of kind {kind} is about this method"
    reasons = dict.fromkeys(verdict.reason for verdict in verdicts)
    return "; ".join(reasons)


def _violation(verdict: Verdict) -> str:
    return f"{verdict.theorem} at k = {verdict.k}: {verdict.measured:.6g} > {verdict.bound:.6g}"
