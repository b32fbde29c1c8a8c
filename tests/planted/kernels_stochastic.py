"""Sampled gradients and their step with a switch: 0 is what the project does, every other code one bug."""

import math

from gdbench.kernel import cos, helper, log1p, sample, step
from gdbench.kernel.philox import INDICES, NOISE, normals, uniforms

NONE = 0
HIGH_RATE, OLD_VELOCITY, DAMPED_FIRST, NOT_AHEAD, START_LEFT_OUT, START_TWICE, DECAY_UNDAMPED = range(1, 8)
HIGH_SIGMA, REUSED, SHARED, PAIRED, SQUARED, BIASED, ONE_UNIFORM, NO_SEED, NO_REPLICATE = range(1, 10)
FIRST_NEVER, LAST_NEVER, OVER_ALL, LAST_DROPPED, SAME_BATCH, ALL_ALIKE = range(1, 7)


@step
def stochastic_step(k, alpha, f, state, data, calls):
    """hyper: beta, 1 - dampening, decay, nesterov, average, bug."""
    hyper = state.hyper
    beta, fresh, decay, ahead, bug = hyper[0], hyper[1], hyper[2], hyper[3], int(hyper[5])
    x = state.x
    g = state.g
    velocity = state.memory[1]
    if k == 0 and bug != DAMPED_FIRST:
        fresh = 1.0
    used = 1.01 * alpha if bug == HIGH_RATE else alpha
    for i in range(x.shape[0]):
        slope = g[i] + decay * x[i]
        before = velocity[i]
        velocity[i] = beta * before + fresh * slope
        if bug == DECAY_UNDAMPED:
            velocity[i] += (1.0 - fresh) * decay * x[i]
        if ahead > 0.0 and bug != NOT_AHEAD:
            x[i] -= used * (slope + beta * velocity[i])
        else:
            x[i] -= used * (before if bug == OLD_VELOCITY else velocity[i])
    if hyper[4] > 0.0:
        mean = state.memory[0]
        count = k + 2.0
        if bug == START_LEFT_OUT:
            count = k + 1.0
        elif bug == START_TWICE:
            count = k + 3.0
        for i in range(x.shape[0]):
            mean[i] += (x[i] - mean[i]) / count
    return alpha, 0, 0


@helper
def from_one_uniform(words, purpose, k, block):
    """The angle is made from the number that the radius is made from."""
    one, _ = uniforms(words, purpose, k, block)
    radius = math.sqrt(2.0 * log1p(one / (1.0 - one)))
    angle = 6.283185307179586 * one
    return radius * cos(angle), radius * cos(angle - 1.5707963267948966)


@sample
def noisy_gradient(k, state, data, calls):
    """numbers: bug; noise of a row of standard deviations."""
    f = calls.oracle(state.x, state.g, data)
    g = state.g
    sampler = state.sampler
    bug = int(sampler.numbers[0])
    words, deviations, draws = sampler.words, sampler.factor[0], sampler.parts[0]
    low, high, replicate = words[0], words[1], words[2]
    if bug == NO_SEED:
        words[0] = 0
        words[1] = 0
    if bug == NO_REPLICATE:
        words[2] = 0
    at = k // 2 if bug == REUSED else k
    n = g.shape[0]
    for i in range(0, n, 2):
        if bug == ONE_UNIFORM:
            one, two = from_one_uniform(words, NOISE, at, i // 2)
        else:
            one, two = normals(words, NOISE, at, 0 if bug == SHARED else i // 2)
        draws[i] = one
        if i + 1 < n:
            draws[i + 1] = one if bug in (SHARED, PAIRED) else two
    words[0] = low
    words[1] = high
    words[2] = replicate
    for i in range(n):
        deviation = deviations[i]
        if bug == HIGH_SIGMA:
            deviation *= 1.05
        elif bug == SQUARED:
            deviation *= deviation
        g[i] += deviation * draws[i]
        if bug == BIASED:
            g[i] += 0.01
    return f, 1


@sample
def gradient_of_batch(k, state, data, calls):
    """numbers: bug; with replacement, in one part."""
    sampler = state.sampler
    words, chosen, bug = sampler.words, sampler.chosen, int(sampler.numbers[0])
    size, m = chosen.shape[0], sampler.order.shape[0]
    replicate = words[2]
    if bug == ALL_ALIKE:
        words[2] = 0
    at = k // 2 if bug == SAME_BATCH else k
    for i in range(size):
        one, two = uniforms(words, INDICES, at, i // 2)
        share = two if i % 2 else one
        if bug == FIRST_NEVER:
            chosen[i] = 1 + int(share * (m - 1))
        elif bug == LAST_NEVER:
            chosen[i] = int(share * (m - 1))
        else:
            chosen[i] = int(share * m)
    words[2] = replicate
    taken = chosen[: size - 1] if bug == LAST_DROPPED else chosen
    f = calls.batch(state.x, state.g, taken, data)
    if bug == OVER_ALL:
        for i in range(state.g.shape[0]):
            state.g[i] *= size / m
    return f, size
