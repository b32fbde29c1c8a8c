"""The momentum buffer on a diagonal quadratic, mode by mode, by powers of the matrix of a step."""

import numpy as np


def buffer_modes(
    eigenvalues: np.ndarray,
    start: np.ndarray,
    steps: int,
    *,
    alpha: float,
    beta: float,
    dampening: float,
    decay: float,
    nesterov: bool,
) -> np.ndarray:
    """x_k - x* for k = 0 … steps, shape (steps + 1, n); with nesterov that of the iterate, not of the query point."""
    found = np.empty((steps + 1, len(start)))
    for i, (curvature, x) in enumerate(zip(eigenvalues + decay, start, strict=True)):
        # v' = velocity . (x, v) with slope s = curvature x; x' = x - alpha v', or x - alpha (s + beta v').
        slope = np.array([curvature, 0.0])
        velocity = (1.0 - dampening) * slope + np.array([0.0, beta])
        moved = slope + beta * velocity if nesterov else velocity
        one = np.array([np.array([1.0, 0.0]) - alpha * moved, velocity])
        first = np.array([x, curvature * x])
        first[0] -= alpha * ((1.0 + beta) * first[1] if nesterov else first[1])
        queried = [x, *((np.linalg.matrix_power(one, k) @ first)[0] for k in range(steps))]
        stepped = [x, *((1.0 - alpha * curvature) * y for y in queried[:-1])]
        found[:, i] = stepped if nesterov else queried
    return found
