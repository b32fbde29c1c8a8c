"""Steepest descent with a step that satisfies Wolfe's conditions (Wolfe 1969; Nocedal and Wright 2006, chapter 3).

Where no such step is found because f would fall by less than its own rounding, x stays where it is.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from typing import Annotated, Literal

import numpy as np

from gdbench.errors import BadInput
from gdbench.kernel import dot, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.optimizers._wolfe import MOST_TRIALS, wolfe
from gdbench.parameter import Range, StepSize
from gdbench.problem import Array, Problem
from gdbench.view import View

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


Point = tuple[float, float, float]


def _between(a: Point, b: Point, old: Point | None) -> float:
    """The minimiser of the cubic through a with its slope, b and old, or else of the parabola, or else the middle."""
    (t, f, slope), width = a, abs(b[0] - a[0])
    ends = min(a[0], b[0]), max(a[0], b[0])
    db, rb = b[0] - t, b[1] - f - slope * (b[0] - t)
    with np.errstate(all="ignore"):
        cubic = np.float64(math.nan)
        if old is not None:
            dc, rc = old[0] - t, old[1] - f - slope * (old[0] - t)
            # Divided differences: r/d^2 is a straight line in d, second + third d.
            third = np.float64(rb / db**2 - rc / np.float64(dc) ** 2) / (db - dc)
            second = rb / db**2 - third * db
            cubic = t - slope / (second + np.sqrt(second**2 - 3.0 * third * slope))
        parabola = t - slope * db**2 / np.float64(2.0 * rb)
    for trial, margin in ((cubic, 0.2 * width), (parabola, 0.1 * width)):
        if ends[0] + margin <= trial <= ends[1] - margin:
            return float(trial)
    return (a[0] + b[0]) / 2.0


def _wolfe_step(phi: Callable[[float], Point], t: float, declared: Mapping[str, float], strong: bool) -> float:
    """Algorithms 3.5 and 3.6 in one loop: the best point so far, and the bracket's other end once there is one."""
    start = phi(0.0)
    best, other, before = start, None, None
    room = 4.0 * U * abs(start[1])
    for trial in range(MOST_TRIALS):
        new = phi(t)
        high = not new[1] <= start[1] + declared["c1"] * t * start[2] + room
        high = high or (trial > 0 and new[1] >= best[1] + room)
        if high:
            # The end that the bracket had before: none in its first round, in which only the parabola is used.
            before, other = other, new
        elif (abs(new[2]) <= -declared["c2"] * start[2]) if strong else new[2] >= declared["c2"] * start[2]:
            return t
        elif other is None and new[2] < 0.0:
            best, t = new, 2.0 * t
            continue
        elif other is None:
            best, other = new, best
        elif new[2] * (other[0] - best[0]) >= 0.0:
            best, other, before = new, best, other
        else:
            best, before = new, best
        t = _between(best, other, before)
        if not min(best[0], other[0]) < t < max(best[0], other[0]):
            break
    return 0.0


def naive(view: View, strong: bool) -> Iterator[Array]:
    """Steepest descent; x stays where no step is found."""
    x = view.start
    for k in count():
        yield x
        g = view.gradient(x)
        phi = partial(_along, view, x, g)
        x = x - _wolfe_step(phi, view.alpha(k, "alpha_init"), view.declared, strong) * g


def _along(view: View, x: Array, g: Array, t: float) -> Point:
    return t, view.f(x - t * g), -float(view.gradient(x - t * g) @ g)


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
        asks=True,
        failures=FAILURES,
        naive=partial(naive, strong=conditions == "strong"),
    )
