"""A two-layer network w2 . tanh(W1 a + b1) + b2 that learns sin(a_1 + … + a_d): f = sum (output - target)^2 / (2 m).

x holds W1 row by row (width x inputs), b1, w2 and b2, in this order; `layers` are their offsets. f* >= 0 is all that is
known. The start is Glorot and Bengio's normal initialisation (2010), biases 0.
"""

import math
from typing import Annotated

import numpy as np

from gdbench.exactly import inner
from gdbench.kernel import batch, combine_rows, dot, helper, oracle, product, sin, tanh, total, value
from gdbench.parameter import Range
from gdbench.problem import Constant, Problem


@helper
def _forward(x, data, hidden, residuals):  # type: ignore[no-untyped-def]
    """hidden (width * m): the hidden activations, unit by unit; residuals (m,): output - target."""
    inputs, width, m = data.sizes[0], data.sizes[1], data.sizes[2]
    b1, w2, b2 = data.layers[1], data.layers[2], data.layers[3]
    for i in range(m):
        residuals[i] = x[b2] - data.vector[i]
    for h in range(width):
        unit = hidden[h * m : (h + 1) * m]
        combine_rows(data.matrix, x[h * inputs : (h + 1) * inputs], unit)
        bias, weight = x[b1 + h], x[w2 + h]
        for i in range(m):
            unit[i] = tanh(unit[i] + bias)
            residuals[i] += weight * unit[i]


@oracle
def mlp_oracle(x, g, data):  # type: ignore[no-untyped-def]
    inputs, width, m = data.sizes[0], data.sizes[1], data.sizes[2]
    b1, w2, b2 = data.layers[1], data.layers[2], data.layers[3]
    hidden = data.scratch[: width * m]
    residuals = data.scratch[width * m : (width + 1) * m]
    delta = data.scratch[(width + 1) * m : (width + 2) * m]
    _forward(x, data, hidden, residuals)
    for h in range(width):
        unit = hidden[h * m : (h + 1) * m]
        weight = x[w2 + h]
        for i in range(m):
            delta[i] = weight * residuals[i] * (1.0 - unit[i] * unit[i])
        for j in range(inputs):
            g[h * inputs + j] = dot(delta, data.matrix[j]) / m
        g[b1 + h] = total(delta) / m
        g[w2 + h] = dot(residuals, unit) / m
    g[b2] = total(residuals) / m
    return 0.5 * dot(residuals, residuals) / m


@value
def mlp_value(x, data):  # type: ignore[no-untyped-def]
    width, m = data.sizes[1], data.sizes[2]
    residuals = data.scratch[width * m : (width + 1) * m]
    _forward(x, data, data.scratch[: width * m], residuals)
    return 0.5 * dot(residuals, residuals) / m


@batch
def mlp_batch(x, g, chosen, data):  # type: ignore[no-untyped-def]
    inputs, width = data.sizes[0], data.sizes[1]
    b1, w2, b2 = data.layers[1], data.layers[2], data.layers[3]
    hidden = data.scratch[:width]
    size = chosen.shape[0]
    for i in range(g.shape[0]):
        g[i] = 0.0
    losses = 0.0
    for s in chosen:
        row = data.rows[s]
        residual = x[b2] - data.vector[s]
        for h in range(width):
            hidden[h] = tanh(dot(row, x[h * inputs : (h + 1) * inputs]) + x[b1 + h])
            residual += x[w2 + h] * hidden[h]
        losses += residual * residual
        residual /= size
        for h in range(width):
            g[w2 + h] += residual * hidden[h]
            delta = residual * x[w2 + h] * (1.0 - hidden[h] * hidden[h])
            g[b1 + h] += delta
            for j in range(inputs):
                g[h * inputs + j] += delta * row[j]
        g[b2] += residual
    return 0.5 * losses / size


@product
def mlp_product(x, v, out, data):  # type: ignore[no-untyped-def]
    """Pearlmutter's method (1994): the derivative of the backward pass along v."""
    inputs, width, m = data.sizes[0], data.sizes[1], data.sizes[2]
    b1, w2, b2 = data.layers[1], data.layers[2], data.layers[3]
    size = width * m
    hidden = data.scratch[:size]
    residuals = data.scratch[size : size + m]
    delta = data.scratch[size + m : size + 2 * m]
    moved_residuals = data.scratch[size + 2 * m : size + 3 * m]
    moved = data.scratch[size + 3 * m : 2 * size + 3 * m]
    _forward(x, data, hidden, residuals)
    for i in range(m):
        moved_residuals[i] = v[b2]
    for h in range(width):
        unit = hidden[h * m : (h + 1) * m]
        change = moved[h * m : (h + 1) * m]
        combine_rows(data.matrix, v[h * inputs : (h + 1) * inputs], change)
        for i in range(m):
            change[i] = (1.0 - unit[i] * unit[i]) * (change[i] + v[b1 + h])
            moved_residuals[i] += v[w2 + h] * unit[i] + x[w2 + h] * change[i]
    for h in range(width):
        unit = hidden[h * m : (h + 1) * m]
        change = moved[h * m : (h + 1) * m]
        weight, moved_weight = x[w2 + h], v[w2 + h]
        for i in range(m):
            slope = 1.0 - unit[i] * unit[i]
            straight = weight * moved_residuals[i] + moved_weight * residuals[i]
            delta[i] = straight * slope - 2.0 * weight * residuals[i] * unit[i] * change[i]
        for j in range(inputs):
            out[h * inputs + j] = dot(delta, data.matrix[j]) / m
        out[b1 + h] = total(delta) / m
        out[w2 + h] = (dot(moved_residuals, unit) + dot(residuals, change)) / m
    out[b2] = total(moved_residuals) / m


def make(
    inputs: Annotated[int, Range(low=1, high=1024)] = 2,
    width: Annotated[int, Range(low=1, high=1024)] = 16,
    samples: Annotated[int, Range(low=1, high=100_000)] = 200,
    seed: Annotated[int, Range(low=0, high=2**63 - 1)] = 0,
) -> Problem:
    """inputs, width: of the network; samples: standard normal inputs with their targets."""
    draws = np.random.Generator(np.random.Philox(seed))
    rows = draws.standard_normal((samples, inputs))
    targets = np.array([sin(inner(row, np.ones(inputs))) for row in rows])
    layers = np.cumsum([0, width * inputs, width, width, 1])
    start = np.zeros(int(layers[-1]))
    start[: layers[1]] = draws.standard_normal(width * inputs) * math.sqrt(2.0 / (inputs + width))
    start[layers[2] : layers[3]] = draws.standard_normal(width) * math.sqrt(2.0 / (width + 1))
    return Problem(
        oracle=mlp_oracle,
        value=mlp_value,
        product=mlp_product,
        batch=mlp_batch,
        samples=samples,
        start=start,
        kind="nonconvex",
        source="a regression network of the lecture's kind; Glorot, Bengio 2010; Pearlmutter 1994",
        f_star=Constant(0.0, "bound", "a sum of squares"),
        terms=samples,
        matrix=np.ascontiguousarray(rows.T),
        rows=rows,
        vector=targets,
        scratch=np.zeros(2 * width * samples + 3 * samples),
        layers=layers.astype(np.int64),
        sizes=np.array([inputs, width, samples], dtype=np.int64),
    )
