"""Mean and covariance of stochastic gradient descent on a quadratic, update by update, and runs held against them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from gdbench.exactly import symmetric_eigen
from gdbench.kernel import box_data, prepare
from gdbench.problem import Array, Problem
from gdbench.sampling import Noise
from gdbench.theory.ensemble import Ensemble, Moments
from gdbench.theory.rounding import U
from gdbench.theory.theorem import Facts


def noise_of(facts: Facts) -> Noise | None:
    """What is known of the noise of one estimate; None where the gradient is exact or draws depend on each other."""
    return None if facts.sampling is None else facts.sampling.noise(facts.problem)


def hessian_of(problem: Problem) -> Array:
    """The Hessian at x*, shape (n, n), by the problem's product."""
    assert problem.x_star is not None
    data, product, n = box_data(*problem.arrays()), prepare(problem.product), problem.n
    columns = np.zeros((n, n))
    for i, unit in enumerate(np.eye(n)):
        product(problem.x_star.copy(), unit, columns[i], data)
    return 0.5 * (columns + columns.T)


class Moving:
    """Mean and covariance of (query point - x*, velocity, judged point - x*), n numbers each, update by update."""

    def __init__(self, facts: Facts, hessian: Array) -> None:
        problem = facts.problem
        assert problem.x_star is not None
        self._facts, self._hessian, self._n = facts, hessian, problem.n
        away = problem.start - problem.x_star
        self.mean = np.concatenate([away, np.zeros(problem.n), away])
        self.covariance = np.zeros((3 * problem.n, 3 * problem.n))
        noise = noise_of(facts)
        assert noise is not None
        self._noise = noise

    def step(self, k: int, alpha: float) -> None:
        """Update k = 0, 1, … with step size alpha."""
        matrix, push, drift = self._linear(k, alpha)
        query = slice(0, self._n)
        second = self.covariance[query, query] + np.outer(self.mean[query], self.mean[query])
        spread = self._noise.covariance(self.mean[query], second)
        self.mean = matrix @ self.mean + drift
        self.covariance = matrix @ self.covariance @ matrix.T + push @ spread @ push.T

    def judged(self) -> tuple[Array, Array]:
        """The mean (n,) and the covariance (n, n) of the judged point - x*."""
        last = slice(2 * self._n, None)
        return self.mean[last].copy(), self.covariance[last, last].copy()

    def _linear(self, k: int, alpha: float) -> tuple[Array, Array, Array]:
        """The map of an update: its matrix (3n, 3n), what the noise is multiplied by (3n, n), and a constant (3n,)."""
        value, one, nothing = self._facts.value, np.eye(self._n), np.zeros((self._n, self._n))
        beta, decay = value("beta"), value("decay")
        fresh = 1.0 if k == 0 else 1.0 - value("dampening")
        slope = self._hessian + decay * one
        own = alpha if value("nesterov") else 0.0
        pull = own + alpha * (beta if value("nesterov") else 1.0) * fresh
        held = alpha * beta * (beta if value("nesterov") else 1.0)
        x_row = np.hstack([one - pull * slope, -held * one, nothing])
        v_row = np.hstack([fresh * slope, beta * one, nothing])
        weight = 1.0 / (k + 2) if value("average") else 1.0
        judged = weight * x_row + (1.0 - weight) * np.hstack([nothing, nothing, one])
        push = np.vstack([-pull * one, fresh * one, -weight * pull * one])
        assert self._facts.problem.x_star is not None
        return np.vstack([x_row, v_row, judged]), push, push @ (decay * self._facts.problem.x_star)


def alphas(facts: Facts, count: int) -> Array:
    """The declared step sizes of the first `count` updates."""
    shares = np.ones(count) if facts.shares is None else facts.shares(np.arange(count, dtype=float))
    return np.asarray(facts.value("alpha") * shares)


def moments_of(facts: Facts, hessian: Array, ladder: Sequence[int]) -> Iterator[tuple[Array, Array]]:
    """Mean and covariance of the judged point - x* at each checkpoint."""
    moving, wanted = Moving(facts, hessian), set(ladder)
    for k, alpha in enumerate(alphas(facts, ladder[-1]).tolist()):
        moving.step(k, alpha)
        if k + 1 in wanted:
            yield moving.judged()


