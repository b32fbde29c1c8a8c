"""The exact gradient plus normal noise of a given covariance, drawn afresh at every query (Polyak, Juditsky 1992).

The covariance is sigma^2 D^(1/2) R D^(1/2): R has 1 on its diagonal and `correlation` off it, D falls from 1 to
1/spread in equal ratios over the coordinates.
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated

import numpy as np

from gdbench.errors import BadInput
from gdbench.kernel import exp, log1p, sample
from gdbench.kernel.philox import NOISE, normals
from gdbench.parameter import Range, Share, Unit
from gdbench.problem import Array, Problem
from gdbench.sampling import Drawn, Gradients, Noise, Room, Sampling
from gdbench.samplings._textbook import Stream


@sample
def noisy(k, state, data, calls):  # type: ignore[no-untyped-def]
    f = calls.oracle(state.x, state.g, data)
    g = state.g
    sampler = state.sampler
    words, factor, draws = sampler.words, sampler.factor, sampler.parts[0]
    n = g.shape[0]
    for i in range(0, n, 2):
        one, two = normals(words, NOISE, k, i // 2)
        draws[i] = one
        if i + 1 < n:
            draws[i + 1] = two
    if factor.shape[0] == 1:
        for i in range(n):
            g[i] += factor[0, i] * draws[i]
    else:
        for i in range(n):
            shift = 0.0
            for j in range(i + 1):
                shift += factor[i, j] * draws[j]
            g[i] += shift
    return f, 1


def naive(given: Gradients, seed: int, replicate: int, factor: Callable[[int], Array]) -> Drawn:
    """The gradient plus a triangle, factor(n) of shape (n, n), times n normal numbers."""
    draws = Stream(seed, replicate, NOISE)

    def estimate(k: int, x: Array) -> Array:
        return given.gradient(x) + factor(len(x)) @ [draws.normal(k, i) for i in range(len(x))]

    return Drawn(lambda k, x: given.f(x), estimate)


def triangle(n: int, sigma: float, spread: float, correlation: float) -> Array:
    """sigma D^(1/2) times a Cholesky factor of R, shape (n, n), by NumPy."""
    deviations = sigma * spread ** (-np.arange(n) / (2.0 * max(n - 1, 1)))
    correlations = np.full((n, n), correlation) + (1.0 - correlation) * np.eye(n)
    return np.asarray(np.diag(deviations) @ np.linalg.cholesky(correlations))


def cholesky(covariance: Array) -> Array:
    """The lower triangle C (n, n) with C C^T = covariance (n, n); `BadInput` where that is not positive definite."""
    n = len(covariance)
    factor = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            rest = covariance[i, j] - sum(factor[i, q] * factor[j, q] for q in range(j))
            if i == j and not rest > 0.0:
                raise BadInput(f"The covariance of the noise is not positive definite (pivot {i} is {rest:.3g}).")
            factor[i, j] = np.sqrt(rest) if i == j else rest / factor[j, j]
    return factor


def given(factor: Array, source: str = "additive noise") -> Sampling:
    """Noise of covariance C C^T for a lower triangle C of shape (n, n), or for a row (1, n) of standard deviations."""

    def room(problem: Problem) -> Room:
        nothing = np.zeros(1, dtype=np.int64)
        if factor.shape[1] != problem.n:
            raise BadInput(f"noise for {factor.shape[1]} variables does not go with the {problem.n} of {problem.name}.")
        draws = np.zeros((1, problem.n))
        return Room(chosen=nothing, order=nothing, numbers=np.zeros(1), factor=factor, parts=draws)

    constant = np.diag(factor[0] ** 2) if len(factor) == 1 else factor @ factor.T
    same = Noise(covariance=lambda mean, second: constant, additive=True, gaussian=True)
    whole = np.diag(factor[0]) if len(factor) == 1 else factor
    loop = partial(naive, factor=lambda n: whole)
    return Sampling(kernel=noisy, room=room, source=source, noise=lambda problem: same, naive=loop, by_coordinate=True)


def make(
    sigma: Annotated[float, Range(low=0.0), Unit(f=1, x=-1)] = 0.1,
    spread: Annotated[float, Range(low=1.0)] = 1.0,
    correlation: Share = 0.0,
) -> Sampling:
    """sigma: standard deviation of the first coordinate. spread: variance of the first over that of the last
    coordinate. correlation: of any two coordinates.
    """

    def sized(problem: Problem) -> Sampling:
        n = problem.n
        fall = 0.5 * log1p(spread - 1.0) / max(n - 1, 1)
        deviations = sigma * np.array([exp(-i * fall) for i in range(n)])
        if correlation == 0.0:
            return given(deviations[None, :])
        return given(deviations[:, None] * cholesky(np.where(np.eye(n) > 0.0, 1.0, correlation)))

    return Sampling(
        kernel=noisy,
        room=lambda problem: sized(problem).room(problem),
        source="Polyak, Juditsky 1992",
        noise=lambda problem: sized(problem).noise(problem),
        naive=partial(naive, factor=partial(triangle, sigma=sigma, spread=spread, correlation=correlation)),
        by_coordinate=True,
    )
