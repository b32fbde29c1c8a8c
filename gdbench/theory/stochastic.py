"""Stochastic gradients: exact moments on quadratics, and bounds on expectations, judged over replicates.

S2 is the expected squared length of noise that is the same everywhere; of mini-batches S2_star is that at x*.
"""

from __future__ import annotations

import math

import numpy as np

from gdbench.kernel import box_data, prepare
from gdbench.problem import Array
from gdbench.theory.ensemble import Ensemble, Moments
from gdbench.theory.expectations import distances_below, gaps_below, in_expectation
from gdbench.theory.hypotheses import (
    SAME,
    convex,
    first_of,
    minimiser,
    one_step_size,
    quadratic,
    smooth_everywhere,
    step_at_most,
    strongly_convex,
    undampened,
    undecayed,
)
from gdbench.theory.moments import alphas, noise_of, quadratic_moments
from gdbench.theory.theorem import Facts, Theorem

#: Covariances of more variables than this are not followed.
MODES = 32
BCN = "Bottou, Curtis and Nocedal 2018, Optimization methods for large-scale machine learning"


def sampled(facts: Facts) -> str | None:
    """The gradient is an estimate."""
    exact = "the gradient is exact: sampling=noise[sigma=0.1] would sample it"
    return exact if facts.sampling is None else None


def independent(facts: Facts) -> str | None:
    """The noise of every estimate is known given the point it is taken at."""
    if facts.sampling is None:
        return sampled(facts)
    known = noise_of(facts) is not None
    return None if known else f"the covariance of sampling={facts.sampling} is not known here"


def additive(facts: Facts) -> str | None:
    """The noise has the same law everywhere."""
    noise = noise_of(facts)
    if noise is not None and noise.additive:
        return None
    return sampled(facts) or f"the noise of sampling={facts.sampling} depends on x"


def small(facts: Facts) -> str | None:
    """Few enough variables."""
    n = facts.problem.n
    return None if n <= MODES else f"{n} variables are more than the {MODES} whose covariances are followed"


def no_momentum(facts: Facts) -> str | None:
    """Every step is along the last estimate alone."""
    beta = facts.declared.get("beta", 0.0)
    return None if beta == 0.0 else f"with beta = {beta:g} a step is not along one estimate of the gradient"


def last_iterate(facts: Facts) -> str | None:
    """The query point is judged."""
    return "average=true judges a mean of iterates" if facts.declared.get("average", 0.0) else None


def mean_iterate(facts: Facts) -> str | None:
    """The mean of the query points is judged."""
    return None if facts.declared.get("average", 0.0) else "average=false judges the last iterate, not their mean"


def by_sample(facts: Facts) -> str | None:
    """Batches are drawn anew at every query from convex samples of known smoothness."""
    problem, sampling = facts.problem, facts.sampling
    if sampling is None:
        return sampled(facts)
    if sampling.batch is None or not sampling.batch.independent:
        return f"sampling={sampling} does not draw a batch of samples anew at every query"
    return None if problem.L_sample is not None else "the smoothness of one sample is unknown"


def share_of(facts: Facts) -> float:
    """The covariance of a batch gradient over that of one sample's."""
    assert facts.sampling is not None
    assert facts.sampling.batch is not None
    return facts.sampling.batch.share(facts.problem.samples)


def expected_smoothness(facts: Facts) -> float:
    """The constant with E||g_B(x) - g_B(x*)||^2 <= 2 times it (f(x) - f*), for the mean g_B over a batch."""
    assert facts.problem.L_sample is not None
    share = share_of(facts)
    return share * facts.problem.L_sample.value + (1.0 - share) * facts.value("L")


def short_for_batches(facts: Facts) -> str | None:
    """alpha <= 1/(2 expected smoothness)."""
    smoothness = expected_smoothness(facts)
    a = 2.0 * facts.value("alpha") * smoothness
    said = f"alpha = {facts.value('alpha'):.6g} is above 1/(2 Lexp) with Lexp = {smoothness:.6g}"
    return None if a <= 1.0 + SAME else said


