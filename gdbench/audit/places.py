"""Points and directions at which a problem is looked at, and derivatives by differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gdbench.audit.calls import Vector, calls
from gdbench.problem import Problem

EPS = 2.0**-52
#: How often a point is drawn closer to the minimiser before the start is taken in its place.
MOST_SHRINKS = 200


def random_points(problem: Problem, count: int, seed: int = 7) -> list[Vector]:
    """Points around the minimiser at the start's distance, drawn back into {f <= f(start)} where L holds only there."""
    draws = np.random.default_rng(seed)
    centre = np.zeros(problem.n) if problem.x_star is None else problem.x_star
    spread = max(float(np.linalg.norm(problem.start - centre)), 1.0) / np.sqrt(problem.n)
    run = calls(problem)
    highest = run.value(problem.start) if problem.region == "sublevel set" else np.inf
    points = []
    for scale in np.linspace(0.05, 1.5, count):
        x = centre + scale * spread * draws.standard_normal(problem.n)
        for _ in range(MOST_SHRINKS):
            if not run.value(x) > highest:
                break
            x = centre + 0.8 * (x - centre)
        else:
            x = problem.start.copy()
        points.append(x)
    return points


def region_points(problem: Problem) -> list[Vector]:
    """Where constants are sought: a segment from the start to the minimiser (else to 0), 0, and random points."""
    centre = np.zeros(problem.n) if problem.x_star is None else problem.x_star
    segment = [problem.start + t * (centre - problem.start) for t in np.linspace(0.0, 1.0, 41)]
    points = [*segment, np.zeros(problem.n), *random_points(problem, 40)]
    if problem.region == "everywhere":
        return points
    run = calls(problem)
    highest = run.value(problem.start)
    return [x for x in points if run.value(x) <= highest]


def curvature_points(problem: Problem) -> list[Vector]:
    """Where Hessians are looked at: of a quadratic two are enough to see that they are one."""
    return [problem.start, random_points(problem, 2)[1]] if problem.spectrum is not None else region_points(problem)


def directions(problem: Problem) -> Iterator[tuple[Vector, Vector]]:
    """Points and unit vectors along which derivatives are taken."""
    draws = np.random.default_rng(11)
    anchors = [problem.start] if problem.x_star is None else [problem.start, problem.x_star]
    for x in [*anchors, *random_points(problem, 4)]:
        for _ in range(4):
            v = draws.standard_normal(problem.n)
            yield x, v / np.linalg.norm(v)


def slope(function: Callable[[Vector], Any], x: Vector, v: Vector, h: float = 1e-4) -> Any:
    """The derivative of a function along v, by the five-point rule."""
    far = function(x - 2.0 * h * v) - function(x + 2.0 * h * v)
    return (far + 8.0 * (function(x + h * v) - function(x - h * v))) / (12.0 * h)


