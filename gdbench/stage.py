"""All that the driver is handed for a run: arrays of its own, boxed, and the compiled functions that they go to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gdbench.errors import BadInput
from gdbench.kernel import box_data, box_pair, box_state
from gdbench.kernel.contract import no_batch, whole
from gdbench.kernel.driver import AHEAD, QUERY, SAMPLED
from gdbench.optimizer import Optimizer, Tuning
from gdbench.problem import Array, Problem


@dataclass(frozen=True, slots=True)
class Stage:
    """One run's belongings. judged, shape (n,), is where the iterate lies that theorems bound; look is the driver's."""

    pair: Any
    state: Any
    data: Any
    x: Array
    judged: Array
    plan: Array
    look: int


def look_of(optimizer: Optimizer) -> int:
    """Which iterate is judged, and whether the gradient is sampled, as the driver numbers them."""
    return (AHEAD if optimizer.ahead else QUERY) + (SAMPLED if optimizer.sampling is not None else 0)


def kernels_of(problem: Problem, optimizer: Optimizer) -> tuple[Any, ...]:
    """The seven functions of a run, as `box_pair` takes them."""
    sample = whole if optimizer.sampling is None else optimizer.sampling.kernel
    of_problem = (problem.oracle, problem.value, problem.product)
    return (*of_problem, optimizer.schedule.kernel, optimizer.step, problem.batch or no_batch, sample)


def arrays_of(
    problem: Problem, optimizer: Optimizer, tuning: Tuning, seed: int = 0
) -> tuple[Array, Array, Array, Array, tuple[Any, ...] | None]:
    """x and g (n,), memory (rows, n), the hyperparameters and the sampler's arrays at the start of a run.

    `BadInput` where the sampling does not go with the problem, or with the step.
    """
    if optimizer.draws and (optimizer.sampling is None or optimizer.sampling.batch is None):
        raise BadInput(f"{optimizer.name} reads the samples that were drawn: it needs sampling=batches.")
    x = problem.start.copy()
    memory = np.zeros((max(optimizer.rows(problem), 1), problem.n))
    if optimizer.ahead:
        memory[0] = x
    sampler = None if optimizer.sampling is None else optimizer.sampling.arrays(problem, seed)
    return x, np.zeros(problem.n), memory, np.array([*tuning.hyper, 0.0]), sampler


def set_stage(problem: Problem, optimizer: Optimizer, tuning: Tuning, seed: int = 0) -> Stage:
    """The belongings of a run of its own at its start."""
    arrays = arrays_of(problem, optimizer, tuning, seed)
    x, memory = arrays[0], arrays[2]
    return Stage(
        pair=box_pair(*kernels_of(problem, optimizer)),
        state=box_state(*arrays),
        data=box_data(*problem.arrays()),
        x=x,
        judged=memory[0] if optimizer.ahead else x,
        plan=np.array([*tuning.plan, *optimizer.schedule.parameters]),
        look=look_of(optimizer),
    )
