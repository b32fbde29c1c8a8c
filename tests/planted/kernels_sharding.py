"""Adam with sharded state, with a switch: 0 is what the project does, every other code one bug."""

import math

from gdbench.kernel import helper, step
from gdbench.optimizers._moments import adapted, averaged
from gdbench.optimizers._shards import divided, publish
from gdbench.samplings.batches import add_parts

NONE = 0
SHIFTED, NO_LAST, NO_REMAINDER, OVERLAPPING, IN_TURN, SUMMED, OWN_PART, ALL_BUT_ONE = range(1, 9)
GATHERS_FIRST, NO_BARRIER, NO_GATHER, OTHER_OWNER, EMPTY_REPLICAS, SUMS_OF_EACH, NO_REDUCE_AFTER = range(9, 16)


@helper
def begin(worker, workers, n, bug):
    """Where a worker's shard begins."""
    if bug == SHIFTED and worker > 0:
        return min(worker * n // workers + 1, n)
    if bug == NO_REMAINDER:
        return worker * (n // workers)
    return worker * n // workers


@helper
def end(worker, workers, n, bug):
    if bug == SHIFTED:
        return worker * n // workers + n // workers
    last = begin(worker + 1, workers, n, bug)
    return last + 1 if bug == OVERLAPPING and worker < workers - 1 else last


@helper
def reduce_scatter(worker, workers, parts, gradients, bug):
    n = gradients.shape[1]
    row = gradients[worker % gradients.shape[0]]
    first, last = begin(worker, workers, n, bug), end(worker, workers, n, bug)
    if bug == IN_TURN:
        for i in range(first, last):
            total = parts[0, i]
            for p in range(1, workers):
                total += parts[p, i]
            row[i] = total / workers
    elif bug == OWN_PART:
        for i in range(first, last):
            row[i] = parts[worker, i]
    else:
        add_parts(parts, workers - 1 if bug == ALL_BUT_ONE else workers, row, first, last)
    if bug == SUMMED:
        for i in range(first, last):
            row[i] *= workers


@helper
def update(worker, workers, parameters, gradients, moments, hyper, size, root, bug):
    beta1, beta2, eps, decay, box = hyper[0], hyper[1], hyper[2], hyper[3], hyper[4]
    n = parameters.shape[1]
    x, g = parameters[worker % parameters.shape[0]], gradients[worker % gradients.shape[0]]
    if bug == NO_LAST and worker == workers - 1:
        return
    for i in range(begin(worker, workers, n, bug), end(worker, workers, n, bug)):
        x[i], moments[0, i], moments[1, i] = adapted(
            *(x[i], g[i], moments[0, i], moments[1, i], beta1, beta2, eps, decay, box, size, root)
        )


@helper
def all_gather(worker, workers, rows, bug):
    n = rows.shape[1]
    if rows.shape[0] == 1 or bug == NO_GATHER:
        return
    for owner in range(workers):
        source = (owner + 1) % workers if bug == OTHER_OWNER else owner
        if source != worker:
            for i in range(begin(owner, workers, n, 0), begin(owner + 1, workers, n, 0)):
                rows[worker, i] = rows[source, i]


@helper
def sums(hyper, times):
    """The weights of both moments, advanced."""
    for _ in range(times):
        hyper[5] = averaged(hyper[5], hyper[0], 1.0)
        hyper[6] = averaged(hyper[6], hyper[1], 1.0)


@step
def sharded_step(k, alpha, f, state, data, calls):  # noqa: C901, PLR0912 - a switch for each bug
    """hyper: that of sharded_adam, bug."""
    hyper = state.hyper
    x = state.x
    parts = state.sampler.parts
    workers, stage, bug = int(hyper[7]), int(hyper[8]), int(hyper[9])
    parameters, gradients, moments = divided(state.memory, stage, workers)
    if k == 0 and bug != EMPTY_REPLICAS:
        for row in range(parameters.shape[0]):
            for i in range(x.shape[0]):
                parameters[row, i] = x[i]
    sums(hyper, workers if bug == SUMS_OF_EACH else 1)
    size, root = alpha / hyper[5], math.sqrt(hyper[6])
    if bug != NO_BARRIER and (bug != NO_REDUCE_AFTER or k == 0):
        for worker in range(workers):
            reduce_scatter(worker, workers, parts, gradients, bug)
        for worker in range(workers):
            all_gather(worker, workers, gradients, NONE)
    if bug == GATHERS_FIRST:
        for worker in range(workers):
            all_gather(worker, workers, parameters, bug)
    for worker in range(workers):
        if bug == NO_BARRIER:
            reduce_scatter(worker, workers, parts, gradients, bug)
        update(worker, workers, parameters, gradients, moments, hyper, size, root, bug)
        if bug == NO_BARRIER:
            all_gather(worker, workers, parameters, bug)
            publish(worker, workers, parameters, x)
    if bug not in (GATHERS_FIRST, NO_BARRIER):
        for worker in range(workers):
            all_gather(worker, workers, parameters, bug)
    if bug != NO_BARRIER:
        for worker in range(workers):
            publish(worker, workers, parameters, x)
    return alpha, 0, 0
