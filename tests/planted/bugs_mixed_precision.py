"""Bugs in mixed precision: no theorem binds it, so its loop in NumPy must see them, step by step."""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice

import numpy as np

from gdbench.optimizer import Optimizer
from gdbench.problem import Array, Problem
from gdbench.view import View
from planted import checks
from planted import kernels_mixed_precision as kernels
from planted.bugs import Bug, PlantOptimizer, PlantProblem, tuned

STEPS, U = 100, 2.0**-52
SMALL, ALONE = "quadratic[dim=3,kappa=10]", "quadratic[dim=1,kappa=1,start=ones]"


def leaves_its_loop(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: the path on a diagonal quadratic is not that of the method's loop, or ends elsewhere."""
    view = View(
        f=lambda x: 0.5 * float(np.sum(problem.vector * x * x)),
        gradient=lambda x: problem.vector * x,
        product=lambda x, v: problem.vector * v,
        start=problem.start,
        kind=problem.kind,
        terms=problem.terms,
        schedule=optimizer.schedule,
        declared=optimizer.tune(problem).declared,
    )
    assert optimizer.naive is not None
    expected = np.array(list(islice(optimizer.naive(view), STEPS + 1)))
    rows = checks.run(problem, optimizer, STEPS).trajectory
    found = np.stack([rows[f"x{i}"] for i in range(problem.n)], axis=1)
    if len(found) != len(expected):
        return True
    # 6 u of the largest entry at most: the loop adds up the velocity in another order, and both forget.
    return not float(np.max(np.abs(found - expected))) <= 16.0 * U * float(np.max(np.abs(expected)))


def from_(start: Callable[[Array], Array]) -> PlantProblem:
    """The problem from another start, made of its own; its minimiser is 0."""

    def setting(problem: Problem) -> Problem:
        assert problem.spectrum is not None
        moved = start(problem.start)
        return replace(problem, start=moved, spectrum=replace(problem.spectrum, coordinates=moved))

    return setting


def bent(bug: int) -> PlantOptimizer:
    return tuned(kernels.bent_step, bug, memory=3, ahead=True, keep=8)


HALF, ROUNDED = "mixed_precision", "mixed_precision[master=false]"
UNSCALED, BRAIN = "mixed_precision[scaling=none]", "mixed_precision[format=bfloat16,scaling=none]"
#: The scale grows into overflow again and again.
OFTEN = "mixed_precision[interval=3]"
GROWING = "mixed_precision[scaling=static,scale=0.25,alpha=1,beta=0]"

midway = from_(lambda start: np.full(len(start), 1.0 + 2.0**-11))
near_midway = from_(lambda start: np.full(len(start), 1.0 + 2.0**-8 + 2.0**-40))
near_zero = from_(lambda start: 2.0**-12 * start)


def seen_by_its_loop(
    name: str, bug: int, optimizer: str, setting: PlantProblem = lambda problem: problem, problem: str = SMALL
) -> Bug:
    return Bug(f"mixed_precision: {name}", leaves_its_loop, optimizer, problem, in_optimizer=bent(bug), setting=setting)


BUGS = (
    seen_by_its_loop("cuts digits off", kernels.CUT, HALF),
    seen_by_its_loop("ties go away from 0", kernels.TIES_AWAY, HALF, midway),
    seen_by_its_loop("subnormal numbers are 0", kernels.FLUSHED, UNSCALED, near_zero),
    seen_by_its_loop("rounds to float32 first", kernels.TWICE, BRAIN, near_midway),
    seen_by_its_loop("ends at the largest number", kernels.SATURATED, HALF),
    seen_by_its_loop("momentum of scaled gradients", kernels.SCALED_MOMENTUM, OFTEN),
    seen_by_its_loop("forgets to unscale", kernels.STILL_SCALED, HALF),
    seen_by_its_loop("rounds before it scales", kernels.ROUNDED_FIRST, HALF, near_zero),
    seen_by_its_loop("gradients keep all digits", kernels.EXACT_GRADIENT, UNSCALED),
    seen_by_its_loop("the master copy is rounded", kernels.ROUNDED_MASTER, HALF),
    seen_by_its_loop("asks at the master copy", kernels.AT_THE_MASTER, HALF),
    seen_by_its_loop("asks at an unrounded start", kernels.EXACT_START, ROUNDED),
    seen_by_its_loop("skips nothing", kernels.SKIPS_NOTHING, HALF),
    seen_by_its_loop("momentum fades in a skipped step", kernels.FADES, OFTEN),
    seen_by_its_loop("keeps a scale that overflows", kernels.KEEPS_SCALE, HALF),
    seen_by_its_loop("a quarter of a scale that overflows", kernels.QUARTERS, OFTEN),
    seen_by_its_loop("grows a step early", kernels.EARLY, OFTEN),
    seen_by_its_loop("grows a step late", kernels.LATE, OFTEN),
    seen_by_its_loop("a skipped step leaves the count", kernels.COUNTS_ON, OFTEN, problem=ALONE),
    seen_by_its_loop("goes on growing", kernels.GROWS_ON, OFTEN),
    Bug("mixed_precision: a weight overflows unseen", checks.status("failed"), GROWING, ALONE,
        in_optimizer=bent(kernels.UNSEEN)),
)  # fmt: skip

#: Planted steps with their switch off, by the method they stand for.
HONEST = dict.fromkeys((HALF, ROUNDED, UNSCALED, BRAIN, OFTEN, GROWING), bent(kernels.NONE))
