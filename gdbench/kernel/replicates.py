"""Many runs of one stochastic method that differ in their random numbers alone; iterates are kept at checkpoints."""

from __future__ import annotations

import math

from gdbench.kernel.contract import DATA, INTEGERS, MATRIX, PAIR, STATE, VECTOR, i64, inlined, role


@inlined
def _begin(state, judged, start, hyper, replicate, ahead):  # type: ignore[no-untyped-def]
    """A run's belongings as they are at its start."""
    n = start.shape[0]
    memory = state.memory
    for row in range(memory.shape[0]):
        for i in range(n):
            memory[row, i] = 0.0
    for i in range(n):
        state.x[i] = start[i]
        if ahead:
            judged[i] = start[i]
    for i in range(hyper.shape[0]):
        state.hyper[i] = hyper[i]
    sampler = state.sampler
    sampler.words[2] = replicate
    for i in range(sampler.order.shape[0]):
        sampler.order[i] = i


@role(i64(PAIR, STATE, VECTOR, VECTOR, VECTOR, VECTOR, DATA, INTEGERS, i64, i64, i64, INTEGERS, MATRIX, MATRIX))
def replicate(pair, state, judged, start, hyper, plan, data, ladder, ahead, first, last, control, values, iterates):  # type: ignore[no-untyped-def]
    """Run replicates first … last - 1 up to the last checkpoint; returns how many ran before control[0] was set.

    ladder, shape (c,), holds the checkpoints, rising. Row r - first of values (replicates, c) is f, and row (r - first)
    c + j of iterates is the judged iterate at checkpoint j; NaN after a step that failed.
    """
    calls = pair.calls
    schedule = pair.schedule
    step = pair.step
    sample = pair.sample
    value = calls.value
    count = ladder.shape[0]
    end = ladder[count - 1]
    for r in range(first, last):
        _begin(state, judged, start, hyper, r, ahead != 0)
        reached = 0
        row = r - first
        for k in range(end + 1):
            # The stop flag is looked at now and then.
            if k & 1023 == 0 and control[0] != 0:
                return row
            if k == ladder[reached]:
                values[row, reached] = value(judged, data)
                for i in range(start.shape[0]):
                    iterates[row * count + reached, i] = judged[i]
                reached += 1
                if reached == count:
                    break
            f, _ = sample(k, state, data, calls)
            _, status, _ = step(k, schedule(k, plan), f, state, data, calls)
            if status < 0:
                break
        for j in range(reached, count):
            values[row, j] = math.nan
            for i in range(start.shape[0]):
                iterates[row * count + j, i] = math.nan
    return last - first
