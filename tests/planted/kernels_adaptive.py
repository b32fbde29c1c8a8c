"""Adaptive steps with a switch: 0 is what the project does, every other code one bug."""

import math

from gdbench.kernel import dot, helper, step
from gdbench.optimizers._moments import averaged, over, trust, within

NONE = 0
UNCORRECTED, ONLY_MEAN, ONLY_SQUARE, LATE, EARLY, SWAPPED, EPS_FIRST, NO_ROOT, LONG, BESIDE, STALE = range(1, 12)
ONE_SIDED, NO_ZERO, OLD_SQUARE, POWER_OF_ONE = range(12, 16)
NO_MAXIMUM, OTHER_MAXIMUM, MINIMUM, OF_GRADIENTS, FORGETS = range(1, 6)
THROUGH_MOMENTS, UNSCALED, OF_THE_NEW, GROWS = range(1, 5)
DECAYED, LATE_SUM, ROOTLESS, MEAN, PLAIN_SUM = range(1, 6)
OTHER_RHO, UNSQUARED, MOMENTUM_FIRST, OLD_AVERAGE, UNCENTERED = range(1, 6)
WHOLE, DECAY_BESIDE, SHIFTED, INVERSE, STUCK, LAST_LEFT, NO_TRUST, HALF = range(1, 9)


@helper
def weight(hyper, place, beta, k, bug):
    """The sum of a moment's weights, which hyper keeps at a place: 5 is that of m, 6 that of v."""
    before = hyper[place]
    hyper[place] = averaged(before, beta, 1.0)
    if bug == LATE and k > 0:
        return before
    if bug == EARLY:
        return averaged(hyper[place], beta, 1.0)
    if bug == POWER_OF_ONE:
        return 1.0 - beta
    left_out = bug in (UNCORRECTED, ONLY_SQUARE if place == 5 else ONLY_MEAN)
    return 1.0 if left_out else hyper[place]


@helper
def divisor(square, root, eps, bug):
    """What Adam divides by."""
    if bug == EPS_FIRST:
        return (math.sqrt(square) + eps) / root
    if bug == NO_ROOT:
        return square / (root * root) + eps
    return math.sqrt(square) / root + eps


@step
def adam_step(k, alpha, f, state, data, calls):
    """hyper: that of adam, bug."""
    hyper = state.hyper
    beta1, beta2, eps, decay, box, bug = hyper[0], hyper[1], hyper[2], hyper[3], hyper[4], int(hyper[7])
    x = state.x
    g = state.g
    first, second = state.memory[0], state.memory[1]
    if bug == SWAPPED:
        beta1, beta2 = beta2, beta1
    weight1, weight2 = weight(hyper, 5, beta1, k, bug), weight(hyper, 6, beta2, k, bug)
    size, root = alpha / weight1, math.sqrt(weight2)
    if bug == LONG:
        size *= 1.01
    for i in range(x.shape[0]):
        slope = g[i] if bug == BESIDE else g[i] + decay * x[i]
        old1, old2 = first[i], second[i]
        first[i] = averaged(first[i], beta1, slope)
        second[i] = averaged(second[i], beta2, slope * slope)
        mean, square = first[i], second[i]
        if bug == STALE and k > 0:
            mean = old1
        if bug == OLD_SQUARE and k > 0:
            square = old2
        below = divisor(square, root, eps, bug)
        moved = mean / below if bug == NO_ZERO else over(mean, below)
        if bug == BESIDE:
            x[i] = (1.0 - alpha * decay) * x[i]
        x[i] -= size * moved
        x[i] = min(x[i], box) if bug == ONE_SIDED else within(x[i], box)
    return alpha, 0, 0


@step
def eps_inside(k, alpha, f, state, data, calls):
    """Adam with sqrt(v + eps); hyper is that of adam, so that its units can be changed."""
    hyper = state.hyper
    beta1, beta2, eps = hyper[0], hyper[1], hyper[2]
    first, second = state.memory[0], state.memory[1]
    hyper[5] = averaged(hyper[5], beta1, 1.0)
    hyper[6] = averaged(hyper[6], beta2, 1.0)
    for i in range(state.x.shape[0]):
        first[i] = averaged(first[i], beta1, state.g[i])
        second[i] = averaged(second[i], beta2, state.g[i] * state.g[i])
        state.x[i] -= alpha * first[i] / hyper[5] / math.sqrt(second[i] / hyper[6] + eps)
    return alpha, 0, 0


