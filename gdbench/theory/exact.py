"""Closed forms on quadratics: the exact gap, distance and gradient of linear methods at every k, from the spectrum.

The reference shares no code with the run: it knows the eigenvalues, the start in the eigenbasis and the parameters
that the method declares, and follows each mode by its own two-term recurrence.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gdbench.kernel import prepare
from gdbench.kernel.recurrences import modes
from gdbench.problem import Array, Integers
from gdbench.theory.gradient_descent import contraction
from gdbench.theory.hypotheses import SAME, all_of, minimiser, quadratic
from gdbench.theory.sequences import SEQUENCES, Momentum
from gdbench.theory.theorem import Comparison, Facts, HypothesisFails, Theorem
from gdbench.trajectory import Chunk, grid

Betas = Callable[[int, int], Array]


def constant_momentum(beta: float) -> Betas:
    """beta for every step."""
    return lambda first, count: np.full(count, beta)


class SpectrumJudge:
    """gap and dist2 on both sides of a recurrence in the eigenbasis; grad2 too where the query point is judged.

    The recurrence keeps `rows` vectors of one number per mode.
    """

    def __init__(self, facts: Facts, ahead: bool, rows: int) -> None:
        spectrum = facts.problem.spectrum
        assert spectrum is not None
        self._facts, self._ahead = facts, ahead
        self._eigenvalues = np.ascontiguousarray(spectrum.eigenvalues)
        self._state = np.array([spectrum.coordinates] * rows)
        self._grid = grid(facts.iterations)
        self._gaps = {0: facts.gap_0}

    def follow(self, chunk: Chunk, exact: Array) -> None:
        """Write gap, dist2 and grad2 of the rows of a chunk to exact, shape (3, m)."""
        raise NotImplementedError

    def delta(self, chunk: Chunk) -> Array:
        """The distance of the run from the exact iterate."""
        return self._facts.rounding.distance(chunk, 1.0, 2)

    def gaps_at(self, k: Integers) -> Array:
        """The exact gap at stored iterations, shape (m,)."""
        return np.array([self._gaps.get(int(i), np.nan) for i in k])

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts, count = self._facts, len(chunk.k)
        exact = np.empty((3, count))
        self.follow(chunk, exact)
        gap, dist2, grad2 = exact
        kept = self._grid[(self._grid >= chunk.first) & (self._grid < chunk.first + count)]
        self._gaps.update(zip(kept.tolist(), gap[kept - chunk.first].tolist(), strict=True))
        L, delta, rounding = float(self._eigenvalues[-1]), self.delta(chunk), facts.rounding
        compared = [
            Comparison(chunk.now("f") - facts.f_star, gap, rounding.of_gap(chunk, gap, L, delta), two_sided=True),
            Comparison(chunk.now("dist2"), dist2, rounding.of_dist2(chunk, dist2, delta), two_sided=True),
        ]
        if not self._ahead:
            allowed = rounding.of_grad2(chunk, grad2, L, delta)
            compared.append(Comparison(chunk.now("grad2"), grad2, allowed, two_sided=True))
        return compared


class ModesJudge(SpectrumJudge):
    """A method with momentum betas; model is rho and order of its rounding."""

    def __init__(self, facts: Facts, betas: Betas, ahead: bool, model: tuple[float, int]) -> None:
        super().__init__(facts, ahead, rows=3)
        self._betas, self._model = betas, model

    def follow(self, chunk: Chunk, exact: Array) -> None:
        """As above; the steps are alpha, or those of a schedule."""
        facts, count = self._facts, len(chunk.k)
        alphas = np.full(count, facts.value("alpha"))
        if facts.shares is not None:
            alphas *= facts.shares(chunk.k - 1.0)
            if not np.all(alphas * facts.value("L") <= 2.0 * (1.0 + SAME)):
                raise HypothesisFails("a step of the schedule is above 2/L")
        betas = self._betas(chunk.first, count)
        prepare(modes)(self._eigenvalues, alphas, betas, self._ahead, self._state, exact)

    def delta(self, chunk: Chunk) -> Array:
        """By its model."""
        return self._facts.rounding.distance(chunk, *self._model)


def gradient_descent_judge(facts: Facts) -> ModesJudge:
    mu = facts.value("mu") if facts.knows("mu") else 0.0
    rho = contraction(facts.value("L"), mu, facts.value("alpha")) if facts.shares is None else 1.0
    return ModesJudge(facts, constant_momentum(0.0), False, (rho, 1))


def spectral_radius(facts: Facts, ahead: bool) -> float:
    """The largest modulus of the roots of r^2 - t r + d over the spectrum: t = 1 + beta - alpha lambda, d = beta for
    heavy ball; t = (1 + beta)(1 - alpha lambda), d = beta (1 - alpha lambda) where the gradient is taken ahead.
    """
    spectrum = facts.problem.spectrum
    assert spectrum is not None
    alpha, beta = facts.value("alpha"), facts.value("beta")
    shrink = 1.0 - alpha * spectrum.eigenvalues
    t = (1.0 + beta) * shrink if ahead else beta + shrink
    d = beta * shrink if ahead else np.full_like(shrink, beta)
    root = np.sqrt((t * t - 4.0 * d).astype(complex))
    return float(np.max(np.abs(np.concatenate([t + root, t - root]) / 2.0)))


def momentum_judge(ahead: bool) -> Callable[[Facts], ModesJudge]:
    def judge(facts: Facts) -> ModesJudge:
        if not facts.knows("beta"):
            return ModesJudge(facts, Momentum(facts.momentum), ahead, (1.0, 2))
        return ModesJudge(facts, constant_momentum(facts.value("beta")), ahead, (spectral_radius(facts, ahead), 2))

    return judge


def stable(facts: Facts) -> str | None:
    """No mode grows: the allowance for rounding is proved for non-expansive steps only."""
    rho = spectral_radius(facts, False)
    return None if rho <= 1.0 + 1e-12 else f"the largest factor per step is {rho:.6g} > 1"


def stable_ahead(facts: Facts) -> str | None:
    """As `stable`, for a gradient taken at the look-ahead point."""
    if not facts.knows("beta"):
        if facts.momentum not in SEQUENCES:
            return "the momentum is not declared"
        a = facts.value("alpha") * facts.value("L")
        return None if a <= 1.0 + 1e-12 else f"alpha L = {a:.6g} is above 1"
    rho = spectral_radius(facts, True)
    return None if rho <= 1.0 + 1e-12 else f"the largest factor per step is {rho:.6g} > 1"


def step_not_above_2(facts: Facts) -> str | None:
    """alpha <= 2/L; a schedule's steps are looked at as they come."""
    if facts.shares is not None:
        return None
    a = facts.value("alpha") * facts.value("L")
    return None if a <= 2.0 * (1.0 + 1e-12) else f"alpha L = {a:.6g} is above 2"