def harmonic(facts: Facts) -> tuple[float, float] | None:
    """b and g of declared steps alpha_k = b/(g + k + 1), or None where they are of another form."""
    count = max(facts.iterations, 3)
    with np.errstate(all="ignore"):
        divisors = 1.0 / alphas(facts, count)
        slope = float(divisors[-1] - divisors[0]) / (count - 1)
        line = divisors[0] + slope * np.arange(count)
        if not (slope > 0.0 and np.all(np.abs(divisors - line) <= SAME * divisors)):
            return None
    return 1.0 / slope, float(divisors[0]) / slope - 1.0


def decays_harmonically(facts: Facts) -> str | None:
    """alpha_k = b/(g + k + 1) with b > 1/mu, and the first step at most 1/L."""
    found = harmonic(facts)
    if found is None:
        return "the declared steps are not b/(g + k + 1): schedule=inverse_decay would be"
    b, g = found
    if not b * facts.value("mu") > 1.0:
        return f"b mu = {b * facts.value('mu'):.6g} of the steps b/(g + k + 1) is not above 1"
    a = b / (g + 1.0) * facts.value("L")
    return None if a <= 1.0 + SAME else f"alpha L = {a:.6g} of the first step is above 1"


def sc_const(k: Array, L: float, mu: float, alpha: float, S2: float, gap_0: float) -> Array:
    floor = alpha * L * S2 / (2.0 * mu)
    return floor + (1.0 - alpha * mu) ** k * (gap_0 - floor)


def sc_decay(k: Array, L: float, mu: float, b: float, g: float, S2: float, gap_0: float) -> Array:
    excess = b * mu - 1.0
    nu = max(b * b * L * S2 / (2.0 * excess), (g + 1.0) * gap_0) if excess > 0.0 else math.nan
    return nu / (g + k + 1.0)


def convex_average(k: Array, R2: float, alpha: float, S2: float) -> Array:
    return R2 / (2.0 * alpha * (k + 1.0)) + 0.5 * alpha * S2


def sc_sampled(k: Array, mu: float, alpha: float, R2: float, S2_star: float) -> Array:
    return (1.0 - alpha * mu) ** k * R2 + 2.0 * alpha * S2_star / mu


def total_noise(facts: Facts) -> float:
    """S2: the trace of the covariance of additive noise."""
    noise, n = noise_of(facts), facts.problem.n
    assert noise is not None
    return float(np.trace(noise.covariance(np.zeros(n), np.zeros((n, n)))))


def noise_at_minimiser(facts: Facts) -> float:
    """S2_star: the expected squared length of a batch gradient at x*."""
    problem = facts.problem
    data, ask = box_data(*problem.arrays()), prepare(problem.batch)  # type: ignore[arg-type]
    assert problem.x_star is not None
    total, g = 0.0, np.zeros(problem.n)
    for i in range(problem.samples):
        ask(problem.x_star.copy(), g, np.array([i]), data)
        total += float(np.sum(g * g))
    return share_of(facts) * total / problem.samples


def of_additive(facts: Facts, needs: tuple[str, ...]) -> dict[str, float]:
    """What bounds on additive noise need."""
    b, g = harmonic(facts) or (math.nan, math.nan)
    sampled = {"S2": total_noise(facts), "b": b, "g": g}
    return {name: sampled[name] if name in sampled else facts.value(name) for name in needs}


def of_batches(facts: Facts, needs: tuple[str, ...]) -> dict[str, float]:
    """What bounds on mini-batches need."""
    return {name: noise_at_minimiser(facts) if name == "S2_star" else facts.value(name) for name in needs}


