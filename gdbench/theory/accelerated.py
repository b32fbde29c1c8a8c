"""Methods that are tuned to their worst case: the optimised gradient method and the triple momentum method.

OGM (Kim and Fessler 2016): theta_0 = 1, theta_{j+1} = (1 + sqrt(1 + 4 theta_j^2))/2 but for the last of a horizon N,
theta_N = (1 + sqrt(1 + 8 theta_{N-1}^2))/2. Its potential 2 theta_k^2 (f(y_k) - f* - ||g(y_k)||^2/(2 L)) + (L/2)
||z_{k+1} - x*||^2 never grows (d'Aspremont, Scieur and Taylor 2021, section on optimised gradient methods).

Triple momentum (Van Scoy, Freeman and Lynch 2018), q = mu/L, rho = 1 - sqrt q. With Q(a, b) >= 0 the interpolation
inequality f_a >= f_b + <g_b, a - b> + … (Taylor, Hendrickx and Glineur 2017, theorem 4), psi(y) = f(y) - f* -
||g(y)||^2/(2 L) - mu ||y - x* - g(y)/L||^2/(2 (1 - q)) >= 0 and V_k = psi(y_{k-1}) + mu/(1 - q) ||x_k - x*||^2,
V_{k+1} = rho^2 V_k - rho^2 Q(y_{k-1}, y_k) - (1 - rho^2) Q(x*, y_k), an identity in f, g and the iterates. For k = 1,
Q(x*, x_0) >= 0 gives V_1 <= (1 - sqrt q)/(1 + sqrt q) <g_0, x_0 - x*>, which is at most L R2 times that factor. So
||x_k - x*||^2 <= kappa rho^(2k) R2; where f is L/2 ||x - x*||^2 along the start every step is an equality.
"""

from __future__ import annotations

import math

import numpy as np

from gdbench.kernel import prepare
from gdbench.kernel.recurrences import fista_times, two_term
from gdbench.problem import Array
from gdbench.theory.exact import SpectrumJudge
from gdbench.theory.hypotheses import (
    Check,
    all_of,
    convex,
    minimiser,
    quadratic,
    smooth_everywhere,
    step_is_one_over_L,
    step_stayed,
    strongly_convex,
)
from gdbench.theory.judges import Quantity, measured
from gdbench.theory.momentum import fista_t
from gdbench.theory.theorem import Comparison, Facts, Theorem
from gdbench.trajectory import Chunk

OGM = "Kim and Fessler 2016, theorem 2 (number unverified)"
TRIPLE = "Van Scoy, Freeman and Lynch 2018; constant proved in the module's docstring"


def last_theta(k: Array) -> Array:
    """theta_N at each horizon N >= 1."""
    before = fista_t(np.asarray(k) - 1)
    return np.asarray(0.5 * (1.0 + np.sqrt(1.0 + 8.0 * before * before)))


def ogm(k: Array, L: float, R2: float) -> Array:
    return L * R2 / (2.0 * last_theta(k) ** 2)


def ogm_primary(k: Array, L: float, R2: float) -> Array:
    return L * R2 / (4.0 * fista_t(k) ** 2)


class HorizonJudge:
    """f(y_N) - f* at the horizon, and f(y_k) - ||g||^2/(2 L) - f* before it; other rows compare 0 with 1, unseen."""

    def __init__(self, facts: Facts, primary: bool) -> None:
        self._facts, self._primary, self._theta = facts, primary, 1.0

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, L, horizon = self._facts, self._facts.value("L"), self._facts.value("horizon")
        if chunk.first > horizon:
            nothing = np.zeros(len(chunk.k))
            return [Comparison(nothing, nothing + 1.0, nothing + np.inf)]
        step_stayed(facts, chunk)
        seen = chunk.k < horizon if self._primary else chunk.k == horizon
        theta = np.empty(len(chunk.k))
        prepare(fista_times)(self._theta, theta)
        before = np.concatenate([[self._theta], theta[:-1]])
        self._theta = float(theta[-1])
        last = 0.5 * (1.0 + np.sqrt(1.0 + 8.0 * before * before))
        bound = L * facts.dist2_0 / (4.0 * theta * theta if self._primary else 2.0 * last * last)
        gap = chunk.now("f") - facts.f_star
        rounding, delta = facts.rounding, facts.rounding.distance(chunk, 1.0, 2)
        allowed = rounding.of_gap(chunk, bound, L, delta)
        if self._primary:
            gap = gap - chunk.now("grad2") / (2.0 * L)
            # f and ||g||^2/(2 L) nearly cancel: both are rounded at the size of f, which its own theorem bounds.
            whole = 2.0 * bound
            allowed = rounding.of_gap(chunk, whole, L, delta) + rounding.of_grad2(chunk, 2.0 * L * whole, L, delta) / L
        return [Comparison(np.where(seen, gap, 0.0), np.where(seen, bound, 1.0), np.where(seen, allowed, np.inf))]


