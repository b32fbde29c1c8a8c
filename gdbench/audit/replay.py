"""A run of the compiled kernels, or of the same kernels as plain Python, of which every iterate is kept."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gdbench.kernel import COLUMNS, box_data, box_pair, box_state, descend, plain, plain_boxes, prepare
from gdbench.optimizer import Optimizer
from gdbench.problem import Array, Problem
from gdbench.stage import arrays_of, kernels_of, look_of

#: Neither ||g|| nor f ends a replay, unless they are no numbers.
NO_LIMITS = (-1.0, -math.inf, math.inf)


def replay(problem: Problem, optimizer: Optimizer, iterations: int, *, as_python: bool = False, seed: int = 0) -> Array:
    """The iterates x_k that theorems speak of, shape (iterations + 1, n), or fewer of a run that ended early.

    `BadInput` is raised where the problem lacks what the tuning needs.
    """
    tuning = optimizer.tune(problem)
    arrays, kernels = arrays_of(problem, optimizer, tuning, seed), kernels_of(problem, optimizer)
    x, memory = arrays[0], arrays[2]
    judged = memory[0] if optimizer.ahead else x
    drive: Any
    if as_python:
        drive = plain(descend)
        pair, state, data = plain_boxes(map(plain, kernels), arrays, problem.arrays())
    else:
        drive, pair = prepare(descend), box_pair(*kernels)
        state, data = box_state(*arrays), box_data(*problem.arrays())
    plan = np.array([*tuning.plan, *optimizer.schedule.parameters])
    trace, rows = np.tile(x, (iterations + 2, 1)), np.zeros((iterations + 1, len(COLUMNS)))
    control = np.zeros(6, dtype=np.int64)
    with np.errstate(all="ignore"):
        last = drive(
            *(pair, state, judged, plan, data, np.zeros(problem.n), 0, iterations + 1, iterations),
            *(trace, look_of(optimizer), 1, np.array(NO_LIMITS), control, rows),
        )
    return trace[1 : last + 2]
