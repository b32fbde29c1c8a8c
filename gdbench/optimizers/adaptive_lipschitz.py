"""Gradient descent with an estimate M of L that is kept from step to step (Nesterov 2013; Beck and Teboulle 2009).

M grows by 1/factor until f(x - g/M) <= f(x) - ||g||^2/(2 M), which is Armijo's test with c = 1/2 and alpha = 1/M; the
next step starts from alpha grown by `growth`. The estimate is kept as a multiple of alpha in hyper[0]. Where f would
fall by less than its own rounding the test says nothing: the estimate stays, and x too if no trial passes.
"""

import math
from collections.abc import Iterator
from itertools import count
from typing import Annotated

from gdbench.kernel import dot, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.optimizers.backtracking import FAILURES, MOST_TRIALS, NO_STEP, armijo
from gdbench.parameter import Range, StepSize
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("lipschitz_estimate", "lipschitz_calls", "armijo_sc", "armijo_nonconvex", "armijo_convex_half")
HALF = 0.5
U = 2.0**-52
#: Squares below this have lost digits to underflow: the gradient counts as zero.
VANISHED = 1e-300


@step
def descend_by_estimate(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    share, factor, growth = state.hyper[0], state.hyper[1], state.hyper[2]
    x = state.x
    g = state.g
    direction = state.memory[0]
    trial = state.memory[1]
    first = alpha * share
    slope = -dot(g, g)
    if -slope < VANISHED:
        return first if slope == 0.0 else 0.0, 0, 0
    if k > 0:
        first = first * growth
    for i in range(x.shape[0]):
        direction[i] = -g[i]
    used, trials = armijo(first, f, slope, x, direction, trial, factor, HALF, data, calls)
    seen = HALF * first * -slope > state.hyper[3] * abs(f)
    if trials == -NO_STEP and not seen:
        return 0.0, MOST_TRIALS, 0
    if trials > 0:
        if seen:
            state.hyper[0] = used / alpha
        for i in range(x.shape[0]):
            x[i] = trial[i]
    return used, trials, 0


def naive(view: View) -> Iterator[Array]:
    """The estimate M itself: f(x - g/M) <= f - ||g||^2/(2 M) is the test, and M/factor comes next."""
    x, kept = view.start, 1.0
    for k in count():
        yield x
        f, g = view.f(x), view.gradient(x)
        M = kept / view.alpha(k, "alpha_init") / (view.declared["growth"] if k > 0 else 1.0)
        seen = g @ g / (2.0 * M) > 4.0 * view.terms * U * abs(f)
        grown = (M / view.declared["factor"] ** m for m in range(MOST_TRIALS))
        room = 4.0 * U * abs(f)
        M = next((one for one in grown if view.f(x - g / one) <= f - g @ g / (2.0 * one) + room), math.inf)
        if math.isinf(M) and seen:
            return
        kept = M * view.alpha(k, "alpha_init") if seen else kept
        x = x - g / M


def make(
    alpha: StepSize = StepSize("1"),
    factor: Annotated[float, Range(low=0.0, high=1.0, open_low=True, open_high=True)] = 0.5,
    growth: Annotated[float, Range(low=1.0, high=1e6)] = 1.0,
) -> Optimizer:
    """alpha: 1/M at the start. factor: how 1/M shrinks where the test fails. growth: how 1/M grows between steps."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        declared = {"alpha_init": size, "factor": factor, "growth": growth, "c": HALF}
        return Tuning(plan=(size,), hyper=(1.0, factor, growth, 4.0 * problem.terms * U), declared=declared)

    return Optimizer(
        step=descend_by_estimate,
        tune=tune,
        source="Nesterov 2013",
        theorems=THEOREMS,
        memory=2,
        asks=True,
        failures=FAILURES,
        naive=naive,
    )
