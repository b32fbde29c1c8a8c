"""Loops of methods that build on curvature: conjugate gradients, L-BFGS, and Newton by conjugate gradients."""

import math

import numpy as np

from peers_loops.parts import Loop, inner, loop, note, times


@loop
def conjugate_gradient(matrix, x, x_star, L, mu, steps, record, rows):
    """The gradient is asked for afresh in each step, as gdbench does, and not carried along."""
    g, last, d, Ad = np.empty_like(x), x.copy(), np.zeros_like(x), np.zeros_like(x)
    bent = 1.0
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            beta = inner(g, Ad) / bent
            for i in range(x.shape[0]):
                d[i] = beta * d[i] - g[i]
            times(matrix, d, Ad)
            bent = inner(d, Ad)
            alpha = -inner(g, d) / bent
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                x[i] += alpha * d[i]
    return 2 * steps + 1


@loop
def lbfgs(matrix, x, x_star, L, mu, steps, record, rows):  # noqa: C901, PLR0912 - a loop is one function
    """Ten pairs; weak Wolfe steps (c1 = 1e-4, c2 = 0.9) by doubling and bisection from 1, at first from 1/||g||."""
    n = x.shape[0]
    g, last, d, trial, slopes = np.empty_like(x), x.copy(), np.empty_like(x), np.empty_like(x), np.empty_like(x)
    s, y, bent, weight = np.empty((10, n)), np.empty((10, n)), np.empty(10), np.empty(10)
    products = 0
    for k in range(steps + 1):
        times(matrix, x, g)
        products += 1
        f = 0.5 * inner(g, x)
        if record:
            note(rows[k], f, g, x, x_star, last)
        if k == steps:
            break
        for i in range(n):
            d[i] = -g[i]
        for j in range(k - 1, max(k - 11, -1), -1):
            p = j % 10
            weight[p] = inner(s[p], d) / bent[p]
            for i in range(n):
                d[i] -= weight[p] * y[p, i]
        if k > 0:
            p = (k - 1) % 10
            scale = bent[p] / inner(y[p], y[p])
            for i in range(n):
                d[i] *= scale
        for j in range(max(k - 10, 0), k):
            p = j % 10
            share = weight[p] - inner(y[p], d) / bent[p]
            for i in range(n):
                d[i] += share * s[p, i]
        slope = inner(g, d)
        t = 1.0 if k > 0 else min(1.0, 1.0 / math.sqrt(inner(g, g)))
        short, long = 0.0, 0.0
        while True:
            for i in range(n):
                trial[i] = x[i] + t * d[i]
            times(matrix, trial, slopes)
            products += 1
            if 0.5 * inner(slopes, trial) > f + 1e-4 * t * slope:
                long = t
            elif inner(slopes, d) < 0.9 * slope:
                short = t
            else:
                break
            t = 0.5 * (short + long) if long > 0.0 else 2.0 * short
        rows[k, 4] = t
        p = k % 10
        for i in range(n):
            s[p, i] = trial[i] - x[i]
            y[p, i] = slopes[i] - g[i]
            x[i] = trial[i]
        bent[p] = inner(s[p], y[p])
    return products


@loop
def newton(matrix, x, x_star, L, mu, steps, record, rows):  # noqa: C901 - a loop is one function
    """Each system is solved by conjugate gradients until the residual is 2^-60 of ||g||; then Armijo from 1."""
    n = x.shape[0]
    g, last, d, trial = np.empty_like(x), x.copy(), np.empty_like(x), np.empty_like(x)
    r, p, Ap = np.empty_like(x), np.empty_like(x), np.empty_like(x)
    products = 0
    for k in range(steps + 1):
        times(matrix, x, g)
        products += 1
        f = 0.5 * inner(g, x)
        if record:
            note(rows[k], f, g, x, x_star, last)
        if k == steps:
            break
        for i in range(n):
            d[i] = 0.0
            r[i] = -g[i]
            p[i] = -g[i]
        square = inner(r, r)
        enough = 2.0**-120 * square
        while square > enough:
            times(matrix, p, Ap)
            products += 1
            size = square / inner(p, Ap)
            for i in range(n):
                d[i] += size * p[i]
                r[i] -= size * Ap[i]
            old = square
            square = inner(r, r)
            for i in range(n):
                p[i] = r[i] + square / old * p[i]
        slope = inner(g, d)
        t = 2.0
        f_trial = np.inf
        while not f_trial <= f + 0.1 * t * slope:
            t *= 0.5
            for i in range(n):
                trial[i] = x[i] + t * d[i]
            times(matrix, trial, Ap)
            products += 1
            f_trial = 0.5 * inner(Ap, trial)
        rows[k, 4] = t
        for i in range(n):
            x[i] = trial[i]
    return products


LOOPS = {
    "conjugate_gradient": Loop(conjugate_gradient, steps=6),
    "lbfgs": Loop(lbfgs, steps=15),
    "newton": Loop(newton, steps=1, kappa=2.0),
}
