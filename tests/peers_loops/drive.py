"""One method's driver or loop on one problem, ready to be run many times from the same start, both in the same way.

The set-up is that of `gdbench.run`: the same kernels, boxes and options. Repeats are made by compiled code, so that the
call from Python weighs nothing, however small the problem.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
from numba import types

from gdbench import registry
from gdbench.kernel import COLUMNS, box_data, box_pair, box_state, descend, prepare
from gdbench.kernel.driver import AHEAD, GRADIENT_CALLS, QUERY, RECORD_CALLS, STATUS, VALUE_CALLS
from gdbench.problem import Array, Problem
from peers_loops.parts import LOOP, RECORDED, VECTOR, Loop, compiled

FINISHED = 1


def dense(n: int, loop: Loop) -> Problem:
    return registry.problem(f"quadratic[dim={n},kappa={loop.kappa!r},rotated=true]")


@dataclass(frozen=True)
class Walk:
    """The judged iterate after the last step, the rows of all iterates by RECORDED, the products they took, and the
    largest entry of x_0.
    """

    x: Array
    rows: Array
    products: int
    start: float


@dataclass(frozen=True)
class Player:
    """again(repeats) runs it anew as often; walk() runs it once and says where that led."""

    again: Callable[[int], object]
    walk: Callable[[], Walk]


@numba.njit
def drive_again(repeats, drive, arrays, beginnings):
    x, memory, hyper, trace, rows = arrays
    x_start, memory_start, hyper_start = beginnings
    pair, state, judged, plan, data, x_star, steps, look, limits, control = drive
    for _ in range(repeats):
        for i in range(x.shape[0]):
            x[i] = trace[0, i] = x_start[i]
            for j in range(memory.shape[0]):
                memory[j, i] = memory_start[j, i]
        for i in range(hyper.shape[0]):
            hyper[i] = hyper_start[i]
        for i in range(control.shape[0]):
            control[i] = 0
        descend(pair, state, judged, plan, data, x_star, 0, steps + 1, steps, trace, look, 1, limits, control, rows)


@numba.njit(types.int64(types.int64, types.FunctionType(LOOP), VECTOR, *LOOP.args))
def loop_again(repeats, run, start, matrix, x, x_star, L, mu, steps, record, rows):
    products = 0
    for _ in range(repeats):
        for i in range(x.shape[0]):
            x[i] = start[i]
        products = run(matrix, x, x_star, L, mu, steps, record, rows)
    return products


def driver(selector: str, problem: Problem, steps: int, record: bool) -> Player:
    """gdbench's run; without `record` f is known at the query point alone, where the method asks for it anyway."""
    optimizer = registry.optimizer(selector)
    tuning = optimizer.tune(problem)
    start = problem.start
    x, g = start.copy(), np.zeros(problem.n)
    memory = np.zeros((max(optimizer.rows(problem), 1), problem.n))
    if optimizer.ahead:
        memory[0] = start
    hyper = np.array([*tuning.hyper, 0.0])
    trace, rows = np.tile(start, (2, 1)), np.zeros((steps + 1, len(COLUMNS)))
    judged = memory[0] if optimizer.ahead else x
    control = np.zeros(6, dtype=np.int64)
    drive = (
        box_pair(problem.oracle, problem.value, problem.product, optimizer.schedule.kernel, optimizer.step),
        box_state(x, g, memory, hyper),
        judged,
        np.array([*tuning.plan, *optimizer.schedule.parameters]),
        box_data(*problem.arrays()),
        problem.x_star,
        steps,
        AHEAD if optimizer.ahead and record else QUERY,
        np.array([-1.0, -math.inf, math.inf]),
        control,
    )
    prepare(descend)
    arrays, beginnings = (x, memory, hyper, trace, rows), (start, memory.copy(), hyper.copy())

    def again(repeats: int) -> None:
        drive_again(repeats, drive, arrays, beginnings)

    def walk() -> Walk:
        again(1)
        assert control[STATUS] == FINISHED
        products = control[RECORD_CALLS] + control[VALUE_CALLS] + control[GRADIENT_CALLS]
        seen = rows[:, [COLUMNS.index(name) for name in RECORDED]]
        return Walk(judged.copy(), seen, int(products), float(np.max(np.abs(start))))

    return Player(again, walk)


def by_hand(loop: Loop, problem: Problem, record: bool) -> Player:
    """The hand-written loop."""
    assert problem.L is not None and problem.mu is not None
    x, rows = problem.start.copy(), np.full((loop.steps + 1, len(RECORDED)), math.nan)
    fixed = (problem.matrix, x, problem.x_star, problem.L.value, problem.mu.value, loop.steps, record, rows)
    run = compiled(loop)

    def again(repeats: int) -> int:
        return int(loop_again(repeats, run, problem.start, *fixed))

    def walk() -> Walk:
        products = again(1)
        return Walk(x.copy(), rows.copy(), products, float(np.max(np.abs(problem.start))))

    return Player(again, walk)
