"""Loops of methods that move along -g: they differ in the size of the step, and in what they do to g."""

import math

import numpy as np

from peers_loops.parts import Loop, inner, loop, note, times


@loop
def gradient_descent(matrix, x, x_star, L, mu, steps, record, rows):
    g, last = np.empty_like(x), x.copy()
    alpha = 1.0 / L
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                x[i] -= alpha * g[i]
    return steps + 1


@loop
def normalized(matrix, x, x_star, L, mu, steps, record, rows):
    g, last = np.empty_like(x), x.copy()
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            alpha = 0.01 / math.sqrt(inner(g, g))
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                x[i] -= alpha * g[i]
    return steps + 1


@loop
def sign(matrix, x, x_star, L, mu, steps, record, rows):
    g, last = np.empty_like(x), x.copy()
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = 0.01
            for i in range(x.shape[0]):
                x[i] -= 0.01 * ((g[i] > 0.0) - (g[i] < 0.0))
    return steps + 1


@loop
def clipped(matrix, x, x_star, L, mu, steps, record, rows):
    g, last = np.empty_like(x), x.copy()
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            alpha = min(1.0, 1.0 / math.sqrt(inner(g, g))) / L
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                x[i] -= alpha * g[i]
    return steps + 1


@loop
def perturbed(matrix, x, x_star, L, mu, steps, record, rows):
    """The way to a stationary point; there it would draw at random, and answers -1 instead."""
    g, last = np.empty_like(x), x.copy()
    alpha = 1.0 / L
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            if inner(g, g) <= 1e-6:
                return -1
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                x[i] -= alpha * g[i]
    return steps + 1


@loop
def polyak_step(matrix, x, x_star, L, mu, steps, record, rows):
    g, last = np.empty_like(x), x.copy()
    for k in range(steps + 1):
        times(matrix, x, g)
        f = 0.5 * inner(g, x)
        if record:
            note(rows[k], f, g, x, x_star, last)
        if k < steps:
            alpha = f / inner(g, g)
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                x[i] -= alpha * g[i]
    return steps + 1


@loop
def barzilai_borwein(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, x_old, g_old = np.empty_like(x), x.copy(), np.empty_like(x), np.empty_like(x)
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            ss = sy = 0.0
            for i in range(x.shape[0]):
                s = x[i] - x_old[i]
                ss += s * s
                sy += s * (g[i] - g_old[i])
            alpha = ss / sy if k > 0 else 1.0 / L
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                x_old[i] = x[i]
                g_old[i] = g[i]
                x[i] -= alpha * g[i]
    return steps + 1


@loop
def exact_line_search(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, curved = np.empty_like(x), x.copy(), np.empty_like(x)
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            times(matrix, g, curved)
            alpha = inner(g, g) / inner(g, curved)
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                x[i] -= alpha * g[i]
    return 2 * steps + 1


LOOPS = {
    "gradient_descent": Loop(gradient_descent),
    "normalized": Loop(normalized),
    "sign": Loop(sign),
    "clipped": Loop(clipped),
    "perturbed": Loop(perturbed),
    "polyak_step": Loop(polyak_step, steps=15),
    "barzilai_borwein": Loop(barzilai_borwein, steps=10),
    "exact_line_search": Loop(exact_line_search),
}