@step
def hidden_eps(k, alpha, f, state, data, calls):
    """Adam with an eps of its own, whatever is declared."""
    hyper = state.hyper
    beta1, beta2 = hyper[0], hyper[1]
    first, second = state.memory[0], state.memory[1]
    hyper[5] = averaged(hyper[5], beta1, 1.0)
    hyper[6] = averaged(hyper[6], beta2, 1.0)
    for i in range(state.x.shape[0]):
        first[i] = averaged(first[i], beta1, state.g[i])
        second[i] = averaged(second[i], beta2, state.g[i] * state.g[i])
        state.x[i] -= alpha * first[i] / hyper[5] / (math.sqrt(second[i] / hyper[6]) + 1e-8)
    return alpha, 0, 0


@step
def amsgrad_step(k, alpha, f, state, data, calls):
    """hyper: that of amsgrad, bug."""
    hyper = state.hyper
    beta1, beta2, eps, decay, box = hyper[0], hyper[1], hyper[2], hyper[3], hyper[4]
    corrected, bug = hyper[7] == 1.0, int(hyper[8])
    x = state.x
    g = state.g
    first, second, largest = state.memory[0], state.memory[1], state.memory[2]
    hyper[5] = averaged(hyper[5], beta1, 1.0)
    hyper[6] = averaged(hyper[6], beta2, 1.0)
    size, root = alpha / hyper[5], math.sqrt(hyper[6])
    if bug == OTHER_MAXIMUM:
        corrected = not corrected
    before, after = (hyper[6], 1.0) if corrected else (1.0, root)
    for i in range(x.shape[0]):
        slope = g[i] + decay * x[i]
        first[i] = averaged(first[i], beta1, slope)
        second[i] = averaged(second[i], beta2, slope * slope)
        now = slope * slope if bug == OF_GRADIENTS else second[i] / before
        if bug == NO_MAXIMUM:
            largest[i] = now
        elif bug == MINIMUM:
            largest[i] = now if k == 0 or now < largest[i] else largest[i]
        elif bug == FORGETS:
            largest[i] = max(0.99 * largest[i], now)
        else:
            largest[i] = now if now > largest[i] else largest[i]
        x[i] = within(x[i] - size * over(first[i], math.sqrt(largest[i]) / after + eps), box)
    return alpha, 0, 0


@step
def adamw_step(k, alpha, f, state, data, calls):
    """hyper: that of adamw, bug."""
    hyper = state.hyper
    beta1, beta2, eps, decay, bug = hyper[0], hyper[1], hyper[2], hyper[3], int(hyper[6])
    x = state.x
    g = state.g
    first, second = state.memory[0], state.memory[1]
    hyper[4] = averaged(hyper[4], beta1, 1.0)
    hyper[5] = averaged(hyper[5], beta2, 1.0)
    size, root = alpha / hyper[4], math.sqrt(hyper[5])
    left = 1.0 - alpha * decay
    if bug == UNSCALED:
        left = 1.0 - decay
    if bug == GROWS:
        left = 1.0 + alpha * decay
    for i in range(x.shape[0]):
        slope = g[i] + decay * x[i] if bug == THROUGH_MOMENTS else g[i]
        first[i] = averaged(first[i], beta1, slope)
        second[i] = averaged(second[i], beta2, slope * slope)
        moved = size * over(first[i], math.sqrt(second[i]) / root + eps)
        if bug == OF_THE_NEW:
            x[i] = left * (x[i] - moved)
        else:
            x[i] = (x[i] if bug == THROUGH_MOMENTS else left * x[i]) - moved
    return alpha, 0, 0


@step
def adagrad_step(k, alpha, f, state, data, calls):
    """hyper: that of adagrad, bug."""
    eps, initial, bug = state.hyper[0], state.hyper[1], int(state.hyper[2])
    x = state.x
    g = state.g
    squares = state.memory[0]
    for i in range(x.shape[0]):
        if k == 0:
            squares[i] = initial
        if bug == DECAYED:
            squares[i] *= 0.99
        old = squares[i]
        squares[i] += abs(g[i]) if bug == PLAIN_SUM else g[i] * g[i]
        total = old if bug == LATE_SUM and k > 0 else squares[i]
        if bug == MEAN:
            total /= k + 1.0
        x[i] -= alpha * over(g[i], (total if bug == ROOTLESS else math.sqrt(total)) + eps)
    return alpha, 0, 0


