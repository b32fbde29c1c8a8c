"""The audit's own problems: f(x) = w sum_i phi(a_i . x - b_i) + (mu/2) ||x||^2 in 13 variables, no multiple of 4 or 8.

Its 37 samples are the summands, enough for the batches that methods draw by default, each with the whole regulariser.
phi is t^2/2 (a dense quadratic), log cosh t (strongly convex) or t^2/(2 + 2 t^2) (not convex; Geman and McClure 1985);
phi'' <= phi''(0) = 1 for all. The scales of f and x lie in w, mu, a and the start alone, so that a change of units by
powers of two is exact. Each has a second form in NumPy, in other formulas, which shares nothing with the kernels.

Where a minimiser is known it was chosen first: x* = -(w/mu) A't with small t = phi'(a_i . x* - b_i), or b = A x*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np

from gdbench.errors import BadInput
from gdbench.exactly import gram, inner, symmetric_eigen, times
from gdbench.kernel import (
    batch,
    combine_rows,
    dot,
    exp,
    helper,
    log1p,
    oracle,
    product,
    seed_draws,
    total,
    uniform,
    value,
)
from gdbench.optimizer import Optimizer
from gdbench.problem import Array, Constant, Integers, Problem, Spectrum
from gdbench.sampling import Drawn, Gradients
from gdbench.view import View

Shape = Literal["quadratic", "log cosh", "hills"]
SHAPES: tuple[Shape, ...] = ("quadratic", "log cosh", "hills")
VARIABLES, SUMMANDS = 13, 37
#: Offsets of the layers, of sizes that tell them apart.
LAYERS = (0, 3, 7, VARIABLES)
WEIGHT, MU = 0.75, 0.3125
#: A share by which f may be wrong in its last digits: what is decided by them is not decided.
NOISE = 8.0 * 2.0**-52
NEAR = 2.0**-20


@helper
def bend(shape, t):  # type: ignore[no-untyped-def]
    """phi, phi' and phi'' at t; shape is the place in SHAPES."""
    if shape == 0:
        return 0.5 * t * t, t, 1.0
    if shape == 1:
        e = exp(-abs(t))
        slope = (1.0 - e * e) / (1.0 + e * e)
        curve = 2.0 * e / (1.0 + e * e)
        return log1p((1.0 - e) * (1.0 - e) / (2.0 * e)), slope if t > 0.0 else -slope, curve * curve
    s = 1.0 / (1.0 + t * t)
    return 0.5 * t * t * s, t * s * s, (1.0 - 3.0 * t * t) * s * s * s


@helper
def blurred(f, data):  # type: ignore[no-untyped-def]
    """f, wrong by a random share of at most data.vector[2]."""
    noise = data.vector[2]
    return f * (1.0 + noise * (2.0 * uniform(data.draw) - 1.0)) if noise > 0.0 else f


@oracle
def ridge_oracle(x, g, data):  # type: ignore[no-untyped-def]
    m = data.rows.shape[0]
    weight, mu, offsets = data.vector[0], data.vector[1], data.vector[3:]
    slopes, losses = data.scratch[:m], data.scratch[m:]
    combine_rows(data.matrix, x, slopes)
    for i in range(m):
        loss, slope, _ = bend(data.sizes[0], slopes[i] - offsets[i])
        losses[i] = weight * loss
        slopes[i] = weight * slope
    combine_rows(data.rows, slopes, g)
    for j in range(x.shape[0]):
        g[j] += mu * x[j]
    return blurred(total(losses) + 0.5 * mu * dot(x, x), data)


@value
def ridge_value(x, data):  # type: ignore[no-untyped-def]
    m = data.rows.shape[0]
    weight, mu, offsets = data.vector[0], data.vector[1], data.vector[3:]
    losses = data.scratch[m:]
    combine_rows(data.matrix, x, losses)
    for i in range(m):
        loss, _, _ = bend(data.sizes[0], losses[i] - offsets[i])
        losses[i] = weight * loss
    return blurred(total(losses) + 0.5 * mu * dot(x, x), data)


@batch
def ridge_batch(x, g, chosen, data):  # type: ignore[no-untyped-def]
    mu, offsets = data.vector[1], data.vector[3:]
    weight = data.vector[0] * data.rows.shape[0] / chosen.shape[0]
    n = x.shape[0]
    for j in range(n):
        g[j] = mu * x[j]
    losses = 0.0
    for i in chosen:
        row = data.rows[i]
        loss, slope, _ = bend(data.sizes[0], dot(row, x) - offsets[i])
        losses += weight * loss
        slope *= weight
        for j in range(n):
            g[j] += slope * row[j]
    return blurred(losses + 0.5 * mu * dot(x, x), data)


