"""Loops of adaptive methods, by entries and by the one layer that a quadratic has."""

import math

import numpy as np

from peers_loops.parts import Loop, inner, loop, note, times


@loop
def adagrad(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, s = np.empty_like(x), x.copy(), np.zeros_like(x)
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = 0.1
            for i in range(x.shape[0]):
                s[i] += g[i] * g[i]
                x[i] -= 0.1 * g[i] / (math.sqrt(s[i]) + 1e-10)
    return steps + 1


@loop
def rmsprop(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, v, b = np.empty_like(x), x.copy(), np.zeros_like(x), np.zeros_like(x)
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = 0.01
            for i in range(x.shape[0]):
                v[i] = 0.9 * v[i] + 0.1 * (g[i] * g[i])
                b[i] = 0.5 * b[i] + g[i] / (math.sqrt(v[i]) + 1e-8)
                x[i] -= 0.01 * b[i]
    return steps + 1


@loop
def adam(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, m, v = np.empty_like(x), x.copy(), np.zeros_like(x), np.zeros_like(x)
    power1 = power2 = 1.0
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = 0.1
            power1 *= 0.9
            power2 *= 0.99
            for i in range(x.shape[0]):
                m[i] = 0.9 * m[i] + 0.1 * g[i]
                v[i] = 0.99 * v[i] + 0.01 * (g[i] * g[i])
                x[i] -= 0.1 * (m[i] / (1.0 - power1)) / (math.sqrt(v[i] / (1.0 - power2)) + 1e-8)
    return steps + 1


@loop
def amsgrad(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, m, v, top = np.empty_like(x), x.copy(), np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    power1 = power2 = 1.0
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = 0.1
            power1 *= 0.9
            power2 *= 0.9
            for i in range(x.shape[0]):
                m[i] = 0.9 * m[i] + 0.1 * g[i]
                v[i] = 0.9 * v[i] + 0.1 * (g[i] * g[i])
                top[i] = max(top[i], v[i])
                x[i] -= 0.1 * (m[i] / (1.0 - power1)) / (math.sqrt(top[i] / (1.0 - power2)) + 1e-8)
    return steps + 1


@loop
def adamw(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, m, v = np.empty_like(x), x.copy(), np.zeros_like(x), np.zeros_like(x)
    power1 = power2 = 1.0
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = 0.1
            power1 *= 0.9
            power2 *= 0.999
            for i in range(x.shape[0]):
                m[i] = 0.9 * m[i] + 0.1 * g[i]
                v[i] = 0.999 * v[i] + 0.001 * (g[i] * g[i])
                adapted = (m[i] / (1.0 - power1)) / (math.sqrt(v[i] / (1.0 - power2)) + 1e-8)
                x[i] -= 0.1 * (adapted + 0.5 * x[i])
    return steps + 1


@loop
def lars(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, v = np.empty_like(x), x.copy(), np.zeros_like(x)
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = 1.0
            size = 0.01 * math.sqrt(inner(x, x)) / math.sqrt(inner(g, g))
            for i in range(x.shape[0]):
                v[i] = 0.9 * v[i] + size * g[i]
                x[i] -= v[i]
    return steps + 1


@loop
def lamb(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, m, v, r = np.empty_like(x), x.copy(), np.zeros_like(x), np.zeros_like(x), np.empty_like(x)
    power1 = power2 = 1.0
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = 0.02
            power1 *= 0.9
            power2 *= 0.999
            for i in range(x.shape[0]):
                m[i] = 0.9 * m[i] + 0.1 * g[i]
                v[i] = 0.999 * v[i] + 0.001 * (g[i] * g[i])
                r[i] = (m[i] / (1.0 - power1)) / (math.sqrt(v[i] / (1.0 - power2)) + 1e-6)
            size = 0.02 * math.sqrt(inner(x, x)) / math.sqrt(inner(r, r))
            for i in range(x.shape[0]):
                x[i] -= size * r[i]
    return steps + 1


LOOPS = {
    "adagrad[alpha=0.1]": Loop(adagrad),
    "rmsprop[rho=0.9,momentum=0.5]": Loop(rmsprop),
    "adam[alpha=0.1,beta2=0.99]": Loop(adam),
    "amsgrad[alpha=0.1,beta2=0.9]": Loop(amsgrad),
    "adamw[alpha=0.1,decay=0.5]": Loop(adamw),
    "lars[trust=0.01]": Loop(lars),
    "lamb[alpha=0.02]": Loop(lamb),
}