@step
def rmsprop_step(k, alpha, f, state, data, calls):
    """hyper: that of rmsprop, centered, bug."""
    rho, eps, momentum = state.hyper[0], state.hyper[1], state.hyper[2]
    centered, bug = state.hyper[3] == 1.0, int(state.hyper[4])
    x = state.x
    g = state.g
    square, buffer, mean = state.memory[0], state.memory[1], state.memory[2]
    if bug == OTHER_RHO:
        rho = 1.0 - rho
    for i in range(x.shape[0]):
        old = square[i]
        square[i] = averaged(square[i], rho, g[i] * g[i])
        mean[i] = averaged(mean[i], rho, g[i])
        variance = square[i]
        if centered and bug != UNCENTERED:
            variance -= abs(mean[i]) if bug == UNSQUARED else mean[i] * mean[i]
        if bug == OLD_AVERAGE and k > 0:
            variance = old
        root = 0.0 if variance < 0.0 else math.sqrt(variance)
        if bug == MOMENTUM_FIRST:
            buffer[i] = momentum * buffer[i] + g[i]
            x[i] -= alpha * over(buffer[i], root + eps)
        else:
            buffer[i] = momentum * buffer[i] + over(g[i], root + eps)
            x[i] -= alpha * buffer[i]
    return alpha, 0, 0


@helper
def edges(layers, layer, bug):
    """A layer's first offset and the one after its last."""
    count = layers.shape[0] - 1
    first, last = layers[layer], layers[layer + 1]
    if bug == WHOLE:
        return (0, layers[count]) if layer == 0 else (0, 0)
    if bug == SHIFTED:
        return first + (1 if layer > 0 else 0), last + (1 if layer < count - 1 else 0)
    if bug == LAST_LEFT and layer == count - 1:
        return first, first
    return first, last


@helper
def ratio(x, direction, share, eps, bug):
    """The trust ratio."""
    length, size = math.sqrt(dot(x, x)), math.sqrt(dot(direction, direction))
    if bug == NO_TRUST:
        return share
    if bug == INVERSE and length > 0.0:
        return share * size / length
    if bug == STUCK and length == 0.0:
        return 0.0
    return trust(x, direction, 0.5 * share if bug == HALF else share, eps)


@step
def lars_step(k, alpha, f, state, data, calls):
    """hyper: that of lars, bug."""
    beta, share, eps, decay, bug = state.hyper[0], state.hyper[1], state.hyper[2], state.hyper[3], int(state.hyper[4])
    x = state.x
    g = state.g
    velocity, slope = state.memory[0], state.memory[1]
    for layer in range(data.layers.shape[0] - 1):
        first, last = edges(data.layers, layer, bug)
        for i in range(first, last):
            slope[i] = g[i] + decay * x[i]
        measured = g if bug == DECAY_BESIDE else slope
        size = alpha * ratio(x[first:last], measured[first:last], share, eps, bug)
        for i in range(first, last):
            velocity[i] = beta * velocity[i] + size * slope[i]
            x[i] -= velocity[i]
    return alpha, 0, 0


@step
def lamb_step(k, alpha, f, state, data, calls):
    """hyper: that of lamb, bug."""
    hyper = state.hyper
    beta1, beta2, eps, decay, bug = hyper[0], hyper[1], hyper[2], hyper[3], int(hyper[6])
    x = state.x
    g = state.g
    first, second, direction = state.memory[0], state.memory[1], state.memory[2]
    hyper[4] = averaged(hyper[4], beta1, 1.0)
    hyper[5] = averaged(hyper[5], beta2, 1.0)
    root = math.sqrt(hyper[5])
    for i in range(x.shape[0]):
        first[i] = averaged(first[i], beta1, g[i])
        second[i] = averaged(second[i], beta2, g[i] * g[i])
        direction[i] = over(first[i] / hyper[4], math.sqrt(second[i]) / root + eps)
        if bug != DECAY_BESIDE:
            direction[i] += decay * x[i]
    for layer in range(data.layers.shape[0] - 1):
        begin, end = edges(data.layers, layer, bug)
        size = alpha * ratio(x[begin:end], direction[begin:end], 1.0, 0.0, bug)
        for i in range(begin, end):
            left = 1.0 - alpha * decay if bug == DECAY_BESIDE else 1.0
            x[i] = left * x[i] - size * direction[i]
    return alpha, 0, 0
