"""Krylov spaces: on a quadratic, no method whose steps combine gradients is faster than conjugate gradients.

x_k in x_0 + span(g_0, H g_0, …, H^{k-1} g_0), over which conjugate gradients minimise f (Hestenes and Stiefel 1952).
By induction this holds for every method whose x_{k+1} combines earlier iterates and gradients at such points, whatever
its step sizes; of L-BFGS, as s_j and y_j are differences of iterates and of gradients. The reference is computed from
the spectrum, by projections that keep their orthogonality, which the recurrences of conjugate gradients do not.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from gdbench.kernel import prepare
from gdbench.kernel.recurrences import krylov_gaps
from gdbench.problem import Array
from gdbench.theory.hypotheses import all_of, minimiser, quadratic, smooth, strongly_convex
from gdbench.theory.judges import per_step
from gdbench.theory.momentum import optimal_beta
from gdbench.theory.rounding import TINY, U
from gdbench.theory.theorem import Comparison, Facts, Theorem
from gdbench.trajectory import Chunk

#: The reference ends after so many steps, or where it falls below this share of the first gap.
MOST_STEPS, SMALLEST = 128, 1e-20
HS = "Hestenes and Stiefel 1952"


@lru_cache(maxsize=32)
def _best_gaps(eigenvalues: bytes, energies: bytes, steps: int) -> Array:
    """gaps of conjugate gradients in exact arithmetic, up to rounding, for k = 0, 1, …; cached: runs share problems."""
    values, left = np.frombuffer(eigenvalues), np.frombuffer(energies).copy()
    gaps = np.zeros(steps + 1)
    basis = np.zeros((steps, len(values)))
    smallest = SMALLEST * 0.5 * float(np.sum(left * left))
    return gaps[: prepare(krylov_gaps)(values.copy(), left, smallest, basis, gaps)]


def best_gaps(facts: Facts) -> Array:
    """The smallest gap that a combination of k gradients can reach, for k = 0, 1, … as far as it is known."""
    spectrum = facts.problem.spectrum
    assert spectrum is not None
    values = np.maximum(spectrum.eigenvalues, 0.0)
    steps = min(MOST_STEPS, facts.iterations, len(values))
    return _best_gaps(values.tobytes(), (np.sqrt(values) * spectrum.coordinates).tobytes(), steps)


def condition(facts: Facts) -> float:
    """L over the smallest eigenvalue that is not 0."""
    spectrum = facts.problem.spectrum
    assert spectrum is not None
    positive = spectrum.eigenvalues[spectrum.eigenvalues > 0.0]
    return float(np.max(positive) / np.min(positive))


class KrylovJudge:
    """gap of conjugate gradients <= gap of the run, as far as rounding leaves the reference known."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._gaps = best_gaps(facts)
        self._spread = 8.0 * U * condition(facts)

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, count = self._facts, len(chunk.k)
        known = max(0, min(len(self._gaps) - chunk.first, count))
        # Where the reference is not known rows compare 0 with 1, unseen. A run that left the numbers is not too fast.
        best, run, allowed = np.zeros(count), np.ones(count), np.full(count, np.inf)
        if known:
            best[:known] = self._gaps[chunk.first : chunk.first + known]
            run[:known] = (chunk.now("f") - facts.f_star)[:known]
            L = float(np.max(facts.problem.spectrum.eigenvalues))  # type: ignore[union-attr]
            moved = facts.rounding.of_gap(chunk, best, L, facts.rounding.distance(chunk, 1.0, 2))
            reference = np.sqrt(best * facts.gap_0) * 16.0 * U * (chunk.k + 1.0) + best * self._spread * (1.0 + chunk.k)
            allowed[:known] = (moved + reference)[:known]
        return [Comparison(best, np.where(np.isnan(run), np.inf, run), allowed)]


def lower_nesterov(k: Array, L: float, R2: float) -> Array:
    return 3.0 * L * R2 / (32.0 * (k + 1.0) ** 2)


def worst_function(facts: Facts) -> str | None:
    """f is Nesterov's, from 0."""
    same = facts.problem.name.partition("[")[0] == "nesterov_worst"
    return None if same else "the problem is not Nesterov's worst function"


