"""Gradient descent x_{k+1} = x_k - alpha g(x_k) (Cauchy 1847)."""

from collections.abc import Iterator
from itertools import count

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import StepSize
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = (
    *("gd_convex_headline", "gd_convex_proof", "gd_convex_tight", "gd_convex_grad_R2", "gd_convex_grad_gap"),
    *("gd_convex_varstep", "gd_fejer", "gd_descent", "gd_sc_linear", "gd_sc_gap", "gd_sc_dist", "gd_sc_grad"),
    *("gd_sc_gap_R2", "gd_pl", "gd_nonconvex", "gd_nonconvex_tight", "gd_nonconvex_drop", "quad_gd_exact"),
    *("gd_sc_varstep", "gd_nonconvex_varstep", "lower_krylov"),
)


@step
def descend_gradient(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    x = state.x
    g = state.g
    for i in range(x.shape[0]):
        x[i] -= alpha * g[i]
    return alpha, 0, 0


def naive(view: View) -> Iterator[Array]:
    """x_0 minus the sum of all steps so far."""
    x, travelled = view.start, 0.0 * view.start
    for k in count():
        yield x
        travelled = travelled + view.alpha(k) * view.gradient(x)
        x = view.start - travelled


def make(alpha: StepSize = StepSize("1/L")) -> Optimizer:
    """alpha: the step size, a number or a multiple such as 1/L."""

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        return Tuning(plan=(size,), declared={"alpha": size})

    return Optimizer(step=descend_gradient, tune=tune, source="Cauchy 1847", theorems=THEOREMS, naive=naive)
