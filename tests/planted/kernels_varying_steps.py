"""Steps of the methods in gdbench.optimizers that vary, with a switch for bugs: state.hyper ends with (bug, amount)."""

import math

from gdbench.kernel import dot, step

NONE, SCALED, OPPOSITE, LAST, NOT_DIVIDED, LONGER, NO_LIMIT, HALF = range(8)


@step
def sign_step(k, alpha, f, state, data, calls):
    bug, amount = int(state.hyper[0]), state.hyper[1]
    x = state.x
    g = state.g
    n = x.shape[0] - 1 if bug == LAST else x.shape[0]
    size = alpha * amount if bug == SCALED else alpha
    for i in range(n):
        towards = -size if bug == OPPOSITE and i == 0 else size
        if g[i] > 0.0:
            x[i] -= towards
        elif g[i] < 0.0:
            x[i] += towards
    return alpha, 0, 0


@step
def normalized_step(k, alpha, f, state, data, calls):
    bug, amount = int(state.hyper[0]), state.hyper[1]
    x = state.x
    g = state.g
    length = math.sqrt(dot(g, g))
    if bug == NOT_DIVIDED:
        length = length * length
    size = alpha / length if length > 0.0 else 0.0
    if bug == SCALED:
        size *= amount
    if bug == OPPOSITE:
        size = -size
    for i in range(x.shape[0]):
        x[i] -= size * g[i]
    return size, 0, 0


@step
def clip_step(k, alpha, f, state, data, calls):
    threshold, bug, amount = state.hyper[0], int(state.hyper[1]), state.hyper[2]
    x = state.x
    g = state.g
    length = math.sqrt(dot(g, g))
    size = alpha * (threshold / length) if length > threshold and bug != NO_LIMIT else alpha
    moved = size
    if bug == SCALED:
        moved = size * amount
    elif bug == OPPOSITE:
        moved = -size
    elif bug == LONGER:
        moved = size + amount * alpha
    for i in range(x.shape[0]):
        if not (bug == LAST and i == x.shape[0] - 1):
            x[i] -= moved * g[i]
    return size, 0, 0