class WorstFunctionJudge:
    """The bound <= gap at the k for which the function is made, n = 2 k + 1; other rows compare 0 with 1, unseen."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, L = self._facts, self._facts.value("L")
        here = chunk.k == (facts.problem.n - 1) / 2
        bound = lower_nesterov(chunk.k, L, facts.dist2_0)
        allowed = facts.rounding.of_gap(chunk, bound, L, facts.rounding.distance(chunk, 1.0, 2))
        gap = chunk.now("f") - facts.f_star
        run = np.where(np.isnan(gap), np.inf, gap)
        return [Comparison(np.where(here, bound, 0.0), np.where(here, run, 1.0), np.where(here, allowed, np.inf))]


def cg_chebyshev(k: Array, L: float, mu: float, gap_0: float) -> Array:
    p = optimal_beta(L, mu)
    return 4.0 * (p**k / (1.0 + (p * p) ** k)) ** 2 * gap_0


class ChebyshevJudge:
    """gap under the square of 1/T_k.

    Rounding acts on conjugate gradients like eigenvalues spread by about u L (Greenbaum 1989): the bound for an
    interval that is longer by that much is larger by about k sqrt kappa times kappa u. Each step commits its own error.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, L, mu = self._facts, self._facts.value("L"), self._facts.value("mu")
        bound = cg_chebyshev(chunk.k, L, mu, facts.gap_0)
        delta = facts.rounding.distance(chunk, 1.0, 1)
        spread = 32.0 * U * chunk.k * math.sqrt(L / mu) * (L / mu)
        allowed = facts.rounding.of_gap(chunk, bound, L, delta) + (spread + facts.rounding.start) * bound
        return [Comparison(chunk.now("f") - facts.f_star, bound, allowed)]


def closer_by_the_step(facts: Facts, chunk: Chunk) -> Comparison:
    before, step2 = chunk.before("dist2"), chunk.now("step2")
    # A gradient known to u L moves a step along the flattest direction by kappa times as much; below what rounding has
    # moved the run by, directions are conjugate to nothing.
    delta = condition(facts) * facts.rounding.distance(chunk, 1.0, 1)
    reach = np.sqrt(before) + np.sqrt(step2)
    allowed = 8.0 * facts.problem.n * U * before + 4.0 * reach * delta + 4.0 * delta * delta + TINY
    return Comparison(chunk.now("dist2") + step2, before, allowed)


THEOREMS = (
    Theorem(
        id="lower_krylov",
        statement="f(x_k) - f* >= f(c_k) - f*, c_k the k-th iterate of conjugate gradients on the same quadratic",
        quantity="gap of conjugate gradients",
        source=HS + ": x_k and c_k lie in one Krylov space, over which c_k minimises f",
        tight=True,
        hypotheses=all_of(quadratic, minimiser, scheduled=True),
        judge=KrylovJudge,
    ),
    Theorem(
        id="lower_nesterov",
        statement="f(x_k) - f* >= 3 L R2 / (32 (k + 1)^2) on Nesterov's function of 2 k + 1 variables",
        quantity="least gap",
        source="Nesterov 2004, theorem 2.1.7: k gradients reach the first k coordinates only",
        needs=("L", "R2"),
        closed=lower_nesterov,
        hypotheses=all_of(worst_function, minimiser, scheduled=True),
        judge=WorstFunctionJudge,
    ),
    Theorem(
        id="cg_chebyshev",
        statement="f(x_k) - f* <= 4 (p^k/(1 + p^(2k)))^2 (f(x_0) - f*), p = (sqrt kappa - 1)/(sqrt kappa + 1)",
        quantity="gap",
        source="Chebyshev polynomials; Nocedal and Wright 2006, section 5.1; Saad 2003, section 6.11",
        tight=True,
        needs=("L", "mu", "gap_0"),
        closed=cg_chebyshev,
        hypotheses=all_of(quadratic, strongly_convex, smooth, minimiser),
        judge=ChebyshevJudge,
    ),
    per_step(
        closer_by_the_step,
        id="cg_closer",
        statement="||x_k - x*||^2 + ||x_k - x_{k-1}||^2 <= ||x_{k-1} - x*||^2",
        quantity="dist2, per step",
        source=HS + ", theorem 6:3 (number unverified): x* - x_k is a sum of later steps, none at an obtuse angle",
        kind="potential",
        hypotheses=all_of(quadratic, minimiser),
    ),
)
