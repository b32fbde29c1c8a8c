"""Limited-memory BFGS (Liu and Nocedal 1989; Nocedal 1980), with a line search for weak Wolfe steps.

d_k = -H_k g_k by the two-loop recursion over the last m pairs s_j = x_{j+1} - x_j, y_j = g_{j+1} - g_j, starting from
(s'y/y'y) I; the first direction is -g_0, tried at t = min(step, length/||g_0||), later ones at t = 1. Pairs with s'y
too small to trust are left out. A direction that does not descend (rounding) gives way to -g and forgets the pairs.
Each trial of the search asks for f and g together and counts as one gradient.
"""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated

import numpy as np

from gdbench.errors import BadInput
from gdbench.kernel import dot, helper, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.optimizers._weak_wolfe import FAILURES, weak_wolfe
from gdbench.parameter import Range, Unit
from gdbench.problem import Array, Problem
from gdbench.view import View

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
    longest, length = hyper[FIRST_WEIGHT + 2 * kept], hyper[FIRST_WEIGHT + 2 * kept + 1]
    first = alpha if count > 0 else min(longest, length / math.sqrt(square))
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


def _inverse(pairs: Sequence[tuple[Array, Array]], n: int) -> Array:
    """The inverse Hessian, a dense matrix: H <- V'HV + ss'/s'y with V = I - ys'/s'y, pair by pair, the oldest first."""
    if not pairs:
        return np.eye(n)
    s, y = pairs[-1]
    H = s @ y / (y @ y) * np.eye(n)
    for s, y in pairs:
        V = np.eye(n) - np.outer(y, s) / (s @ y)
        H = V.T @ H @ V + np.outer(s, s) / (s @ y)
    return H


def _weak_wolfe(view: View, x: Array, d: Array, t: float) -> float:
    """Burke, Lewis and Overton's bracket (low, high); low where 60 trials do not end it."""
    f, slope, low, high = view.f(x), view.gradient(x) @ d, 0.0, math.inf
    for _ in range(60):
        decrease = view.f(x + t * d) - f <= view.declared["c"] * t * slope + 4.0 * TRUSTED * abs(f)
        if decrease and view.gradient(x + t * d) @ d >= view.declared["c2"] * slope:
            return t
        low, high = (t, high) if decrease else (low, t)
        t = 2.0 * low if math.isinf(high) else low + (high - low) / 2.0
    return low


def naive(view: View, memory: int, step: float, length: float) -> Iterator[Array]:
    """The textbook's method, with the inverse Hessian written out."""
    x, pairs = view.start, deque[tuple[Array, Array]](maxlen=memory)
    while True:
        yield x
        g = view.gradient(x)
        if not np.any(g):
            continue
        d = -_inverse(pairs, len(x)) @ g
        if not g @ d < 0.0:
            pairs.clear()
            d = -g
        t = _weak_wolfe(view, x, d, 1.0 if pairs else min(step, length / float(np.linalg.norm(g))))
        if t == 0.0:
            return
        new = x + t * d
        s, y = new - x, view.gradient(new) - g
        if s @ y > TRUSTED * (y @ y) > 0.0:
            pairs.append((s, y))
        x = new


def make(
    memory: Annotated[int, Range(low=1, high=1000)] = 10,
    c1: Annotated[float, Range(low=0.0, high=1.0, open_low=True, open_high=True)] = 1e-4,
    c2: Annotated[float, Range(low=0.0, high=1.0, open_low=True, open_high=True)] = 0.9,
    step: Annotated[float, Range(low=0.0, open_low=True), Unit(f=-1, x=2)] = 1.0,
    length: Annotated[float, Range(low=0.0, open_low=True), Unit(x=1)] = 1.0,
) -> Optimizer:
    """memory: the number m of pairs kept. c1, c2: Wolfe's constants, for the decrease and for the slope, c1 < c2.
    step, length: what t and t ||g|| of the first trial are at most, in units of the problem, which this method has not.
    """
    if not c1 < c2:
        raise BadInput(f"lbfgs with c1={c1:g} and c2={c2:g} may find no step: c1 must be below c2.")

    def tune(problem: Problem) -> Tuning:
        hyper = (float(memory), c1, c2, 0.0, *(0.0,) * (2 * memory), step, length)
        return Tuning(plan=(1.0,), hyper=hyper, declared={"c": c1, "c2": c2})

    return Optimizer(
        step=limited_memory,
        tune=tune,
        source="Liu and Nocedal 1989",
        theorems=THEOREMS,
        memory=FIRST_ROW + 2 * memory,
        asks=True,
        failures=FAILURES,
        naive=partial(naive, memory=memory, step=step, length=length),
    )
