"""Shards in the manner of ZeRO (Rajbhandari, Rasley, Ruwase, He 2020): who holds what, and what workers do to it.

Worker w of P owns the entries w n // P … (w + 1) n // P - 1 of parameters, gradients and moments. What is sharded is
one row, of which each worker holds what it owns; what is replicated has a row for every worker. Stage 1 shards the
moments, stage 2 the gradients too, stage 3 the parameters too.

The kernels of a phase write to what their worker holds and to nothing that another worker reads in that phase: workers
may run one after another in any order, or at once with a barrier between phases, to the same bits.
"""

from collections.abc import Mapping

import numpy as np

from gdbench.kernel import helper, inlined
from gdbench.optimizers._moments import adapted
from gdbench.problem import Array
from gdbench.samplings.batches import add_parts


@inlined
def begin(worker, workers, n):  # type: ignore[no-untyped-def]
    """The first entry that a worker owns; n for worker P."""
    return worker * n // workers


@inlined
def copies(stage, sharded_from, workers):  # type: ignore[no-untyped-def]
    """How many rows there are of what is sharded from a stage on."""
    return 1 if stage >= sharded_from else workers


@inlined
def divided(memory, stage, workers):  # type: ignore[no-untyped-def]
    """The rows of parameters, gradients and moments."""
    first = copies(stage, 3, workers)
    second = first + copies(stage, 2, workers)
    return memory[:first], memory[first:second], memory[second : second + 2]


@helper
def reduce_scatter(worker, workers, parts, gradients):  # type: ignore[no-untyped-def]
    """The mean of all workers' gradients, in the entries that this one owns; the sampling's own tree of pairs."""
    n = gradients.shape[1]
    row = gradients[worker % gradients.shape[0]]
    add_parts(parts, workers, row, begin(worker, workers, n), begin(worker + 1, workers, n))


@helper
def update(worker, workers, parameters, gradients, moments, hyper, size, root):  # type: ignore[no-untyped-def]
    """Adam on the entries that this worker owns; hyper begins with beta1, beta2, eps, decay and the box."""
    beta1, beta2, eps, decay, box = hyper[0], hyper[1], hyper[2], hyper[3], hyper[4]
    n = parameters.shape[1]
    x, g = parameters[worker % parameters.shape[0]], gradients[worker % gradients.shape[0]]
    first, second = moments[0], moments[1]
    for i in range(begin(worker, workers, n), begin(worker + 1, workers, n)):
        x[i], first[i], second[i] = adapted(
            *(x[i], g[i], first[i], second[i], beta1, beta2, eps, decay, box, size, root)
        )


@helper
def all_gather(worker, workers, rows):  # type: ignore[no-untyped-def]
    """What the others own, into this worker's row; nothing where rows are sharded."""
    n = rows.shape[1]
    if rows.shape[0] == 1:
        return
    for owner in range(workers):
        if owner != worker:
            for i in range(begin(owner, workers, n), begin(owner + 1, workers, n)):
                rows[worker, i] = rows[owner, i]


@helper
def publish(worker, workers, parameters, x):  # type: ignore[no-untyped-def]
    """The next worker's entries of the query point x, which all share, from this one's row.

    They are what it was sent, not what it owns: a replica that lags behind shows in the next query.
    """
    n = x.shape[0]
    following = (worker + 1) % workers
    row = parameters[worker % parameters.shape[0]]
    for i in range(begin(following, workers, n), begin(following + 1, workers, n)):
        x[i] = row[i]


def rows_of(stage: int, workers: int) -> int:
    """The rows of memory that all workers together hold."""
    return int(copies(stage, 3, workers) + copies(stage, 2, workers)) + 2


def held(memory: Array, stage: int, workers: int, worker: int) -> Mapping[str, Array]:
    """Views of what one worker holds of a memory of shape (rows, n)."""
    n = memory.shape[1]
    owned = slice(begin(worker, workers, n), begin(worker + 1, workers, n))
    names = ("parameters", "gradients", "optimizer state")
    found = zip(names, divided(memory, stage, workers), (3, 2, 1), strict=True)
    return {name: rows[:, owned] if stage >= sharded else rows[worker] for name, rows, sharded in found}


def floats(n: int, workers: int, stage: int) -> Mapping[str, float]:
    """The numbers that the worker with the largest shard holds, by kind; stage 0 shards nothing."""
    if stage == 0:
        return {"parameters": n, "gradients": n, "optimizer state": 2 * n}
    memory = np.empty((rows_of(stage, workers), n))
    each = [{name: view.size for name, view in held(memory, stage, workers, w).items()} for w in range(workers)]
    return max(each, key=lambda one: sum(one.values()))
