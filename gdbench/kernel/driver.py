"""The driver: one loop, compiled once for every pair of problem and optimizer, that runs, records and counts.

A row of `rows` describes x_k: the columns COLUMNS, then the first coordinates of x_k where the buffer is wider.
"""

from __future__ import annotations

import math

from gdbench.kernel.contract import (
    DATA,
    INTEGERS,
    MATRIX,
    PAIR,
    STATE,
    VECTOR,
    i64,
    inlined,
    role,
)
from gdbench.kernel.lanes import dist2, dot

#: f: f(x_k). f_query: what the oracle said at its query point. grad2: ||g||^2 there. dist2: ||x_k - x*||^2.
#: step2: ||x_k - x_{k-1}||^2, 0 at the start. alpha: step size of update k, NaN in the last row.
#: value_calls, gradient_calls: what update k asked for beyond the oracle's one call at its query point.
COLUMNS = ("f", "f_query", "grad2", "dist2", "step2", "alpha", "value_calls", "gradient_calls")

#: Which iterate is judged: the query point; the query point of a stochastic oracle; or memory[0].
QUERY, SAMPLED, AHEAD = 0, 1, 2

RUNNING, FINISHED, CONVERGED, REACHED, DIVERGED, FAILED, STOPPED = range(7)

#: control[STOP] is set from another thread; the kernel answers in the other cells.
STOP, STATUS, FAILURE, RECORD_CALLS = range(4)
#: limits: ||g||^2 at which to stop, f at which to stop, f beyond which the run has diverged.
GRAD2_LIMIT, VALUE_TARGET, VALUE_LIMIT = range(3)


@inlined
def _record(rows, i, judged, g, x_star, last, f, f_query):  # type: ignore[no-untyped-def]
    """Row i describes the judged iterate; last becomes that iterate."""
    rows[i, 0] = f
    rows[i, 1] = f_query
    rows[i, 2] = dot(g, g)
    rows[i, 3] = dist2(judged, x_star)
    rows[i, 4] = dist2(judged, last)
    rows[i, 5] = math.nan
    rows[i, 6] = 0.0
    rows[i, 7] = 0.0
    for j in range(judged.shape[0]):
        last[j] = judged[j]
    for j in range(min(rows.shape[1] - 8, judged.shape[0])):
        rows[i, 8 + j] = judged[j]


@inlined
def _status(f, grad2, limits, control):  # type: ignore[no-untyped-def]
    """Why to stop at this row, or RUNNING. Comparisons are negated so that NaN counts as diverged."""
    if not (abs(f) <= limits[2]) or not (grad2 < math.inf):
        return 4
    if f <= limits[1]:
        return 3
    if grad2 <= limits[0]:
        return 2
    if control[0] != 0:
        return 6
    return 0


@role(
    i64(
        *(PAIR, STATE, VECTOR, DATA, VECTOR, i64, i64, i64),
        *(VECTOR, i64, i64, VECTOR, INTEGERS, MATRIX),
    )
)
def descend(pair, state, plan, data, x_star, k0, k1, budget, last, look, stride, limits, control, rows):  # type: ignore[no-untyped-def]
    """Run rows k0 … k1 - 1 of a budget of updates and return the last k recorded; control[STATUS] says why it ended."""
    x = state.x
    g = state.g
    memory = state.memory
    calls = pair.calls
    oracle = calls.oracle
    value = calls.value
    schedule = pair.schedule
    step = pair.step
    for k in range(k0, k1):
        i = k - k0
        f_query = oracle(x, g, data)
        if look == 2:
            control[3] += 1
            _record(rows, i, memory[0], g, x_star, last, value(memory[0], data), f_query)
        elif look == 1 and k % stride == 0:
            control[3] += 1
            _record(rows, i, x, g, x_star, last, value(x, data), f_query)
        else:
            _record(rows, i, x, g, x_star, last, math.nan if look == 1 else f_query, f_query)
        judged = look != 1 or k % stride == 0
        status = _status(rows[i, 0] if judged else 0.0, rows[i, 2], limits, control)
        if status == 0 and k == budget:
            status = 1
        if status != 0:
            control[1] = status
            return k
        used, values, gradients = step(k, schedule(k, plan), f_query, state, data, calls)
        rows[i, 5] = used
        rows[i, 6] = max(values, 0)
        rows[i, 7] = gradients
        if values < 0:
            control[1] = 5
            control[2] = -values
            return k
    return k1 - 1
