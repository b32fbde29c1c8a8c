"""Bugs in sampled gradients, in their step and in their random numbers, seen over 4000 replicates."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from gdbench.optimizer import Optimizer
from gdbench.problem import Problem
from gdbench.run import Cell, run_pair
from gdbench.sampling import Room
from planted import kernels_stochastic as kernels
from planted.bugs import Bug, PlantOptimizer, tuned
from planted.checks import Check

REPLICATES, ITERATIONS = 4000, 8
QUAD, SPHERE = "quadratic[dim=3,kappa=10]", "quadratic[dim=5,kappa=1]"
SQUARES = "least_squares[samples=30,features=3]"
NOISY = "sgd[alpha=0.5/L,sampling=noise]"
AHEAD = "sgd[alpha=0.2/L,sampling=noise,beta=0.5,nesterov=true]"
DAMPED = "sgd[alpha=0.3/L,sampling=noise,beta=0.5,dampening=0.3,decay=0.2]"
MEAN = "sgd[alpha=0.3/L,sampling=noise,average=true]"
BATCHES = "sgd[alpha=0.1/L,sampling=batches[size=8]]"
DISTINCT = "sgd[alpha=0.1/L,sampling=batches[size=8,order=distinct]]"


def violated(theorem: str) -> Check:
    """Red: the theorem is violated over the replicates. Green is that it holds."""

    def check(problem: Problem, optimizer: Optimizer) -> bool:
        cell = Cell(optimizer.name, problem.name, ITERATIONS, replicates=REPLICATES)
        found = run_pair(problem, optimizer, cell).verdicts
        outcome = next(verdict.outcome for verdict in found if verdict.theorem == theorem)
        assert outcome in ("violated", "holds"), outcome
        return outcome == "violated"

    return check


def ignores_its_seed(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: two seeds give one run."""
    runs = [run_pair(problem, optimizer, Cell("method", "problem", ITERATIONS, seed=seed)) for seed in (0, 1)]
    return runs[0].summary["x"] == runs[1].summary["x"]


def stepping(bug: int, ahead: bool = False) -> PlantOptimizer:
    return tuned(kernels.stochastic_step, bug, memory=2, ahead=ahead, keep=5)


def sampling(kernel: Any, bug: int) -> PlantOptimizer:
    """The method with a planted sampling, whose only number is the bug."""

    def plant(optimizer: Optimizer) -> Optimizer:
        given = optimizer.sampling
        assert given is not None

        def room(problem: Problem) -> Room:
            return replace(given.room(problem), numbers=np.array([float(bug)]))

        return replace(optimizer, sampling=replace(given, kernel=kernel, room=room))

    return plant


noise = partial(sampling, kernels.noisy_gradient)
batch = partial(sampling, kernels.gradient_of_batch)
EXACT = violated("sgd_quad_exact")


def of_sgd(name: str, optimizer: str, plant: PlantOptimizer, problem: str = QUAD, check: Check = EXACT) -> Bug:
    return Bug(f"sgd: {name}", check, optimizer, problem, in_optimizer=plant)


SHARED = of_sgd("one draw of noise for all coordinates", NOISY, noise(kernels.SHARED))

BUGS = (
    of_sgd("the step is 1 % long", NOISY, stepping(kernels.HIGH_RATE)),
    of_sgd("moves by the velocity before", AHEAD.replace(",nesterov=true", ""), stepping(kernels.OLD_VELOCITY)),
    of_sgd("no look-ahead", AHEAD, stepping(kernels.NOT_AHEAD)),
    of_sgd("dampens the first gradient", DAMPED, stepping(kernels.DAMPED_FIRST)),
    of_sgd("the decay is not dampened", DAMPED, stepping(kernels.DECAY_UNDAMPED)),
    of_sgd("the mean leaves out the start", MEAN, stepping(kernels.START_LEFT_OUT, ahead=True)),
    of_sgd("the mean counts the start twice", MEAN, stepping(kernels.START_TWICE, ahead=True)),
    of_sgd("sigma is 5 % high", NOISY, noise(kernels.HIGH_SIGMA), SPHERE),
    of_sgd("every draw of noise is used twice", NOISY, noise(kernels.REUSED)),
    SHARED,
    of_sgd("two coordinates share a draw of noise", NOISY, noise(kernels.PAIRED)),
    of_sgd("the noise has sigma^2 for sigma", NOISY, noise(kernels.SQUARED)),
    of_sgd("the noise has a mean of 0.01", NOISY, noise(kernels.BIASED)),
    of_sgd("two normals from one uniform", NOISY, noise(kernels.ONE_UNIFORM)),
    of_sgd("the seed is ignored", NOISY, noise(kernels.NO_SEED), check=ignores_its_seed),
    of_sgd("all replicates are one", NOISY, noise(kernels.NO_REPLICATE)),
    of_sgd("the first sample is never drawn", BATCHES, batch(kernels.FIRST_NEVER), SQUARES),
    of_sgd("the last sample is never drawn", BATCHES, batch(kernels.LAST_NEVER), SQUARES),
    of_sgd("with replacement for without", DISTINCT, batch(kernels.NONE), SQUARES),
    of_sgd("a batch is divided by the number of all samples", BATCHES, batch(kernels.OVER_ALL), SQUARES),
    of_sgd("the last of a batch is dropped", BATCHES, batch(kernels.LAST_DROPPED), SQUARES),
    of_sgd("every batch is used twice", BATCHES, batch(kernels.SAME_BATCH), SQUARES),
    of_sgd("all replicates draw the same batches", BATCHES, batch(kernels.ALL_ALIKE), SQUARES),
    of_sgd("sigma is 5 % high where a bound is attained", "sgd[alpha=1/L,sampling=noise]", noise(kernels.HIGH_SIGMA),
           SPHERE, violated("sgd_sc_const")),
)  # fmt: skip

#: Planted kernels with their switch off, by the method they stand for.
HONEST = {
    NOISY: noise(kernels.NONE),
    AHEAD: stepping(kernels.NONE),
    DAMPED: stepping(kernels.NONE),
    MEAN: stepping(kernels.NONE, ahead=True),
    BATCHES: batch(kernels.NONE),
}
