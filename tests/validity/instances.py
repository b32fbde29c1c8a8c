"""Random instances with a method each: L in 1e-3 … 1e3, kappa to 1e4, ||x*|| to 1e3, |f*| to 1e5, R in 1e-3 … 1e2."""

import math
from dataclasses import dataclass

import numpy as np
from families import HUBER, LOG_COSH, QUADRATIC, made

from gdbench import registry
from gdbench.optimizer import Optimizer
from gdbench.problem import Problem

METHODS = ("gradient_descent", "heavy_ball", "nesterov", "nesterov_convex", "backtracking")
#: Updates: few enough that rounding leaves most of them to see, where x* or f* is far from 0.
ITERATIONS = (20, 60, 100)


@dataclass(frozen=True)
class Instance:
    """A problem, a method and a number of updates."""

    problem: Problem
    optimizer: Optimizer
    iterations: int


def drawn(number: int) -> Instance:
    """Instance `number`; the same bits for the same number."""
    draws = np.random.default_rng(number)
    name = METHODS[int(draws.integers(0, len(METHODS)))]
    iterations = int(draws.choice(ITERATIONS))
    kind = QUADRATIC if name == "heavy_ball" and draws.random() < 0.7 else int(draws.integers(0, 3))
    L = 10.0 ** draws.uniform(-3.0, 3.0)
    mu = 0.0 if kind != QUADRATIC and draws.random() < 0.5 else L / 10.0 ** draws.uniform(0.01, 4.0)
    scaled, selector = _method(draws, name, mu)
    radius = 10.0 ** draws.uniform(-3.0, 2.0)
    if draws.random() < 0.4:
        curvatures, widths, away = _attaining(draws, kind, iterations * scaled, L, mu, radius)
    else:
        curvatures, widths, away = _any(draws, kind, L, mu, radius)
    n = len(away)
    far = draws.random() < 0.4
    size = 10.0 ** draws.uniform(-3.0, 3.0) / math.sqrt(n) if far else 0.0
    centres = draws.standard_normal(n) * size
    sign = float(draws.choice([-1.0, 1.0]))
    f_star = sign * 10.0 ** draws.uniform(-3.0, 5.0) if far and draws.random() < 0.5 else 0.0
    problem = made(kind, mu, curvatures, widths, centres, centres + away, f_star, f"random[{number}]")
    return Instance(problem, registry.optimizer(selector), iterations)


def _method(draws, name, mu):
    """alpha L as far as it is known, and the selector."""
    if name == "gradient_descent":
        scaled = float(draws.choice([1.0, round(draws.uniform(0.05, 1.99), 6)]))
        return scaled, f"gradient_descent[alpha={scaled}/L]"
    if name == "heavy_ball" and (mu == 0.0 or draws.random() < 0.3):
        return 1.0, f"heavy_ball[alpha={draws.uniform(0.05, 1.0):.4f}/L,beta={draws.uniform(0.0, 0.95):.3f}]"
    if name == "nesterov" and mu == 0.0:
        return 1.0, f"nesterov[beta={draws.uniform(0.0, 0.95):.3f}]"
    if name == "backtracking":
        first = draws.choice(["10", "1/L", "0.3", "100/L"])
        return (
            1.0,
            f"backtracking[alpha={first},factor={draws.uniform(0.1, 0.9):.2f},c={draws.uniform(0.001, 0.9):.3f}]",
        )
    return 1.0, name


def _attaining(draws, kind, steps, L, mu, radius):
    """One direction matters: an eigenvector of L or of mu, or the half line on which Huber's function is attained."""
    n = int(draws.integers(1, 10))
    curvatures, away = np.zeros(n), np.zeros(n)
    curvatures[0] = L - mu
    place = 0 if kind != QUADRATIC or n == 1 or draws.random() < 0.5 else 1
    away[place] = radius * float(draws.choice([-1.0, 1.0]))
    kappa = mu / L
    narrow = radius / (2.0 * steps + 1.0) if mu == 0.0 else radius * kappa / (kappa + 2.0 * steps)
    return curvatures, np.full(n, narrow), away


def _any(draws, kind, L, mu, radius):
    n = int(draws.integers(1, 10))
    shares = draws.random(n) if draws.random() < 0.5 else draws.integers(0, 2, n).astype(float)
    shares[int(draws.integers(0, n))] = 1.0
    away = draws.standard_normal(n)
    away *= radius / math.sqrt(float(away @ away))
    low = 0.5 if kind == LOG_COSH else 0.01
    assert kind in (QUADRATIC, HUBER, LOG_COSH)
    return (L - mu) * shares, radius * np.exp(draws.uniform(math.log(low), math.log(3.0), n)), away
