"""Steepest descent with a step that satisfies Wolfe's conditions (Wolfe 1969; Nocedal and Wright 2006, chapter 3).

Where no such step is found because f would fall by less than its own rounding, x stays where it is.
"""

from typing import Annotated, Literal

from gdbench.errors import BadInput
from gdbench.kernel import dot, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.optimizers._wolfe import MOST_TRIALS, wolfe
from gdbench.parameter import Range, StepSize
from gdbench.problem import Problem

THEOREMS = ("wolfe_step", "wolfe_zoutendijk", "armijo_sc", "armijo_nonconvex")
NO_STEP = 1
FAILURES = (f"no step that satisfies Wolfe's conditions was found in {MOST_TRIALS} trials",)

#: Squares below this have lost digits to underflow: the gradient counts as zero.
VANISHED = 1e-300
U = 2.0**-52


@step
def descend_by_wolfe(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    c1, c2, strong = state.hyper[0], state.hyper[1], state.hyper[2] > 0.0
    x = state.x
    g = state.g
    direction, trial, gradient = state.memory[0], state.memory[1], state.memory[2]
    start = -dot(g, g)
    if -start < VANISHED:
        return alpha if start == 0.0 else 0.0, 0, 0
    for i in range(x.shape[0]):
        direction[i] = -g[i]
    used, _, trials = wolfe(alpha, f, start, x, direction, trial, gradient, c1, c2, strong, data, calls)
    if not used > 0.0:
        return 0.0, 0 if used * start <= state.hyper[3] * abs(f) else -NO_STEP, trials
    for i in range(x.shape[0]):
        x[i] = trial[i]
    return used, 0, trials


def make(
    alpha: StepSize = StepSize("1"),
    conditions: Literal["strong", "weak"] = "strong",
    c1: Annotated[float, Range(low=0.0, high=1.0, open_low=True, open_high=True)] = 1e-4,
    c2: Annotated[float, Range(low=0.0, high=1.0, open_low=True, open_high=True)] = 0.9,
) -> Optimizer:
    """alpha: first trial of every step. conditions: strong bounds the new slope on both sides. c1: share of the slope
    that f must fall by. c2: share of the slope that may be left, above c1.
    """
    if not c1 < c2:
        raise BadInput(f"c1={c1:g} of wolfe is not below c2={c2:g}: steps are sure to exist for c1 < c2 only.")

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        declared = {"alpha_init": size, "c": c1, "c1": c1, "c2": c2}
        hyper = (c1, c2, float(conditions == "strong"), 4.0 * problem.terms * U)
        return Tuning(plan=(size,), hyper=hyper, declared=declared)

    return Optimizer(
        step=descend_by_wolfe,
        tune=tune,
        source="Wolfe 1969; Nocedal and Wright 2006, algorithms 3.5 and 3.6",
        theorems=THEOREMS,
        memory=3,
        failures=FAILURES,
    )
