"""Steps that vary: schedules, clipping, normalised and sign steps. S is a sum over the k steps before."""

from __future__ import annotations

import math

import numpy as np

from gdbench.problem import Array
from gdbench.theory.hypotheses import (
    all_of,
    bounded_below,
    convex,
    minimiser,
    region_kept,
    smooth,
    smooth_everywhere,
    steps_below,
    strongly_convex,
)
from gdbench.theory.judges import Running
from gdbench.theory.rounding import TINY, U
from gdbench.theory.theorem import Comparison, Facts, Theorem
from gdbench.trajectory import Chunk


def sc_varstep(k: Array, gap_0: float, product: float | Array) -> Array:
    return gap_0 * np.asarray(product) + 0.0 * k


def nonconvex_varstep(k: Array, Delta: float, S: float | Array) -> Array:
    return Delta / np.asarray(S) + 0.0 * k


def normalized_gap(k: Array, L: float, R2: float, length: float) -> Array:
    return 0.5 * L * ((R2 + k * length * length) / (2.0 * k * length)) ** 2


class ContractionsJudge:
    """gap_k against the product of the contraction factors of the steps taken."""

    def __init__(self, facts: Facts) -> None:
        self._facts, self._logs = facts, Running("sum", 0.0)

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, L = self._facts, self._facts.value("L")
        steps_below(facts, chunk, 2.0)
        steps = chunk.before("alpha")
        rho = np.maximum(np.abs(1.0 - steps * facts.value("mu")), np.abs(1.0 - steps * L))
        with np.errstate(divide="ignore"):
            product = np.exp(self._logs.through(2.0 * np.log(rho)))
        bound = sc_varstep(chunk.k, facts.gap_0, product)
        allowed = facts.rounding.of_gap(chunk, bound, L, facts.rounding.distance(chunk, 1.0, 1))
        return [Comparison(chunk.now("f") - facts.f_star, bound, allowed)]


class DecreasesJudge:
    """min grad2 so far against what the steps taken must have lowered f by."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._min = Running("min", math.inf)
        self._sum, self._errors = Running("sum", 0.0), Running("sum", 0.0)

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, L = self._facts, self._facts.value("L")
        region_kept(facts, chunk)
        steps_below(facts, chunk, 2.0)
        steps = chunk.before("alpha")
        S = self._sum.through(steps * (1.0 - 0.5 * steps * L))
        errors = self._errors.through(facts.rounding.of_descent(chunk, L))
        measured = self._min.through(chunk.before("grad2"))
        with np.errstate(divide="ignore"):
            bound = nonconvex_varstep(chunk.k, facts.gap_0, S)
            allowed = bound * (1e-12 + 8.0 * U * chunk.k) + errors / S
        return [Comparison(measured, bound, allowed + 8.0 * facts.problem.n * U * measured + TINY)]


class NormalizedJudge:
    """min gap over 0..k-1 of steps of one length."""

    def __init__(self, facts: Facts) -> None:
        self._facts, self._min = facts, Running("min", math.inf)

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, L, length = self._facts, self._facts.value("L"), self._facts.value("length")
        bound = normalized_gap(chunk.k, L, facts.dist2_0, length)
        measured = self._min.through(chunk.before("f") - facts.f_star)
        moved = facts.rounding.distance(chunk, 1.0, 1)
        return [Comparison(measured, bound, facts.rounding.of_gap(chunk, bound, L, moved))]


class CoordinatesJudge:
    """dist2 against coordinates that each come closer by alpha until they are within alpha."""

    def __init__(self, facts: Facts) -> None:
        problem = facts.problem
        assert problem.x_star is not None
        self._facts, self._start = facts, np.abs(problem.start - problem.x_star)

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, alpha = self._facts, self._facts.value("alpha")
        bound = np.zeros(len(chunk.k))
        for distance in self._start:  # by coordinate: a matrix of all k would not be small
            bound += np.where(distance == 0.0, 0.0, np.maximum(distance - chunk.k * alpha, alpha)) ** 2
        delta = facts.rounding.distance(chunk, 1.0, 1)
        return [Comparison(chunk.now("dist2"), bound, facts.rounding.of_dist2(chunk, bound, delta))]


def separable(facts: Facts) -> str | None:
    """f is a sum of functions of one coordinate each."""
    known = facts.problem.separable or facts.problem.n == 1
    return None if known else "the problem is not known to be separable"


THEOREMS = (
    Theorem(
        id="gd_sc_varstep",
        statement="f(x_k) - f* <= product of rho_i^2 (f(x_0) - f*), rho_i = max(|1 - alpha_i mu|, |1 - alpha_i L|)",
        quantity="gap",
        source="Taylor, Hendrickx and Glineur 2018, their one-step theorem applied k times",
        tight=True,
        needs=("gap_0", "product"),
        closed=sc_varstep,
        hypotheses=all_of(strongly_convex, smooth_everywhere, minimiser, scheduled=True),
        judge=ContractionsJudge,
    ),
    Theorem(
        id="gd_nonconvex_varstep",
        statement="min over 0..k-1 of ||g||^2 <= Delta / S, S the sum of alpha_i (1 - alpha_i L/2), alpha_i < 2/L",
        quantity="min grad2 over 0..k-1",
        source="the descent lemma summed; Nesterov 2004, section 1.2.3",
        needs=("Delta", "S"),
        closed=nonconvex_varstep,
        hypotheses=all_of(smooth, bounded_below, minimiser, scheduled=True),
        judge=DecreasesJudge,
    ),
    Theorem(
        id="normalized_gap",
        statement="min over 0..k-1 of f - f* <= L/2 ((R2 + k l^2)/(2 k l))^2 with steps of length l",
        quantity="min gap over 0..k-1",
        source="Nesterov 2004, section 3.2.3: min <g, x - x*>/||g|| <= (R2 + k l^2)/(2 k l); smoothness",
        needs=("L", "R2", "length"),
        closed=normalized_gap,
        hypotheses=all_of(convex, smooth_everywhere, minimiser),
        judge=NormalizedJudge,
    ),
    Theorem(
        id="sign_separable",
        statement="|x_k - x*|_i <= max(|x_0 - x*|_i - k alpha, alpha) in each coordinate of a separable convex f",
        quantity="dist2",
        source="in one dimension a sign step moves by alpha towards x*, or crosses it from within alpha",
        hypotheses=all_of(convex, minimiser, separable),
        judge=CoordinatesJudge,
    ),
)
