"""Curves of runs and of the bounds they are held against, thinned for the eye."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdbench import registry, theory
from gdbench.jury import facts_of
from gdbench.kernel import COLUMNS
from gdbench.problem import Array, Integers
from gdbench.run import Result

#: More points than this make a file larger and a curve no better.
MOST = 240
#: Below this share of the first gap a run shows its rounding.
FLOOR = 1e-15


def gap(result: Result) -> Array:
    """f(x_k) - f* at the stored rows, shape (m,); f - its lower bound where f* is unknown."""
    f_star = registry.problem(result.cell.problem).f_star
    return np.asarray(result.trajectory["f"] - (f_star.value if f_star is not None else 0.0))


def smallest_gradient(result: Result) -> Array:
    """min over 0..k-1 of ||g||^2 at k = 1, 2, … of a run that is stored whole, shape (m - 1,)."""
    return np.asarray(np.minimum.accumulate(result.trajectory["grad2"])[:-1])


def bound(result: Result, theorem: str, k: Integers) -> Array:
    """What a theorem promises this run at k >= 1, shape (m,)."""
    problem, optimizer = registry.problem(result.cell.problem), registry.optimizer(result.cell.optimizer)
    held = theory.theorem(theorem)
    start = np.array([result.trajectory[name][0] for name in COLUMNS])
    facts = facts_of(problem, optimizer, optimizer.tune(problem), result.cell.iterations, start)
    return held.bound(k.astype(float), {name: facts.value(name) for name in held.needs})


def above_floor(values: Array) -> Integers:
    """The rows up to the first that is not above the floor; shape (m,)."""
    low = np.flatnonzero(~(values > FLOOR * values[0]))
    return np.arange(low[0] if len(low) else len(values))


def thin(k: NDArray[Any], log: bool = False) -> Integers:
    """Positions of at most `MOST` values of k, equally spaced (in log k with `log`), both ends among them."""
    if len(k) <= MOST:
        return np.arange(len(k))
    first, last = (math.log(max(float(end), 1.0)) if log else float(end) for end in (k[0], k[-1]))
    wanted = np.linspace(first, last, MOST)
    return np.unique(np.clip(np.searchsorted(k, np.exp(wanted) if log else wanted), 0, len(k) - 1))
