"""Adam by P workers, each of which keeps a share of its memory (ZeRO; Rajbhandari, Rasley, Ruwase, He 2020).

Each worker has the gradient of one part of a mini-batch. stage=1: the moments are sharded, gradients are reduced and
gathered by all. stage=2: each worker reduces only its shard of the gradient. stage=3: the parameters are sharded too,
and gathered before each query. Workers act phase by phase in one process; on threads the same kernels compute the same
bits, and so does `adam` with the same sampling, whose batch is added by the same tree.

Of n parameters a worker holds 4 n numbers without shards, and 2 n + 2 n/P, n + 3 n/P or 4 n/P in stages 1, 2 and 3.
The query point, which stage 3 gathers for a while, and the worker's own gradient before it is reduced are not counted.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Annotated

import numpy as np

from gdbench.errors import BadInput
from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.optimizers._moments import averaged, past, quotient
from gdbench.optimizers._shards import all_gather, divided, floats, publish, reduce_scatter, rows_of, update
from gdbench.parameter import Range, Share, StepSize, Unit
from gdbench.problem import Array, Problem
from gdbench.sampling import Sampling, batch_of
from gdbench.samplings import batches
from gdbench.view import View

THEOREMS = ("adam_step",)
PARTS = replace(batches.make(size=32, parts=4), name="batches[parts=4]")


@step
def sharded(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    hyper = state.hyper
    x = state.x
    parts = state.sampler.parts
    workers, stage = int(hyper[7]), int(hyper[8])
    parameters, gradients, moments = divided(state.memory, stage, workers)
    if k == 0:
        for row in range(parameters.shape[0]):
            for i in range(x.shape[0]):
                parameters[row, i] = x[i]
    # As in `adam`; every worker would keep its own copy of the two sums.
    hyper[5] = averaged(hyper[5], hyper[0], 1.0)
    hyper[6] = averaged(hyper[6], hyper[1], 1.0)
    size, root = alpha / hyper[5], math.sqrt(hyper[6])
    for worker in range(workers):
        reduce_scatter(worker, workers, parts, gradients)
    for worker in range(workers):
        all_gather(worker, workers, gradients)
    for worker in range(workers):
        update(worker, workers, parameters, gradients, moments, hyper, size, root)
    for worker in range(workers):
        all_gather(worker, workers, parameters)
    for worker in range(workers):
        publish(worker, workers, parameters, x)
    return alpha, 0, 0


def naive(view: View) -> Iterator[Array]:
    """One worker that remembers all gradients, each the mean over its batch."""
    beta1, beta2, eps, decay = (view.declared[name] for name in ("beta1", "beta2", "eps", "decay"))
    slopes: list[Array] = []
    x = view.start
    for k in count():
        yield x
        slopes.append(view.batch(x, view.chosen(k)) + decay * x)
        mean = past(slopes, beta1, corrected=True)
        square = past([slope**2 for slope in slopes], beta2, corrected=True)
        x = x - view.alpha(k) * quotient(mean, np.sqrt(square) + eps)


def make(
    alpha: Annotated[StepSize, Unit(x=1)] = StepSize("0.001"),
    sampling: Sampling = PARTS,
    workers: Annotated[int, Range(low=2, high=4096)] = 4,
    stage: Annotated[int, Range(low=1, high=3)] = 1,
    beta1: Share = 0.9,
    beta2: Share = 0.999,
    eps: Annotated[float, Range(low=0.0), Unit(f=1, x=-1)] = 1e-8,
    decay: Annotated[float, Range(low=0.0), Unit(f=1, x=-2)] = 0.0,
) -> Optimizer:
    """alpha: a length. sampling: batches in as many parts as there are workers. stage: what is sharded, moments (1),
    gradients too (2), parameters too (3). eps: in units of g. decay: of the weights, in units of L.
    """
    _check(sampling, workers)

    def tune(problem: Problem) -> Tuning:
        batch_of(sampling, problem, "sharded_adam")
        if workers > problem.n:
            given = f"workers={workers} are more than the {problem.n} variables of {problem.name}"
            nearest = f"the nearest valid value is {problem.n}" if problem.n > 1 else "one is not shared among workers"
            raise BadInput(f"{given}: {nearest}.")
        size = problem.step_size(alpha)
        declared = {"alpha": size, "beta1": beta1, "beta2": beta2, "eps": eps, "decay": decay, "correction": 1.0}
        hyper = (beta1, beta2, eps, decay, math.inf, 0.0, 0.0, float(workers), float(stage))
        return Tuning(plan=(size,), hyper=hyper, declared=declared)

    def report(problem: Problem) -> Mapping[str, Mapping[str, float]]:
        return {"floats per worker": floats(problem.n, workers, stage)}

    return Optimizer(
        step=sharded,
        tune=tune,
        source="Rajbhandari, Rasley, Ruwase, He 2020; Kingma and Ba 2015",
        theorems=THEOREMS,
        memory=rows_of(stage, workers),
        sampling=sampling,
        draws=True,
        report=report,
        naive=naive,
    )


def _check(sampling: Sampling, workers: int) -> None:
    """As many parts as workers."""
    batch = sampling.batch
    size = workers if batch is None else max(workers, batch.size // workers * workers)
    if batch is None or batch.parts != workers:
        needs = f"sampling={sampling} does not give each of workers={workers} a part of a batch"
        raise BadInput(f"{needs}: write sampling=batches[size={size},parts={workers}].")
