"""Which theorem a hunt is held against: one that binds the method on every family of the class."""

from __future__ import annotations

import math
from difflib import get_close_matches

from gdbench.errors import BadInput, unknown
from gdbench.hunt.classes import families
from gdbench.hunt.family import FunctionClass
from gdbench.hunt.trial import Track, judge, refused
from gdbench.optimizer import Optimizer
from gdbench.theory import Theorem, theorem, theorems


def chosen(optimizer: Optimizer, wanted: FunctionClass, k: int, name: str | None) -> Theorem | None:
    """The theorem of that name, or the method's sharpest bound on the class at k, or None where nothing binds it.

    `BadInput` where the name is unknown, not the method's, or not about the class.
    """
    if name is not None and name not in theorems():
        raise unknown("theorem", name, theorems())
    track = Track(optimizer, k)
    for problem in families(wanted).values():
        optimizer.tune(problem)
    if name is None:
        return _sharpest(track, wanted)
    known = [one for one in optimizer.theorems if not _why(track, wanted, theorem(one))]
    if name in known:
        return theorem(name)
    reason = _why(track, wanted, theorem(name)) if name in optimizer.theorems else "it is about another method"
    close = get_close_matches(name, known, n=1, cutoff=0.0)
    offer = f"the nearest that does is {close[0]!r}" if close else "no theorem does: leave --theorem out"
    raise BadInput(f"{name} does not bind {optimizer.name} on {wanted.about} at k = {k} ({reason}): {offer}.")


def _why(track: Track, wanted: FunctionClass, held: Theorem) -> str:
    for problem in families(wanted).values():
        reason = refused(track, held, problem)
        if reason:
            return reason
        if held.kind == "bound" and judge(track, held, problem).ratio == -math.inf:
            return "it says nothing there, or rounding hides it"
    return ""


def _sharpest(track: Track, wanted: FunctionClass) -> Theorem | None:
    """Bounds that know all constants of the class come first, then tight ones, then the method's own order."""
    known = [theorem(name) for name in track.optimizer.theorems]
    bounds = [one for one in known if one.kind == "bound" and one.closed is not None and not _why(track, wanted, one)]
    return min(bounds, key=lambda one: (wanted.mu > 0.0 and "mu" not in one.needs, not one.tight), default=None)
