"""Gradient descent with Polyak's step alpha_k = (f(x_k) - f*)/||g(x_k)||^2 (Polyak 1969), for problems with exact f*.

Where f(x_k) - f* is within the rounding of f there is no step: a quotient of rounding errors can have any size.
"""

from collections.abc import Iterator

import numpy as np

from gdbench.errors import BadInput
from gdbench.kernel import dot, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("polyak_range", "polyak_fejer", "polyak_fejer_smooth", "polyak_convex", "polyak_sc")
U = 2.0**-52
#: Squares below this have lost digits to underflow: the gradient counts as zero.
VANISHED = 1e-300


@step
def descend_by_gap(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    f_star, room = state.hyper[0], state.hyper[1]
    x = state.x
    g = state.g
    square = dot(g, g)
    gap = f - f_star
    if not gap > room or square < VANISHED:
        return 0.0, 0, 0
    used = gap / square
    for i in range(x.shape[0]):
        x[i] -= used * g[i]
    return used, 0, 0


def naive(view: View) -> Iterator[Array]:
    """x_{k+1} = x_k - (f - f*) g/||g||^2, unless f - f* is within the declared room."""
    x = view.start
    while True:
        yield x
        g, gap = view.gradient(x), view.f(x) - view.constants["f_star"]
        if gap > view.declared["room"] and np.any(g):
            x = x - gap * g / np.sum(g**2)


def make() -> Optimizer:
    """It takes no parameters."""

    def tune(problem: Problem) -> Tuning:
        f_star = problem.f_star
        if f_star is None or f_star.kind != "exact":
            raise BadInput(f"{problem.name} has no exact f*: polyak_step needs it, adaptive_lipschitz does not.")
        room = 4.0 * problem.terms * U * abs(f_star.value)
        return Tuning(plan=(1.0,), hyper=(f_star.value, room), declared={"room": room})

    return Optimizer(step=descend_by_gap, tune=tune, source="Polyak 1969", theorems=THEOREMS, naive=naive)