def triple_rate(facts: Facts) -> float:
    """rho = 1 - 1/sqrt kappa."""
    return 1.0 - math.sqrt(facts.value("mu") / facts.value("L"))


def triple_dist(k: Array, L: float, mu: float, R2: float) -> Array:
    rho = 1.0 - math.sqrt(mu / L)
    return (rho * rho) ** k * (L / mu * R2)


def triple_gap(k: Array, L: float, mu: float, R2: float) -> Array:
    return 0.5 * L * triple_dist(k, L, mu, R2)


def stretch_of(rho: float) -> float:
    """delta of x_k = xi_k + delta (xi_k - xi_{k-1})."""
    return rho * rho / (1.0 - rho * rho)


def triple_delta(facts: Facts, chunk: Chunk) -> Array:
    """The distance of x_k from the exact iterate: that of xi_k, stretched."""
    rho = triple_rate(facts)
    return (1.0 + 2.0 * stretch_of(rho)) * facts.rounding.distance(chunk, rho, 2)


class TripleJudge:
    """dist2 and gap of x_k under kappa rho^(2k) R2, with its own rounding model."""

    def __init__(self, facts: Facts, quantity: Quantity) -> None:
        self._facts, self._quantity = facts, quantity

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, L = self._facts, self._facts.value("L")
        step_stayed(facts, chunk)
        delta = triple_delta(facts, chunk)
        needed = (L, facts.value("mu"), facts.dist2_0)
        if self._quantity == "dist2":
            bound = triple_dist(chunk.k, *needed)
            allowed = facts.rounding.of_dist2(chunk, bound, delta)
        else:
            bound = triple_gap(chunk.k, *needed)
            allowed = facts.rounding.of_gap(chunk, bound, L, delta)
        return [Comparison(measured(facts, self._quantity, chunk), bound, allowed)]


class TwoTermJudge(SpectrumJudge):
    """A two-term recurrence e_{k+1} = (a + b lambda) e_k - (c + d lambda) e_{k-1}."""

    def __init__(self, facts: Facts, stretch: float, ahead: bool) -> None:
        super().__init__(facts, ahead, rows=4)
        self._stretch = stretch

    def coefficients(self, chunk: Chunk) -> Array:
        """a, b, c, d of the steps that lead to the rows of a chunk; shape (4, m)."""
        raise NotImplementedError

    def follow(self, chunk: Chunk, exact: Array) -> None:
        """By the coefficients."""
        prepare(two_term)(self._eigenvalues, self.coefficients(chunk), self._stretch, self._state, exact)


