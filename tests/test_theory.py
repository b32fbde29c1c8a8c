"""Theorems: their closed forms, their hypotheses, and the runs that attain them."""

import math
from dataclasses import replace
from itertools import pairwise

import mpmath
import numpy as np
import pytest

from gdbench import registry
from gdbench.problem import Constant
from gdbench.run import Cell, run_cell, run_pair
from gdbench.theory import Facts, theorem, theorems
from gdbench.theory.rounding import Rounding

mpmath.mp.dps = 50
CLOSED = [name for name, held in theorems().items() if held.closed is not None]
VALUES = {
    "L": 4.0, "mu": 0.25, "alpha": 0.2, "beta": 0.5, "R2": 3.0, "gap_0": 2.0, "G_0": 7.0, "Delta": 2.0,
    "drop": 1.5, "S": 2.25, "c": 0.25, "alpha_min": 0.125, "alpha_init": 1.0,
    "c1": 0.01, "c2": 0.75, "factor": 0.5, "growth": 1.5, "length": 0.25, "product": 0.375,
    "beta1": 0.75, "beta2": 0.875, "correction": 1.0, "rho": 0.9375, "momentum": 0.625,
    "L_sample": 1.0, "mu_sample": 0.125, "epoch": 128.0, "samples": 48.0, "chance": 0.0625,
    "S2": 0.75, "S2_star": 0.5, "b": 2048.0, "g": 10000.0,
}
#: How a value changes when f becomes c f (x stays): alpha becomes alpha / c, also where it is a length.
POWERS = {
    **dict.fromkeys(("L", "mu", "gap_0", "Delta", "drop", "L_sample", "mu_sample"), 1),
    **dict.fromkeys(("alpha", "S", "alpha_min", "alpha_init", "b"), -1),
    **dict.fromkeys(("G_0", "S2", "S2_star"), 2), "g": 0,
    **dict.fromkeys(("R2", "beta", "c", "c1", "c2", "factor", "growth", "length", "product"), 0),
    **dict.fromkeys(("beta1", "beta2", "correction", "rho", "momentum", "epoch", "samples", "chance"), 0),
}
MEASURES = {
    "gap": 1, "dist2": 0, "grad2": 2, "min grad2": 2, "min gap": 1, "sum grad2": 2, "value calls": 0,
    "least gap": 1, "largest step": -1,
}


def t_of(k: int) -> mpmath.mpf:
    """The FISTA sequence, t_0 = 1."""
    t = mpmath.mpf(1)
    for _ in range(k):
        t = (1 + mpmath.sqrt(1 + 4 * t * t)) / 2
    return t


def rho2(L, mu, alpha):
    return max(abs(1 - alpha * mu), abs(1 - alpha * L)) ** 2


def optimal(L, mu):
    root = mpmath.sqrt(L / mu)
    return (root - 1) / (root + 1)


def chebyshev(k, kappa):
    """T_k((kappa + 1)/(kappa - 1)) by its three-term recurrence; infinite at kappa = 1."""
    if kappa == 1:
        return mpmath.inf
    c = (kappa + 1) / (kappa - 1)
    now, before = c, mpmath.mpf(1)
    for _ in range(k - 1):
        now, before = 2 * c * now - before, now
    return now


def epoch_gap(v):
    a = 2 * v.L_sample * v.alpha
    return min(mpmath.mpf(1), 1 / (v.mu * v.alpha * (1 - a) * v.epoch) + a / (1 - a))


def epoch_distance(t, v):
    q = 1 - 2 * v.mu * v.alpha * (1 - v.alpha * v.L_sample)
    return q**t + 2 * v.alpha**2 * v.L_sample * v.L * sum(q**j for j in range(t))


def table(v):
    theta = min(mpmath.mpf(1), 2 - 81 * v.alpha * v.L_sample / 16)
    return max(1 - theta * v.alpha * v.mu, 1 - 9 * v.chance / 25)


def h(a):
    return a * (4 - a * max(mpmath.mpf(1), a))


def spread(beta1, beta2, k):
    """sum_j beta1^j g_j over sqrt(sum_j beta2^j g_j^2) for g_j = (beta1/beta2)^j, j < k."""
    slopes = [(beta1 / beta2) ** j for j in range(k)]
    squares = sum(beta2**j * g * g for j, g in enumerate(slopes))
    return sum(beta1**j * g for j, g in enumerate(slopes)) / mpmath.sqrt(squares)


