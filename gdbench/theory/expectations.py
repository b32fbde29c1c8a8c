"""Bounds on expectations at checkpoints, held against replicates: on the gap and on the squared distance to x*."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from gdbench.problem import Array
from gdbench.theory.ensemble import Ensemble, Moments, shape_of
from gdbench.theory.hypotheses import Check, first_of
from gdbench.theory.moments import drift
from gdbench.theory.rounding import TINY, U
from gdbench.theory.theorem import Facts, Theorem

#: Holds replicates against the values of a bound, shape (c,), at each of c checkpoints.
Compare = Callable[[Facts, Ensemble, Array], Moments]


def below(k: Array, samples: Array, bound: Array, rounding: Array) -> Moments:
    """The mean of samples, shape (replicates, c), is at most a bound at each of c checkpoints."""
    error = samples.std(axis=0, ddof=1) / math.sqrt(len(samples))
    allowed = rounding + bound * (1e-12 + 8.0 * U * k) + TINY
    skewness, _ = shape_of(samples)
    return Moments(k, samples.mean(axis=0), bound, error, allowed, scale=bound, two_sided=False, skewness=skewness)


def gaps_below(facts: Facts, ensemble: Ensemble, bound: Array, away: Array, steps: Array | None = None) -> Moments:
    """E f(x_k) - f* <= bound. away: how far from x* runs may be, shape (c,); steps: whose rounding stays, k if None."""
    k, L = ensemble.k.astype(float), facts.value("L")
    moved, once = drift(facts, k if steps is None else steps, away), drift(facts, np.ones(len(k)), away)
    summed = 4.0 * U * facts.problem.terms * (abs(facts.f_star) + facts.gap_0 + bound)
    bent = (math.sqrt(2.0 * L * abs(facts.f_star)) + L * away) * once
    return below(k, ensemble.f - facts.f_star, bound, summed + bent + np.sqrt(2.0 * L * bound) * moved + L * moved**2)


def distances_below(facts: Facts, ensemble: Ensemble, bound: Array, away: Array, steps: Array | None = None) -> Moments:
    """E||x_k - x*||^2 <= bound, as `gaps_below`."""
    k, x_star = ensemble.k.astype(float), facts.problem.x_star
    assert x_star is not None
    moved = drift(facts, k if steps is None else steps, away)
    rounding = 2.0 * np.sqrt(bound) * moved + moved**2 + 8.0 * U * facts.problem.n * bound
    return below(k, np.sum((ensemble.x - x_star) ** 2, axis=2), bound, rounding)


def named(facts: Facts, needs: tuple[str, ...]) -> Mapping[str, float]:
    """The constants that a bound needs, of the problem and the method."""
    return {name: facts.value(name) for name in needs}


def in_expectation(
    compare: Compare,
    *hypotheses: Check,
    needs: tuple[str, ...],
    known: Callable[[Facts, tuple[str, ...]], Mapping[str, float]] = named,
    **theorem: object,
) -> Theorem:
    """A bound on an expectation by its closed form, which depends on k and on `needs`, that are `known`."""
    made: Theorem

    def expectations(facts: Facts, ensemble: Ensemble) -> list[Moments]:
        return [compare(facts, ensemble, made.bound(ensemble.k.astype(float), known(facts, needs)))]

    made = Theorem(
        kind="expectation",
        hypotheses=first_of(*hypotheses),
        expectations=expectations,
        needs=needs,
        **theorem,  # type: ignore[arg-type]
    )
    return made
