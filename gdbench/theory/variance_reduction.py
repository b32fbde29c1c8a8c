"""Gradients corrected sample by sample: linear convergence in expectation, judged over replicates.

f is the mean of m losses, each convex and L_sample-smooth, and strongly convex itself. For one of them at random
E||g_i(x) - g_i(x*)||^2 <= 2 L_sample gap, and a mean over a batch B of them, with or without replacement, has no larger
second moment (Jensen). D = ||x - x*||^2, M = L_sample.

SVRG at distance D from x* and with the snapshot at w: E||step||^2 <= 4 alpha^2 M (gap + gap_w). Summed over an epoch of
`epoch` steps this is Johnson and Zhang's theorem 1, for an iterate of the epoch at random and so, f being convex, for
their mean. Step by step, with gap >= mu D/2 and gap_w <= L D_w/2, E D_{t+1} <= q D_t + 2 alpha^2 M L D_w, q = 1 - 2 mu
alpha (1 - alpha M): Tan, Ma, Dai and Qian's theorem (2016) for the last iterate, at every t.

SAGA, with s the mean of ||t_i - g_i(x*)||^2 over the table, d that of ||g_i(x) - g_i(x*)||^2 and p the chance that a
sample is in the batch: E||step||^2 <= alpha^2 ((1 + b) d + (1 + 1/b) s) for every b > 0, E s_+ = (1 - p) s + p d, and
for every 0 <= theta <= 1 the convexity of the losses and the strong convexity of f give 2 <g, x - x*> >= theta mu D +
(2 - theta) d/M. With b = 5/4 the sum D + alpha^2 (45/16)/p s shrinks by max(1 - theta alpha mu, 1 - 9 p/25), theta =
min(1, 2 - (81/16) alpha M); at the start s <= 2 M gap_0. This is Gorbunov, Hanzely and Richtarik's theorem (2020) with
a sharper use of convexity, by which it reaches alpha = 1/(3 M).
"""

from __future__ import annotations

import math

import numpy as np

from gdbench.problem import Array
from gdbench.theory.ensemble import Ensemble, Moments
from gdbench.theory.expectations import distances_below, gaps_below, in_expectation
from gdbench.theory.hypotheses import SAME, minimiser, one_step_size, smooth_everywhere, strongly_convex
from gdbench.theory.theorem import Facts


def svrg_factor(mu: float, L_sample: float, alpha: float, epoch: float) -> float:
    """What an epoch multiplies the expected gap of the mean by, at most; 1 where the theorem says nothing."""
    left = 1.0 - 2.0 * L_sample * alpha
    if left <= 0.0:
        return 1.0
    return min(1.0, 1.0 / (mu * alpha * left * epoch) + 2.0 * L_sample * alpha / left)


def svrg_gap(k: Array, mu: float, L_sample: float, alpha: float, epoch: float, gap_0: float) -> Array:
    return np.asarray(svrg_factor(mu, L_sample, alpha, epoch) ** np.floor(k / epoch) * gap_0)


def svrg_distance(t: Array, L: float, mu: float, L_sample: float, alpha: float) -> Array:
    """What t updates of an epoch multiply the expected squared distance by, at most."""
    fall = 2.0 * mu * alpha * (1.0 - alpha * L_sample)
    power = (1.0 - fall) ** t
    return np.asarray(power + 2.0 * alpha * alpha * L_sample * L / fall * (1.0 - power))


def svrg_dist(k: Array, L: float, mu: float, L_sample: float, alpha: float, epoch: float, R2: float) -> Array:
    epochs = np.floor(k / epoch)
    whole = svrg_distance(np.array(epoch), L, mu, L_sample, alpha)
    return np.asarray(whole**epochs * svrg_distance(k - epochs * epoch, L, mu, L_sample, alpha) * R2)


def saga_dist(k: Array, mu: float, L_sample: float, alpha: float, chance: float, R2: float, gap_0: float) -> Array:
    theta = min(1.0, 2.0 - 5.0625 * alpha * L_sample)
    factor = max(1.0 - theta * alpha * mu, 1.0 - 0.36 * chance)
    return np.asarray(factor**k * (R2 + 5.625 * alpha * alpha * L_sample / chance * gap_0))


def saga_defazio(k: Array, mu_sample: float, L_sample: float, samples: float, R2: float, gap_0: float) -> Array:
    size = mu_sample * samples + L_sample
    return np.asarray((1.0 - mu_sample / (2.0 * size)) ** k * (R2 + samples / size * gap_0))


def steps_that_stay(facts: Facts, ensemble: Ensemble) -> Array:
    """What a step rounds is carried on for 1/(alpha mu) steps of a method that contracts, and for k at most."""
    return np.asarray(np.minimum(ensemble.k, 1.0 / (facts.value("alpha") * facts.value("mu"))))


def gaps(facts: Facts, ensemble: Ensemble, bound: Array) -> Moments:
    away = math.sqrt(facts.dist2_0) + np.sqrt(2.0 * bound / facts.value("mu"))
    return gaps_below(facts, ensemble, bound, away, steps_that_stay(facts, ensemble))


def distances(facts: Facts, ensemble: Ensemble, bound: Array) -> Moments:
    away = math.sqrt(facts.dist2_0) + np.sqrt(bound)
    return distances_below(facts, ensemble, bound, away, steps_that_stay(facts, ensemble))


def drawn_anew(facts: Facts) -> str | None:
    """Every batch is drawn anew from convex samples of known smoothness."""
    batch = None if facts.sampling is None else facts.sampling.batch
    if batch is None or not batch.independent:
        return f"sampling={facts.sampling} does not draw a batch of samples anew at every query"
    return None if facts.knows("L_sample") else "the smoothness of one sample is unknown"


