"""Rosenbrock's valley f(x) = sum_i 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2 (Rosenbrock 1960) from (-1.2, 1, -1.2, 1, …).

L is a bound on the sublevel set {f <= f_0}. Write s_i = 1 - x_i and r_i = x_{i+1} - x_i^2: there
sum_i (10 r_i)^2 + s_i^2 <= f_0. Row i of the Hessian has 800 x_i^2 - 400 r_i + 2 (not in the last row) + 200 (not in
the first) on the diagonal and -400 x_i beside it. As 800 |x_i u v| <= 400 |x_i| (eps u^2 + v^2/eps), its largest
eigenvalue is at most the largest of 800 x_i^2 + 400 |r_i| + 202 + 400 eps |x_i| + (400/eps) |x_{i-1}| and, for the
last row, 200 + (400/eps) |x_{n-1}|. With |x_i| <= 1 + |s_i|, 800 s_i^2 <= 800 f_0 and Cauchy-Schwarz for what is
linear in (s_i, 10 r_i, s_{i-1}) this is `smoothness`; by the same rows the smallest eigenvalue is above -L. Gradient
steps with alpha < 2/L stay in the set: f falls along a step up to a first exit, so f < f_0 where it would leave.
"""

import math
from typing import Annotated

import numpy as np

from gdbench.kernel import dot, oracle, product, value
from gdbench.parameter import Range
from gdbench.problem import Constant, Problem


@oracle
def rosenbrock_oracle(x, g, data):  # type: ignore[no-untyped-def]
    terms = data.scratch
    last = x.shape[0] - 1
    g[0] = 0.0
    for i in range(last):
        r = 10.0 * (x[i + 1] - x[i] * x[i])
        s = 1.0 - x[i]
        terms[i] = r
        terms[last + i] = s
        g[i] -= 40.0 * x[i] * r + 2.0 * s
        g[i + 1] = 20.0 * r
    return dot(terms, terms)


@value
def rosenbrock_value(x, data):  # type: ignore[no-untyped-def]
    terms = data.scratch
    last = x.shape[0] - 1
    for i in range(last):
        terms[i] = 10.0 * (x[i + 1] - x[i] * x[i])
        terms[last + i] = 1.0 - x[i]
    return dot(terms, terms)


@product
def rosenbrock_product(x, v, out, data):  # type: ignore[no-untyped-def]
    out[0] = 0.0
    for i in range(x.shape[0] - 1):
        beside = -400.0 * x[i]
        out[i] += (1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0) * v[i] + beside * v[i + 1]
        out[i + 1] = beside * v[i] + 200.0 * v[i + 1]


def smoothness(f_start: float, dim: int) -> float:
    """The bound on L over {f <= f_start} of the module's docstring, for eps = 1/10 (dim 2) or 1/2."""
    root = math.sqrt(f_start)
    if dim == 2:
        first = 800.0 * f_start + 842.0 + root * math.sqrt(1640.0 * 1640.0 + 40.0 * 40.0)
        return max(first, 200.0 + 4000.0 * (1.0 + root))
    linear = math.sqrt(1800.0 * 1800.0 + 40.0 * 40.0 + 800.0 * 800.0)
    return 800.0 * f_start + 2002.0 + root * linear


def make(dim: Annotated[int, Range(low=2, high=4096)] = 2) -> Problem:
    """dim: number of variables; from 4 on there is a second, local minimum."""
    start = np.ones(dim)
    start[::2] = -1.2
    terms = np.concatenate([10.0 * (start[1:] - start[:-1] * start[:-1]), 1.0 - start[:-1]])
    return Problem(
        oracle=rosenbrock_oracle,
        value=rosenbrock_value,
        product=rosenbrock_product,
        start=start,
        kind="nonconvex",
        source="Rosenbrock 1960; the chain of Moré, Garbow, Hillstrom 1981",
        L=Constant(smoothness(float(dot(terms, terms)), dim), "bound", "weighted Gershgorin rows on {f <= f_0}"),
        f_star=Constant(0.0, "exact", "a sum of squares that all vanish at (1, …, 1)"),
        x_star=np.ones(dim),
        region="sublevel set",
        terms=2 * dim - 2,
        scratch=np.zeros(2 * dim - 2),
    )
