"""Loops of gradient descent with a line search: as many values and gradients as the search asks for."""

import numpy as np

from peers_loops.parts import Loop, inner, loop, note, times


@loop
def backtracking(matrix, x, x_star, L, mu, steps, record, rows):
    """Armijo with c = 0.1: the first of 1, 1/2, 1/4, … that passes."""
    g, last, trial, Ax = np.empty_like(x), x.copy(), np.empty_like(x), np.empty_like(x)
    products = 0
    for k in range(steps + 1):
        times(matrix, x, g)
        products += 1
        f = 0.5 * inner(g, x)
        if record:
            note(rows[k], f, g, x, x_star, last)
        if k < steps:
            square = inner(g, g)
            alpha = 2.0
            f_trial = np.inf
            while not f_trial <= f - 0.1 * alpha * square:
                alpha *= 0.5
                for i in range(x.shape[0]):
                    trial[i] = x[i] - alpha * g[i]
                times(matrix, trial, Ax)
                products += 1
                f_trial = 0.5 * inner(Ax, trial)
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                x[i] = trial[i]
    return products


@loop
def adaptive_lipschitz(matrix, x, x_star, L, mu, steps, record, rows):
    """As backtracking with c = 1/2, from the last step on."""
    g, last, trial, Ax = np.empty_like(x), x.copy(), np.empty_like(x), np.empty_like(x)
    products, alpha = 0, 1.0
    for k in range(steps + 1):
        times(matrix, x, g)
        products += 1
        f = 0.5 * inner(g, x)
        if record:
            note(rows[k], f, g, x, x_star, last)
        if k < steps:
            square = inner(g, g)
            alpha *= 2.0
            f_trial = np.inf
            while not f_trial <= f - 0.5 * alpha * square:
                alpha *= 0.5
                for i in range(x.shape[0]):
                    trial[i] = x[i] - alpha * g[i]
                times(matrix, trial, Ax)
                products += 1
                f_trial = 0.5 * inner(Ax, trial)
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                x[i] = trial[i]
    return products


@loop
def wolfe(matrix, x, x_star, L, mu, steps, record, rows):  # noqa: C901 - a loop is one function
    """Strong Wolfe, c1 = 1e-4, c2 = 0.9: doubling from 1, then the parabola's minimum or the middle of the bracket.

    f along a line is a parabola, so that the first minimum well inside the bracket is accepted: no cubics.
    """
    g, last, trial, slopes = np.empty_like(x), x.copy(), np.empty_like(x), np.empty_like(x)
    products = 0
    for k in range(steps + 1):
        times(matrix, x, g)
        products += 1
        f = 0.5 * inner(g, x)
        if record:
            note(rows[k], f, g, x, x_star, last)
        if k == steps:
            break
        start = -inner(g, g)
        # A bracket's better end with value and slope there, and its other end with its value; -1: none yet.
        low, f_low, slope_low, high, f_high = 0.0, f, start, -1.0, 0.0
        alpha = 1.0
        while True:
            for i in range(x.shape[0]):
                trial[i] = x[i] - alpha * g[i]
            times(matrix, trial, slopes)
            products += 1
            value, slope = 0.5 * inner(slopes, trial), -inner(slopes, g)
            if value > f + 1e-4 * alpha * start or (value >= f_low and low != 0.0):
                high, f_high = alpha, value
            elif abs(slope) <= -0.9 * start:
                break
            else:
                if (slope >= 0.0) if high < 0.0 else (slope * (high - low) >= 0.0):
                    high, f_high = low, f_low
                low, f_low, slope_low = alpha, value, slope
            if high < 0.0:
                alpha *= 2.0
                continue
            size = high - low
            alpha = low - 0.5 * slope_low * size * size / (f_high - f_low - slope_low * size)
            if not min(low, high) + 0.1 * abs(size) <= alpha <= max(low, high) - 0.1 * abs(size):
                alpha = low + 0.5 * size
        rows[k, 4] = alpha
        for i in range(x.shape[0]):
            x[i] = trial[i]
    return products


LOOPS = {
    "backtracking": Loop(backtracking, steps=12),
    "adaptive_lipschitz": Loop(adaptive_lipschitz),
    "wolfe": Loop(wolfe, steps=30),
}
