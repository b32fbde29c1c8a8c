"""Limited-memory BFGS (Liu and Nocedal 1989; Nocedal 1980), with a line search for weak Wolfe steps.

d_k = -H_k g_k by the two-loop recursion over the last m pairs s_j = x_{j+1} - x_j, y_j = g_{j+1} - g_j, starting from
(s'y/y'y) I; the first direction is -g_0, tried at t = min(1, 1/||g_0||), later ones at t = 1. Pairs with s'y too small
to trust are left out. A direction that does not descend (rounding) gives way to -g and forgets the pairs. Each trial
of the search asks for f and g together and counts as one gradient.
"""

import math
from typing import Annotated

from gdbench.errors import BadInput
from gdbench.kernel import dot, helper, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.optimizers._weak_wolfe import FAILURES, weak_wolfe
from gdbench.parameter import Range
from gdbench.problem import Problem

THEOREMS = ("armijo_progress", "lower_krylov")
#: Rows of memory before the pairs: direction, trial, its gradient. Hyperparameters before the weights of the pairs.
FIRST_ROW, FIRST_WEIGHT = 3, 4
TRUSTED = 2.0**-52


@helper
def two_loops(direction, memory, hyper, kept, count):  # type: ignore[no-untyped-def]
    """direction = H direction, for `count` pairs of which the newest is number count - 1 modulo `kept`."""
    n = direction.shape[0]
    held = min(kept, count)
    for back in range(held):
        j = (count - 1 - back) % kept
        s, y = memory[FIRST_ROW + 2 * j], memory[FIRST_ROW + 2 * j + 1]
        weight = dot(s, direction) / hyper[FIRST_WEIGHT + 2 * j]
        hyper[FIRST_WEIGHT + 2 * j + 1] = weight
        for i in range(n):
            direction[i] -= weight * y[i]
    if held > 0:
        j = (count - 1) % kept
        y = memory[FIRST_ROW + 2 * j + 1]
        scale = hyper[FIRST_WEIGHT + 2 * j] / dot(y, y)
        for i in range(n):
            direction[i] *= scale
    for back in range(held - 1, -1, -1):
        j = (count - 1 - back) % kept
        s, y = memory[FIRST_ROW + 2 * j], memory[FIRST_ROW + 2 * j + 1]
        share = hyper[FIRST_WEIGHT + 2 * j + 1] - dot(y, direction) / hyper[FIRST_WEIGHT + 2 * j]
        for i in range(n):
            direction[i] += share * s[i]


@step
def limited_memory(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    kept, c1, c2, count = int(state.hyper[0]), state.hyper[1], state.hyper[2], int(state.hyper[3])
    x = state.x
    g = state.g
    hyper = state.hyper
    memory = state.memory
    direction, trial, gradient = memory[0], memory[1], memory[2]
    n = x.shape[0]
    square = dot(g, g)
    if square == 0.0:
        return alpha, 0, 0
    for i in range(n):
        direction[i] = -g[i]
    two_loops(direction, memory, hyper, kept, count)
    slope = dot(g, direction)
    if not slope < 0.0:
        count = 0
        slope = -square
        for i in range(n):
            direction[i] = -g[i]
    first = alpha if count > 0 else min(alpha, 1.0 / math.sqrt(square))
    used, trials = weak_wolfe(first, f, slope, x, direction, trial, gradient, c1, c2, data, calls)
    if trials < 0:
        return used, trials, 0
    # trial becomes s, gradient y.
    for i in range(n):
        moved = trial[i]
        trial[i] = moved - x[i]
        gradient[i] -= g[i]
        x[i] = moved
    bent, long = dot(trial, gradient), dot(gradient, gradient)
    if long > 0.0 and bent > TRUSTED * long:
        j = count % kept
        s, y = memory[FIRST_ROW + 2 * j], memory[FIRST_ROW + 2 * j + 1]
        for i in range(n):
            s[i] = trial[i]
            y[i] = gradient[i]
        hyper[FIRST_WEIGHT + 2 * j] = bent
        count += 1
    hyper[3] = count
    return used, 0, trials


def make(
    memory: Annotated[int, Range(low=1, high=1000)] = 10,
    c1: Annotated[float, Range(low=0.0, high=1.0, open_low=True, open_high=True)] = 1e-4,
    c2: Annotated[float, Range(low=0.0, high=1.0, open_low=True, open_high=True)] = 0.9,
) -> Optimizer:
    """memory: the number m of pairs kept. c1, c2: Wolfe's constants, for the decrease and for the slope, c1 < c2."""
    if not c1 < c2:
        raise BadInput(f"lbfgs with c1={c1:g} and c2={c2:g} may find no step: c1 must be below c2.")

    def tune(problem: Problem) -> Tuning:
        hyper = (float(memory), c1, c2, 0.0, *(0.0,) * (2 * memory))
        return Tuning(plan=(1.0,), hyper=hyper, declared={"c": c1, "c2": c2})

    return Optimizer(
        step=limited_memory,
        tune=tune,
        source="Liu and Nocedal 1989",
        theorems=THEOREMS,
        memory=FIRST_ROW + 2 * memory,
        failures=FAILURES,
    )
