"""The points of a compiled run, and f and g there in 50 digits.

A trajectory keeps the coordinates of small problems only; the run is therefore made again, row by row, by the same
compiled driver: the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdbench.explain.repeat import BROKEN, Rehearsal, Row, capped
from gdbench.explain.transplant import Fifty
from gdbench.explain.wide import CapExceeded
from gdbench.kernel import COLUMNS, descend, prepare
from gdbench.optimizer import Optimizer, Tuning
from gdbench.problem import Array, Problem
from gdbench.run import Cell
from gdbench.stage import set_stage
from gdbench.trajectory import stride


@dataclass(frozen=True, slots=True)
class Point:
    """Row k of the compiled run, shape (8,), and where it was: query and judged point, shape (n,)."""

    k: int
    row: Array
    query: Array
    judged: Array


def points(problem: Problem, optimizer: Optimizer, tuning: Tuning, cell: Cell) -> Iterator[Point]:
    """Rows 0, 1, … of the run up to its budget; nothing stops it before."""
    stage = set_stage(problem, optimizer, tuning, cell.seed)
    x_star = problem.x_star if problem.x_star is not None else np.full(problem.n, math.nan)
    trace = np.tile(stage.x, (2, 1))
    control = np.zeros(6, dtype=np.int64)
    limits = np.array([-1.0, -math.inf, math.inf])
    drive = prepare(descend)
    for k in range(cell.iterations + 1):
        query, place, row = stage.x.copy(), stage.judged.copy(), np.zeros((1, len(COLUMNS)))
        drive(
            *(stage.pair, stage.state, stage.judged, stage.plan, stage.data, x_star, k, k + 1, cell.iterations),
            *(trace, stage.look, stride(cell.iterations), limits, control, row),
        )
        trace[0] = trace[1]
        yield Point(k, row[0], query, place)


def evaluated(
    problem: Problem, optimizer: Optimizer, made: Iterable[Point], arithmetic: Fifty, x_star: Any
) -> Iterator[Row]:
    """The rows of these points with f, g and distances in 50 digits; step sizes and counts are the run's.

    `NotRepeated` where a kernel leaves the arithmetic, or beyond the cap on operations.
    """
    try:
        rehearsal = Rehearsal(problem, arithmetic)
        yield from _rows(rehearsal, optimizer.ahead, made, arithmetic, x_star)
    except BROKEN as broken:
        raise rehearsal.reported(broken) from broken
    except CapExceeded:
        raise capped(arithmetic, "evaluating f and g at the points of the run") from None


def _rows(
    rehearsal: Rehearsal, ahead: bool, made: Iterable[Point], arithmetic: Fifty, x_star: Any
) -> Iterator[Row]:
    calls, data = rehearsal.calls, rehearsal.data
    g = arithmetic.array(np.zeros(len(x_star)))
    before = None
    for point in made:
        query, judged = arithmetic.array(point.query), arithmetic.array(point.judged)
        before = judged if before is None else before
        f_query = calls.oracle(query, g, data)
        f = calls.value(judged, data) if ahead else f_query
        step2 = rehearsal.dist2(judged, before)
        before = judged
        alpha, value_calls, gradient_calls = point.row[COLUMNS.index("alpha") :].tolist()
        yield Row(
            *(point.k, f, f_query, rehearsal.dot(g, g), rehearsal.dist2(judged, x_star), step2),
            *(arithmetic.kind.exactly(alpha), int(value_calls), int(gradient_calls)),
        )