@product
def ridge_product(x, v, out, data):  # type: ignore[no-untyped-def]
    m = data.rows.shape[0]
    weight, mu, offsets = data.vector[0], data.vector[1], data.vector[3:]
    curves, moved = data.scratch[:m], data.scratch[m:]
    combine_rows(data.matrix, x, curves)
    combine_rows(data.matrix, v, moved)
    for i in range(m):
        _, _, curve = bend(data.sizes[0], curves[i] - offsets[i])
        curves[i] = weight * curve * moved[i]
    combine_rows(data.rows, curves, out)
    for j in range(v.shape[0]):
        out[j] += mu * v[j]


@dataclass(frozen=True, slots=True)
class Arena:
    """One problem. rows a_i have shape (m, n), offsets b (m,), start and x_star (n,)."""

    name: str
    shape: Shape
    weight: float
    mu: float
    rows: Array
    offsets: Array
    start: Array
    x_star: Array
    L: float
    L_sample: float
    lowest: float
    f_star: float
    eigenvalues: Array
    coordinates: Array
    seed: int | None = None
    layers: tuple[int, ...] = LAYERS

    def problem(self) -> Problem:
        """The problem as kernels see it."""
        convex, quadratic = self.shape != "hills", self.shape == "quadratic"
        strong = Constant(self.lowest, "exact" if quadratic else "bound", "smallest eigenvalue, or the regulariser's")
        sizes: Integers = np.array([SHAPES.index(self.shape)], dtype=np.int64)
        return Problem(
            oracle=ridge_oracle,
            value=ridge_value,
            product=ridge_product,
            batch=ridge_batch,
            samples=len(self.rows),
            L_sample=Constant(self.L_sample, "bound", "m w max ||a_i||^2 + mu, as phi'' <= 1") if convex else None,
            start=self.start,
            kind="quadratic" if quadratic else "strongly convex" if convex else "nonconvex",
            source="Geman and McClure 1985" if not convex else "a sum of ridges",
            L=Constant(self.L, "exact" if quadratic else "bound", "w lambda_max(A'A) + mu, as phi'' <= 1"),
            mu=strong if convex else None,
            f_star=Constant(self.f_star, "exact" if convex else "bound", "f(x*), or phi >= 0"),
            x_star=self.x_star if convex else None,
            spectrum=Spectrum(self.eigenvalues, self.coordinates) if quadratic else None,
            terms=len(self.rows) + 1,
            matrix=np.ascontiguousarray(self.rows.T),
            rows=np.ascontiguousarray(self.rows),
            vector=np.array([self.weight, self.mu, 0.0 if self.seed is None else NOISE, *self.offsets]),
            scratch=np.zeros(2 * len(self.rows)),
            sizes=sizes,
            draw=seed_draws(self.seed or 0),
            layers=np.array(self.layers, dtype=np.int64),
            name=f"the arena's problem {self.name!r}",
        )

    def view(self, optimizer: Optimizer) -> View:
        """The problem as a naive loop sees it, with what the method declares on it."""
        problem = self.problem()
        rows, offsets, weight, mu = self.rows, self.offsets, self.weight, self.mu

        noise = np.random.default_rng(self.seed)

        def f(x: Array) -> float:
            exact = float(weight * np.sum(_loss(self.shape, rows @ x - offsets)) + mu * np.sum(x * x) / 2.0)
            return exact if self.seed is None else exact * (1.0 + NOISE * noise.uniform(-1.0, 1.0))

        def gradient(x: Array) -> Array:
            return weight * (_slope(self.shape, rows @ x - offsets) @ rows) + mu * x

        def batch_loss(x: Array, chosen: Sequence[int]) -> float:
            found = _loss(self.shape, rows[chosen] @ x - offsets[chosen])
            return float(weight * len(rows) * np.mean(found) + mu * np.sum(x * x) / 2.0)

        def batch_gradient(x: Array, chosen: Sequence[int]) -> Array:
            slopes = _slope(self.shape, rows[chosen] @ x - offsets[chosen])
            return np.asarray(weight * len(rows) * np.mean(slopes[:, None] * rows[chosen], axis=0) + mu * x)

        def hessian_times(x: Array, v: Array) -> Array:
            return weight * ((_curve(self.shape, rows @ x - offsets) * (rows @ v)) @ rows) + mu * v

        f_star = {} if problem.f_star is None else {"f_star": problem.f_star.value}
        return View(
            f=f,
            gradient=gradient,
            product=hessian_times,
            start=self.start,
            kind=problem.kind,
            terms=problem.terms,
            schedule=optimizer.schedule,
            declared=optimizer.tune(problem).declared,
            constants={**problem.constants(), **f_star},
            layers=tuple(slice(*ends) for ends in pairwise(self.layers)),
            samples=len(rows),
            batch=batch_gradient,
            drawn=_drawn_by(optimizer, Gradients(f, gradient, batch_loss, batch_gradient, len(rows))),
        )

    def scaled(self, p: int, q: int) -> Arena:
        """2^p f(x / 2^q) from 2^q x_0: the same problem in other units, to the last bit."""
        f, x = 2.0**p, 2.0**q
        curvature = 2.0 ** (p - 2 * q)
        return replace(
            self,
            weight=f * self.weight,
            mu=curvature * self.mu,
            rows=self.rows / x,
            start=x * self.start,
            x_star=x * self.x_star,
            L=curvature * self.L,
            L_sample=curvature * self.L_sample,
            lowest=curvature * self.lowest,
            f_star=f * self.f_star,
            eigenvalues=curvature * self.eigenvalues,
            coordinates=x * self.coordinates,
        )

    def permuted(self, order: Integers) -> Arena:
        """The same problem with its coordinates in another order, the last layer first: new x_i is old x_order[i]."""
        layers = tuple(VARIABLES - offset for offset in reversed(self.layers))
        rows, start, x_star = self.rows[:, order], self.start[order], self.x_star[order]
        return replace(self, rows=rows, start=start, x_star=x_star, layers=layers)

    def moved(self, seed: int) -> Arena:
        """Another problem from another start: every number of both is moved by one unit in the last place."""
        draws = np.random.default_rng(seed)

        def moved(array: Array) -> Array:
            return np.nextafter(array, np.where(draws.random(array.shape) < 0.5, -np.inf, np.inf))

        return replace(self, rows=moved(self.rows), offsets=moved(self.offsets), start=moved(self.start), seed=seed)


