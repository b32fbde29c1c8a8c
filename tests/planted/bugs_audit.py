"""Bugs for the checks that hold a method against a copy of itself, and which of these checks sees each."""

from dataclasses import dataclass, replace
from typing import Any

from gdbench.audit.battery import checks
from gdbench.optimizer import Optimizer
from gdbench.problem import Problem
from gdbench.run import Cell, run_pair
from planted import bugs, kernels
from planted import kernels_audit as audit
from planted.bugs import Bug, PlantOptimizer, tuned
from planted.checks import Check

COPIES = ("naive", "scaling", "permutation")


@dataclass(frozen=True)
class Plant:
    """A bug in a method and the names of the checks that see it; the others of COPIES must be green."""

    name: str
    optimizer: str
    plant: PlantOptimizer
    seen_by: tuple[str, ...]
    problem: str = "quadratic[dim=7]"


def guarded(bug: int) -> PlantOptimizer:
    return tuned(audit.guarded_step, bug, memory=1, ahead=False)


def plainly(bug: int) -> PlantOptimizer:
    return tuned(audit.plain_step, bug, memory=1, ahead=False)


def drawing(kernel: Any) -> PlantOptimizer:
    """The same method with a sampling of another kernel, which says that it is the one it was."""

    def plant(optimizer: Optimizer) -> Optimizer:
        assert optimizer.sampling is not None
        return replace(optimizer, sampling=replace(optimizer.sampling, kernel=kernel))

    return plant


def sees(name: str) -> Check:
    """Red: the check says violated. Green is a pass, not a check that tells nothing."""

    def check(problem, optimizer) -> bool:
        seen = checks()[name].see(optimizer)
        assert seen.outcome in ("violated", "passed"), seen
        return seen.outcome == "violated"

    return check


def moments(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: the check of theorems on expectations says violated."""
    result = run_pair(problem, optimizer, Cell(optimizer.name, problem.name, 10))
    seen = checks()["expectation"].see(problem, optimizer, result)
    assert seen.outcome in ("violated", "passed"), seen
    return seen.outcome == "violated"


GD, HB, NAG, FISTA, UNIT = "gradient_descent", "heavy_ball", "nesterov", "nesterov_convex", "normalized"
SGD, SAMPLED, NOISY = "sgd", "nesterov_convex[sampling=batches]", "sgd[sampling=noise]"
SQUARES = "least_squares[samples=40,features=3]"

PLANTS = (
    Plant("the last coordinate is never updated", GD, bugs.descent(kernels.LAST), ("naive", "permutation")),
    Plant("the sign of coordinate 0", GD, bugs.descent(kernels.SIGN), ("naive", "permutation")),
    Plant("a step of 1.01/L", GD, bugs.descent(kernels.STEP, 1.01), ("naive",)),
    Plant("records one late", GD, bugs.descent(kernels.LATE), ("naive",)),
    Plant("records one early", GD, bugs.descent(kernels.EARLY), ("naive",)),
    Plant("the gradient of the step before", GD, bugs.descent(kernels.STALE), ("naive",)),
    Plant("iterates in single precision", GD, bugs.descent(kernels.FLOAT32), ("naive",)),
    Plant("an absolute bound on the first step", GD, plainly(audit.FIRST), ("naive", "scaling")),
    Plant("an integer that wraps when compiled", GD, plainly(audit.WRAPS), ("naive",)),
    Plant("a run that gives up", GD, plainly(audit.GIVES_UP), ("naive",)),
    Plant("momentum off by one", HB, bugs.ball(kernels.OFF_BY_ONE), ("naive",)),
    Plant("beta 1 % low", HB, bugs.ball(kernels.SCALED, 0.99), ("naive",)),
    Plant("momentum at the start", HB, bugs.ball(kernels.WARM), ("naive",)),
    Plant("the gradient at x instead of y", NAG, bugs.ahead(kernels.AT_X), ("naive",)),
    Plant("y recorded for x", NAG, bugs.ahead(kernels.RECORDS_Y), ("naive",)),
    Plant("a momentum one step old", FISTA, bugs.fista(kernels.LAGGING), ("naive",)),
    Plant("t + 1/2 for t_{k+1}", FISTA, bugs.fista(kernels.ADD_HALF), ("naive",)),
    Plant("an absolute eps in a denominator", UNIT, guarded(audit.LENGTH), ("naive", "scaling")),
    Plant("an absolute eps in the gradient", UNIT, guarded(audit.GRADIENT), ("naive", "scaling")),
    Plant("a batch for two queries", SGD, drawing(audit.batch_twice), ("naive",), SQUARES),
    Plant("the batch of the query after", SGD, drawing(audit.next_batch), ("naive",), SQUARES),
    Plant("the samples after those drawn", SGD, drawing(audit.next_samples), ("naive",), SQUARES),
    Plant("the batch of the query before", SGD, drawing(audit.of_the_batch_before), ("naive",), SQUARES),
    Plant("the batch of the query after, for any method", SAMPLED, drawing(audit.next_batch), ("naive",), SQUARES),
)

BUGS = (
    *(
        Bug(f"{name}: {plant.name}", sees(name), plant.optimizer, plant.problem, in_optimizer=plant.plant)
        for plant in PLANTS
        for name in plant.seen_by
    ),
    Bug("naive: one number for all coordinates", sees("naive"), NOISY, in_optimizer=drawing(audit.one_for_all)),
    Bug("naive: noise for two queries", sees("naive"), NOISY, in_optimizer=drawing(audit.noise_twice)),
    Bug("expectation: one number for all coordinates", moments, NOISY, in_optimizer=drawing(audit.one_for_all)),
    Bug("expectation: noise for two queries", moments, NOISY, in_optimizer=drawing(audit.noise_twice)),
    Bug("expectation: a batch for two queries", moments, SGD, SQUARES, in_optimizer=drawing(audit.batch_twice)),
)
HONEST = (Plant("no bug", UNIT, guarded(audit.NONE), ()), Plant("no bug", GD, plainly(audit.NONE), ()))
