"""Where a problem's constants are nearly attained: searches for the largest curvature, the lowest value and the like.

Random points miss what a constant is about; from the best of them a search climbs on. What it finds is a lower bound of
the true L and an upper bound of the true mu, f* or Lojasiewicz constant: enough to refute, and to say how much room a
proven bound leaves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from gdbench.audit.calls import Calls, Vector, calls
from gdbench.optimizers import lbfgs
from gdbench.problem import Problem
from gdbench.run import Cell, run_pair

#: Up to this dimension Hessians are formed; beyond, Lanczos' process takes so many products.
DENSE, PRODUCTS = 64, 300
#: Steps of one climb, and the length relative to the first at which it ends.
MOST_STEPS, SHORTEST = 120, 1e-6
#: How far a climb may lead from the start, in lengths of its first step.
FARTHEST = 1e3
#: How many of the points a climb is made from.
CLIMBS = 2
#: Updates of the run that looks for the lowest value.
DESCENT = 200
#: Values this close to f* are rounding, relative to the gap at the start.
NEAR = 1e-9

Objective = Callable[[Vector], tuple[float, Vector]]


def spectrum_ends(run: Calls, x: Vector) -> tuple[tuple[float, Vector], tuple[float, Vector], float]:
    """The smallest and the largest eigenvalue of the Hessian at x with their vectors, and how far they may be off."""
    if len(x) <= DENSE:
        values, vectors = np.linalg.eigh(run.hessian(x))
        return (float(values[0]), vectors[:, 0]), (float(values[-1]), vectors[:, -1]), 0.0
    return _lanczos(run, x)


def _lanczos(run: Calls, x: Vector) -> tuple[tuple[float, Vector], tuple[float, Vector], float]:
    """Lanczos' process, every vector orthogonalised against all before; off by at most its last residual."""
    n = len(x)
    v = np.random.default_rng(3).standard_normal(n)
    basis = [v / np.linalg.norm(v)]
    images: list[Vector] = []
    left = 0.0
    for _ in range(min(n, PRODUCTS)):
        images.append(run.product(x, basis[-1]))
        rest = images[-1].copy()
        for _ in range(2):
            rest -= np.array(basis).T @ (np.array(basis) @ rest)
        left = float(np.linalg.norm(rest))
        if len(images) == n or left <= 1e-13 * np.linalg.norm(images[-1]):
            left = 0.0
            break
        basis.append(rest / left)
    held = np.array(basis[: len(images)])
    small = held @ np.array(images).T
    values, vectors = np.linalg.eigh(0.5 * (small + small.T))
    off = left * float(max(abs(vectors[-1, 0]), abs(vectors[-1, -1])))
    lowest, highest = (held.T @ vectors[:, 0], held.T @ vectors[:, -1])
    return (float(values[0]), lowest), (float(values[-1]), highest), off


def curved(run: Calls, sign: float) -> Objective:
    """sign times the eigenvalue of the Hessian at that end, and its gradient D^3 f[v, v, .]."""

    def objective(x: Vector) -> tuple[float, Vector]:
        low, high, _ = spectrum_ends(run, x)
        value, v = high if sign > 0.0 else low
        h = 1e-4
        slope = (run.product(x + h * v, v) - run.product(x - h * v, v)) / (2.0 * h)
        return sign * value, sign * slope

    return objective


def steepness(run: Calls, f_star: float, room: float) -> Objective:
    """-||g||^2/(2 (f - f*)), whose largest value is minus the Lojasiewicz constant; -inf where the gap is rounding."""

    def objective(x: Vector) -> tuple[float, Vector]:
        f, g = run.oracle(x)
        gap = f - f_star
        if not gap > room:
            return -math.inf, g
        ratio = float(g @ g) / (2.0 * gap)
        return -ratio, (ratio * g - run.product(x, g)) / gap

    return objective


class Region:
    """Where a problem's constants hold: a sublevel set, or a ball so large that f keeps a digit or two in it."""

    def __init__(self, problem: Problem) -> None:
        self._start, self._run = problem.start, calls(problem)
        centre = problem.start if problem.x_star is None else problem.x_star
        #: A tenth of the distance from the start to the minimiser.
        self.length = 0.1 * (float(np.linalg.norm(problem.start - centre)) or 1.0)
        self._highest = math.inf if problem.region == "everywhere" else self._run.value(problem.start)

    def draw_back(self, x: Vector) -> Vector:
        """x or a point of the region near to it: along the gradient, by Newton's method for f = its highest value."""
        moved = x - self._start
        far = float(np.linalg.norm(moved))
        if math.isinf(self._highest):
            return x if far <= FARTHEST * self.length else self._start + (FARTHEST * self.length / far) * moved
        for _ in range(40):
            f, g = self._run.oracle(x)
            if f <= self._highest:
                return x
            square = float(g @ g)
            if not 0.0 < square < math.inf:
                break
            x = x - ((f - self._highest) / square * (1.0 + 1e-6) + 1e-15 * abs(f) / square) * g
        return self._start.copy()

    def ahead(self, x: Vector, slope: Vector) -> Vector:
        """The direction in which an objective grows; on the edge of the region without what leads out of it."""
        if math.isinf(self._highest):
            return slope
        f, g = self._run.oracle(x)
        square, out = float(g @ g), float(slope @ g)
        on_edge = f > self._highest - 1e-3 * abs(self._highest)
        return slope - (out / square) * g if on_edge and out > 0.0 and square > 0.0 else slope


def climb(objective: Objective, x: Vector, region: Region) -> float:
    """The largest value found uphill from x within the region."""
    best, slope = objective(x)
    step = region.length
    for _ in range(MOST_STEPS):
        direction = region.ahead(x, slope)
        size = float(np.linalg.norm(direction))
        if step < SHORTEST * region.length or not 0.0 < size < math.inf:
            break
        trial = region.draw_back(x + (step / size) * direction)
        found, there = objective(trial)
        if found > best:
            x, best, slope, step = trial, found, there, 2.0 * step
        else:
            step *= 0.25
    return best


def highest(problem: Problem, objective: Objective, points: Sequence[Vector], enough: float = math.inf) -> float:
    """The largest value of an objective on the points and uphill from the best of them, or one above `enough`."""
    values = [objective(x)[0] for x in points]
    best = max(values)
    if best >= enough or problem.spectrum is not None:  # a quadratic is bent alike everywhere
        return best
    region = Region(problem)
    for i in np.argsort(values)[::-1][:CLIMBS]:
        best = max(best, climb(objective, points[i], region))
    return best


def lowest_value(problem: Problem) -> float:
    """The lowest value on a run of L-BFGS from the start."""
    result = run_pair(problem, lbfgs.make(), Cell("lbfgs", problem.name, DESCENT))
    return float(np.nanmin(result.trajectory["f"]))
