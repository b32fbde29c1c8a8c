"""Momentum with dampening and weight decay, as torch's SGD keeps it (Polyak 1964; Sutskever et al. 2013).

s_k = g(x_k) + decay x_k, v_1 = s_0, v_{k+1} = beta v_k + (1 - dampening) s_k, and x_{k+1} = x_k - alpha v_{k+1}, or
x_k - alpha (s_k + beta v_{k+1}) with nesterov=true (documentation of torch.optim.SGD). As alpha multiplies all of v, a
schedule acts on old gradients too; Sutskever's form scales each gradient by the alpha of its time.

Without dampening and decay it is heavy ball, or Nesterov's method: x_k is then the query point and memory[0] the
iterate x_k - alpha s_k that theorems bound. A decay leads it to the minimisers of f + decay/2 ||x||^2, not of f, and
dampening makes the first step longer than the others: for these there is no theorem, measured only.
"""

from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Annotated

from gdbench.errors import BadInput
from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import Range, Share, StepSize, Unit
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("hb_quad_gap", "hb_quad_dist", "hb_ghadimi", "hb_cesaro", "quad_hb_exact", "lower_krylov")
LOOK_AHEAD = ("nag_quad_gap", "nag_quad_dist", "nag_sc", "nag_potential", "quad_nag_exact", "lower_krylov")


@step
def buffered(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    beta, fresh, decay = state.hyper[0], state.hyper[1], state.hyper[2]
    x = state.x
    g = state.g
    velocity = state.memory[0]
    # The first gradient is not dampened.
    if k == 0:
        fresh = 1.0
    for i in range(x.shape[0]):
        velocity[i] = beta * velocity[i] + fresh * (g[i] + decay * x[i])
        x[i] -= alpha * velocity[i]
    return alpha, 0, 0


@step
def buffered_ahead(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    beta, decay = state.hyper[0], state.hyper[2]
    y = state.x
    g = state.g
    x, velocity = state.memory[0], state.memory[1]
    for i in range(y.shape[0]):
        slope = g[i] + decay * y[i]
        velocity[i] = beta * velocity[i] + slope
        x[i] = y[i] - alpha * slope
        y[i] -= alpha * (slope + beta * velocity[i])
    return alpha, 0, 0


def naive(view: View, nesterov: bool) -> Iterator[Array]:
    """No buffer: gradient j enters step k with weight beta^(k - j), all but the first times 1 - dampening."""
    beta, kept, decay = view.declared["beta"], 1.0 - view.declared["dampening"], view.declared["decay"]
    slopes: list[Array] = []
    y = view.start
    yield y
    for k in count():
        slopes.append(view.gradient(y) + decay * y)
        past = sum(beta ** (k - j) * (kept if j else 1.0) * slope for j, slope in enumerate(slopes))
        alpha = view.alpha(k)
        judged = y - alpha * (slopes[k] if nesterov else past)
        y = y - alpha * (slopes[k] + beta * past) if nesterov else judged
        yield judged


def make(
    alpha: StepSize = StepSize("1/L"),
    beta: Share = 0.9,
    dampening: Share = 0.0,
    decay: Annotated[float, Range(low=0.0), Unit(f=1, x=-2)] = 0.0,
    nesterov: bool = False,
) -> Optimizer:
    """beta: momentum. dampening: the share of every gradient but the first that is left out. decay: of the weights, in
    units of L. nesterov: look ahead, which goes without dampening.
    """
    _check(beta, dampening, nesterov=nesterov)

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        declared = {"alpha": size, "beta": beta, "dampening": dampening, "decay": decay}
        return Tuning(plan=(size,), hyper=(beta, 1.0 - dampening, decay), declared=declared)

    return Optimizer(
        step=buffered_ahead if nesterov else buffered,
        tune=tune,
        source="Polyak 1964; Sutskever, Martens, Dahl and Hinton 2013; torch.optim.SGD",
        theorems=LOOK_AHEAD if nesterov else THEOREMS,
        memory=2 if nesterov else 1,
        ahead=nesterov,
        naive=partial(naive, nesterov=nesterov),
    )


def _check(beta: float, dampening: float, *, nesterov: bool) -> None:
    """torch refuses the first and ignores dampening in the second."""
    if dampening > 0.0 and (nesterov or beta == 0.0):
        given = f"dampening={dampening:g} of momentum_buffer does not go with"
        raise BadInput(f"{given} {'nesterov=true' if nesterov else 'beta=0'}: the nearest valid value is 0.")
