"""Bugs for the checks that hold a method against a copy of itself, and which of these checks sees each."""

from dataclasses import dataclass

from gdbench.audit.battery import checks
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


def guarded(bug: int) -> PlantOptimizer:
    return tuned(audit.guarded_step, bug, memory=1, ahead=False)


def plainly(bug: int) -> PlantOptimizer:
    return tuned(audit.plain_step, bug, memory=1, ahead=False)


def sees(name: str) -> Check:
    """Red: the check says violated. Green is a pass, not a check that tells nothing."""

    def check(problem, optimizer) -> bool:
        seen = checks()[name].see(optimizer)
        assert seen.outcome in ("violated", "passed"), seen
        return seen.outcome == "violated"

    return check


GD, HB, NAG, FISTA, UNIT = "gradient_descent", "heavy_ball", "nesterov", "nesterov_convex", "normalized"

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
)

BUGS = tuple(
    Bug(f"{name}: {plant.name}", sees(name), plant.optimizer, in_optimizer=plant.plant)
    for plant in PLANTS
    for name in plant.seen_by
)
HONEST = (Plant("no bug", UNIT, guarded(audit.NONE), ()), Plant("no bug", GD, plainly(audit.NONE), ()))
