"""Logistic regression f(x) = (1/m) sum_i log(1 + exp(-b_i . x)) + (l2/2) ||x||^2 with b_i = y_i a_i, y_i = ±1.

The Hessian is (1/m) B^T diag(s (1 - s)) B + l2 I with s (1 - s) <= 1/4, attained by all samples at x = 0.

With l2 = 0 a minimiser need not exist. It does, within 1/R of x, if ||grad f(x)|| < mu(x) / (e R), where mu(x) is the
smallest eigenvalue of the Hessian and R = max ||b_i||: along a unit v, |f'''| <= R f'' (Bach 2010, section 2), so that
f(x + v/R) >= f(x) - ||grad f(x)|| / R + mu(x) / (e R^2) > f(x) on that sphere. Else x* and f* stay unknown.
"""

import math
from typing import Annotated

import numpy as np

from gdbench.exactly import gram, inner, solve_spd, symmetric_eigen, times
from gdbench.kernel import batch, combine_rows, dot, exp, log1p, oracle, product, total, value
from gdbench.parameter import Range
from gdbench.problem import Array, Constant, Problem


@oracle
def logistic_oracle(x, g, data):  # type: ignore[no-untyped-def]
    m = data.rows.shape[0]
    l2 = data.vector[0]
    weights = data.scratch[:m]
    losses = data.scratch[m:]
    combine_rows(data.matrix, x, weights)
    for i in range(m):
        z = weights[i]
        e = exp(-abs(z))
        losses[i] = log1p(e) - (z if z < 0.0 else 0.0)
        weights[i] = -(1.0 if z < 0.0 else e) / ((1.0 + e) * m)
    combine_rows(data.rows, weights, g)
    for j in range(x.shape[0]):
        g[j] += l2 * x[j]
    return total(losses) / m + 0.5 * l2 * dot(x, x)


@value
def logistic_value(x, data):  # type: ignore[no-untyped-def]
    m = data.rows.shape[0]
    losses = data.scratch[m:]
    combine_rows(data.matrix, x, losses)
    for i in range(m):
        z = losses[i]
        losses[i] = log1p(exp(-abs(z))) - (z if z < 0.0 else 0.0)
    return total(losses) / m + 0.5 * data.vector[0] * dot(x, x)


@batch
def logistic_batch(x, g, chosen, data):  # type: ignore[no-untyped-def]
    l2 = data.vector[0]
    n = x.shape[0]
    size = chosen.shape[0]
    for j in range(n):
        g[j] = l2 * x[j]
    losses = 0.0
    for i in chosen:
        row = data.rows[i]
        z = dot(row, x)
        e = exp(-abs(z))
        losses += log1p(e) - (z if z < 0.0 else 0.0)
        weight = -(1.0 if z < 0.0 else e) / ((1.0 + e) * size)
        for j in range(n):
            g[j] += weight * row[j]
    return losses / size + 0.5 * l2 * dot(x, x)


@product
def logistic_product(x, v, out, data):  # type: ignore[no-untyped-def]
    m = data.rows.shape[0]
    l2 = data.vector[0]
    weights = data.scratch[:m]
    moved = data.scratch[m:]
    combine_rows(data.matrix, x, weights)
    combine_rows(data.matrix, v, moved)
    for i in range(m):
        e = exp(-abs(weights[i]))
        weights[i] = e / ((1.0 + e) * (1.0 + e) * m) * moved[i]
    combine_rows(data.rows, weights, out)
    for j in range(x.shape[0]):
        out[j] += l2 * v[j]


def _local(rows: Array, l2: float, x: Array) -> tuple[float, Array, Array]:
    """f, its gradient (n,) and its Hessian (n, n) at x."""
    m = len(rows)
    margins = times(rows, x)
    e = np.array([exp(-abs(float(z))) for z in margins])
    losses = np.array([log1p(float(one)) for one in e]) - np.minimum(margins, 0.0)
    tails = np.where(margins < 0.0, 1.0, e) / (1.0 + e)
    f = inner(losses, np.ones(m)) / m + 0.5 * l2 * inner(x, x)
    gradient = l2 * x - times(np.ascontiguousarray(rows.T), tails) / m
    hessian = gram(rows * (np.sqrt(e / m) / (1.0 + e))[:, None]) + l2 * np.eye(len(x))
    return f, gradient, hessian


