"""Gradient descent with Armijo backtracking (Armijo 1966; lecture, section 7).

From alpha_init the step shrinks by `factor` until f(x - alpha g) <= f(x) - c alpha ||g||^2. A NaN trial shrinks the
step; the test has room for the rounding of f; it ends after MOST_TRIALS trials or where the direction does not descend.
"""

from collections.abc import Iterator
from itertools import count
from typing import Annotated

from gdbench.kernel import dot, helper, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import Range, StepSize
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = (
    *("armijo_step", "armijo_backtracks", "armijo_sc", "armijo_nonconvex", "armijo_convex", "armijo_convex_half"),
    "gd_convex_varstep",
)
MOST_TRIALS = 60
NO_DESCENT, NO_STEP = 1, 2
FAILURES = (
    "the direction does not descend: its slope along the gradient is not negative",
    f"no step passed Armijo's test after {MOST_TRIALS} trials",
)
ROUNDING = 4.0 * 2.0**-52


@helper
def armijo(alpha, f, slope, x, direction, trial, factor, c, data, calls):  # type: ignore[no-untyped-def]
    """The largest alpha factor^m that passes the test along a direction of shape (n,), and the trials it took.

    trial is left at x + alpha direction. Trials are -NO_DESCENT or -NO_STEP where there is no such step.
    """
    value = calls.value
    if not slope < 0.0:
        return 0.0, -NO_DESCENT
    room = ROUNDING * abs(f)
    for trials in range(1, MOST_TRIALS + 1):
        for i in range(x.shape[0]):
            trial[i] = x[i] + alpha * direction[i]
        if value(trial, data) <= f + c * alpha * slope + room:
            return alpha, trials
        alpha *= factor
    return 0.0, -NO_STEP


@step
def backtrack(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    factor, c = state.hyper[0], state.hyper[1]
    x = state.x
    g = state.g
    direction = state.memory[0]
    trial = state.memory[1]
    slope = -dot(g, g)
    if slope == 0.0:
        return alpha, 0, 0
    for i in range(x.shape[0]):
        direction[i] = -g[i]
    used, trials = armijo(alpha, f, slope, x, direction, trial, factor, c, data, calls)
    if trials > 0:
        for i in range(x.shape[0]):
            x[i] = trial[i]
    return used, trials, 0


def naive(view: View) -> Iterator[Array]:
    """The first of alpha factor^m, m = 0, 1, …, that passes Armijo's test; the run ends where none of 60 does."""
    x, c = view.start, view.declared["c"]
    for k in count():
        yield x
        f, g = view.f(x), view.gradient(x)
        trials = (view.alpha(k, "alpha_init") * view.declared["factor"] ** m for m in range(MOST_TRIALS))
        demanded = f + ROUNDING * abs(f)
        passing = (t for t in trials if view.f(x - t * g) - demanded <= -c * t * (g @ g))
        t = next(passing, None)
        if t is None:
            return
        x = x - t * g


def make(
    alpha: StepSize = StepSize("1"),
    factor: Annotated[float, Range(low=0.0, high=1.0, open_low=True, open_high=True)] = 0.5,
    c: Annotated[float, Range(low=0.0, high=1.0, open_low=True, open_high=True)] = 0.1,
) -> Optimizer:
    """alpha: first trial of every step. factor: how a rejected trial shrinks. c: share of the slope demanded."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        return Tuning(plan=(size,), hyper=(factor, c), declared={"alpha_init": size, "factor": factor, "c": c})

    return Optimizer(
        step=backtrack,
        tune=tune,
        source="Armijo 1966",
        theorems=THEOREMS,
        memory=2,
        asks=True,
        failures=FAILURES,
        naive=naive,
    )
