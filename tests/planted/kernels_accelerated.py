"""Accelerated, Krylov and second-order steps with a switch: 0 is what the project does, every other code one bug."""

import math

from gdbench.kernel import dot, oracle, step
from gdbench.optimizers.backtracking import armijo
from gdbench.optimizers.lbfgs import FIRST_ROW, FIRST_WEIGHT, two_loops
from gdbench.optimizers.newton import newton_direction

NONE = 0
INDEX_UP, INDEX_DOWN, STILL, SHORT_RATIO = range(1, 5)
PLAIN_LAST, NO_GAMMA, SWAPPED, EVERY_LAST, ONE_EARLY = range(1, 6)
AT_XI, RECORDS_XI, SHORT_STEP, WRONG_SIDE = range(1, 5)
STEEPEST, PLUS, LONG, UNCOUNTED, BEYOND = range(1, 6)
UNDAMPED, GRADIENT, TIMID, FREE_PRODUCTS, ONE_PRODUCT = range(1, 6)
NEVER, ALWAYS, OPPOSITE = range(1, 4)
NO_DECREASE, NO_CURVATURE, FORGETS, UNSCALED = range(1, 5)


@step
def ratio_step(k, alpha, f, state, data, calls):
    """hyper: bug."""
    bug = int(state.hyper[0])
    beta = k / (k + 3.0)
    if bug == INDEX_UP:
        beta = (k + 1.0) / (k + 4.0)
    if bug == INDEX_DOWN:
        beta = max(k - 1.0, 0.0) / (k + 2.0)
    if bug == STILL:
        beta = 0.0
    if bug == SHORT_RATIO:
        beta = k / (k + 1.0)
    y = state.x
    g = state.g
    x = state.memory[0]
    for i in range(y.shape[0]):
        moved = y[i] - alpha * g[i]
        y[i] = moved + beta * (moved - x[i])
        x[i] = moved
    return alpha, 0, 0


@step
def ogm_step(k, alpha, f, state, data, calls):
    """hyper: theta, horizon, bug."""
    theta, horizon, bug = state.hyper[0], int(state.hyper[1]), int(state.hyper[2])
    if bug == ONE_EARLY:
        horizon -= 1
    last = k % horizon == horizon - 1
    eight = (last and bug != PLAIN_LAST) or bug == EVERY_LAST
    theta_next = 0.5 * (1.0 + math.sqrt(1.0 + (8.0 if eight else 4.0) * theta * theta))
    beta, gamma = (theta - 1.0) / theta_next, theta / theta_next
    if bug == NO_GAMMA:
        gamma = 0.0
    if bug == SWAPPED:
        beta, gamma = gamma, beta
    state.hyper[0] = 1.0 if last else theta_next
    y = state.x
    g = state.g
    x = state.memory[0]
    for i in range(y.shape[0]):
        if k == 0:
            x[i] = y[i]
        moved = y[i] - alpha * g[i]
        y[i] = moved + beta * (moved - x[i]) - gamma * alpha * g[i]
        x[i] = moved
    return alpha, 0, 0


@step
def triple_step(k, alpha, f, state, data, calls):
    """hyper: beta, gamma, delta, bug."""
    beta, gamma, delta, bug = state.hyper[0], state.hyper[1], state.hyper[2], int(state.hyper[3])
    if bug == AT_XI:
        gamma = 0.0
    if bug == WRONG_SIDE:
        gamma = -gamma
    if bug == RECORDS_XI:
        delta = 0.0
    used = 0.9 * alpha if bug == SHORT_STEP else alpha
    y = state.x
    g = state.g
    x, xi, before = state.memory[0], state.memory[1], state.memory[2]
    for i in range(y.shape[0]):
        now = y[i] if k == 0 else xi[i]
        last = y[i] if k == 0 else before[i]
        moved = now + beta * (now - last) - used * g[i]
        y[i] = moved + gamma * (moved - now)
        x[i] = moved + delta * (moved - now)
        before[i] = now
        xi[i] = moved
    return alpha, 0, 0


@step
def conjugate_step(k, alpha, f, state, data, calls):
    """hyper: bug."""
    bug = int(state.hyper[0])
    x = state.x
    g = state.g
    direction, curved = state.memory[0], state.memory[1]
    bent = dot(direction, curved)
    beta = dot(g, curved) / bent if bent > 0.0 else 0.0
    if bug == STEEPEST:
        beta = 0.0
    if bug == PLUS:
        beta = -beta
    for i in range(x.shape[0]):
        direction[i] = beta * direction[i] - g[i]
    calls.product(x, direction, curved, data)
    bent = dot(direction, curved)
    size = -dot(g, direction) / bent if bent > 0.0 else 0.0
    if bug == LONG:
        size *= 1.01
    for i in range(x.shape[0]):
        x[i] += size * direction[i]
    return size, 0, 0 if bug == UNCOUNTED else 1