def minimise(rows: Array, l2: float, steps: int = 100) -> tuple[Array, float] | None:
    """x* (n,) and f* by Newton's method with halving, or None where they are not certified."""
    x = np.zeros(rows.shape[1])
    f, gradient, hessian = _local(rows, l2, x)
    for _ in range(steps):
        try:
            with np.errstate(divide="raise", over="raise", invalid="raise"):
                direction = solve_spd(hessian, -gradient)
        except (ValueError, ArithmeticError):
            return None
        if not np.all(np.abs(direction) < 1e6):
            return None
        size = 1.0
        while size > 1e-9 and _local(rows, l2, x + size * direction)[0] > f + 1e-15:
            size *= 0.5
        x = x + size * direction
        f, gradient, hessian = _local(rows, l2, x)
        if inner(direction, direction) <= 1e-30 * (1.0 + inner(x, x)):
            break
    return (x, f) if _certified(rows, l2, f, gradient, hessian) else None


def _certified(rows: Array, l2: float, f: float, gradient: Array, hessian: Array) -> bool:
    """Whether a minimiser exists and f is f* up to rounding; with l2 > 0, f - f* <= ||gradient||^2 / (2 l2)."""
    grad2 = inner(gradient, gradient)
    if l2 > 0.0:
        return grad2 <= 2e-16 * l2 * f
    radius = math.sqrt(max(inner(row, row) for row in rows))
    rounding = 1e-14
    smallest = float(symmetric_eigen(hessian)[0][0]) - rounding
    return math.sqrt(grad2) + rounding * radius < smallest / (math.e * radius) and grad2 <= 1e-16 * smallest * f


def make(
    samples: Annotated[int, Range(low=1, high=100_000)] = 200,
    features: Annotated[int, Range(low=1, high=128)] = 10,
    l2: Annotated[float, Range(low=0.0, high=1e6)] = 0.01,
    seed: Annotated[int, Range(low=0, high=2**63 - 1)] = 0,
) -> Problem:
    """samples, features: shape of the design, standard normal; l2: weight of the regulariser. A quarter of the labels
    disagrees with the linear model, so the classes overlap once samples are many more than features.
    """
    draws = np.random.Generator(np.random.Philox(seed))
    design = draws.standard_normal((samples, features))
    truth = draws.standard_normal(features)
    scores = times(design, truth) + math.sqrt(inner(truth, truth)) * draws.standard_normal(samples)
    rows = design * np.where(scores < 0.0, -1.0, 1.0)[:, None]
    longest = max(inner(row, row) for row in rows)
    largest = float(symmetric_eigen(gram(rows))[0][-1])
    found = minimise(rows, l2)
    lower = Constant(0.0, "bound", "every loss is positive")
    return Problem(
        oracle=logistic_oracle,
        value=logistic_value,
        product=logistic_product,
        batch=logistic_batch,
        samples=samples,
        L_sample=Constant(longest / 4.0 + l2, "exact", "max ||b_i||^2/4 + l2, the largest Hessian of a sample at 0"),
        mu_sample=Constant(l2, "bound", "the losses are convex") if l2 > 0.0 else None,
        start=np.zeros(features),
        kind="strongly convex" if l2 > 0.0 else "convex",
        source="logistic regression (Cox 1958) with a Gaussian design",
        L=Constant(largest / (4.0 * samples) + l2, "exact", "lambda_max(B^T B)/(4m) + l2, the Hessian at 0"),
        mu=Constant(l2, "bound", "the losses are convex") if l2 > 0.0 else None,
        f_star=lower if found is None else Constant(found[1], "exact", "f at the end of Newton's method"),
        x_star=None if found is None else found[0],
        terms=samples,
        matrix=np.ascontiguousarray(rows.T),
        rows=rows,
        vector=np.array([l2]),
        scratch=np.zeros(2 * samples),
    )
