"""The driver: one loop, compiled once for every pair of problem and optimizer, that runs, records and counts.

A row of `rows` describes x_k by the columns COLUMNS; the iterates of small problems are kept in `trace`.
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
from gdbench.kernel.lanes import observe

#: f: f(x_k). f_query: what the oracle said at its query point. grad2: ||g||^2 there. dist2: ||x_k - x*||^2.
#: step2: ||x_k - x_{k-1}||^2, 0 at the start. alpha: step size of update k, NaN in the last row.
#: value_calls, gradient_calls: what the method has asked for up to x_k and its gradient, calls made only to record not
#: counted; where mini-batches are drawn gradients are counted by samples.
COLUMNS = ("f", "f_query", "grad2", "dist2", "step2", "alpha", "value_calls", "gradient_calls")

#: Which iterate is judged, the query point or memory[0] (AHEAD), and whether the gradient is sampled; f is then
#: recorded by `value` on the grid only.
QUERY, SAMPLED, AHEAD, SAMPLED_AHEAD = range(4)

RUNNING, FINISHED, CONVERGED, REACHED, DIVERGED, FAILED, STOPPED = range(7)

#: control[STOP] is set from another thread; the kernel answers in the other cells.
STOP, STATUS, FAILURE, RECORD_CALLS, VALUE_CALLS, GRADIENT_CALLS = range(6)
#: limits: ||g||^2 at which to stop, f at which to stop, f beyond which the run has diverged.
GRAD2_LIMIT, VALUE_TARGET, VALUE_LIMIT = range(3)


@inlined
def _status(f, grad2, tolerance, target, limit, stop):  # type: ignore[no-untyped-def]
    """Why to stop at this row, or RUNNING. Comparisons are negated so that NaN counts as diverged."""
    if not (abs(f) <= limit) or not (grad2 < math.inf):
        return 4
    if f <= target:
        return 3
    if grad2 <= tolerance:
        return 2
    return 6 if stop != 0 else 0


@role(
    i64(
        *(PAIR, STATE, VECTOR, VECTOR, DATA, VECTOR, i64, i64, i64),
        *(MATRIX, i64, i64, VECTOR, INTEGERS, MATRIX),
    )
)
def descend(pair, state, judged, plan, data, x_star, k0, k1, budget, trace, look, stride, limits, control, rows):  # type: ignore[no-untyped-def]
    """Run rows k0 … k1 - 1 of a budget of updates and return the last k recorded; control[STATUS] says why it ended.

    judged, shape (n,), is the array in which the judged iterate lies. trace holds iterates: either two rows, used in
    turn, or one more than `rows`, of which row 0 is the iterate before k0; at the start all of them are x_0.
    """
    x = state.x
    g = state.g
    calls = pair.calls
    oracle = calls.oracle
    value = calls.value
    schedule = pair.schedule
    step = pair.step
    sample = pair.sample
    sampled = look & 1 == 1
    tolerance = limits[0]
    target = limits[1]
    limit = limits[2]
    mask = 1 if trace.shape[0] == 2 else -1
    for k in range(k0, k1):
        i = k - k0
        if sampled:
            f_query, taken = sample(k, state, data, calls)
            control[5] += taken
        else:
            f_query = oracle(x, g, data)
            control[5] += 1
        f = f_query
        on_grid = True
        if look != 0:
            on_grid = look == 2 or k % stride == 0 or k == budget
            f = math.nan
            if on_grid:
                control[3] += 1
                f = value(judged, data)
        grad2, dist2, step2 = observe(g, judged, x_star, trace, i & mask, (i + 1) & mask)
        rows[i, 0] = f
        rows[i, 1] = f_query
        rows[i, 2] = grad2
        rows[i, 3] = dist2
        rows[i, 4] = step2
        rows[i, 6] = control[4]
        rows[i, 7] = control[5]
        status = _status(f if on_grid else limit, grad2, tolerance, target, limit, control[0])
        if status == 0 and k == budget:
            status = 1
        if status != 0:
            rows[i, 5] = math.nan
            control[1] = status
            return k
        used, values, gradients = step(k, schedule(k, plan), f_query, state, data, calls)
        rows[i, 5] = used
        control[4] += max(values, 0)
        control[5] += gradients
        if values < 0:
            control[1] = 5
            control[2] = -values
            return k
    return k1 - 1
