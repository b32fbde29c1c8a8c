"""Loops of methods with momentum. Where the judged iterate is not the query point, f there costs one more product."""

import math

import numpy as np

from peers_loops.parts import Loop, inner, loop, note, times


@loop
def heavy_ball(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, v = np.empty_like(x), x.copy(), np.zeros_like(x)
    alpha = (2.0 / (math.sqrt(L) + math.sqrt(mu))) ** 2
    beta = ((math.sqrt(L) - math.sqrt(mu)) / (math.sqrt(L) + math.sqrt(mu))) ** 2
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                v[i] = beta * v[i] + g[i]
                x[i] -= alpha * v[i]
    return steps + 1


@loop
def momentum_buffer(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, buffer = np.empty_like(x), x.copy(), np.zeros_like(x)
    alpha, beta, dampening, decay = 1.0 / L, 0.8, 0.25, 0.01
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                slope = g[i] + decay * x[i]
                buffer[i] = slope if k == 0 else beta * buffer[i] + (1.0 - dampening) * slope
                x[i] -= alpha * buffer[i]
    return steps + 1


@loop
def momentum_buffer_ahead(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, buffer, y, Ax = np.empty_like(x), x.copy(), np.zeros_like(x), x.copy(), np.empty_like(x)
    alpha, beta = 1.0 / L, 0.9
    for k in range(steps + 1):
        times(matrix, y, g)
        if record:
            times(matrix, x, Ax)
            note(rows[k], 0.5 * inner(Ax, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                buffer[i] = beta * buffer[i] + g[i]
                x[i] = y[i] - alpha * g[i]
                y[i] = x[i] - alpha * beta * buffer[i]
    return (steps + 1) * (2 if record else 1)


@loop
def nesterov(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, v, y, Ax = np.empty_like(x), x.copy(), np.zeros_like(x), x.copy(), np.empty_like(x)
    alpha = 1.0 / L
    beta = (math.sqrt(L) - math.sqrt(mu)) / (math.sqrt(L) + math.sqrt(mu))
    for k in range(steps + 1):
        times(matrix, y, g)
        if record:
            times(matrix, x, Ax)
            note(rows[k], 0.5 * inner(Ax, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                v[i] = beta * v[i] + g[i]
                x[i] -= alpha * v[i]
                y[i] = x[i] - alpha * beta * v[i]
    return (steps + 1) * (2 if record else 1)


@loop
def nesterov_convex(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, y, Ax = np.empty_like(x), x.copy(), x.copy(), np.empty_like(x)
    alpha, t = 1.0 / L, 1.0
    for k in range(steps + 1):
        times(matrix, y, g)
        if record:
            times(matrix, x, Ax)
            note(rows[k], 0.5 * inner(Ax, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = alpha
            t_old = t
            t = (1.0 + math.sqrt(1.0 + 4.0 * t * t)) / 2.0
            beta = (t_old - 1.0) / t
            for i in range(x.shape[0]):
                x_new = y[i] - alpha * g[i]
                y[i] = x_new + beta * (x_new - x[i])
                x[i] = x_new
    return (steps + 1) * (2 if record else 1)


@loop
def nesterov_ratio(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, y, Ax = np.empty_like(x), x.copy(), x.copy(), np.empty_like(x)
    alpha = 1.0 / L
    for k in range(steps + 1):
        times(matrix, y, g)
        if record:
            times(matrix, x, Ax)
            note(rows[k], 0.5 * inner(Ax, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                x_new = y[i] - alpha * g[i]
                y[i] = x_new + k / (k + 3.0) * (x_new - x[i])
                x[i] = x_new
    return (steps + 1) * (2 if record else 1)


@loop
def restart_by_gradient(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, y, Ax = np.empty_like(x), x.copy(), x.copy(), np.empty_like(x)
    alpha, t = 1.0 / L, 1.0
    for k in range(steps + 1):
        times(matrix, y, g)
        if record:
            times(matrix, x, Ax)
            note(rows[k], 0.5 * inner(Ax, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = alpha
            along = 0.0
            for i in range(x.shape[0]):
                along += g[i] * (y[i] - alpha * g[i] - x[i])
            t_old = t
            t = (1.0 + math.sqrt(1.0 + 4.0 * t * t)) / 2.0
            beta = (t_old - 1.0) / t
            if along > 0.0:
                t, beta = 1.0, 0.0
            for i in range(x.shape[0]):
                x_new = y[i] - alpha * g[i]
                y[i] = x_new + beta * (x_new - x[i])
                x[i] = x_new
    return (steps + 1) * (2 if record else 1)


@loop
def restart_by_function(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, y, Ax, x_new = np.empty_like(x), x.copy(), x.copy(), np.empty_like(x), np.empty_like(x)
    alpha, t, f_old = 1.0 / L, 1.0, math.inf
    for k in range(steps + 1):
        times(matrix, y, g)
        if record:
            times(matrix, x, Ax)
            note(rows[k], 0.5 * inner(Ax, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                x_new[i] = y[i] - alpha * g[i]
            times(matrix, x_new, Ax)
            f_new = 0.5 * inner(Ax, x_new)
            t_old = t
            t = (1.0 + math.sqrt(1.0 + 4.0 * t * t)) / 2.0
            beta = (t_old - 1.0) / t
            if f_new > f_old:
                t, beta = 1.0, 0.0
            f_old = f_new
            for i in range(x.shape[0]):
                y[i] = x_new[i] + beta * (x_new[i] - x[i])
                x[i] = x_new[i]
    return (steps + 1) * (2 if record else 1) + steps


@loop
def ogm(matrix, x, x_star, L, mu, steps, record, rows):
    """Rounds of 100 steps; x is the query point, z the sequence of plain gradient steps."""
    g, last, z = np.empty_like(x), x.copy(), np.zeros_like(x)
    alpha, theta = 1.0 / L, 1.0
    for k in range(steps + 1):
        times(matrix, x, g)
        if record:
            note(rows[k], 0.5 * inner(g, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = alpha
            old = theta
            ends = k % 100 == 99
            theta = (1.0 + math.sqrt(1.0 + (8.0 if ends else 4.0) * old * old)) / 2.0
            beta, gamma = (old - 1.0) / theta, old / theta
            for i in range(x.shape[0]):
                z_new = x[i] - alpha * g[i]
                x[i] = z_new + beta * (z_new - z[i]) - gamma * alpha * g[i]
                z[i] = z_new
            if ends:
                theta = 1.0
    return steps + 1


@loop
def triple_momentum(matrix, x, x_star, L, mu, steps, record, rows):
    g, last, y, Ax, xi, before = np.empty_like(x), x.copy(), x.copy(), np.empty_like(x), x.copy(), x.copy()
    rho = 1.0 - math.sqrt(mu / L)
    alpha = (1.0 + rho) / L
    beta = rho**2 / (2.0 - rho)
    gamma = rho**2 / ((1.0 + rho) * (2.0 - rho))
    delta = rho**2 / (1.0 - rho**2)
    for k in range(steps + 1):
        times(matrix, y, g)
        if record:
            times(matrix, x, Ax)
            note(rows[k], 0.5 * inner(Ax, x), g, x, x_star, last)
        if k < steps:
            rows[k, 4] = alpha
            for i in range(x.shape[0]):
                new = xi[i] + beta * (xi[i] - before[i]) - alpha * g[i]
                y[i] = new + gamma * (new - xi[i])
                x[i] = new + delta * (new - xi[i])
                before[i] = xi[i]
                xi[i] = new
    return (steps + 1) * (2 if record else 1)


LOOPS = {
    "heavy_ball": Loop(heavy_ball),
    "momentum_buffer[beta=0.8,dampening=0.25,decay=0.01]": Loop(momentum_buffer),
    "momentum_buffer[nesterov=true]": Loop(momentum_buffer_ahead),
    "nesterov": Loop(nesterov),
    "nesterov_convex": Loop(nesterov_convex),
    "nesterov_ratio": Loop(nesterov_ratio),
    "nesterov_restart": Loop(restart_by_gradient),
    "nesterov_restart[test=function]": Loop(restart_by_function),
    "ogm": Loop(ogm, steps=120),
    "triple_momentum": Loop(triple_momentum),
}
