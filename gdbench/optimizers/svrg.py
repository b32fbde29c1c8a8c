"""Stochastic variance-reduced gradient: mini-batches corrected by a full gradient now and then (Johnson, Zhang 2013).

At k = 0, epoch, 2 epoch, … the query point becomes the snapshot w and g(w) is asked for. Every step is x_{k+1} = x_k -
alpha (g_B(x_k) - g_B(w) + g(w)) with the same batch B at both points; at the snapshot itself g_B cancels. The next
snapshot is the last iterate of the epoch (the paper's option I), or with average=true the mean of its first `epoch`
iterates, w among them, which is judged and from which the next epoch starts: the paper proves it for one of these at
random (option II), and f of their mean is no larger.

Gradients are counted by samples: a full one is all of them, one of a batch its size.
"""

from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Annotated

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import Range, StepSize
from gdbench.problem import Array, Problem
from gdbench.sampling import Sampling, batch_of
from gdbench.samplings.batches import ONE
from gdbench.view import View

THEOREMS = ("svrg_gap", "svrg_dist")


@step
def corrected(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    epoch, average = int(state.hyper[0]), state.hyper[1] > 0.0
    x = state.x
    g = state.g
    snapshot, full, stale, mean = state.memory[0], state.memory[1], state.memory[2], state.memory[3]
    chosen = state.sampler.chosen
    place = k % epoch
    n = x.shape[0]
    if place == 0:
        for i in range(n):
            snapshot[i] = x[i]
            stale[i] = g[i]
            mean[i] = x[i]
        calls.oracle(snapshot, full, data)
        asked = state.sampler.order.shape[0]
    else:
        calls.batch(snapshot, stale, chosen, data)
        asked = chosen.shape[0]
        for i in range(n):
            mean[i] += (x[i] - mean[i]) / (place + 1)
    for i in range(n):
        x[i] -= alpha * (g[i] - stale[i] + full[i])
    if average and place == epoch - 1:
        for i in range(n):
            x[i] = mean[i]
            snapshot[i] = mean[i]
    return alpha, 0, asked


def naive(view: View, average: bool) -> Iterator[Array]:
    """Epoch by epoch, each of which keeps all its iterates."""
    epoch, x = round(view.declared["epoch"]), view.start
    for first in count(step=epoch):
        snapshot, full, points = x, view.gradient(x), [x]
        for k in range(first, first + epoch):
            yield snapshot if average else points[-1]
            chosen = view.chosen(k)
            slope = view.batch(points[-1], chosen) - view.batch(snapshot, chosen) + full
            points.append(points[-1] - view.alpha(k) * slope)
        x = sum(points[1:epoch], start=points[0]) / epoch if average else points[-1]


def make(
    alpha: StepSize = StepSize("0.1/L_sample"),
    sampling: Sampling = ONE,
    epoch: Annotated[int, Range(low=0)] = 0,
    average: bool = False,
) -> Optimizer:
    """sampling: batches of samples. epoch: updates from one full gradient to the next, 0 for as many as draw twice the
    number of samples. average: the snapshot is the mean of an epoch, and is judged.
    """

    def tune(problem: Problem) -> Tuning:
        batch = batch_of(sampling, problem, "svrg")
        length = epoch or max(1, 2 * problem.samples // batch.size)
        size = problem.step_size(alpha)
        declared = {"alpha": size, "epoch": float(length), "average": float(average)}
        return Tuning(plan=(size,), hyper=(float(length), float(average)), declared=declared)

    return Optimizer(
        step=corrected,
        tune=tune,
        source="Johnson, Zhang 2013",
        theorems=THEOREMS,
        memory=4,
        ahead=average,
        sampling=sampling,
        draws=True,
        naive=partial(naive, average=average),
    )
