"""Steps with what no theorem sees, behind a switch: 0 is what the project does, every other code one bug."""

import math

from gdbench.kernel import dot, step

NONE = 0
LENGTH, GRADIENT, FIRST, WRAPS, GIVES_UP = range(1, 6)
EPS = 1e-9


@step
def guarded_step(k, alpha, f, state, data, calls):
    """Normalised descent; hyper: bug."""
    bug = int(state.hyper[0])
    x = state.x
    g = state.g
    length = math.sqrt(dot(g, g))
    if bug == LENGTH:
        length += EPS
    if length == 0.0:
        return 0.0, 0, 0
    size = alpha / length
    for i in range(x.shape[0]):
        x[i] -= size * (g[i] + EPS if bug == GRADIENT else g[i])
    return size, 0, 0


@step
def plain_step(k, alpha, f, state, data, calls):
    """Gradient descent; hyper: bug."""
    bug = int(state.hyper[0])
    x = state.x
    g = state.g
    used = alpha
    if bug == GIVES_UP and k == 20:
        return 0.0, -1, 0
    if bug == FIRST and k == 0:
        used = min(alpha, 1e-3)
    if bug == WRAPS and (k + 4611686018427387904) * 4 < 1000:
        used = 0.5 * alpha
    for i in range(x.shape[0]):
        x[i] -= used * g[i]
    return used, 0, 0
