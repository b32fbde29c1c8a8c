"""A method as its coefficients: y_k = x_0 - sum_j H[k, j] g(y_j), read off its own step kernel.

The method is run on an oracle that answers its j-th question with the gradient e_j, wherever it is asked: where it
stands then spells out H. Runs with gradients of other sizes and angles and other values of f must give the same
H, or the method's steps depend on what it sees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdbench.errors import BadInput
from gdbench.kernel import COLUMNS, box_data, box_pair, box_state, descend, oracle, prepare, product, value
from gdbench.kernel.driver import AHEAD, FINISHED, QUERY, STATUS
from gdbench.optimizer import Optimizer
from gdbench.problem import Array, Problem

#: Coefficients are the same within this share of the largest: those of the other runs are solved for.
SAME = 1e-9
#: The smallest and largest gradients are this and its inverse: no threshold lies outside.
FAINT = 2.0**-40


@oracle
def spelled_oracle(x, g, data):  # type: ignore[no-untyped-def]
    n = x.shape[0]
    j = min(data.draw[0], n - 1)
    for i in range(n):
        data.scratch[j * n + i] = x[i]
        g[i] = data.matrix[j, i]
    data.draw[0] += 1
    return data.vector[j]


@value
def spelled_value(x, data):  # type: ignore[no-untyped-def]
    return data.vector[0]


@product
def spelled_product(x, v, out, data):  # type: ignore[no-untyped-def]
    data.draw[1] = 1
    for i in range(x.shape[0]):
        out[i] = v[i]


@dataclass(frozen=True, slots=True)
class Coefficients:
    """H of the query points, shape (k + 1, k + 1), and of the last iterate that theorems bound, shape (k + 1,)."""

    queries: Array
    judged: Array


def coefficients(optimizer: Optimizer, problem: Problem, k: int) -> Coefficients:
    """H of a method tuned to a problem; `BadInput` where no fixed H is its own."""
    first = _spelled(optimizer, problem, np.eye(k + 1), np.ones(k + 1))
    uneven = (np.eye(k + 1) + 0.5 * np.eye(k + 1, k=-1)) * np.where(np.arange(k + 1) % 2 == 0, 0.25, 4.0)[:, np.newaxis]
    values = 3.0 + np.arange(k + 1.0)
    others = [_spelled(optimizer, problem, uneven * size, values * size) for size in (FAINT, 1.0 / FAINT)]
    if first is None or None in others:
        raise BadInput(f"PEPit cannot express {optimizer.name}: it asks for more than one gradient a step.")
    scale = float(np.abs(first.queries).max())
    if not all(other is not None and _apart(first, other) <= SAME * scale for other in others):
        raise BadInput(f"PEPit cannot express {optimizer.name}: its steps depend on the gradients and values it sees.")
    return first


def _apart(one: Coefficients, other: Coefficients) -> float:
    return float(max(np.abs(one.queries - other.queries).max(), np.abs(one.judged - other.judged).max()))


def _spelled(optimizer: Optimizer, problem: Problem, gradients: Array, values: Array) -> Coefficients | None:
    """H from a run that is answered by the rows of `gradients`, shape (k + 1, k + 1); None where it asks for more."""
    count = len(values)
    tuning = optimizer.tune(problem)
    x, memory = np.zeros(count), np.zeros((max(optimizer.rows(problem), 1), count))
    draw, scratch = np.zeros(2, dtype=np.int64), np.zeros(count * count)
    layers = np.array([0, count], dtype=np.int64)
    data = box_data(gradients, np.zeros((1, 1)), values, scratch, layers, np.zeros(1, np.int64), draw)
    state = box_state(x, np.zeros(count), memory, np.array([*tuning.hyper, 0.0]))
    pair = box_pair(spelled_oracle, spelled_value, spelled_product, optimizer.schedule.kernel, optimizer.step)
    plan = np.array([*tuning.plan, *optimizer.schedule.parameters])
    control, rows, trace = np.zeros(6, dtype=np.int64), np.zeros((count, len(COLUMNS))), np.zeros((2, count))
    judged = memory[0] if optimizer.ahead else x
    prepare(descend)(
        *(pair, state, judged, plan, data, np.zeros(count), 0, count, count - 1, trace),
        *(AHEAD if optimizer.ahead else QUERY, 1, np.array([-1.0, -np.inf, np.inf]), control, rows),
    )
    alone = np.array_equal(rows[:, COLUMNS.index("gradient_calls")], np.arange(1.0, count + 1.0))
    if control[STATUS] != FINISHED or not alone or rows[-1, COLUMNS.index("value_calls")] or draw[1]:
        return None
    # Each row of `moved` is -H times the gradients.
    moved = np.concatenate([scratch.reshape(count, count), judged[np.newaxis]])
    found = -np.linalg.solve(gradients.T, moved.T).T
    return Coefficients(found[:-1], found[-1])
