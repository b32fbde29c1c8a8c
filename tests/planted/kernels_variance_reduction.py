"""SVRG and SAGA with a switch: 0 is what the project does, every other code one bug."""

from gdbench.kernel import step
from gdbench.optimizers.saga import TABLE, fill, sum_anew

NONE = 0
OLD_FULL, OLD_SNAPSHOT, OPPOSITE, FIRST_SAMPLES, PLAIN, FULL_OF_BATCH, LATE_MEAN, GOES_ON, COUNTS_ONE = range(1, 10)
LONG_EPOCH, BATCH_AGAIN = range(10, 12)
OLD_MEAN, WRITES_FIRST, MEAN_FIRST, AGAINST, NEXT_ROW, TWICE, BY_SIZE, EMPTY, SAME_ROWS, UNCOUNTED = range(1, 11)
LAST_ROW, NOT_ANEW, SUMMED = range(11, 14)


@step
def corrected_step(k, alpha, f, state, data, calls):  # noqa: C901, PLR0912 - a switch for each bug
    """hyper: epoch, average, bug."""
    epoch, average, bug = int(state.hyper[0]), state.hyper[1] > 0.0, int(state.hyper[2])
    x = state.x
    g = state.g
    snapshot, full, stale, mean = state.memory[0], state.memory[1], state.memory[2], state.memory[3]
    chosen, order = state.sampler.chosen, state.sampler.order
    if bug == LONG_EPOCH:
        epoch += 1
    place = k % epoch
    n = x.shape[0]
    if place == 0:
        for i in range(n):
            if bug != OLD_SNAPSHOT or k == 0:
                snapshot[i] = x[i]
            stale[i] = g[i]
            mean[i] = 0.0 if bug == LATE_MEAN else x[i]
        if bug == FULL_OF_BATCH:
            calls.batch(snapshot, full, chosen, data)
        elif k == 0 or bug != OLD_FULL:
            calls.oracle(snapshot, full, data)
        if bug == OLD_SNAPSHOT:
            calls.batch(snapshot, stale, chosen, data)
        asked = 1 if bug == COUNTS_ONE else order.shape[0]
    else:
        calls.batch(snapshot, stale, order[: chosen.shape[0]] if bug == FIRST_SAMPLES else chosen, data)
        asked = 2 * chosen.shape[0] if bug == BATCH_AGAIN else chosen.shape[0]
        if bug != LATE_MEAN:
            for i in range(n):
                mean[i] += (x[i] - mean[i]) / (place + 1)
    for i in range(n):
        if bug == OPPOSITE:
            x[i] -= alpha * (g[i] + stale[i] - full[i])
        elif bug == PLAIN:
            x[i] -= alpha * g[i]
        else:
            x[i] -= alpha * (g[i] - stale[i] + full[i])
        if bug == LATE_MEAN:
            mean[i] += (x[i] - mean[i]) / (place + 1)
    if average and place == epoch - 1:
        for i in range(n):
            if bug != GOES_ON:
                x[i] = mean[i]
            snapshot[i] = mean[i]
    return alpha, 0, asked


@step
def tabled_step(k, alpha, f, state, data, calls):  # noqa: C901, PLR0912 - a switch for each bug
    """hyper: bug."""
    bug = int(state.hyper[0])
    x = state.x
    g = state.g
    memory = state.memory
    mean, direction, fresh = memory[0], memory[1], memory[2]
    chosen, order = state.sampler.chosen, state.sampler.order
    m, size, n = order.shape[0], chosen.shape[0], x.shape[0]
    asked = 0
    if k == 0 and bug != EMPTY:
        fill(x, memory, order, data, calls)
        asked += 0 if bug == UNCOUNTED else m
    if k == 0 or (k % m == 0 and bug not in (OLD_MEAN, NOT_ANEW, TWICE, BY_SIZE)):
        sum_anew(memory, m)
    if bug == WRITES_FIRST:
        for j in range(size):
            calls.batch(x, memory[TABLE + chosen[j]], chosen[j : j + 1], data)
        sum_anew(memory, m)
    for i in range(n):
        direction[i] = 0.0
    for s in chosen:
        row = memory[TABLE + s]
        for i in range(n):
            direction[i] += row[i]
    for i in range(n):
        held = mean[i]
        if bug == MEAN_FIRST:
            held += (g[i] * size - direction[i]) / m
        if bug == TWICE:
            # Every draw takes its row as it was before the step.
            mean[i] += (g[i] * size - direction[i]) / m
        direction[i] = g[i] - direction[i] / (1 if bug == SUMMED else size) + held
        if bug == AGAINST:
            direction[i] = 2.0 * held - direction[i]
    for j in range(size):
        s = chosen[j]
        calls.batch(x, fresh, chosen[j : j + 1], data)
        if bug == SAME_ROWS:
            for i in range(n):
                fresh[i] = g[i]
        if bug == LAST_ROW and j < size - 1:
            continue
        row = memory[TABLE + ((s + 1) % m if bug == NEXT_ROW else s)]
        for i in range(n):
            if bug not in (OLD_MEAN, TWICE):
                mean[i] += (fresh[i] - row[i]) / (size if bug == BY_SIZE else m)
            row[i] = fresh[i]
    if size > 1:
        asked += size
    for i in range(n):
        x[i] -= alpha * direction[i]
    return alpha, 0, asked
