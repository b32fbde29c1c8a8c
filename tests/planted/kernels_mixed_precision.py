"""Mixed precision with a switch: 0 is what the project does, every other code one bug."""

import math

from gdbench.kernel import helper, rounded, step, to_float32

NONE = 0
#: Of the rounding.
CUT, TIES_AWAY, FLUSHED, TWICE, SATURATED = range(1, 6)
#: Of the step.
SCALED_MOMENTUM, STILL_SCALED, ROUNDED_FIRST, EXACT_GRADIENT, ROUNDED_MASTER, AT_THE_MASTER, EXACT_START = range(6, 13)
UNSEEN = 13
#: Of the scale.
SKIPS_NOTHING, FADES, KEEPS_SCALE, QUARTERS, EARLY, LATE, COUNTS_ON, GROWS_ON = range(14, 22)


@helper
def bent(x, spread, smallest, largest, bug):
    near = rounded(x, spread, smallest, largest)
    # Its last digit, as in gdbench.kernel.rounding.
    q = 4503599627370497.0 * min(max(abs(x), smallest), largest)
    digit = spread * abs(q - (1.0 - 2.0**-53) * q) / 6755399441055744.0
    if bug == CUT and abs(near) > abs(x):
        return near - math.copysign(digit, x)
    if bug == TIES_AWAY and abs(x - near) == 0.5 * digit:
        return x + math.copysign(0.5 * digit, x)
    if bug == FLUSHED and abs(near) < smallest:
        return 0.0
    if bug == TWICE:
        return rounded(to_float32(x), spread, smallest, largest)
    if bug == SATURATED and abs(near) > largest:
        return math.copysign(largest, x)
    return near


@helper
def grows(hyper, interval, bug):
    hyper[7] += 1.0
    due = interval + (1.0 if bug == LATE else -1.0 if bug == EARLY else 0.0)
    if hyper[7] == due or (bug == GROWS_ON and hyper[7] > due):
        if bug != GROWS_ON:
            hyper[7] = 0.0
        larger = to_float32(2.0 * hyper[6])
        if larger < math.inf:
            hyper[6] = larger


@helper
def ask_again(x, g, hyper, bug, data, calls):
    oracle = calls.oracle
    asked = 0
    for i in range(x.shape[0]):
        kept = bent(x[i], hyper[3], hyper[4], hyper[5], bug)
        asked = asked if kept == x[i] else 1
        x[i] = kept
    if asked == 1:
        oracle(x, g, data)
    return asked


@helper
def keep(g, slope, hyper, bug):
    """Write what is kept of the gradient, scaled, to slope; returns whether all of it is finite."""
    spread, smallest, largest, scale = hyper[3], hyper[4], hyper[5], hyper[6]
    finite = True
    for i in range(g.shape[0]):
        if bug == ROUNDED_FIRST:
            slope[i] = scale * bent(g[i], spread, smallest, largest, bug)
        elif bug == EXACT_GRADIENT:
            slope[i] = scale * g[i]
        else:
            slope[i] = bent(scale * g[i], spread, smallest, largest, bug)
        finite = finite and abs(slope[i]) < math.inf
    return finite


@helper
def back_off(velocity, hyper, bug):
    if bug != KEEPS_SCALE:
        hyper[6] = to_float32((0.25 if bug == QUARTERS else 0.5) * hyper[6])
    if bug != COUNTS_ON:
        hyper[7] = 0.0
    if bug == FADES:
        for i in range(velocity.shape[0]):
            velocity[i] *= hyper[0]


@helper
def move(x, alpha, scale, memory, hyper, bug):
    """A step by the slopes of memory[2], which were kept at a scale; returns whether all weights are finite."""
    judged, velocity, slope = memory[0], memory[1], memory[2]
    keeps_master = hyper[2] != 0.0
    finite = True
    for i in range(x.shape[0]):
        unscaled = slope[i] if bug in (SCALED_MOMENTUM, STILL_SCALED) else slope[i] / scale
        velocity[i] = hyper[0] * velocity[i] + unscaled
        along = velocity[i] / scale if bug == SCALED_MOMENTUM else velocity[i]
        moved = (judged[i] if keeps_master else x[i]) - alpha * along
        x[i] = bent(moved, hyper[3], hyper[4], hyper[5], bug)
        judged[i] = moved if keeps_master and bug != ROUNDED_MASTER else x[i]
        finite = finite and abs(x[i]) < math.inf
        if bug == AT_THE_MASTER:
            x[i] = judged[i]
    return finite


@step
def bent_step(k, alpha, f, state, data, calls):
    """hyper: those of the method, bug."""
    hyper = state.hyper
    interval, scale, bug = hyper[1], hyper[6], int(hyper[8])
    x = state.x
    memory = state.memory
    again = k == 0 and bug not in (EXACT_START, AT_THE_MASTER)
    asked = ask_again(x, state.g, hyper, bug, data, calls) if again else 0
    if not keep(state.g, memory[2], hyper, bug):
        if interval == 0.0:
            return 0.0, -2, asked
        back_off(memory[1], hyper, bug)
        if bug != SKIPS_NOTHING:
            return 0.0, 0 if hyper[6] > 0.0 else -3, asked
    finite = move(x, alpha, scale, memory, hyper, bug)
    if interval > 0.0:
        grows(hyper, interval, bug)
    return alpha, 0 if finite or bug == UNSEEN else -1, asked
