"""Bugs in the momentum buffer; where no theorem binds it, its closed form on a quadratic sees them."""

from dataclasses import replace

import numpy as np
from buffer_modes import buffer_modes

from gdbench.optimizer import Optimizer
from gdbench.problem import Problem
from planted import checks
from planted import kernels_momentum_buffer as kernels
from planted.bugs import Bug, PlantOptimizer, tuned
from planted.checks import violated

STEPS, U = 100, 2.0**-52
SMALL = "quadratic[dim=3,kappa=10]"


def leaves_its_modes(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: the path is not that of its parameters, mode by mode."""
    declared = dict(optimizer.tune(problem).declared)
    exact = buffer_modes(problem.vector, problem.start, STEPS, nesterov=optimizer.ahead, **declared)
    rows = checks.run(problem, optimizer, STEPS).trajectory
    found = np.stack([rows[f"x{i}"] for i in range(problem.n)], axis=1)
    # As in test_momentum_buffer.py.
    return not float(np.max(np.abs(found - exact))) <= 4.0 * U * float(np.max(np.abs(exact)))


def is_judged(theorem: str) -> checks.Check:
    """Red: a theorem about f judges a method that descends something else."""
    return lambda problem, optimizer: checks.outcome(problem, optimizer, theorem) != "not applicable"


def buffer(bug: int) -> PlantOptimizer:
    return tuned(kernels.buffer_step, bug, memory=1, ahead=False, keep=3)


def ahead(bug: int) -> PlantOptimizer:
    return tuned(kernels.buffer_ahead_step, bug, memory=2, ahead=True, keep=3)


def undeclared(name: str) -> PlantOptimizer:
    """It does what it does, and says nothing of it."""

    def plant(optimizer: Optimizer) -> Optimizer:
        def tune(problem: Problem):  # type: ignore[no-untyped-def]
            tuning = optimizer.tune(problem)
            return replace(tuning, declared={key: x for key, x in tuning.declared.items() if key != name})

        return replace(optimizer, tune=tune)

    return plant


PLAIN, AHEAD = "momentum_buffer[beta=0.8]", "momentum_buffer[beta=0.8,nesterov=true]"
DAMPED, DECAYED = "momentum_buffer[dampening=0.5]", "momentum_buffer[decay=0.2]"
BOTH, DECAYED_AHEAD = "momentum_buffer[dampening=0.5,decay=0.2]", "momentum_buffer[decay=0.2,nesterov=true]"


def unseen_by_theorems(name: str, optimizer: str, plant: PlantOptimizer) -> Bug:
    return Bug(f"momentum_buffer: {name}", leaves_its_modes, optimizer, SMALL, in_optimizer=plant)


BUGS = (
    Bug("momentum_buffer: moves by the velocity before", violated("quad_hb_exact"), PLAIN,
        in_optimizer=buffer(kernels.OLD_VELOCITY)),
    Bug("momentum_buffer: no look-ahead", violated("quad_nag_exact"), AHEAD, in_optimizer=ahead(kernels.NOT_AHEAD)),
    Bug("momentum_buffer: looks ahead by beta twice", violated("quad_nag_exact"), AHEAD,
        in_optimizer=ahead(kernels.BETA_TWICE)),
    Bug("momentum_buffer: records the query point", violated("quad_nag_exact"), AHEAD,
        in_optimizer=ahead(kernels.RECORDS_Y)),
    Bug("momentum_buffer: decay is not declared", is_judged("quad_hb_exact"), DECAYED,
        in_optimizer=undeclared("decay")),
    Bug("momentum_buffer: dampening is not declared", is_judged("quad_hb_exact"), DAMPED,
        in_optimizer=undeclared("dampening")),
    unseen_by_theorems("dampens the first gradient", DAMPED, buffer(kernels.DAMPED_FIRST)),
    unseen_by_theorems("dampens no gradient", DAMPED, buffer(kernels.NEVER_DAMPED)),
    unseen_by_theorems("dampens the momentum too", DAMPED, buffer(kernels.DAMPS_MOMENTUM)),
    unseen_by_theorems("the decay is not dampened", BOTH, buffer(kernels.DECAY_UNDAMPED)),
    unseen_by_theorems("the decay goes past the buffer", DECAYED, buffer(kernels.DECOUPLED)),
    unseen_by_theorems("the decay has the wrong sign", DECAYED, buffer(kernels.GROWS)),
    unseen_by_theorems("the decay is of the iterate", DECAYED_AHEAD, ahead(kernels.DECAYS_X)),
)  # fmt: skip

#: Planted steps with their switch off, by the method they stand for.
HONEST = {
    **dict.fromkeys((PLAIN, DAMPED, DECAYED, BOTH), buffer(kernels.NONE)),
    **dict.fromkeys((AHEAD, DECAYED_AHEAD), ahead(kernels.NONE)),
}
