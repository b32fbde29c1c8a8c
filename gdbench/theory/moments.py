"""Mean and covariance of stochastic gradient descent on a quadratic, update by update, and runs held against them.

All is written in the modes of the Hessian, eigenvectors as rows of a basis (n, n), in which the method is diagonal and
only the noise is not. Products are sums of NumPy's elementwise ones, the same bits on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from gdbench.exactly import symmetric_eigen, times
from gdbench.kernel import box_data, prepare
from gdbench.problem import Array, Problem
from gdbench.sampling import Noise
from gdbench.theory.ensemble import Ensemble, Moments, shape_of
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


def product_of(a: Array, b: Array) -> Array:
    """a b, for shapes (m, n) and (n, q), added in the order of the inner index."""
    total = np.zeros((len(a), b.shape[1]))
    for j in range(len(b)):
        total += a[:, j, None] * b[j]
    return total


class Moving:
    """Mean (3, n) and covariance (3, 3, n, n) of the modes of (query point - x*, velocity, judged point - x*).

    eigenvalues (n,) and basis (n, n) are those of the Hessian.
    """

    def __init__(self, facts: Facts, eigenvalues: Array, basis: Array) -> None:
        problem, noise = facts.problem, noise_of(facts)
        assert problem.x_star is not None
        assert noise is not None
        n = problem.n
        self._facts, self._eigenvalues, self._basis, self._noise = facts, eigenvalues, basis, noise
        self._minimiser = times(basis, problem.x_star)
        self._same = self._spread(np.zeros(n), np.zeros((n, n))) if noise.additive else None
        away = times(basis, problem.start - problem.x_star)
        self.mean = np.stack([away, np.zeros(n), away])
        self.covariance = np.zeros((3, 3, n, n))

    def step(self, k: int, alpha: float) -> None:
        """Update k = 0, 1, … with step size alpha."""
        spread = self._same
        if spread is None:
            spread = self._spread(self.mean[0], self.covariance[0, 0] + np.outer(self.mean[0], self.mean[0]))
        matrix, push = self._linear(k, alpha)
        drift = self._facts.value("decay") * self._minimiser
        self.mean = np.sum(matrix * self.mean, axis=1) + push[:, None] * drift
        half = np.sum(matrix[:, :, None, :, None] * self.covariance, axis=1)
        moved = np.sum(matrix[None, :, :, None, :] * half[:, None], axis=2)
        self.covariance = moved + (push[:, None] * push)[:, :, None, None] * spread

    def judged(self) -> tuple[Array, Array]:
        """The mean (n,) and the covariance (n, n) of the judged point - x*."""
        return self.mean[2].copy(), self.covariance[2, 2].copy()

    def _spread(self, mean: Array, second: Array) -> Array:
        """The covariance (n, n) of the noise, given the mean and the second moment of the query point - x*."""
        basis = self._basis
        second = product_of(product_of(basis.T, second), basis)
        covariance = self._noise.covariance(times(np.ascontiguousarray(basis.T), mean), second)
        return product_of(product_of(basis, covariance), basis.T)

    def _linear(self, k: int, alpha: float) -> tuple[Array, Array]:
        """The map of an update: its factors (3, 3, n) and what the noise is multiplied by (3,)."""
        value, one = self._facts.value, np.ones(self._facts.problem.n)
        beta, nesterov = value("beta"), bool(value("nesterov"))
        fresh = 1.0 if k == 0 else 1.0 - value("dampening")
        slope = self._eigenvalues + value("decay")
        pull = alpha * (1.0 + beta * fresh) if nesterov else alpha * fresh
        held = alpha * beta * (beta if nesterov else 1.0)
        weight = 1.0 / (k + 2) if value("average") else 1.0
        query, nothing = 1.0 - pull * slope, 0.0 * one
        matrix = [
            [query, -held * one, nothing],
            [fresh * slope, beta * one, nothing],
            [weight * query, -weight * held * one, (1.0 - weight) * one],
        ]
        return np.array(matrix), np.array([-pull, fresh, -weight * pull])


def alphas(facts: Facts, count: int) -> Array:
    """The declared step sizes of the first `count` updates."""
    shares = np.ones(count) if facts.shares is None else facts.shares(np.arange(count, dtype=float))
    return np.asarray(facts.value("alpha") * shares)


def moments_of(facts: Facts, eigenvalues: Array, basis: Array, ladder: Sequence[int]) -> Iterator[tuple[Array, Array]]:
    """Mean and covariance of the modes of the judged point - x* at each checkpoint, as long as they are finite."""
    moving, wanted = Moving(facts, eigenvalues, basis), set(ladder)
    for k, alpha in enumerate(alphas(facts, ladder[-1]).tolist()):
        moving.step(k, alpha)
        if not np.all(np.isfinite(moving.covariance)):
            return
        if k + 1 in wanted:
            yield moving.judged()


def quadratic_moments(facts: Facts, ensemble: Ensemble) -> list[Moments]:
    """Mean of every mode, covariance of every two, and the expected gap, at every checkpoint."""
    problem, noise = facts.problem, noise_of(facts)
    assert problem.x_star is not None
    assert noise is not None
    eigenvalues, basis = symmetric_eigen(hessian_of(problem))
    found: list[Moments] = []
    for c, (mean, covariance) in enumerate(moments_of(facts, eigenvalues, basis, ensemble.k.tolist())):
        k, law = int(ensemble.k[c]), _law_of_gap(eigenvalues, mean, covariance)
        modes = product_of(ensemble.x[:, c] - problem.x_star, basis.T) - mean
        away = math.sqrt(float(np.sum(mean**2)) + float(np.sum(np.maximum(np.diag(covariance), 0.0))))
        delta = float(drift(facts, np.array(float(k)), np.array(max(away, math.sqrt(facts.dist2_0)))))
        gaps, moved = ensemble.f[:, c] - facts.f_star, _of_value(facts, law[0], away, delta, delta / k)
        found.append(_means(k, modes, mean, covariance, delta, gaussian=noise.gaussian))
        found.append(_covariances(k, modes, covariance, delta, gaussian=noise.gaussian))
        found.append(_gap(k, gaps, law, moved, gaussian=noise.gaussian))
    return found


def _of_value(facts: Facts, gap: float, away: float, delta: float, once: float) -> float:
    """What rounding may do to f at a point `away` from x* that it moved by delta; once: what it commits in a step."""
    L = facts.value("L")
    summed = 4.0 * U * facts.problem.terms * (abs(facts.f_star) + gap)
    bent = (math.sqrt(2.0 * L * abs(facts.f_star)) + L * away) * once
    return summed + bent + math.sqrt(2.0 * L * gap) * delta + L * delta * delta


def drift(facts: Facts, k: Array, away: Array) -> Array:
    """How far rounding may carry iterates in k steps that begin `away` from x*; all of shape (m,).

    What a step commits is as in `gdbench.theory.rounding`; steps of at most 2/L do not make errors grow.
    """
    problem = facts.problem
    assert problem.x_star is not None
    flat = 0.0 if problem.L is None else math.sqrt(2.0 * abs(facts.f_star) / problem.L.value)
    size = math.sqrt(float(np.sum(problem.x_star**2))) + 2.0 * away + flat
    return np.asarray(4.0 * U * math.sqrt(problem.n + problem.terms) * size * k)


def _means(k: int, modes: Array, mean: Array, covariance: Array, delta: float, *, gaussian: bool) -> Moments:
    """modes (replicates, n): of judged points, less their expectation."""
    count, n = modes.shape
    variance = np.maximum(np.diag(covariance), 0.0)
    size = np.sqrt(variance + mean**2)
    return Moments(
        *(np.full(n, k), mean + modes.mean(axis=0), mean),
        error=np.sqrt(variance / count),
        rounding=delta + U * (count * np.sqrt(variance) + size),
        scale=size,
        two_sided=True,
        skewness=None if gaussian else shape_of(modes)[0],
        known=True,
    )


def _covariances(k: int, modes: Array, covariance: Array, delta: float, *, gaussian: bool) -> Moments:
    """As `_means`, with the expectations' own products for those of the sample's deviations."""
    count, n = modes.shape
    first, second = np.triu_indices(n)
    products = modes[:, first] * modes[:, second]
    variance = np.maximum(np.diag(covariance), 0.0)
    deviations, expected = np.sqrt(variance), covariance[first, second]
    scale = deviations[first] * deviations[second]
    if gaussian:
        # The first cumulants of a product of two normal numbers with correlation rho (Craig 1936).
        rho = np.divide(expected, scale, out=np.zeros(len(scale)), where=scale > 0.0)
        error = scale * np.sqrt((1.0 + rho**2) / count)
        skewness = (2.0 * rho**3 + 6.0 * rho) / (1.0 + rho**2) ** 1.5 / math.sqrt(count)
        weight = None
    else:
        error = products.std(axis=0, ddof=1) / math.sqrt(count)
        skewness, weight = shape_of(products)
    largest = np.maximum(deviations[first], deviations[second])
    return Moments(
        *(np.full(len(first), k), products.mean(axis=0), expected, error),
        rounding=2.0 * delta * largest + delta * delta + count * U * largest * largest,
        scale=scale,
        two_sided=True,
        skewness=skewness,
        weight=weight,
        known=gaussian,
    )


def _law_of_gap(eigenvalues: Array, mean: Array, covariance: Array) -> tuple[float, float, float]:
    """The mean of 1/2 e^T H e, and its standard deviation and skewness where e is normal."""
    gap = 0.5 * float(np.sum(eigenvalues * (np.diag(covariance) + mean**2)))
    if not gap > 0.0:
        return 0.0, 0.0, 0.0
    scaled = eigenvalues / gap
    bent, slope = scaled[:, None] * covariance, scaled * mean
    twice, pushed = product_of(bent, bent), product_of(covariance, slope[:, None])[:, 0]
    variance = 0.5 * float(np.sum(np.diag(twice))) + float(np.sum(slope * pushed))
    third = float(np.sum(np.diag(product_of(twice, bent))))
    third += 3.0 * float(np.sum(slope * product_of(covariance, (scaled * pushed)[:, None])[:, 0]))
    return gap, gap * math.sqrt(max(variance, 0.0)), third / variance**1.5 if variance > 0.0 else 0.0


def _gap(k: int, gaps: Array, law: tuple[float, float, float], moved: float, *, gaussian: bool) -> Moments:
    """law: of the gap; moved: what rounding may do to f at a replicate."""
    expected, deviation, third = law
    count = len(gaps)
    skewness, weight = shape_of(gaps[:, None])
    if gaussian:
        skewness = np.array([third / math.sqrt(count)])
    error = (deviation if gaussian else float(gaps.std(ddof=1))) / math.sqrt(count)
    figures = (float(k), float(gaps.mean()), expected, error, moved + count * U * expected)
    number, measured, mean, spread, rounding = (np.array([figure]) for figure in figures)
    shape = {"skewness": skewness, "weight": weight}
    return Moments(number, measured, mean, spread, rounding, scale=mean, two_sided=True, **shape, known=gaussian)