def _drawn_by(optimizer: Optimizer, gradients: Gradients) -> Drawn | None:
    """What the method's sampling draws, in plain Python; `BadInput` where it has no such form."""
    sampling = optimizer.sampling
    if sampling is None:
        return None
    if sampling.naive is None:
        raise BadInput(f"sampling={sampling} has no form in plain Python to hold the kernel against.")
    return sampling.naive(gradients, 0, 0)


def _loss(shape: Shape, t: Array) -> Array:
    if shape == "quadratic":
        return t**2 / 2.0
    return np.log1p(2.0 * np.sinh(t / 2.0) ** 2) if shape == "log cosh" else (1.0 - 1.0 / (1.0 + t**2)) / 2.0


def _slope(shape: Shape, t: Array) -> Array:
    if shape == "quadratic":
        return t
    return np.tanh(t) if shape == "log cosh" else t / (1.0 + t**2) ** 2


def _curve(shape: Shape, t: Array) -> Array:
    if shape == "quadratic":
        return np.ones(len(t))
    return 1.0 - np.tanh(t) ** 2 if shape == "log cosh" else (1.0 - 3.0 * t**2) / (1.0 + t**2) ** 3


@cache
def arenas() -> tuple[Arena, ...]:
    """All of them: one of each shape, and one that starts where little more than rounding is left of the gradient."""
    smooth = _drawn("log cosh")
    near = smooth.x_star + NEAR * smooth.start
    return (*map(_drawn, SHAPES), replace(smooth, name="log cosh near x*", start=near))


def _drawn(shape: Shape) -> Arena:
    """The problem of a shape; all numbers are drawn from one seed."""
    draws = np.random.Generator(np.random.Philox(SHAPES.index(shape)))
    rows = draws.standard_normal((SUMMANDS, VARIABLES)) * (0.25 + 1.5 * draws.random(VARIABLES))
    start = 2.0 * draws.standard_normal(VARIABLES)
    mu = 0.0 if shape == "quadratic" else MU
    if shape == "quadratic":
        x_star = draws.standard_normal(VARIABLES)
        offsets = times(rows, x_star)
    else:
        small = 0.05 * (2.0 * draws.random(SUMMANDS) - 1.0)
        slopes = np.array([bend(SHAPES.index(shape), t)[1] for t in small])
        x_star = -(WEIGHT / mu) * times(np.ascontiguousarray(rows.T), slopes)
        offsets = times(rows, x_star) - small
    eigenvalues, vectors = symmetric_eigen(WEIGHT * gram(rows))
    losses = np.array([bend(SHAPES.index(shape), t)[0] for t in times(rows, x_star) - offsets])
    f_star = WEIGHT * float(np.sum(losses)) + 0.5 * mu * inner(x_star, x_star)
    return Arena(
        name=shape,
        shape=shape,
        weight=WEIGHT,
        mu=mu,
        rows=rows,
        offsets=offsets,
        start=start,
        x_star=x_star,
        L=float(eigenvalues[-1]) + mu,
        L_sample=SUMMANDS * WEIGHT * max(inner(row, row) for row in rows) + mu,
        lowest=float(eigenvalues[0]) if shape == "quadratic" else mu,
        f_star=f_star if shape == "log cosh" else 0.0,
        eigenvalues=eigenvalues,
        coordinates=times(vectors, start - x_star),
    )
