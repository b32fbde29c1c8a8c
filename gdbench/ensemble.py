"""Replicates of a stochastic cell: what theorems on expectations are judged by.

Replicate r draws from counters of its own, so that threads and their number change no bit; sums are taken in the order
of the replicates.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from gdbench.errors import BadInput
from gdbench.kernel import prepare
from gdbench.kernel.replicates import replicate
from gdbench.optimizer import Optimizer, Tuning
from gdbench.problem import Integers, Problem
from gdbench.stage import set_stage
from gdbench.theory.ensemble import Ensemble

#: Numbers that are held at most: replicates x checkpoints x (n + 1).
ROOM = 2**26
#: Checkpoints in every decade of k.
LADDER = (1, 2, 5)
#: Replicates that a thread takes at a time.
BLOCK = 64


def checkpoints(iterations: int) -> list[int]:
    """1, 2, 5, 10, … and the last iteration."""
    rungs = [step * 10**power for power in range(len(str(iterations))) for step in LADDER]
    return [*(k for k in rungs if k < iterations), iterations]


def check_room(problem: Problem, iterations: int, count: int) -> None:
    """Raise `BadInput` where the iterates of `count` replicates at all checkpoints are more than are held."""
    most = ROOM // (len(checkpoints(iterations)) * (problem.n + 1))
    if count > most:
        given = f"{count} replicates with {problem.n} variables"
        raise BadInput(f"{given} are too many: the nearest valid value is {most}.")


def run_ensemble(
    problem: Problem,
    optimizer: Optimizer,
    tuning: Tuning,
    iterations: int,
    count: int,
    control: Integers,
    *,
    seed: int = 0,
    threads: int | None = None,
) -> Ensemble | None:
    """Run `count` replicates on threads (default: one per core).

    The first entry of control ends the work, with None for an answer, once it is not 0. `BadInput` as of `check_room`.
    """
    check_room(problem, iterations, count)
    ladder = np.array(checkpoints(iterations), dtype=np.int64)
    values, iterates = np.zeros((count, len(ladder))), np.zeros((count * len(ladder), problem.n))
    work = prepare(replicate)

    def block(first: int) -> bool:
        stage = set_stage(problem, optimizer, tuning, seed)
        last = min(first + BLOCK, count)
        places = slice(first, last), slice(first * len(ladder), last * len(ladder))
        hyper = np.array([*tuning.hyper, 0.0])
        told = (stage.judged, problem.start, hyper, stage.plan, stage.data, ladder, int(optimizer.ahead))
        ran = work(stage.pair, stage.state, *told, first, last, control, values[places[0]], iterates[places[1]])
        return bool(ran == last - first)

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        whole = all(list(pool.map(block, range(0, count, BLOCK))))
    return Ensemble(ladder, values, iterates.reshape(count, len(ladder), problem.n)) if whole else None
