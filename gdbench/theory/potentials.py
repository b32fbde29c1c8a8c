"""Potentials of accelerated methods: quantities that no step increases, the sharpest one-sided checks there are."""

from __future__ import annotations

import math

import numpy as np

from gdbench.problem import Array
from gdbench.theory.hypotheses import (
    all_of,
    convex,
    minimiser,
    smooth_everywhere,
    step_is_one_over_L,
    strongly_convex,
)
from gdbench.theory.momentum import has_beta, nesterov_tuned
from gdbench.theory.rounding import TINY, U
from gdbench.theory.sequences import declared, times_of
from gdbench.theory.theorem import Comparison, Facts, Theorem
from gdbench.trajectory import Chunk


def extrapolated(chunk: Chunk, stretch: Array) -> Array:
    """||x_k + stretch (x_k - x_{k-1}) - x*||^2 from the rows; shape (m,)."""
    now, before, moved = chunk.now("dist2"), chunk.before("dist2"), chunk.now("step2")
    return np.asarray(now + stretch * (now + moved - before) + stretch * stretch * moved)


def extrapolated_rounding(facts: Facts, chunk: Chunk, stretch: Array, value: Array) -> Array:
    """Rounding of `extrapolated`: of the distances it subtracts, and of the two iterates, stretched."""
    n = facts.problem.n
    distances = 4.0 * n * U * (1.0 + stretch) ** 2 * (chunk.now("dist2") + chunk.before("dist2"))
    eta = 2.0 * (1.0 + stretch) * facts.rounding.step(chunk)
    return np.asarray(distances + 2.0 * np.sqrt(np.maximum(value, 0.0)) * eta + eta * eta)


class SequencePotential:
    """V_k = (2 t_{k-1}^2 / L) gap_k + ||z_k - x*||^2, z_k = x_k + (t_{k-1} - 1)(x_k - x_{k-1}).

    It never grows where t_k^2 - t_k <= t_{k-1}^2 (Chambolle and Dossal 2015).
    """

    def __init__(self, facts: Facts) -> None:
        self._facts, self._times, self._held = facts, times_of(facts.momentum), facts.dist2_0

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, L = self._facts, self._facts.value("L")
        t = self._times(chunk.first, len(chunk.k))
        gap = chunk.now("f") - facts.f_star
        weight = 2.0 * t * t / L
        distance = extrapolated(chunk, t - 1.0)
        potential = weight * gap + distance
        bound = np.concatenate([[self._held], potential[:-1]])
        self._held = float(potential[-1])
        allowed = (
            1e-12 * bound
            + weight * facts.rounding.of_gap(chunk, np.maximum(gap, 0.0), L, facts.rounding.step(chunk))
            + extrapolated_rounding(facts, chunk, t - 1.0, distance)
        )
        return [Comparison(potential, bound, 2.0 * allowed + TINY)]


class NesterovPotential:
    """V_k = gap_k + mu/2 ||z_k - x*||^2, z_k = x_k + (sqrt kappa - 1)(x_k - x_{k-1}), shrinks by 1 - q."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._held = facts.gap_0 + 0.5 * facts.value("mu") * facts.dist2_0

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, L, mu = self._facts, self._facts.value("L"), self._facts.value("mu")
        root = math.sqrt(L / mu)
        stretch = np.full(len(chunk.k), root - 1.0)
        gap = chunk.now("f") - facts.f_star
        distance = extrapolated(chunk, stretch)
        potential = gap + 0.5 * mu * distance
        before = np.concatenate([[self._held], potential[:-1]])
        self._held = float(potential[-1])
        bound = (1.0 - 1.0 / root) * before
        allowed = (
            1e-12 * before
            + facts.rounding.of_gap(chunk, np.maximum(gap, 0.0), L, facts.rounding.step(chunk))
            + 0.5 * mu * extrapolated_rounding(facts, chunk, stretch, distance)
        )
        return [Comparison(potential, bound, (1.0 + root) * allowed + TINY)]


THEOREMS = (
    Theorem(
        id="fista_potential",
        statement="(2 t_{k-1}^2/L)(f(x_k) - f*) + ||z_k - x*||^2 never grows, z_k = x_k + (t_{k-1} - 1)(x_k - x_{k-1})",
        quantity="potential, per step",
        source="Beck and Teboulle 2009, lemma 4.1",
        kind="potential",
        hypotheses=all_of(convex, smooth_everywhere, minimiser, step_is_one_over_L, declared("fista")),
        judge=SequencePotential,
    ),
    Theorem(
        id="ratio_potential",
        statement="((k + 1)^2/(2 L))(f(x_k) - f*) + ||z_k - x*||^2 never grows, z_k = x_k + (k - 1)/2 (x_k - x_{k-1})",
        quantity="potential, per step",
        source="Su, Boyd and Candes 2016, proof of theorem 6 (number unverified); Chambolle and Dossal 2015",
        kind="potential",
        hypotheses=all_of(convex, smooth_everywhere, minimiser, step_is_one_over_L, declared("ratio")),
        judge=SequencePotential,
    ),
    Theorem(
        id="nag_potential",
        statement="V_k <= (1 - q) V_{k-1}, V = f(x_k) - f* + mu/2 ||z_k - x*||^2, z_k = x_k + (sqrt kappa - "
        "1)(x_k - x_{k-1})",
        quantity="potential, per step",
        source="d'Aspremont, Scieur and Taylor 2021, section 4.5 (number unverified)",
        kind="potential",
        hypotheses=all_of(
            strongly_convex, smooth_everywhere, minimiser, has_beta, step_is_one_over_L, nesterov_tuned
        ),
        judge=NesterovPotential,
    ),
)
