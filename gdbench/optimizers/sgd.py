"""Stochastic gradient descent: steps along sampled gradients (Robbins, Monro 1951), as torch's SGD takes them.

s_k is the gradient estimate of the sampling at the query point plus decay times that point, v_1 = s_0, v_{k+1} = beta
v_k + (1 - dampening) s_k; the step is -alpha v_{k+1}, or -alpha (s_k + beta v_{k+1}) with nesterov=true. The iterate
that is judged is the query point, or with average=true the mean of the query points so far (Ruppert 1988; Polyak,
Juditsky 1992).
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
from gdbench.sampling import Sampling
from gdbench.samplings.batches import BATCHES
from gdbench.view import View

THEOREMS = ("sgd_quad_exact", "sgd_sc_const", "sgd_sc_decay", "sgd_convex_average", "sgd_sc_sampled")


@step
def stochastic(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    hyper = state.hyper
    beta, fresh, decay, ahead = hyper[0], hyper[1], hyper[2], hyper[3]
    x = state.x
    g = state.g
    velocity = state.memory[1]
    # The first gradient is not dampened.
    if k == 0:
        fresh = 1.0
    for i in range(x.shape[0]):
        slope = g[i] + decay * x[i]
        velocity[i] = beta * velocity[i] + fresh * slope
        x[i] -= alpha * (slope + beta * velocity[i]) if ahead > 0.0 else alpha * velocity[i]
    if hyper[4] > 0.0:
        mean = state.memory[0]
        for i in range(x.shape[0]):
            mean[i] += (x[i] - mean[i]) / (k + 2)
    return alpha, 0, 0


@step
def plain_stochastic(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    x = state.x
    g = state.g
    for i in range(x.shape[0]):
        x[i] -= alpha * g[i]
    return alpha, 0, 0


def naive(view: View, nesterov: bool, average: bool) -> Iterator[Array]:
    """No buffer: estimate j enters step k with weight beta^(k - j), all but the first times 1 - dampening."""
    beta, kept, decay = view.declared["beta"], 1.0 - view.declared["dampening"], view.declared["decay"]
    slopes: list[Array] = []
    points = [view.start]
    for k in count():
        x = points[-1]
        yield sum(points[1:], start=points[0]) / len(points) if average else x
        slopes.append(view.estimate(k, x) + decay * x)
        past = sum(beta ** (k - j) * (kept if j else 1.0) * slope for j, slope in enumerate(slopes))
        points.append(x - view.alpha(k) * (slopes[k] + beta * past if nesterov else past))


def make(
    alpha: StepSize = StepSize("1/L"),
    sampling: Sampling = BATCHES,
    beta: Share = 0.0,
    dampening: Share = 0.0,
    decay: Annotated[float, Range(low=0.0), Unit(f=1, x=-2)] = 0.0,
    nesterov: bool = False,
    average: bool = False,
) -> Optimizer:
    """sampling: where gradients come from. beta: momentum. dampening: the share of every gradient but the first that
    is left out. decay: of the weights, in units of L. nesterov: look ahead. average: judge the mean of the iterates.
    """
    if nesterov and (dampening > 0.0 or beta == 0.0):
        raise BadInput("nesterov=true of sgd needs beta > 0 and dampening=0: give beta=0.9.")
    plain = beta == decay == 0.0 and not average

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        declared = {"alpha": size, "beta": beta, "dampening": dampening, "decay": decay}
        declared |= {"nesterov": float(nesterov), "average": float(average)}
        return Tuning(plan=(size,), hyper=(beta, 1.0 - dampening, decay, nesterov, average), declared=declared)

    return Optimizer(
        step=plain_stochastic if plain else stochastic,
        tune=tune,
        source="Robbins, Monro 1951; Polyak, Juditsky 1992; torch.optim.SGD",
        theorems=THEOREMS,
        memory=1 if plain else 2,
        ahead=average,
        sampling=sampling,
        naive=partial(naive, nesterov=nesterov, average=average),
    )
