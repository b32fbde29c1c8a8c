"""The triple momentum method (Van Scoy, Freeman and Lynch 2018): rho = 1 - 1/sqrt kappa on strongly convex functions.

xi_{k+1} = xi_k + beta (xi_k - xi_{k-1}) - alpha g(y_k), y_k = xi_k + gamma (xi_k - xi_{k-1}), x_k = xi_k + delta (xi_k
- xi_{k-1}); alpha = (1 + rho)/L, beta = rho^2/(2 - rho), gamma = rho^2/((1 + rho)(2 - rho)), delta = rho^2/(1 -
rho^2). The query point is y_k; memory[0] is x_k, the sequence that the theorems bound: its gap may first rise to kappa
times what it was. One gradient a step.
"""

import math
from collections.abc import Iterator

import numpy as np

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("triple_dist", "triple_gap", "quad_triple_exact", "lower_krylov")


@step
def triple(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    beta, gamma, delta = state.hyper[0], state.hyper[1], state.hyper[2]
    y = state.x
    g = state.g
    x, xi, before = state.memory[0], state.memory[1], state.memory[2]
    for i in range(y.shape[0]):
        now = y[i] if k == 0 else xi[i]
        last = y[i] if k == 0 else before[i]
        moved = now + beta * (now - last) - alpha * g[i]
        y[i] = moved + gamma * (moved - now)
        x[i] = moved + delta * (moved - now)
        before[i] = now
        xi[i] = moved
    return alpha, 0, 0


def naive(view: View) -> Iterator[Array]:
    """A linear system in feedback with g (Lessard, Recht and Packard 2016), whose state is (xi_k, xi_{k-1})."""
    alpha, beta, gamma, delta = (view.declared[name] for name in ("alpha", "beta", "gamma", "delta"))
    evolve = np.array([[1.0 + beta, -beta], [1.0, 0.0]])
    query, shown = np.array([[1.0 + gamma, -gamma], [1.0 + delta, -delta]])
    state = np.array([view.start, view.start])
    while True:
        yield shown @ state
        state = evolve @ state - np.outer([alpha, 0.0], view.gradient(query @ state))


def make() -> Optimizer:
    """All four numbers follow from L and mu."""

    def tune(problem: Problem) -> Tuning:
        L, mu = problem.require("L", "mu")
        rho = 1.0 - math.sqrt(mu / L)
        size = (1.0 + rho) / L
        square = rho * rho
        numbers = (square / (2.0 - rho), square / ((1.0 + rho) * (2.0 - rho)), square / (1.0 - square))
        declared = {"alpha": size, **dict(zip(("beta", "gamma", "delta"), numbers, strict=True))}
        return Tuning(plan=(size,), hyper=numbers, declared=declared)

    return Optimizer(
        step=triple,
        tune=tune,
        source="Van Scoy, Freeman and Lynch 2018",
        theorems=THEOREMS,
        memory=3,
        ahead=True,
        naive=naive,
    )
