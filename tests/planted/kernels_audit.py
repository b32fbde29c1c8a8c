"""Steps with what no theorem sees, behind a switch: 0 is what the project does, every other code one bug."""

import math

from gdbench.kernel import dot, sample, step
from gdbench.kernel.philox import NOISE, normals
from gdbench.samplings.batches import mini_batch
from gdbench.samplings.noise import noisy

NONE = 0
LENGTH, GRADIENT, FIRST, WRAPS, GIVES_UP = range(1, 6)
EPS = 1e-9


@sample
def batch_twice(k, state, data, calls):
    """Two queries share a batch."""
    return mini_batch(k // 2, state, data, calls)


@sample
def next_batch(k, state, data, calls):
    """The batch of the query after."""
    return mini_batch(k + 1, state, data, calls)


@sample
def next_samples(k, state, data, calls):
    """Each sample that is drawn is replaced by the one after it."""
    mini_batch(k, state, data, calls)
    chosen = state.sampler.chosen
    for i in range(chosen.shape[0]):
        chosen[i] = (chosen[i] + 1) % state.sampler.order.shape[0]
    return calls.batch(state.x, state.g, chosen, data), chosen.shape[0]


@sample
def of_the_batch_before(k, state, data, calls):
    """The gradient of the batch that the query before drew."""
    if k == 0:
        return mini_batch(k, state, data, calls)
    f = calls.batch(state.x, state.g, state.sampler.chosen, data)
    x, g = state.x.copy(), state.g.copy()
    mini_batch(k, state, data, calls)
    for i in range(x.shape[0]):
        state.x[i] = x[i]
        state.g[i] = g[i]
    return f, state.sampler.chosen.shape[0]


@sample
def one_for_all(k, state, data, calls):
    """One normal number for all coordinates."""
    f = calls.oracle(state.x, state.g, data)
    draw, _ = normals(state.sampler.words, NOISE, k, 0)
    for i in range(state.g.shape[0]):
        state.g[i] += state.sampler.factor[0, i] * draw
    return f, 1


@sample
def noise_twice(k, state, data, calls):
    """Two queries share their noise."""
    return noisy(k // 2, state, data, calls)


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
