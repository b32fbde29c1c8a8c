"""Steepest descent with exact line search: x_{k+1} = x_k - alpha_k g(x_k), alpha_k minimises along -g (Cauchy 1847).

On a quadratic alpha = g.g / g.Hg, by one Hessian-vector product, which is counted as a gradient call. Elsewhere the
slope -g . g(x - alpha g) is driven to SLOPE_LEFT of its start or to where no number lies between the ends of its
bracket: the first trial is Newton's, `first` where f curves downwards, then doubling until the slope turns, then regula
falsi with the Illinois weights (Dowell and Jarratt 1971) and bisection where that is slow. Where f is not convex a
trial must also not rise.
"""

import math
from collections.abc import Iterator
from functools import partial
from typing import Annotated

import numpy as np

from gdbench.kernel import dot, helper, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import Range, Unit
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("gd_exact_ls", "exact_ls_rate", "exact_ls_drop", "exact_ls_step", "exact_ls_descent")
SLOPE_LEFT = 1e-12
MOST_TRIALS = 200
NO_CURVATURE, NO_STEP = 1, 2
FAILURES = (
    "the quadratic does not curve upwards along the gradient",
    f"no minimum along the gradient was found in {MOST_TRIALS} trials",
)
#: Squares below this have lost digits to underflow: the gradient counts as zero.
VANISHED = 1e-300
ROUNDING = 4.0 * 2.0**-52
QUADRATIC, CONVEX, NONCONVEX = 0.0, 1.0, 2.0


@helper
def between(low, low_slope, high, high_slope, slow):  # type: ignore[no-untyped-def]
    """The next trial in (low, high): by regula falsi, or the middle where that is slow or has no slopes to use."""
    middle = low + 0.5 * (high - low)
    if slow or not high_slope > 0.0:
        return middle
    trial = low + (high - low) * (low_slope / (low_slope - high_slope))
    return trial if low < trial < high else middle


@helper
def minimise_along(first, f, square, room, x, g, trial, slopes, data, calls):  # type: ignore[no-untyped-def]
    """The step along -g at which the slope vanishes, 0 where none was found, and the oracle calls it took.

    f and square = g.g belong to x; room is what a trial may rise above the best one. trial and slopes, of shape (n,),
    are work space.
    """
    oracle = calls.oracle
    low, low_slope, low_f = 0.0, -square, f
    high, high_slope = math.inf, math.nan
    alpha, width, side = first, math.inf, 0
    for trials in range(1, MOST_TRIALS + 1):
        for i in range(x.shape[0]):
            trial[i] = x[i] - alpha * g[i]
        value = oracle(trial, slopes, data)
        slope = -dot(g, slopes)
        falls = value <= low_f + room
        if falls and abs(slope) <= SLOPE_LEFT * square:
            return alpha, trials
        if falls and slope < 0.0:
            low, low_slope, low_f = alpha, slope, value
            high_slope = 0.5 * high_slope if side == -1 else high_slope
            side = -1
        else:
            high, high_slope = alpha, slope if falls else math.nan
            low_slope = 0.5 * low_slope if side == 1 else low_slope
            side = 1
        if high == math.inf:
            alpha = 2.0 * alpha
            continue
        slow = trials % 3 == 0 and high - low > 0.25 * width
        width = high - low if trials % 3 == 0 else width
        alpha = between(low, low_slope, high, high_slope, slow)
        if not low < alpha < high:
            break
    return low if high < math.inf else 0.0, trials


@step
def descend_exactly(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    kind, product = state.hyper[0], calls.product
    x = state.x
    g = state.g
    trial = state.memory[0]
    curved = state.memory[1]
    square = dot(g, g)
    if square < VANISHED:
        return 0.0, 0, 0
    product(x, g, curved, data)
    curvature = dot(g, curved)
    used = square / curvature if curvature > 0.0 else alpha
    trials = 0
    if kind == QUADRATIC:
        if not curvature > 0.0:
            return 0.0, -NO_CURVATURE, 1
    else:
        room = ROUNDING * abs(f) if kind == NONCONVEX else math.inf
        used, trials = minimise_along(used, f, square, room, x, g, trial, curved, data, calls)
        if not used > 0.0:
            return 0.0, -NO_STEP, 1 + trials
    for i in range(x.shape[0]):
        x[i] -= used * g[i]
    return used, 0, 1 + trials


def _slope_vanishes(view: View, x: Array, g: Array, t: float) -> float:
    """Dowell and Jarratt's Illinois rule on phi'(t) = -g . g(x - t g), from an unbounded bracket (0, inf)."""
    ends: dict[str, tuple[float, float]] = {"low": (0.0, -float(g @ g)), "high": (math.inf, math.nan)}
    lowest, room, kept, width = view.f(x), ROUNDING * abs(view.f(x)), "", math.inf
    for trial in range(1, MOST_TRIALS + 1):
        f, slope = view.f(x - t * g), -float(g @ view.gradient(x - t * g))
        risen = view.kind == "nonconvex" and not f <= lowest + room
        if not risen and abs(slope) <= view.declared["slope_left"] * (g @ g):
            return t
        side, away = ("high", "low") if risen or slope >= 0.0 else ("low", "high")
        lowest = f if side == "low" else lowest
        ends[side] = (t, math.nan if risen else slope)
        if kept == side:
            ends[away] = (ends[away][0], ends[away][1] / 2.0)
        kept = side
        (a, at_a), (b, at_b) = ends["low"], ends["high"]
        if math.isinf(b):
            t = 2.0 * t
            continue
        chord = (a * at_b - b * at_a) / (at_b - at_a) if at_b > 0.0 else math.nan
        slow = trial % 3 == 0 and b - a > width / 4.0
        width = b - a if trial % 3 == 0 else width
        t = chord if a < chord < b and not slow else (a + b) / 2.0
        if not a < t < b:
            break
    return ends["low"][0] if math.isfinite(ends["high"][0]) else 0.0


def naive(view: View, first: float) -> Iterator[Array]:
    """Newton's step along -g, and from there to where the slope vanishes."""
    x = view.start
    while True:
        yield x
        g = view.gradient(x)
        if not np.any(g):
            continue
        curvature = g @ view.product(x, g)
        t = float(g @ g / curvature) if curvature > 0.0 else first
        if view.kind != "quadratic":
            t = _slope_vanishes(view, x, g, t)
        if not t > 0.0:
            return
        x = x - t * g


def make(first: Annotated[float, Range(low=0.0, open_low=True), Unit(f=-1, x=2)] = 1.0) -> Optimizer:
    """first: the first trial where f does not curve upwards along the gradient."""

    def tune(problem: Problem) -> Tuning:
        kind = QUADRATIC if problem.spectrum is not None else CONVEX if problem.convex else NONCONVEX
        return Tuning(plan=(first,), hyper=(kind,), declared={"slope_left": SLOPE_LEFT})

    return Optimizer(
        step=descend_exactly,
        tune=tune,
        source="Cauchy 1847",
        theorems=THEOREMS,
        memory=2,
        asks=True,
        failures=FAILURES,
        naive=partial(naive, first=first),
    )
