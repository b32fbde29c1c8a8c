"""Kernels with a switch: 0 is what the project does, every other code one bug."""

import math

import numpy as np

from gdbench.kernel import dot, oracle, step, value

NONE = 0
STEP, LATE, EARLY, LAST, STALE, SIGN, FLOAT32, NOT_A_NUMBER = range(1, 9)
OFF_BY_ONE, OPPOSITE, SCALED, ROOT, WARM, AT_X, WRONG_SIDE, RECORDS_Y, SWAPPED = range(1, 10)
LAGGING, NO_MOMENTUM, ADD_HALF, WARM_FISTA = range(1, 5)
NO_SLOPE, ACCEPTS_NAN, OTHER_FACTOR, MISCOUNT = range(1, 5)
FACTOR, BIAS, FLIPPED, DOMAIN = range(1, 5)


@step
def gradient_step(k, alpha, f, state, data, calls):
    """hyper: bug, amount; memory[0]: what is recorded where the iterate is not; memory[1]: the gradient before."""
    bug, amount = int(state.hyper[0]), state.hyper[1]
    x = state.x
    g = state.g
    recorded, stale = state.memory[0], state.memory[1]
    n = x.shape[0]
    used = alpha * amount if bug == STEP else alpha
    for i in range(n):
        if bug == LATE:
            recorded[i] = x[i]
        if bug == LAST and i == n - 1:
            continue
        direction = g[i]
        if bug == STALE:
            direction = stale[i] if k > 0 else g[i]
            stale[i] = g[i]
        if bug == SIGN and i == 0:
            direction = -direction
        x[i] -= used * direction
        if bug == FLOAT32:
            x[i] = np.float32(x[i])
    if bug == NOT_A_NUMBER and k == amount:
        x[0] = math.nan
    if bug == EARLY:
        calls.oracle(x, stale, data)
        for i in range(n):
            recorded[i] = x[i] - alpha * stale[i]
    return alpha, 0, 0


@step
def ball_step(k, alpha, f, state, data, calls):
    """Heavy ball; hyper: beta, bug, amount; memory: velocity, and the one before."""
    beta, bug, amount = state.hyper[0], int(state.hyper[1]), state.hyper[2]
    x = state.x
    g = state.g
    velocity, before = state.memory[0], state.memory[1]
    if bug == OPPOSITE:
        beta = -beta
    if bug == SCALED:
        beta *= amount
    if bug == ROOT:
        beta = math.sqrt(beta)
    for i in range(x.shape[0]):
        if bug == WARM and k == 0:
            velocity[i] = g[i]
        held = before[i] if bug == OFF_BY_ONE else velocity[i]
        before[i] = velocity[i]
        velocity[i] = (1.0 - beta) * g[i] + beta * held if bug == SWAPPED else beta * held + g[i]
        x[i] -= alpha * velocity[i]
    return alpha, 0, 0


@step
def ahead_step(k, alpha, f, state, data, calls):
    """Nesterov's constant momentum; hyper: beta, bug, amount; memory: what is recorded, velocity, the one before, x."""
    beta, bug, amount = state.hyper[0], int(state.hyper[1]), state.hyper[2]
    y = state.x
    g = state.g
    recorded, velocity, before, x = state.memory[0], state.memory[1], state.memory[2], state.memory[3]
    if bug == OPPOSITE:
        beta = -beta
    if bug == SCALED:
        beta *= amount
    for i in range(y.shape[0]):
        if k == 0:
            x[i] = recorded[i]
        if bug == WARM and k == 0:
            velocity[i] = g[i]
        held = before[i] if bug == OFF_BY_ONE else velocity[i]
        before[i] = velocity[i]
        velocity[i] = beta * held + g[i]
        x[i] -= alpha * velocity[i]
        y[i] = x[i] - alpha * beta * velocity[i]
        if bug == AT_X:
            y[i] = x[i]
        if bug == WRONG_SIDE:
            y[i] = x[i] + alpha * beta * velocity[i]
        recorded[i] = y[i] if bug == RECORDS_Y else x[i]
    return alpha, 0, 0


@step
def fista_step(k, alpha, f, state, data, calls):
    """FISTA; hyper: t, bug, momentum of the step before."""
    t, bug = state.hyper[0], int(state.hyper[1])
    t_next = t + 0.5 if bug == ADD_HALF else 0.5 * (1.0 + math.sqrt(1.0 + 4.0 * t * t))
    beta = (t - 1.0) / t_next
    state.hyper[0] = t_next
    if bug == LAGGING:
        beta, state.hyper[2] = state.hyper[2], beta
    if bug == NO_MOMENTUM:
        beta = 0.0
    y = state.x
    g = state.g
    x = state.memory[0]
    for i in range(y.shape[0]):
        if bug == WARM_FISTA and k == 0:
            x[i] += alpha * g[i]
        moved = y[i] - alpha * g[i]
        y[i] = moved + beta * (moved - x[i])
        x[i] = moved
    return alpha, 0, 0


@step
def search_step(k, alpha, f, state, data, calls):
    """Backtracking; hyper: factor, c, bug, amount; memory: the trial."""
    factor, c, bug, amount = state.hyper[0], state.hyper[1], int(state.hyper[2]), state.hyper[3]
    x = state.x
    g = state.g
    trial = state.memory[0]
    slope = -dot(g, g)
    if slope == 0.0:
        return alpha, 0, 0
    if bug == NO_SLOPE:
        c = 0.0
    if bug == OTHER_FACTOR:
        factor = amount
    limit = 4.0 * 2.0**-52 * abs(f)
    for trials in range(1, 61):
        for i in range(x.shape[0]):
            trial[i] = x[i] + alpha * -g[i]
        found = calls.value(trial, data)
        accepted = not found > f + c * alpha * slope + limit
        if bug != ACCEPTS_NAN:
            accepted = found <= f + c * alpha * slope + limit
        if accepted:
            for i in range(x.shape[0]):
                x[i] = trial[i]
            return alpha, trials - 1 if bug == MISCOUNT else trials, 0
        alpha *= factor
    return 0.0, -2, 0


@oracle
def bad_oracle(x, g, data):
    """A diagonal quadratic; sizes[0]: bug; matrix[0, 0]: amount."""
    bug, amount = data.sizes[0], data.matrix[0, 0]
    for i in range(x.shape[0]):
        g[i] = data.vector[i] * x[i]
    f = 0.5 * dot(g, x)
    for i in range(x.shape[0]):
        if bug == FACTOR:
            g[i] *= amount
        if bug == BIAS:
            g[i] += amount
    if bug == FLIPPED:
        g[0] = -g[0]
    return math.nan if bug == DOMAIN and dot(x, x) > amount else f


@value
def bad_value(x, data):
    """As `bad_oracle`."""
    scaled = data.scratch
    for i in range(x.shape[0]):
        scaled[i] = data.vector[i] * x[i]
    if data.sizes[0] == DOMAIN and dot(x, x) > data.matrix[0, 0]:
        return math.nan
    return 0.5 * dot(scaled, x)
