"""How far apart two exact copies of a method may be at each k: what rounding can do, and no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gdbench.audit.arena import Arena
from gdbench.problem import Array

#: Rounding of one step, as a share of the largest |x| so far: some 400 units in the last place.
ROUNDING = 1e-13
#: How much more than a change of all data by one unit in the last place the rounding of all steps may do.
GROWN = 64.0
#: An allowance above this share of the largest |x| hides more than it shows.
RESOLVED = 1e-6
#: Seeds of such changes; at each k the largest effect of them so far counts. Where a line search decides by the last
#: digits of f, a single one may decide as it did without the change, and may come back to the same path later.
SEEDS = (1, 2, 3, 4, 5, 6)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two runs held against each other: the first k where they differ by too much (-1: none), and by how much.

    share is the largest difference in units of its allowance, over the k that are resolvable.
    """

    wrong: int
    off: float
    share: float
    checked: int
    resolvable: int


def full(points: Array, count: int) -> Array:
    """Iterates of shape (K, n) as (count, n): a run that ended early goes on at infinity, far from all others."""
    missing = np.full((count - len(points), points.shape[1]), np.inf)
    return np.concatenate([points, missing])


def _apart(one: Array, other: Array) -> Array:
    """The largest difference in any coordinate at each k; 0 where both are at infinity. NaN is no place."""
    return np.asarray(np.where(one == other, 0.0, np.abs(one - other)).max(axis=1))


def agreement(found: Array, expected: Array, growth: Array) -> Agreement:
    """found against expected, both of shape (K, n), whose rounding grows as in `growth`, of shape (K,).

    The allowance at k is ROUNDING of the largest |x| so far plus GROWN times the growth; a k at which it passes
    RESOLVED of the largest |x| is not resolvable.
    """
    scale = np.maximum.accumulate(np.where(np.isinf(expected), 0.0, np.abs(expected)).max(axis=1))
    allowed = ROUNDING * scale + GROWN * growth
    off = _apart(found, expected)
    resolvable = allowed <= RESOLVED * scale
    wrong = np.flatnonzero(resolvable & ~(off <= allowed))
    k = int(wrong[0]) if len(wrong) else -1
    share = float(np.max(off[resolvable] / allowed[resolvable], initial=0.0))
    return Agreement(k, float(off[k]), share, len(off), int(np.sum(resolvable)))


def same_bits(found: Array, expected: Array) -> Agreement:
    """As `agreement`, where rounding is no excuse."""
    off = _apart(found, expected)
    differ = np.flatnonzero((off != 0.0) & ~np.isnan(expected).any(axis=1))
    k = int(differ[0]) if len(differ) else -1
    return Agreement(k, float(off[k]), 0.0, len(found), len(found))


def growth_of(run: Callable[[Arena], Array], arena: Arena) -> Array:
    """What one unit in the last place of all data does to a run: the largest difference in any coordinate up to k."""
    usual = run(arena)
    moved = [_apart(run(arena.moved(seed)), usual) for seed in SEEDS]
    return np.maximum.accumulate(np.max(moved, axis=0))


def worst(found: Sequence[Agreement]) -> Agreement:
    """The one to tell of, with the numbers of comparisons of all."""
    told = max(found, key=lambda one: (one.wrong >= 0, one.share))
    checked, resolvable = sum(one.checked for one in found), sum(one.resolvable for one in found)
    return Agreement(told.wrong, told.off, told.share, checked, resolvable)
