"""How far rounding alone can carry a run from its exact iterates, and so each quantity from its exact value.

For a non-expansive step errors add: delta_{k+1} <= rho delta_k + eta_k, where eta_k is the rounding that one step
commits: 4 u sqrt(n + terms) (||x*|| + 2 ||x_k - x*|| + sqrt(2 f/L)), the last only where f* is not known to be 0. Where
no minimiser is known, a bound of ||x_k|| takes the place of both distances. For momentum the response to one error is
(i + 1) rho^i up to a factor 2 (order 2; proved on quadratics only).
"""

from __future__ import annotations

import math

import numpy as np

from gdbench.kernel import prepare
from gdbench.kernel.recurrences import decaying_sum
from gdbench.problem import Array, Problem
from gdbench.trajectory import Chunk

U = 2.0**-52
#: Below this, squares lose their relative accuracy to underflow.
TINY = 1e-290


class Travelled:
    """||x_0|| plus the lengths of the steps up to x_{k-1}, a bound of ||x_{k-1}||; carried from chunk to chunk."""

    def __init__(self, start: float) -> None:
        self._next, self._start, self._held = 1, start, np.zeros(0)

    def hear(self, chunk: Chunk) -> Array:
        """The bound at each k of a chunk, shape (m,); the same chunk may be heard again."""
        if chunk.first == self._next and len(chunk.k):
            self._held = self._start + np.cumsum(np.sqrt(chunk.before("step2")))
            self._next += len(chunk.k)
            self._start = float(self._held[-1])
        return self._held


class Rounding:
    """The allowances of one run; sums are carried from chunk to chunk, once per (rho, order)."""

    def __init__(self, problem: Problem, f_0: float) -> None:
        self._scale = 4.0 * U * math.sqrt(problem.n + problem.terms)
        self._offset = 0.0 if problem.x_star is None else math.sqrt(float(np.sum(problem.x_star**2)))
        self._far = None if problem.x_star is not None else Travelled(math.sqrt(float(np.sum(problem.start**2))))
        self._terms = problem.terms
        self._L = None if problem.L is None else problem.L.value
        self._f_star = problem.f_star.value if problem.f_star is not None else 0.0
        known = problem.f_star is not None and problem.f_star.kind == "exact"
        self._vanishes = known and self._f_star == 0.0
        self._gap_0 = abs(f_0 - self._f_star)
        self._sums: dict[tuple[float, int], tuple[int, Array, Array]] = {}

    def step(self, chunk: Chunk) -> Array:
        """eta: the rounding of the iterate committed by the step that led to k; shape (m,).

        Where f does not vanish at x*, g is a sum that cancels: of A^T r it is known to sqrt(L) ||r|| only.
        """
        return chunk.once("eta", lambda: self._scale * (self._offset + self._spread(chunk)))

    @property
    def start(self) -> float:
        """The rounding of f(x_0) - f* relative to itself: what every bound that begins with that gap inherits."""
        if self._f_star == 0.0 or self._gap_0 == 0.0:
            return 0.0
        return 4.0 * self._terms * U * (abs(self._f_star) + self._gap_0) / self._gap_0

    def _spread(self, chunk: Chunk) -> Array:
        spread = 2.0 * self._away(chunk)
        if not self._vanishes and self._L is not None:
            spread = spread + np.sqrt(2.0 * np.abs(chunk.before("f")) / self._L)
        return np.asarray(spread)

    def _away(self, chunk: Chunk) -> Array:
        """||x_{k-1} - x*||; where no minimiser is known a bound of ||x_{k-1}||, which rounding is relative to."""
        return np.sqrt(chunk.before("dist2")) if self._far is None else self._far.hear(chunk)

    def distance(self, chunk: Chunk, rho: float, order: int) -> Array:
        """delta: the distance of the run from the exact iterate at k; shape (m,)."""
        first, state, held = self._sums.get((rho, order), (-1, np.zeros(2), np.zeros(0)))
        if first != chunk.first:
            held = np.empty(len(chunk.k))
            prepare(decaying_sum)(self.step(chunk) * order, min(rho, 1.0), order, state, held)
            self._sums[rho, order] = (chunk.first, state, held)
        return held

    def value(self, chunk: Chunk, f: Array) -> Array:
        """Rounding in one evaluation of f near x_{k-1}: of its sum, and of what is squared or otherwise bent in it.

        A dense product is known to L ||x|| u only, so f to L eta ||x - x*||, which is kappa times its own rounding.
        A residual r of f = ||r||^2/2 is known to sqrt(L) eta only, which moves f by ||r|| sqrt(L) eta where f is flat.
        """
        summed = 4.0 * self._terms * U * np.abs(f)
        if self._L is None:
            return np.asarray(summed)
        bent = np.sqrt(2.0 * self._L * np.abs(f)) + self._L * self._away(chunk)
        return np.asarray(summed + bent * self.step(chunk))

    def of_gap(self, chunk: Chunk, bound: Array, L: float, delta: Array) -> Array:
        """For f(x_k) - f* <= bound."""
        # The row before, never the one that is judged: a wrong iterate must not widen its own allowance.
        evaluated = 4.0 * self._terms * U * bound + L * self._away(chunk) * self.step(chunk)
        if self._f_star != 0.0:
            evaluated = evaluated + 4.0 * self._terms * U * (abs(self._f_star) + self._gap_0)
        moved = np.sqrt(2.0 * L * bound) * delta + L * delta * delta
        return np.asarray(bound * (1e-12 + 8.0 * U * chunk.k) + evaluated + moved + TINY)

    def of_dist2(self, chunk: Chunk, bound: Array, delta: Array) -> Array:
        """For ||x_k - x*||^2 <= bound."""
        return np.asarray(bound * (1e-12 + 8.0 * U * chunk.k) + 2.0 * np.sqrt(bound) * delta + delta * delta + TINY)

    def of_grad2(self, chunk: Chunk, bound: Array, L: float, delta: Array) -> Array:
        """For ||g(x_k)||^2 <= bound; evaluating g rounds like one more step."""
        off = L * (delta + self.step(chunk))
        return np.asarray(bound * (1e-12 + 8.0 * U * chunk.k) + 2.0 * np.sqrt(bound) * off + off * off + TINY)

    def of_descent(self, chunk: Chunk, L: float) -> Array:
        """For an inequality between f at x_{k-1} and at x_k = x_{k-1} - alpha g."""
        eta = self.step(chunk)
        values = self.value(chunk, chunk.now("f")) + self.value(chunk, chunk.before("f"))
        return np.asarray(values + np.sqrt(chunk.before("grad2")) * eta + L * eta * eta + TINY)
