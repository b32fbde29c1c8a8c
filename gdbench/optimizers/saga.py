"""SAGA: mini-batches corrected by a table of the last gradient of every sample (Defazio, Bach, Lacoste-Julien 2014).

The table begins with the gradients at x_0, which are counted. Every step is x_{k+1} = x_k - alpha (g_B(x_k) - t_B + t),
where t_B is the mean of the table's rows over the batch B and t that over all rows, both from before the step; then the
rows of B become the gradients at x_k. A sample that is drawn twice counts twice in g_B and in t_B, so that the step
stays unbiased, and its row is replaced once. t follows the rows by differences and is summed anew every m steps, for m
samples, so that rounding does not gather.

Gradients are counted by samples. A batch of more than one asks for each of its gradients once more, one by one.
"""

from collections.abc import Iterator
from itertools import count

import numpy as np

from gdbench.kernel import helper, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import StepSize
from gdbench.problem import Array, Problem
from gdbench.sampling import Sampling, batch_of
from gdbench.samplings.batches import ONE
from gdbench.view import View

THEOREMS = ("saga_dist", "saga_defazio")
#: Rows of memory before the table: its mean, the direction, a fresh gradient.
TABLE = 3


@helper
def fill(x, memory, order, data, calls):  # type: ignore[no-untyped-def]
    """All rows from the gradients at x."""
    for j in range(order.shape[0]):
        calls.batch(x, memory[TABLE + order[j]], order[j : j + 1], data)


@helper
def sum_anew(memory, m):  # type: ignore[no-untyped-def]
    """The mean of the table, row by row."""
    mean = memory[0]
    for i in range(mean.shape[0]):
        mean[i] = 0.0
    for s in range(m):
        row = memory[TABLE + s]
        for i in range(mean.shape[0]):
            mean[i] += row[i]
    for i in range(mean.shape[0]):
        mean[i] /= m


@helper
def put(memory, s, fresh, m):  # type: ignore[no-untyped-def]
    """Replace row s, and what the mean has of it."""
    mean, row = memory[0], memory[TABLE + s]
    for i in range(mean.shape[0]):
        mean[i] += (fresh[i] - row[i]) / m
        row[i] = fresh[i]


@step
def tabled(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    x = state.x
    g = state.g
    memory = state.memory
    mean, direction, fresh = memory[0], memory[1], memory[2]
    chosen, order = state.sampler.chosen, state.sampler.order
    m, size, n = order.shape[0], chosen.shape[0], x.shape[0]
    asked = 0
    if k == 0:
        fill(x, memory, order, data, calls)
        asked += m
    if k % m == 0:
        sum_anew(memory, m)
    for i in range(n):
        direction[i] = 0.0
    for s in chosen:
        row = memory[TABLE + s]
        for i in range(n):
            direction[i] += row[i]
    for i in range(n):
        direction[i] = g[i] - direction[i] / size + mean[i]
    if size == 1:
        put(memory, chosen[0], g, m)
    else:
        for j in range(size):
            calls.batch(x, fresh, chosen[j : j + 1], data)
            put(memory, chosen[j], fresh, m)
        asked += size
    for i in range(n):
        x[i] -= alpha * direction[i]
    return alpha, 0, asked


def naive(view: View) -> Iterator[Array]:
    """No running mean: the table is averaged at every step."""
    x = view.start
    table = [view.batch(x, [s]) for s in range(view.samples)]
    for k in count():
        yield x
        chosen, mean = view.chosen(k), np.mean(table, axis=0)
        fresh = [view.batch(x, [s]) for s in chosen]
        slope = np.mean([new - table[s] for new, s in zip(fresh, chosen, strict=True)], axis=0) + mean
        for new, s in zip(fresh, chosen, strict=True):
            table[s] = new
        x = x - view.alpha(k) * slope


def make(alpha: StepSize = StepSize("1/(3*L_sample)"), sampling: Sampling = ONE) -> Optimizer:
    """sampling: batches of samples. It keeps a gradient of every sample."""

    def tune(problem: Problem) -> Tuning:
        batch = batch_of(sampling, problem, "saga")
        size = problem.step_size(alpha)
        chance = batch.chance(problem.samples) if batch.independent else 0.0
        return Tuning(plan=(size,), declared={"alpha": size, "samples": float(problem.samples), "chance": chance})

    return Optimizer(
        step=tabled,
        tune=tune,
        source="Defazio, Bach, Lacoste-Julien 2014",
        theorems=THEOREMS,
        memory=lambda problem: TABLE + problem.samples,
        sampling=sampling,
        draws=True,
        naive=naive,
    )