def quadratic_moments(facts: Facts, ensemble: Ensemble) -> list[Moments]:
    """Mean of every mode, covariance of every two, and the expected gap, at every checkpoint."""
    problem = facts.problem
    assert problem.x_star is not None
    hessian = hessian_of(problem)
    eigenvalues, basis = symmetric_eigen(hessian)
    noise = noise_of(facts)
    found: list[Moments] = []
    assert noise is not None
    for c, (mean, covariance) in enumerate(moments_of(facts, hessian, ensemble.k.tolist())):
        k = int(ensemble.k[c])
        modes = (ensemble.x[:, c] - problem.x_star) @ basis.T
        exact, spread = basis @ mean, basis @ covariance @ basis.T
        delta = _delta(facts, k, mean, covariance)
        found += _of_modes(k, modes, exact, spread, delta, gaussian=noise.gaussian)
        gap = 0.5 * float(np.sum(eigenvalues * (np.diag(spread) + exact**2)))
        found.append(_of_gap(k, ensemble.f[:, c] - facts.f_star, gap, delta, problem, facts))
    return found


def drift(facts: Facts, k: Array, away: Array) -> Array:
    """How far rounding may carry iterates in k steps that begin `away` from x*; all of shape (m,).

    What a step commits is as in `gdbench.theory.rounding`; steps of at most 2/L do not make errors grow.
    """
    problem = facts.problem
    assert problem.x_star is not None
    flat = 0.0 if problem.L is None else math.sqrt(2.0 * abs(facts.f_star) / problem.L.value)
    size = float(np.linalg.norm(problem.x_star)) + 2.0 * away + flat
    return np.asarray(4.0 * U * math.sqrt(problem.n + problem.terms) * size * k)


def _delta(facts: Facts, k: int, mean: Array, covariance: Array) -> float:
    """The drift in k steps, with the root mean square of the distance from x* for the distance."""
    away = math.sqrt(max(float(mean @ mean) + float(np.trace(covariance)), 0.0))
    farthest = max(away, math.sqrt(facts.dist2_0))
    return float(drift(facts, np.array(float(k)), np.array(farthest)))


def _of_modes(
    k: int, modes: Array, mean: Array, covariance: Array, delta: float, *, gaussian: bool
) -> tuple[Moments, Moments]:
    count, n = modes.shape
    variance = np.maximum(np.diag(covariance), 0.0)
    size = np.sqrt(variance + mean**2)
    centred = modes - modes.mean(axis=0)
    first, second = np.triu_indices(n)
    measured = centred.T @ centred / (count - 1)
    scale = np.sqrt(variance[first] * variance[second])
    if gaussian:
        error = np.sqrt((scale**2 + covariance[first, second] ** 2) / (count - 1))
    else:
        products = centred[:, first] * centred[:, second]
        error = products.std(axis=0, ddof=1) / math.sqrt(count)
    rounding = 2.0 * delta * np.sqrt(np.maximum(variance[first], variance[second])) + delta * delta
    return (
        Moments(
            *(np.full(n, k), modes.mean(axis=0), mean, np.sqrt(variance / count), np.full(n, delta)),
            scale=size,
            two_sided=True,
        ),
        Moments(
            *(np.full(len(first), k), measured[first, second], covariance[first, second], error, rounding),
            scale=scale,
            two_sided=True,
        ),
    )


def _of_gap(k: int, gaps: Array, expected: float, delta: float, problem: Problem, facts: Facts) -> Moments:
    assert problem.L is not None
    L = problem.L.value
    summed = 4.0 * U * problem.terms * (abs(facts.f_star) + expected)
    rounding = summed + math.sqrt(2.0 * L * max(expected, 0.0)) * delta + L * delta * delta
    error = float(gaps.std(ddof=1)) / math.sqrt(len(gaps))
    figures = (float(k), float(gaps.mean()), expected, error, rounding, expected)
    number, measured, exact, spread, allowed, scale = (np.array([figure]) for figure in figures)
    return Moments(number, measured, exact, spread, allowed, scale, two_sided=True)