def noisy_gaps(facts: Facts, ensemble: Ensemble, bound: Array) -> Moments:
    """A step of at most 1/L takes E||x - x*||^2 up by alpha^2 S2 at most."""
    taken = np.cumsum(alphas(facts, int(ensemble.k[-1])) ** 2)[ensemble.k - 1]
    return gaps_below(facts, ensemble, bound, np.sqrt(facts.dist2_0 + total_noise(facts) * taken))


def noisy_distances(facts: Facts, ensemble: Ensemble, bound: Array) -> Moments:
    return distances_below(facts, ensemble, bound, np.sqrt(facts.dist2_0 + bound))


PLAIN = (no_momentum, undecayed, undampened)

THEOREMS = (
    Theorem(
        id="sgd_quad_exact",
        statement="e_{k+1} = e_k - alpha_k (H e_k + xi_k): mean and covariance of every mode, and the expected gap",
        quantity="mean, covariance, gap",
        source="solution of the linear recurrence of the first two moments",
        kind="expectation",
        hypotheses=first_of(sampled, small, quadratic, minimiser, independent),
        expectations=quadratic_moments,
    ),
    in_expectation(
        noisy_gaps,
        *(additive, one_step_size, *PLAIN, last_iterate),
        *(strongly_convex, smooth_everywhere, minimiser, step_at_most(1.0)),
        known=of_additive,
        id="sgd_sc_const",
        statement="E f(x_k) - f* <= F + (1 - alpha mu)^k (f(x_0) - f* - F), F = alpha L S2/(2 mu), alpha <= 1/L",
        quantity="gap, expected",
        source=f"{BCN}, theorem 4.6",
        needs=("L", "mu", "alpha", "S2", "gap_0"),
        closed=sc_const,
    ),
    in_expectation(
        noisy_gaps,
        *(additive, *PLAIN, last_iterate),
        *(strongly_convex, smooth_everywhere, minimiser, decays_harmonically),
        known=of_additive,
        id="sgd_sc_decay",
        statement="E f(x_k) - f* <= nu/(g + k + 1) with alpha_k = b/(g + k + 1), alpha_0 <= 1/L and b mu > 1, "
        "nu = max(b^2 L S2/(2 (b mu - 1)), (g + 1)(f(x_0) - f*))",
        quantity="gap, expected",
        source=f"{BCN}, theorem 4.7, which counts from 1",
        needs=("L", "mu", "b", "g", "S2", "gap_0"),
        closed=sc_decay,
    ),
    in_expectation(
        noisy_gaps,
        *(additive, one_step_size, *PLAIN, mean_iterate),
        *(convex, smooth_everywhere, minimiser, step_at_most(1.0)),
        known=of_additive,
        id="sgd_convex_average",
        statement="E f(mean of x_0 … x_k) - f* <= R2/(2 alpha (k + 1)) + alpha S2/2 with alpha <= 1/L",
        quantity="gap of the mean, expected",
        source="Nemirovski, Juditsky, Lan and Shapiro 2009, section 2.2; with alpha <= 1/L by 2 alpha (f(x) - f*) <= "
        "2 alpha <g, x - x*> - alpha ||g||^2/L and convexity",
        needs=("R2", "alpha", "S2"),
        closed=convex_average,
    ),
    in_expectation(
        noisy_distances,
        *(by_sample, one_step_size, *PLAIN, last_iterate),
        *(strongly_convex, smooth_everywhere, minimiser, short_for_batches),
        known=of_batches,
        id="sgd_sc_sampled",
        statement="E||x_k - x*||^2 <= (1 - alpha mu)^k R2 + 2 alpha S2_star/mu with alpha <= 1/(2 Lexp), "
        "Lexp = s L_sample + (1 - s) L, s the variance of a batch over that of one sample",
        quantity="dist2, expected",
        source="Gower, Loizou, Qian, Sailanbayev, Shulgin and Richtarik 2019, theorem 3.1",
        needs=("mu", "alpha", "R2", "S2_star"),
        closed=sc_sampled,
    ),
)