@step
def halving_step(k, alpha, f, state, data, calls):
    """What no combination of gradients does: every coordinate shrinks alike. hyper: bug."""
    x = state.x
    g = state.g
    for i in range(x.shape[0]):
        if state.hyper[0] == BEYOND:
            x[i] *= 0.5
        else:
            x[i] -= alpha * g[i]
    return alpha, 0, 0


@step
def newton_planted(k, alpha, f, state, data, calls):
    """hyper: factor, c, bug."""
    factor, c, bug = state.hyper[0], state.hyper[1], int(state.hyper[2])
    x = state.x
    g = state.g
    direction, trial = state.memory[0], state.memory[4]
    square = dot(g, g)
    if square == 0.0:
        return alpha, 0, 0
    products = newton_direction(x, g, state.memory, data, calls)
    slope = dot(g, direction)
    if bug == ONE_PRODUCT:
        calls.product(x, g, state.memory[3], data)
        size = square / dot(g, state.memory[3])
        for i in range(x.shape[0]):
            direction[i] = -size * g[i]
        slope = -size * square
    if bug == GRADIENT or not slope < 0.0:
        slope = -square
        for i in range(x.shape[0]):
            direction[i] = -g[i]
    if bug == UNDAMPED:
        for i in range(x.shape[0]):
            x[i] += alpha * direction[i]
        return alpha, 1, products
    first = 0.01 * alpha if bug == TIMID else alpha
    used, trials = armijo(first, f, slope, x, direction, trial, factor, c, data, calls)
    if trials > 0:
        for i in range(x.shape[0]):
            x[i] = trial[i]
    return used, trials, 0 if bug == FREE_PRODUCTS else products


@step
def restart_step(k, alpha, f, state, data, calls):
    """hyper: t, bug; the gradient's test."""
    t, bug = state.hyper[0], int(state.hyper[1])
    y = state.x
    g = state.g
    x, moved = state.memory[0], state.memory[1]
    along = 0.0
    for i in range(y.shape[0]):
        moved[i] = y[i] - alpha * g[i]
        along += g[i] * (moved[i] - x[i])
    if bug == OPPOSITE:
        along = -along
    harmful = (along > 0.0 and bug != NEVER) or bug == ALWAYS
    t_next = 0.5 * (1.0 + math.sqrt(1.0 + 4.0 * t * t))
    beta = 0.0 if harmful else (t - 1.0) / t_next
    state.hyper[0] = 1.0 if harmful else t_next
    for i in range(y.shape[0]):
        y[i] = moved[i] + beta * (moved[i] - x[i])
        x[i] = moved[i]
    return alpha, 0, 0


@step
def limited_step(k, alpha, f, state, data, calls):  # noqa: C901 - a search and an update in one
    """L-BFGS, its search written out; hyper: those of the method, whose own zero at [3] counts pairs, then the bug."""
    hyper = state.hyper
    kept, c1, c2, count = int(hyper[0]), hyper[1], hyper[2], int(hyper[3])
    bug = int(hyper[FIRST_WEIGHT + 2 * kept])
    x = state.x
    g = state.g
    memory = state.memory
    direction, trial, gradient = memory[0], memory[1], memory[2]
    n = x.shape[0]
    square = dot(g, g)
    if square == 0.0:
        return alpha, 0, 0
    for i in range(n):
        direction[i] = -g[i]
    two_loops(direction, memory, hyper, kept, count)
    if bug == UNSCALED and count > 0:
        for i in range(n):
            direction[i] *= 0.1
    slope = dot(g, direction)
    t = alpha if count > 0 else min(alpha, 1.0 / math.sqrt(square))
    short, long = 0.0, 0.0
    trials = 0
    for _ in range(60):
        trials += 1
        for i in range(n):
            trial[i] = x[i] + t * direction[i]
        found = calls.oracle(trial, gradient, data)
        if bug != NO_DECREASE and not found <= f + c1 * t * slope + 4.0 * 2.0**-52 * abs(f):
            long = t
        elif bug != NO_CURVATURE and not dot(gradient, direction) >= c2 * slope:
            short = t
        else:
            break
        t = 0.5 * (short + long) if long > 0.0 else 2.0 * short
    for i in range(n):
        moved = trial[i]
        trial[i] = moved - x[i]
        gradient[i] -= g[i]
        x[i] = moved
    bent = dot(trial, gradient)
    if bent > 2.0**-52 * dot(gradient, gradient) and bug != FORGETS:
        j = count % kept
        for i in range(n):
            memory[FIRST_ROW + 2 * j, i] = trial[i]
            memory[FIRST_ROW + 2 * j + 1, i] = gradient[i]
        hyper[FIRST_WEIGHT + 2 * j] = bent
        count += 1
    hyper[3] = count
    return t, 0, trials


@oracle
def climbing_oracle(x, g, data):
    """A diagonal quadratic whose gradient has the wrong sign."""
    for i in range(x.shape[0]):
        g[i] = -data.vector[i] * x[i]
    return -0.5 * dot(g, x)