def mean_is_judged(facts: Facts) -> str | None:
    """The snapshot is the mean of an epoch."""
    return None if facts.value("average") else "average=false takes the last iterate of an epoch, not their mean"


def last_is_judged(facts: Facts) -> str | None:
    """The snapshot is the last iterate of an epoch."""
    return "average=true takes the mean of an epoch, not its last iterate" if facts.value("average") else None


def epochs_shrink(facts: Facts) -> str | None:
    """alpha < 1/(4 L_sample) and an epoch long enough for rho < 1."""
    mu, M, alpha, epoch = (facts.value(name) for name in ("mu", "L_sample", "alpha", "epoch"))
    a = alpha * M
    if not a < 0.25:
        return f"alpha L_sample = {a:.6g} is not below 1/4"
    if svrg_factor(mu, M, alpha, epoch) < 1.0:
        return None
    return f"an epoch of {epoch:g} is too short: epoch={math.floor(1.0 / (mu * alpha * (1.0 - 4.0 * a))) + 1} would do"


def last_shrinks(facts: Facts) -> str | None:
    """alpha <= 1/(2 L_sample), and short enough for the factor of an epoch to be below 1."""
    L, mu, M, alpha = (facts.value(name) for name in ("L", "mu", "L_sample", "alpha"))
    if not alpha * M <= 0.5 * (1.0 + SAME):
        return f"alpha L_sample = {alpha * M:.6g} is above 1/2"
    factor = float(svrg_distance(np.array(facts.value("epoch")), L, mu, M, alpha))
    return None if factor < 1.0 else f"alpha = {alpha:.6g} is too long: the bound of an epoch's factor is {factor:.6g}"


def table_shrinks(facts: Facts) -> str | None:
    """theta > 0."""
    a = facts.value("alpha") * facts.value("L_sample")
    return None if a < 32.0 / 81.0 else f"alpha L_sample = {a:.6g} is not below 32/81"


def one_at_a_time(facts: Facts) -> str | None:
    """Batches of one sample, whose losses are strongly convex, and alpha = 1/(2 (mu_sample m + L_sample))."""
    assert facts.sampling is not None
    assert facts.sampling.batch is not None
    if facts.sampling.batch.size != 1:
        return f"batches of {facts.sampling.batch.size} are not of one sample"
    if not facts.knows("mu_sample"):
        return "the losses of single samples are not known to be strongly convex"
    size = 1.0 / (2.0 * (facts.value("mu_sample") * facts.value("samples") + facts.value("L_sample")))
    alpha = facts.value("alpha")
    return None if abs(alpha - size) <= SAME * size else f"alpha = {alpha:.6g} is not {size!r}"


ASSUMED = (drawn_anew, one_step_size, strongly_convex, smooth_everywhere, minimiser)

THEOREMS = (
    in_expectation(
        gaps,
        *(*ASSUMED, mean_is_judged, epochs_shrink),
        id="svrg_gap",
        statement="after s epochs E f - f* <= rho^s (f(x_0) - f*) for the mean of an epoch, "
        "rho = 1/(mu alpha (1 - 2 L_sample alpha) epoch) + 2 L_sample alpha/(1 - 2 L_sample alpha)",
        quantity="gap",
        source="Johnson, Zhang 2013, theorem 1",
        needs=("mu", "L_sample", "alpha", "epoch", "gap_0"),
        closed=svrg_gap,
    ),
    in_expectation(
        distances,
        *(*ASSUMED, last_is_judged, last_shrinks),
        id="svrg_dist",
        statement="after s epochs and t updates E||x_k - x*||^2 <= r(epoch)^s r(t) ||x_0 - x*||^2, "
        "r(t) = q^t + 2 alpha^2 L_sample L (1 - q^t)/(1 - q), q = 1 - 2 mu alpha (1 - alpha L_sample)",
        quantity="dist2",
        source="Tan, Ma, Dai and Qian 2016, with L for L_sample at the snapshot; proof in the module",
        needs=("L", "mu", "L_sample", "alpha", "epoch", "R2"),
        closed=svrg_dist,
    ),
    in_expectation(
        distances,
        *(*ASSUMED, table_shrinks),
        id="saga_dist",
        statement="E||x_k - x*||^2 <= max(1 - theta alpha mu, 1 - 9 chance/25)^k (||x_0 - x*||^2 + "
        "(45/8) alpha^2 L_sample/chance (f(x_0) - f*)), theta = min(1, 2 - (81/16) alpha L_sample), "
        "chance: the chance that a sample is in a batch",
        quantity="dist2",
        source="Gorbunov, Hanzely and Richtarik 2020, sharpened; proof in the module",
        needs=("mu", "L_sample", "alpha", "chance", "R2", "gap_0"),
        closed=saga_dist,
    ),
    in_expectation(
        distances,
        *(*ASSUMED, one_at_a_time),
        id="saga_defazio",
        statement="E||x_k - x*||^2 <= (1 - mu/(2 (mu m + L)))^k (||x_0 - x*||^2 + m/(mu m + L) (f(x_0) - f*)) for "
        "alpha = 1/(2 (mu m + L)), mu and L of one of m samples",
        quantity="dist2",
        source="Defazio, Bach, Lacoste-Julien 2014, corollary 1",
        needs=("mu_sample", "L_sample", "samples", "R2", "gap_0"),
        closed=saga_defazio,
    ),
)
