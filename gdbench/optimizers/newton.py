"""Newton's method with Armijo backtracking on its decrement (Boyd and Vandenberghe 2004, section 9.5.2).

H d = -g is solved by conjugate gradients on Hessian-vector products, to the last digits, at most 4 n + 16 of them.
Where the Hessian is singular or indefinite they meet a direction p without curvature, p'Hp <= u ||H p|| ||p||, and d is
what they have found by then, -g at first (Dembo and Steihaug 1983; Nocedal and Wright 2006, algorithm 7.1): d always
descends. Then t = 1 shrinks by `factor` until f(x + t d) <= f(x) + c t g'd. A product counts as a gradient.
"""

import math
from collections.abc import Iterator
from functools import partial
from typing import Annotated

import numpy as np

from gdbench.kernel import dot, helper, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.optimizers.backtracking import FAILURES, armijo
from gdbench.parameter import Range, Unit
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("newton_decrease", "newton_step", "armijo_progress")
#: Residual, relative to ||g||, at which the direction is found; curvature that counts as none.
EXACT, FLAT = 2.0**-60, 2.0**-52


@helper
def newton_direction(x, g, memory, data, calls):  # type: ignore[no-untyped-def]
    """memory[0] = -H^-1 g, as far as conjugate gradients get; memory[1 … 3] is work space. Returns the products."""
    product = calls.product
    d, r, p, curved = memory[0], memory[1], memory[2], memory[3]
    n = x.shape[0]
    for i in range(n):
        d[i] = 0.0
        r[i] = -g[i]
        p[i] = r[i]
    square = dot(r, r)
    enough = EXACT * EXACT * square
    products = 0
    while square > enough and products < 4 * n + 16:
        product(x, p, curved, data)
        products += 1
        bent = dot(p, curved)
        if not bent > FLAT * math.sqrt(dot(curved, curved)) * math.sqrt(dot(p, p)):
            break
        size = square / bent
        for i in range(n):
            d[i] += size * p[i]
            r[i] -= size * curved[i]
        last = square
        square = dot(r, r)
        for i in range(n):
            p[i] = r[i] + square / last * p[i]
    return products


@step
def damped_newton(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    factor, c = state.hyper[0], state.hyper[1]
    x = state.x
    g = state.g
    direction, trial = state.memory[0], state.memory[4]
    square = dot(g, g)
    if square == 0.0:
        return alpha, 0, 0
    products = newton_direction(x, g, state.memory, data, calls)
    slope = dot(g, direction)
    first = 1.0
    if not slope < 0.0:
        first = alpha
        slope = -square
        for i in range(x.shape[0]):
            direction[i] = -g[i]
    used, trials = armijo(first, f, slope, x, direction, trial, factor, c, data, calls)
    if trials > 0:
        for i in range(x.shape[0]):
            x[i] = trial[i]
    return used, trials, products


def _descent(hessian: Array, g: Array) -> Array:
    """Newton's direction; where the Hessian is not positive definite, Steihaug's (Nocedal and Wright 2006, 7.1)."""
    if np.linalg.eigvalsh(hessian)[0] > 0.0:
        return np.asarray(-np.linalg.solve(hessian, g))
    z, r, d = 0.0 * g, g, -g
    for _ in range(4 * len(g) + 16):
        curved = hessian @ d
        if d @ curved <= FLAT * np.linalg.norm(curved) * np.linalg.norm(d):
            break
        size = r @ r / (d @ curved)
        z, new = z + size * d, r + size * curved
        if np.linalg.norm(new) <= EXACT * np.linalg.norm(g):
            break
        d, r = new @ new / (r @ r) * d - new, new
    return z


def naive(view: View, first: float) -> Iterator[Array]:
    """The whole Hessian, column by column, and a direct solver; then the first factor^m that passes Armijo's test."""
    x, c, factor = view.start, view.declared["c"], view.declared["factor"]
    while True:
        yield x
        f, g = view.f(x), view.gradient(x)
        d = _descent(np.array([view.product(x, axis) for axis in np.eye(len(x))]), g)
        longest = 1.0
        if not g @ d < 0.0:
            d, longest = -g, first
        room = 4.0 * np.finfo(float).eps * abs(f)
        passing = (t for t in longest * factor ** np.arange(60.0) if view.f(x + t * d) <= f + c * t * (g @ d) + room)
        t = next(passing, None)
        if t is None:
            return
        x = x + t * d


def make(
    factor: Annotated[float, Range(low=0.0, high=1.0, open_low=True, open_high=True)] = 0.5,
    c: Annotated[float, Range(low=0.0, high=0.5, open_low=True, open_high=True)] = 0.1,
    first: Annotated[float, Range(low=0.0, open_low=True), Unit(f=-1, x=2)] = 1.0,
) -> Optimizer:
    """factor: how a rejected trial shrinks. c: share of the slope demanded, below 1/2: so t = 1 passes in the end.
    first: the first trial along -g, where the Hessian gives no direction that descends.
    """

    def tune(problem: Problem) -> Tuning:
        return Tuning(plan=(first,), hyper=(factor, c), declared={"factor": factor, "c": c})

    return Optimizer(
        step=damped_newton,
        tune=tune,
        source="Boyd and Vandenberghe 2004, section 9.5",
        theorems=THEOREMS,
        memory=5,
        asks=True,
        failures=FAILURES,
        naive=partial(naive, first=first),
    )
