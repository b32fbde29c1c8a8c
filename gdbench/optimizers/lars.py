"""LARS: momentum along gradients that each layer scales to a share of its own length (You, Gitman and Ginsburg 2017).

A layer x with slope s = g + decay x has the trust ratio r = trust ||x||/(||s|| + eps), 1 where ||x|| or ||s|| is 0;
v_{k+1} = beta v_k + alpha r s and x_{k+1} = x_k - v_{k+1}, as the paper and optax have it: each step enters the buffer
with the alpha of its time. r has ||g + decay x||, as in optax; the paper has ||g|| + decay ||x||. A problem without
layers is one layer. No theorem bounds f.
"""

from collections.abc import Iterator
from itertools import count
from typing import Annotated

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.optimizers._moments import ratio, trust
from gdbench.parameter import Range, Share, StepSize, Unit
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("layer_step",)


@step
def descend_by_layers(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    beta, share, eps, decay = state.hyper[0], state.hyper[1], state.hyper[2], state.hyper[3]
    x = state.x
    g = state.g
    velocity, slope = state.memory[0], state.memory[1]
    for layer in range(data.layers.shape[0] - 1):
        first, last = data.layers[layer], data.layers[layer + 1]
        for i in range(first, last):
            slope[i] = g[i] + decay * x[i]
        size = alpha * trust(x[first:last], slope[first:last], share, eps)
        for i in range(first, last):
            velocity[i] = beta * velocity[i] + size * slope[i]
            x[i] -= velocity[i]
    return alpha, 0, 0


def naive(view: View) -> Iterator[Array]:
    """No buffer: a step along the scaled slopes, and beta times the step before."""
    beta, share, eps, decay = (view.declared[name] for name in ("beta", "trust", "eps", "decay"))
    x = before = view.start
    for k in count():
        yield x
        slope = view.gradient(x) + decay * x
        following = x + beta * (x - before)
        for layer in view.layers:
            following[layer] -= view.alpha(k) * ratio(x[layer], slope[layer], share, eps) * slope[layer]
        before, x = x, following


def make(
    alpha: Annotated[StepSize, Unit()] = StepSize("1"),
    beta: Share = 0.9,
    trust: Annotated[float, Range(low=0.0, open_low=True)] = 0.001,
    eps: Annotated[float, Range(low=0.0), Unit(f=1, x=-1)] = 0.0,
    decay: Annotated[float, Range(low=0.0), Unit(f=1, x=-2)] = 0.0,
) -> Optimizer:
    """alpha: a number; alpha trust is the share of its length by which a layer moves. beta: momentum. eps: in units of
    g. decay: of the weights, in units of L.
    """

    def tune(problem: Problem) -> Tuning:
        size = problem.step_size(alpha)
        declared = {"alpha": size, "beta": beta, "trust": trust, "eps": eps, "decay": decay}
        return Tuning(plan=(size,), hyper=(beta, trust, eps, decay), declared=declared)

    source = "You, Gitman and Ginsburg 2017; optax.lars"
    return Optimizer(step=descend_by_layers, tune=tune, source=source, theorems=THEOREMS, memory=2, naive=naive)
