"""The search: differential evolution over a family, then Nelder and Mead's simplex from the best it found.

Both are SciPy's (Storn and Price 1997; Nelder and Mead 1965), with a generator of their own: the same seed, the same
walk. The budget counts runs, not seconds, for the same reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdbench.errors import BadInput
from gdbench.hunt.family import Data, Family, FunctionClass
from gdbench.hunt.trial import NOTHING, Track, Trial, judge
from gdbench.problem import Array
from gdbench.theory import Theorem

#: The share of the budget that looks everywhere; the rest looks near the best.
GLOBAL = 0.6
#: Members of differential evolution's population, for each number that makes an instance.
POPULATION = 6
#: Simplices are begun anew around the best: as large as the first while that gains so much, else ever smaller ones.
GAIN, LARGEST, SHRINK, SMALLEST = 1e-9, 0.1, 0.2, 1e-4
#: What the search minimises where a trial tells nothing: above -log of any ratio.
WORST = 1e4


@dataclass(frozen=True, slots=True)
class Found:
    """The best trial of a family, its instance, the runs that were made, and how many violated the theorem."""

    family: Family
    trial: Trial
    data: Data
    runs: int
    violations: int


class _Spent(Exception):
    """The budget is spent."""


class _Walk:
    """Counts trials and keeps the best; called with points of the unit cube."""

    def __init__(self, family: Family, wanted: FunctionClass, make: Callable[[Data], Trial], budget: int) -> None:
        self._family, self._wanted, self._make, self.left = family, wanted, make, budget
        self.runs = self.violations = 0
        self.best = NOTHING
        self.data: Data = {}
        self.place = np.full(family.size, 0.5)

    def __call__(self, u: Array) -> float:
        if self.left <= 0:
            raise _Spent
        self.left -= 1
        u = np.clip(u, 0.0, 1.0)
        data = self._family.place(u, self._wanted)
        if data is None:
            return WORST
        trial = self._make(data)
        self.runs += 1
        self.violations += trial.violated
        if (trial.violated, trial.ratio) > (self.best.violated, self.best.ratio):
            self.best, self.data, self.place = trial, data, u
        return WORST if trial.ratio == -math.inf else -math.log(max(trial.ratio, 1e-300))


def searched(
    family: Family, wanted: FunctionClass, track: Track, theorem: Theorem | None, budget: int, seed: int
) -> Found:
    """The instance of a family with the largest ratio that `budget` trials find; a violated one before all others."""
    optimize = _scipy()
    walk = _Walk(family, wanted, lambda data: judge(track, theorem, family.problem(data, wanted)), budget)
    cube = [(0.0, 1.0)] * family.size
    members = POPULATION * family.size
    generations = max(int(GLOBAL * budget) // members - 1, 1)
    generator = np.random.Generator(np.random.Philox([seed, *family.name.encode()]))
    try:
        optimize.differential_evolution(
            *(walk, cube),
            popsize=POPULATION,
            maxiter=generations,
            rng=generator,
            polish=False,
            tol=0.0,
            mutation=(0.4, 1.0),
        )
        size = LARGEST
        while size > SMALLEST:
            before = walk.best.ratio
            simplex = _simplex(walk.place, size * generator.uniform(0.5, 1.0, family.size))
            options = {"initial_simplex": simplex, "xatol": 1e-12, "fatol": 1e-15, "adaptive": True}
            options["maxfev"] = 150 * family.size
            optimize.minimize(walk, walk.place, method="Nelder-Mead", bounds=cube, options=options)
            size = LARGEST if walk.best.ratio > before * (1.0 + GAIN) else SHRINK * size
    except _Spent:
        pass
    return Found(family, walk.best, walk.data, walk.runs, walk.violations)


def _simplex(centre: Array, sizes: Array) -> Array:
    """A corner at the centre, and one along each axis, inward; shape (n + 1, n)."""
    inward = np.where(centre > 0.5, -1.0, 1.0)
    return np.concatenate([centre[np.newaxis], centre + np.diag(inward * sizes)])


def _scipy() -> Any:
    try:
        from scipy import optimize
    except ModuleNotFoundError as error:
        raise BadInput("The hunt needs scipy: install it with `pip install 'gdbench[hunt]'`.") from error
    return optimize
