"""Polyak's heavy ball: v_{k+1} = beta v_k + g(x_k), x_{k+1} = x_k - alpha v_{k+1} (Polyak 1964)."""

import math
from collections.abc import Iterator
from itertools import count
from typing import Annotated

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import Optimal, Range, StepSize
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("hb_quad_gap", "hb_quad_dist", "hb_ghadimi", "hb_cesaro", "quad_hb_exact", "lower_krylov")


@step
def heavy_ball(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    beta = state.hyper[0]
    x = state.x
    g = state.g
    velocity = state.memory[0]
    for i in range(x.shape[0]):
        velocity[i] = beta * velocity[i] + g[i]
        x[i] -= alpha * velocity[i]
    return alpha, 0, 0


def naive(view: View) -> Iterator[Array]:
    """Polyak's x_{k+1} = x_k - alpha g(x_k) + beta (x_k - x_{k-1}); a schedule scales x_k - x_{k-1} too."""
    x, last, before = view.start, view.start, view.alpha(0)
    for k in count():
        yield x
        alpha = view.alpha(k)
        kept = view.declared["beta"] * alpha / before if before > 0.0 else 0.0
        x, last, before = x + kept * (x - last) - alpha * view.gradient(x), x, alpha


def make(
    alpha: StepSize = StepSize("optimal"),
    beta: Annotated[float | Optimal, Range(low=0.0, high=1.0, open_high=True)] = "optimal",
) -> Optimizer:
    """alpha: step size; optimal is 4/(sqrt L + sqrt mu)^2. beta: momentum; optimal is ((sqrt kappa - 1)/(sqrt kappa +
    1))^2. Both together are optimal on quadratics only (Lessard, Recht and Packard 2016).
    """

    def tune(problem: Problem) -> Tuning:
        size = _optimal_step(problem) if alpha.text == "optimal" else problem.step_size(alpha)
        momentum = _optimal_momentum(problem) if beta == "optimal" else float(beta)
        return Tuning(plan=(size,), hyper=(momentum,), declared={"alpha": size, "beta": momentum})

    return Optimizer(step=heavy_ball, tune=tune, source="Polyak 1964", theorems=THEOREMS, memory=1, naive=naive)


def _optimal_step(problem: Problem) -> float:
    L, mu = problem.require("L", "mu")
    root = math.sqrt(L) + math.sqrt(mu)
    return 4.0 / (root * root)


def _optimal_momentum(problem: Problem) -> float:
    L, mu = problem.require("L", "mu")
    p = (math.sqrt(L) - math.sqrt(mu)) / (math.sqrt(L) + math.sqrt(mu))
    return p * p