def adam(k, v):
    mean = spread(v.beta1, v.beta2, k) * (1 - v.beta1) / mpmath.sqrt(1 - v.beta2)
    return v.alpha * mean * (mpmath.sqrt(1 - v.beta2**k) / (1 - v.beta1**k) if v.correction else 1)


#: The same bounds, written anew from the statements.
STATEMENTS = {
    "gd_convex_headline": lambda k, v: 2 * v.L * v.R2 / k,
    "gd_convex_proof": lambda k, v: v.L * v.R2 / (2 * k),
    "gd_convex_tight": lambda k, v: v.L * v.R2 / 2 * max(1 / (2 * k * v.a + 1), (1 - v.a) ** (2 * k)),
    "gd_convex_grad_R2": lambda k, v: v.L**2 * v.R2 * max(1 / (k * v.a + 1) ** 2, (1 - v.a) ** (2 * k)),
    "gd_convex_grad_gap": lambda k, v: 2 * v.L * v.gap_0 * max(1 / (2 * k * v.a + 1), (1 - v.a) ** (2 * k)),
    "gd_convex_varstep": lambda k, v: v.L * v.R2 / (2 + 4 * v.L * v.S),
    "gd_sc_linear": lambda k, v: (1 - v.alpha * v.mu * (2 - v.a)) ** k * v.gap_0,
    "gd_sc_gap": lambda k, v: rho2(v.L, v.mu, v.alpha) ** k * v.gap_0,
    "gd_sc_dist": lambda k, v: rho2(v.L, v.mu, v.alpha) ** k * v.R2,
    "gd_sc_grad": lambda k, v: rho2(v.L, v.mu, v.alpha) ** k * v.G_0,
    "gd_sc_gap_R2": lambda k, v: v.L * v.R2 / 2
    * max((v.mu / v.L) / (v.mu / v.L - 1 + (1 - v.alpha * v.mu) ** (-2 * k)), (1 - v.a) ** (2 * k)),
    "gd_pl": lambda k, v: (1 - v.alpha * v.mu * (2 - v.a)) ** k * v.gap_0,
    "gd_nonconvex": lambda k, v: v.Delta / (v.alpha * (1 - v.a / 2) * k),
    "gd_nonconvex_tight": lambda k, v: 4 * v.L * v.Delta / (2 + (k - 1) * h(v.a)),
    "gd_nonconvex_drop": lambda k, v: 4 * v.L * v.drop / (k * h(v.a)),
    "gd_sc_varstep": lambda k, v: v.product * v.gap_0,
    "gd_nonconvex_varstep": lambda k, v: v.Delta / v.S,
    "normalized_gap": lambda k, v: v.L / 2 * ((v.R2 + k * v.length**2) / (2 * k * v.length)) ** 2,
    "gd_exact_ls": lambda k, v: ((v.L / v.mu - 1) / (v.L / v.mu + 1)) ** (2 * k) * v.gap_0,
    "hb_quad_gap": lambda k, v: (optimal(v.L, v.mu) ** k * (1 + (1 + optimal(v.L, v.mu)) * k)) ** 2 * v.gap_0,
    "hb_quad_dist": lambda k, v: (optimal(v.L, v.mu) ** k * (1 + (1 + optimal(v.L, v.mu)) * k)) ** 2 * v.R2,
    "nag_quad_gap": lambda k, v: ((1 - v.q) ** k * (1 + v.q * k)) ** 2 * v.gap_0,
    "nag_quad_dist": lambda k, v: ((1 - v.q) ** k * (1 + v.q * k)) ** 2 * v.R2,
    "hb_ghadimi": lambda k, v: (1 - v.alpha * v.mu) ** k * v.gap_0,
    "hb_cesaro": lambda k, v: ((1 - v.beta) / (2 * v.alpha) * v.R2 + v.beta / (1 - v.beta) * v.gap_0) / (k + 1),
    "nag_fista": lambda k, v: v.L * v.R2 / (2 * t_of(k - 1) ** 2),
    "nag_fista_simple": lambda k, v: 2 * v.L * v.R2 / (k + 1) ** 2,
    "nag_fista_y": lambda k, v: v.L * v.R2 / (2 * t_of(k) ** 2),
    "nag_ratio": lambda k, v: 2 * v.L * v.R2 / (k + 1) ** 2,
    "nag_sc": lambda k, v: (1 - v.q) ** k * (v.gap_0 + v.mu / 2 * v.R2),
    "ogm": lambda k, v: 2 * v.L * v.R2 / (1 + mpmath.sqrt(1 + 8 * t_of(k - 1) ** 2)) ** 2,
    "ogm_primary": lambda k, v: v.L * v.R2 / (4 * t_of(k) ** 2),
    "triple_dist": lambda k, v: (v.L / v.mu) * (1 - v.q) ** (2 * k) * v.R2,
    "triple_gap": lambda k, v: (v.L / 2) * (v.L / v.mu) * (1 - v.q) ** (2 * k) * v.R2,
    "lower_nesterov": lambda k, v: 3 * v.L * v.R2 / (32 * (k + 1) ** 2),
    "cg_chebyshev": lambda k, v: v.gap_0 / chebyshev(k, v.L / v.mu) ** 2,
    "armijo_sc": lambda k, v: (1 - 2 * v.c * v.mu * v.alpha_min) ** k * v.gap_0,
    "armijo_nonconvex": lambda k, v: v.Delta / (v.c * v.S),
    "armijo_convex": lambda k, v: (v.R2 + v.alpha_init / v.c * v.gap_0) / (2 * v.S),
    "armijo_convex_half": lambda k, v: v.R2 / (2 * v.S),
    "wolfe_zoutendijk": lambda k, v: v.L * v.Delta / (v.c1 * (1 - v.c2)),
    "lipschitz_calls": lambda k, v: k
    + ((k - 1) * mpmath.log(v.growth) + mpmath.log(max(1, v.alpha_init * v.L / v.factor))) / mpmath.log(1 / v.factor),
    "polyak_convex": lambda k, v: 2 * v.L * v.R2 / (3 * k),
    "svrg_gap": lambda k, v: epoch_gap(v) ** (k // int(v.epoch)) * v.gap_0,
    "svrg_dist": lambda k, v: epoch_distance(int(v.epoch), v) ** (k // int(v.epoch))
    * epoch_distance(k % int(v.epoch), v) * v.R2,
    "saga_dist": lambda k, v: table(v) ** k * (v.R2 + 45 * v.alpha**2 * v.L_sample * v.gap_0 / (8 * v.chance)),
    "saga_defazio": lambda k, v: (1 - v.mu_sample / (2 * (v.mu_sample * v.samples + v.L_sample))) ** k
    * (v.R2 + v.samples * v.gap_0 / (v.mu_sample * v.samples + v.L_sample)),
    "sgd_sc_const": lambda k, v: (1 - v.alpha * v.mu) ** k * v.gap_0
    + (1 - (1 - v.alpha * v.mu) ** k) * v.a * v.S2 / (2 * v.mu),
    "sgd_sc_decay": lambda k, v: max(v.b**2 * v.L * v.S2 / (2 * (v.b * v.mu - 1)), (v.g + 1) * v.gap_0) / (v.g + 1 + k),
    "sgd_convex_average": lambda k, v: (v.R2 / v.alpha / (k + 1) + v.alpha * v.S2) / 2,
    "sgd_sc_sampled": lambda k, v: (1 - v.alpha * v.mu) ** k * v.R2 + 2 * v.alpha * v.S2_star / v.mu,
    "polyak_sc": lambda k, v: (1 - 5 * v.mu / (4 * v.L) + (v.mu / v.L) ** 2 / 2) ** k * v.R2,
    "adam_step": adam,
    "adamw_step": adam,
    "rmsprop_step": lambda k, v: v.alpha * sum(v.momentum**j for j in range(k)) / mpmath.sqrt(1 - v.rho),
    "adagrad_step": lambda k, v: v.alpha,
}


class Precise:
    """The values of a bound as 50-digit numbers."""

    def __init__(self, values: dict[str, float]) -> None:
        self.__dict__.update({name: mpmath.mpf(value) for name, value in values.items()})
        self.a = self.alpha * self.L
        self.q = mpmath.sqrt(self.mu / self.L)


def one(name: str, k: float, values: dict[str, float]) -> float:
    return float(theorem(name).bound(np.array([k]), values)[0])


def test_every_closed_form_is_written_anew_here():
    assert set(STATEMENTS) == set(CLOSED)


@pytest.mark.parametrize(
    "changes", [{}, {"alpha": 0.25}, {"alpha": 0.4, "mu": 1e-3}, {"mu": 4.0}, {"correction": 0.0}], ids=str
)
@pytest.mark.parametrize("name", CLOSED)
def test_closed_form_equals_its_statement(name, changes):
    values = {**VALUES, **changes}
    for k in (1, 2, 3, 10, 137, 1000):
        expected = STATEMENTS[name](k, Precise(values))
        found = one(name, k, values)
        if expected < 1e-300:
            assert found < 1e-290
        else:
            assert abs(mpmath.mpf(found) / expected - 1) < 1e-14 * (10 + k)


@pytest.mark.parametrize("mu", [1e-12, 1e-6, 1e-3])
@pytest.mark.parametrize("k", [1, 10**4, 10**7])
def test_strongly_convex_bound_keeps_its_digits_at_small_mu(mu, k):
    values = {**VALUES, "mu": mu, "alpha": 0.25}
    expected = STATEMENTS["gd_sc_gap_R2"](k, Precise(values))
    assert abs(mpmath.mpf(one("gd_sc_gap_R2", k, values)) / expected - 1) < (1e-13 if expected > 1e-300 else 2)


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("c", [4.0**-7, 4.0**5])
def test_scaling_f_by_a_power_of_four_scales_the_bound_exactly(name, c):
    held = theorem(name)
    power = MEASURES[held.quantity.split(" over")[0].split(" of")[0].split(",")[0].split(" at")[0]]
    scaled = {key: value * c ** POWERS[key] for key, value in VALUES.items()}
    k = np.array([1.0, 5.0, 40.0])
    np.testing.assert_array_equal(held.bound(k, scaled), c**power * held.bound(k, VALUES))


@pytest.mark.parametrize("mu", [1e-4, 0.25, 4.0])
def test_sharper_theorems_lie_below_weaker_ones(mu):
    k = np.arange(1.0, 500.0)
    values = {**VALUES, "alpha": 0.25, "mu": mu}
    ladders = [
        ("ogm", "nag_ratio"),
        ("ogm_primary", "nag_fista_y"),
        ("gd_sc_gap_R2", "gd_convex_tight", "gd_convex_proof", "gd_convex_headline"),
        ("gd_sc_gap", "gd_sc_linear"),
        ("gd_nonconvex_tight", "gd_nonconvex"),
        ("nag_fista_y", "nag_fista", "nag_fista_simple"),
    ]
    for ladder in ladders:
        curves = [theorem(name).bound(k, values) for name in ladder]
        for lower, upper in pairwise(curves):
            assert np.all(lower <= upper * (1.0 + 1e-12))
            assert np.all(np.diff(upper) <= 0.0)


@pytest.mark.parametrize("name", sorted(theorems()))
def test_every_theorem_says_what_it_is(name):
    held = theorem(name)
    assert held.statement
    assert held.source
    assert held.quantity
    assert held.kind in ("bound", "exact", "potential", "expectation")
    assert (held.kind == "expectation") == (held.expectations is not None)
    assert set(held.needs) <= set(VALUES)
    assert bool(held.needs) == (held.closed is not None)


def test_an_unknown_theorem_offers_the_closest():
    with pytest.raises(ValueError, match="did you mean 'gd_sc_gap'"):
        theorem("gd_sc_gapp")


def facts(optimizer: str = "gradient_descent", problem: str = "quadratic[dim=3]", declare=None, **changes) -> Facts:
    sampling = registry.sampling("noise") if changes.pop("sampled", False) else None
    held = replace(registry.problem(problem), **changes)
    tuning = registry.optimizer(optimizer).tune(registry.problem(problem))
    known = {**tuning.declared, **(declare or {})}
    return Facts(held, known, 1.0, 1.0, 1.0, 100, Rounding(held, 1.0), momentum=tuning.momentum, sampling=sampling)


GD, HB, NAG, FISTA = "gradient_descent", "heavy_ball", "nesterov", "nesterov_convex"
EXACT = "exact_line_search"
RULES = (EXACT, "wolfe", "polyak_step", "barzilai_borwein", "adaptive_lipschitz")
RATIO = "nesterov_ratio"
GHADIMI = {"alpha": 0.125, "beta": math.sqrt((1 - 0.125 * 0.04) * (1 - 0.125 * 4.0))}
MISSING = [
    ("gd_convex_tight", GD, {"kind": "nonconvex"}, {}, "not convex"),
    ("gd_convex_tight", GD, {"L": None}, {}, "L is unknown"),
    ("gd_convex_tight", GD, {"region": "sublevel set"}, {}, "sublevel set only"),
    ("gd_convex_tight", GD, {"x_star": None}, {}, "x* is unknown"),
    ("gd_convex_tight", GD, {"f_star": None}, {}, "f* is unknown"),
    ("gd_convex_tight", GD, {"f_star": Constant(0.0, "bound", "")}, {}, "f* is unknown"),
    ("gd_convex_tight", GD, {"sampled": True}, {}, "the gradient is sampled"),
    ("gd_convex_tight", GD, {}, {"alpha": 0.5}, "alpha L = 2 is not below 2"),
    ("gd_convex_proof", GD, {}, {"alpha": 0.2525}, "alpha L = 1.01 is not 1"),
    ("gd_convex_headline", GD, {}, {"alpha": 0.2475}, "alpha L = 0.99 is not 1"),
    ("gd_sc_gap", GD, {"mu": None}, {}, "not strongly convex"),
    ("gd_sc_linear", GD, {}, {"alpha": 0.3}, "alpha L = 1.2 is above 1"),
    ("gd_nonconvex_tight", GD, {}, {"alpha": 0.45}, "alpha L = 1.8 is above 1.73205"),
    ("gd_nonconvex_drop", GD, {"region": "sublevel set"}, {}, "sublevel set only"),
    ("gd_pl", GD, {"kind": "nonconvex", "pl": None}, {}, "no Polyak-Lojasiewicz constant"),
    ("gd_fejer", GD, {"kind": "nonconvex"}, {}, "not convex"),
    ("gd_descent", GD, {"L": None}, {}, "L is unknown"),
    ("gd_exact_ls", GD, {}, {}, "does not minimise along the gradient"),
    ("gd_exact_ls", EXACT, {"mu": None}, {}, "not strongly convex"),
    ("gd_exact_ls", EXACT, {"region": "sublevel set"}, {}, "sublevel set only"),
    ("exact_ls_rate", GD, {}, {}, "does not minimise along the gradient"),
    ("exact_ls_drop", EXACT, {"spectrum": None}, {}, "not a quadratic"),
    ("exact_ls_step", EXACT, {"L": None}, {}, "L is unknown"),
    ("exact_ls_descent", EXACT, {"kind": "nonconvex"}, {}, "not convex"),
    ("wolfe_step", "wolfe", {"L": None}, {}, "L is unknown"),
    ("wolfe_zoutendijk", "wolfe", {"f_star": None}, {}, "no lower bound of f"),
    ("lipschitz_estimate", "adaptive_lipschitz", {"L": None}, {}, "L is unknown"),
    ("lipschitz_calls", "adaptive_lipschitz", {"sampled": True}, {}, "the gradient is sampled"),
    ("polyak_range", "polyak_step", {"region": "sublevel set"}, {}, "sublevel set only"),
    ("polyak_fejer", "polyak_step", {"kind": "nonconvex"}, {}, "not convex"),
    ("polyak_fejer_smooth", "polyak_step", {"L": None}, {}, "L is unknown"),
    ("polyak_convex", "polyak_step", {"x_star": None}, {}, "x* is unknown"),
    ("polyak_sc", "polyak_step", {"mu": None}, {}, "not strongly convex"),
    ("bb_step", "barzilai_borwein", {"mu": None}, {}, "not strongly convex"),
    ("quad_gd_exact", GD, {"spectrum": None}, {}, "not a quadratic"),
    ("quad_gd_exact", GD, {}, {"alpha": 0.525}, "alpha L = 2.1 is above 2"),
    ("hb_quad_gap", HB, {"spectrum": None}, {}, "not a quadratic"),
    ("hb_quad_gap", HB, {}, {"beta": 0.9}, "not those that are optimal"),
    ("hb_quad_dist", HB, {}, {"alpha": 0.25}, "not those that are optimal"),
    ("hb_ghadimi", HB, {}, {**GHADIMI, "beta": 0.5}, "beta is not sqrt"),
    ("hb_cesaro", HB, {}, {"alpha": 0.125, "beta": 0.9}, "alpha L/(1 - beta) = 5 is above 1"),
    ("quad_hb_exact", HB, {}, {"alpha": 1.0, "beta": 0.5}, "is 2.28078 > 1"),
    ("nag_quad_gap", NAG, {}, {"beta": 0.9}, "beta is not"),
    ("nag_sc", NAG, {}, {"alpha": 0.2}, "alpha L = 0.8 is not 1"),
    ("nag_sc", FISTA, {}, {}, "momentum is not constant"),
    ("nag_potential", NAG, {"mu": None}, {}, "not strongly convex"),
    ("quad_nag_exact", NAG, {}, {"alpha": 1.0}, "> 1"),
    ("quad_nag_exact", FISTA, {}, {"alpha": 0.3}, "alpha L = 1.2 is above 1"),
    ("nag_fista", FISTA, {"kind": "nonconvex"}, {}, "not convex"),
    ("fista_potential", FISTA, {}, {"alpha": 0.2}, "alpha L = 0.8 is not 1"),
    ("nag_ratio", FISTA, {}, {}, "momentum is not j/(j + 3)"),
    ("nag_fista", RATIO, {}, {}, "momentum is not (t_j - 1)/t_{j+1}"),
    ("fista_potential", RATIO, {}, {}, "momentum is not (t_j - 1)/t_{j+1}"),
    ("ratio_potential", FISTA, {}, {}, "momentum is not j/(j + 3)"),
    ("quad_nag_exact", RATIO, {}, {"alpha": 0.3}, "alpha L = 1.2 is above 1"),
    ("quad_nag_exact", GD, {}, {}, "momentum is not declared"),
    ("ogm", "ogm", {"kind": "nonconvex"}, {}, "not convex"),
    ("ogm", "ogm", {}, {"alpha": 0.2}, "alpha L = 0.8 is not 1"),
    ("ogm_primary", "ogm", {"region": "sublevel set"}, {}, "sublevel set only"),
    ("quad_ogm_exact", "ogm", {"spectrum": None}, {}, "not a quadratic"),
    ("triple_dist", "triple_momentum", {"mu": None}, {}, "not strongly convex"),
    ("triple_gap", "triple_momentum", {"x_star": None}, {}, "x* is unknown"),
    ("quad_triple_exact", "triple_momentum", {"spectrum": None}, {}, "not a quadratic"),
    ("lower_nesterov", "conjugate_gradient", {}, {}, "not Nesterov's worst function"),
    ("cg_chebyshev", "conjugate_gradient", {"mu": None}, {}, "not strongly convex"),
    ("cg_closer", "conjugate_gradient", {"spectrum": None}, {}, "not a quadratic"),
    ("lower_krylov", "lbfgs", {"spectrum": None}, {}, "not a quadratic"),
    ("lower_krylov", GD, {"sampled": True}, {}, "the gradient is sampled"),
    ("newton_decrease", "newton", {"region": "sublevel set"}, {}, "sublevel set only"),
    ("newton_step", "newton", {"kind": "nonconvex"}, {}, "not strongly convex"),
    ("adam_step", "adam", {}, {"beta2": 0.75}, "beta1^2/beta2 = 1.08 is not below 1"),
    ("adam_step", "amsgrad", {}, {"box": 0.01}, "beyond the box of 0.01"),
    ("adamw_step", "adamw", {}, {"beta2": 0.0}, "beta1^2/beta2 = inf is not below 1"),
    ("adagrad_regret", "adagrad", {"kind": "nonconvex"}, {}, "not convex"),
    ("adagrad_regret", "adagrad", {"sampled": True}, {}, "the gradient is sampled"),
    ("layer_step", "lars", {}, {"eps": 0.5}, "with eps = 0.5 a layer moves by less"),
    ("layer_step", "lamb", {"start": np.ones(4)}, {}, "the iterates of more than 3 variables are not kept"),
    ("armijo_progress", "lbfgs", {"sampled": True}, {}, "the gradient is sampled"),
    ("armijo_step", "backtracking", {"L": None}, {}, "L is unknown"),
    ("armijo_nonconvex", "backtracking", {"f_star": None}, {}, "no lower bound of f"),
    ("armijo_sc", "backtracking", {"kind": "nonconvex", "pl": None}, {}, "no Polyak-Lojasiewicz constant"),
    ("armijo_convex", "backtracking", {"x_star": None}, {}, "x* is unknown"),
    ("armijo_convex_half", "backtracking", {}, {"c": 0.25}, "c = 0.25 is below 1/2"),
]


@pytest.mark.parametrize(("name", "optimizer", "changes", "declare", "reason"), MISSING)
def test_a_hypothesis_says_what_is_missing(name, optimizer, changes, declare, reason):
    said = theorem(name).hypotheses(facts(optimizer, declare=declare, **changes))
    assert said is not None
    assert reason in said


@pytest.mark.parametrize(
    ("name", "optimizer", "declare"),
    [("hb_ghadimi", HB, GHADIMI), ("hb_cesaro", HB, {"alpha": 0.025, "beta": 0.9})]
    + [(name, GD, {}) for name in registry.optimizer(GD).theorems]
    + [(name, NAG, {}) for name in registry.optimizer(NAG).theorems]
    + [
        (name, method, {})
        for method in (*RULES, FISTA, RATIO, "ogm", "triple_momentum", "conjugate_gradient", "lbfgs", "newton")
        for name in registry.optimizer(method).theorems
        if name != "lower_nesterov"
    ],
)
def test_a_hypothesis_that_holds_says_nothing(name, optimizer, declare):
    assert theorem(name).hypotheses(facts(optimizer, declare=declare)) is None


def outcome(optimizer: str, problem: str, iterations: int, name: str):
    verdicts = run_cell(Cell(optimizer, problem, iterations)).verdicts
    return next(verdict for verdict in verdicts if verdict.theorem == name)


@pytest.mark.parametrize(
    ("name", "optimizer", "problem", "k"),
    [
        *[("gd_convex_tight", GD, f"huber[horizon={k}]", k) for k in (1, 10, 100)],
        ("gd_convex_tight", f"{GD}[alpha=1.5/L]", "huber[horizon=10,alpha=1.5/L]", 10),
        *[("gd_sc_gap_R2", GD, f"huber_strongly_convex[kappa={10 * k},horizon={k}]", k) for k in (1, 10, 100)],
        ("gd_sc_gap", GD, "quadratic[start=bottom]", 1),
        ("gd_sc_dist", GD, "quadratic[start=bottom]", 1),
        ("gd_sc_grad", GD, "quadratic[start=bottom]", 1),
        ("gd_sc_gap", f"{GD}[alpha=1.9/L]", "quadratic[kappa=10,start=top]", 1),
        ("gd_convex_tight", f"{GD}[alpha=1.9/L]", "quadratic[start=top]", 1),
        ("gd_nonconvex_tight", GD, "quadratic[start=top]", 1),
        ("hb_quad_gap", HB, "quadratic[start=top]", 1),
        ("hb_quad_dist", HB, "quadratic[start=top]", 1),
        ("gd_exact_ls", EXACT, "quadratic[start=line_search]", 1),
        ("gd_exact_ls", EXACT, "quadratic[kappa=1e4,rotated=true,start=line_search]", 1),
        ("polyak_fejer_smooth", "polyak_step", "quadratic[start=top]", 1),
        ("nag_quad_gap", NAG, "quadratic[start=bottom]", 1),
        ("nag_quad_dist", NAG, "quadratic[start=bottom]", 1),
        ("triple_dist", "triple_momentum", "quadratic[start=top]", 1),
        ("triple_gap", "triple_momentum", "quadratic[start=top]", 1),
        ("cg_chebyshev", "conjugate_gradient", "quadratic[start=line_search]", 1),
        ("lower_krylov", "conjugate_gradient", "quadratic", 1),
    ],
)
def test_the_bound_is_attained(name, optimizer, problem, k):
    verdict = outcome(optimizer, problem, max(2 * k, 5), name)
    assert verdict.outcome == "attained"
    assert verdict.k == k
    assert verdict.measured == pytest.approx(verdict.bound, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "optimizer", "problem"),
    [
        ("hb_quad_gap", HB, "quadratic[start=top]"),
        ("nag_quad_gap", NAG, "quadratic[start=bottom]"),
        ("triple_gap", "triple_momentum", "quadratic[start=top]"),
    ],
)
def test_momentum_attains_its_bound_at_every_k(name, optimizer, problem):
    optimizer_object, instance = registry.optimizer(optimizer), registry.problem(problem)
    run = run_pair(instance, optimizer_object, Cell(optimizer, problem, 60))
    values = {"L": 4.0, "mu": instance.mu.value, "gap_0": run.trajectory["f"][0], "R2": run.trajectory["dist2"][0]}
    k = run.trajectory["k"][1:]
    np.testing.assert_allclose(run.trajectory["f"][1:], theorem(name).bound(k, values), rtol=1e-9)