class OgmExact(TwoTermJudge):
    """y_{k+1} from beta = (theta_k - 1)/theta_{k+1} and gamma = theta_k/theta_{k+1}, afresh after every horizon."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts, stretch=0.0, ahead=False)
        horizon = int(facts.value("horizon"))
        length = min(horizon, facts.iterations + 1)
        theta = np.ones(length + 1)
        prepare(fista_times)(1.0, theta[1:])
        if length == horizon:
            theta[-1] = last_theta(np.array([horizon]))[0]
        self._beta, self._gamma = (theta[:-1] - 1.0) / theta[1:], theta[:-1] / theta[1:]

    def coefficients(self, chunk: Chunk) -> Array:
        """As above; shape (4, m)."""
        alpha, horizon = self._facts.value("alpha"), int(self._facts.value("horizon"))
        place = (np.arange(chunk.first, chunk.first + len(chunk.k)) - 1) % horizon
        beta, gamma = self._beta[place], self._gamma[place]
        return np.array([1.0 + beta, -alpha * (1.0 + beta + gamma), beta, -alpha * beta])


class TripleExact(TwoTermJudge):
    """xi_{k+1} = (1 + beta - alpha lambda (1 + gamma)) xi_k - (beta - alpha lambda gamma) xi_{k-1}."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts, stretch=facts.value("delta"), ahead=True)

    def coefficients(self, chunk: Chunk) -> Array:
        """As above; shape (4, m)."""
        alpha, beta, gamma = (self._facts.value(name) for name in ("alpha", "beta", "gamma"))
        one = np.array([1.0 + beta, -alpha * (1.0 + gamma), beta, -alpha * gamma])
        return np.ascontiguousarray(np.tile(one[:, np.newaxis], (1, len(chunk.k))))

    def delta(self, chunk: Chunk) -> Array:
        """As for the bounds."""
        return triple_delta(self._facts, chunk)


CONVEX: tuple[Check, ...] = (convex, smooth_everywhere, minimiser, step_is_one_over_L)
STRONG: tuple[Check, ...] = (strongly_convex, smooth_everywhere, minimiser)

THEOREMS = (
    Theorem(
        id="ogm",
        statement="f(y_N) - f* <= L R2 / (2 theta_N^2) at the horizon k = N, alpha = 1/L",
        quantity="gap at the horizon",
        source=OGM,
        tight=True,
        needs=("L", "R2"),
        closed=ogm,
        hypotheses=all_of(*CONVEX),
        judge=lambda facts: HorizonJudge(facts, primary=False),
    ),
    Theorem(
        id="ogm_primary",
        statement="f(y_k) - ||g(y_k)||^2/(2 L) - f* <= L R2 / (4 theta_k^2) before the horizon, alpha = 1/L",
        quantity="gap over a gradient step",
        source="Kim and Fessler 2017, arXiv 1510.08573; d'Aspremont, Scieur and Taylor 2021, section 4.3 (unverified)",
        tight=True,
        needs=("L", "R2"),
        closed=ogm_primary,
        hypotheses=all_of(*CONVEX),
        judge=lambda facts: HorizonJudge(facts, primary=True),
    ),
    Theorem(
        id="triple_dist",
        statement="||x_k - x*||^2 <= kappa rho^(2k) ||x_0 - x*||^2, rho = 1 - 1/sqrt kappa",
        quantity="dist2",
        source=TRIPLE,
        tight=True,
        needs=("L", "mu", "R2"),
        closed=triple_dist,
        hypotheses=all_of(*STRONG),
        judge=lambda facts: TripleJudge(facts, "dist2"),
    ),
    Theorem(
        id="triple_gap",
        statement="f(x_k) - f* <= (L/2) kappa rho^(2k) ||x_0 - x*||^2, rho = 1 - 1/sqrt kappa",
        quantity="gap",
        source=TRIPLE + "; f(x) - f* <= (L/2) ||x - x*||^2",
        tight=True,
        needs=("L", "mu", "R2"),
        closed=triple_gap,
        hypotheses=all_of(*STRONG),
        judge=lambda facts: TripleJudge(facts, "gap"),
    ),
    Theorem(
        id="quad_ogm_exact",
        statement="e_{k+1} = (1 - alpha lambda)((1 + beta) e_k - beta e_{k-1}) - gamma alpha lambda e_k in each mode",
        quantity="gap, dist2, grad2",
        source="Kim and Fessler 2016; the recurrence of y_k in the eigenbasis",
        kind="exact",
        hypotheses=all_of(quadratic, minimiser, step_is_one_over_L),
        judge=OgmExact,
    ),
    Theorem(
        id="quad_triple_exact",
        statement="xi_{k+1} = (1 + beta) xi_k - beta xi_{k-1} - alpha lambda y_k in each mode, x_k and y_k from xi",
        quantity="gap, dist2",
        source="Van Scoy, Freeman and Lynch 2018; the recurrence of xi_k in the eigenbasis",
        kind="exact",
        hypotheses=all_of(quadratic, strongly_convex, minimiser),
        judge=TripleExact,
    ),
)