THEOREMS = (
    Theorem(
        id="quad_gd_exact",
        statement="e_k = (1 - alpha lambda)^k e_0 in each mode: gap, dist2 and grad2 equal their closed forms",
        quantity="gap, dist2, grad2",
        source="solution of the linear recurrence in the eigenbasis",
        kind="exact",
        hypotheses=all_of(quadratic, minimiser, step_not_above_2, scheduled=True),
        judge=gradient_descent_judge,
    ),
    Theorem(
        id="quad_hb_exact",
        statement="e_{k+1} = (1 + beta - alpha lambda) e_k - beta e_{k-1}, e_{-1} = e_0, in each mode",
        quantity="gap, dist2, grad2",
        source="Polyak 1964; solution of the linear recurrence in the eigenbasis",
        kind="exact",
        hypotheses=all_of(quadratic, minimiser, stable),
        judge=momentum_judge(ahead=False),
    ),
    Theorem(
        id="quad_nag_exact",
        statement="e_{k+1} = (1 - alpha lambda)(e_k + beta_k (e_k - e_{k-1})), e_{-1} = e_0, in each mode",
        quantity="gap, dist2",
        source="Nesterov 1983; solution of the linear recurrence in the eigenbasis",
        kind="exact",
        hypotheses=all_of(quadratic, minimiser, stable_ahead),
        judge=momentum_judge(ahead=True),
    ),
)
