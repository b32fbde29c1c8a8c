"""Rates: what is measured, what is refused, and what is compared with what."""

import math

import mpmath
import numpy as np
import pytest

from gdbench.rate import estimate, exponent, rate_verdict, scaling_verdict
from gdbench.run import Cell, run_cell

FLOOR = 1e-26


def power_descent(p: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Gradient descent with step 0.1 on x^p / p from 1."""
    x, gaps = 1.0, []
    for _ in range(steps + 1):
        gaps.append(x**p / p)
        x -= 0.1 * x ** (p - 1)
    return np.arange(steps + 1), np.array(gaps)


@pytest.mark.parametrize(("p", "order", "off"), [(4, 2.0, 0.02), (6, 1.5, 0.02)])
def test_order_of_flat_minima(p, order, off):
    rate = estimate(*power_descent(p, 20_000), 0.0)
    assert rate.kind == "power"
    assert rate.value == pytest.approx(order, rel=off)
    assert rate.low <= rate.value <= rate.high
    assert rate.last > 3 * rate.first


@pytest.mark.parametrize(("weights", "order"), [("ones", 2.0), ("inverse", 1.0)])
def test_order_of_a_uniform_spectrum(weights, order):
    eigenvalues = (np.arange(4000) + 0.5) / 4000
    squares = np.ones(4000) if weights == "ones" else 1.0 / eigenvalues
    k = np.arange(1001)
    shrink = (1.0 - eigenvalues) ** 2
    gaps, now = [], eigenvalues * squares
    for _ in k:
        gaps.append(0.5 * now.sum())
        now = now * shrink
    rate = estimate(k, np.array(gaps), 0.0)
    assert rate.kind == "power"
    assert rate.value == pytest.approx(order, rel=0.03)


@pytest.mark.parametrize("kappa", [10, 100, 1000])
@pytest.mark.parametrize(
    ("optimizer", "factor"),
    [
        ("gradient_descent", lambda kappa: -2 * math.log1p(-1 / kappa)),
        ("heavy_ball", lambda kappa: -2 * math.log((kappa**0.5 - 1) / (kappa**0.5 + 1))),
        ("nesterov", lambda kappa: -2 * math.log1p(-(kappa**-0.5))),
    ],
)
def test_linear_rate_lies_in_its_interval(optimizer, factor, kappa):
    iterations = 20 * kappa if optimizer == "gradient_descent" else int(40 * kappa**0.5)
    found = run_cell(Cell(optimizer, f"quadratic[kappa={kappa},dim=20,start=ones]", iterations))
    rate = found.summary["rate"]
    assert rate["kind"] == "linear", rate["reason"]
    assert rate["low"] <= factor(kappa) <= rate["high"]
    assert rate["high"] - rate["low"] < 0.5 * factor(kappa)
    judged = [verdict for verdict in found.verdicts if verdict.kind == "rate"]
    assert [verdict.outcome for verdict in judged] == ["holds"]


K = np.arange(3000.0)
NOISE = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("gap", "reason"),
    [
        (np.ones(3000), "does not fall"),
        (1.0 + 0.5 ** np.minimum(K, 40), "no window"),
        (0.9 ** np.arange(15.0), "15 points above the floor, 40 needed"),
        (np.maximum(np.exp(-0.02 * K), 1e-6 * (1 + NOISE.random(3000))), "no window"),
        (np.exp(-np.sqrt(K)), "no window"),
        (np.zeros(3000), "0 points above the floor"),
        (np.array([1.0]), "1 points above the floor"),
    ],
    ids=["constant", "stall", "15 points", "noise ball", "exp(-sqrt k)", "zero", "one row"],
)
def test_refused_with_a_reason(gap, reason):
    rate = estimate(np.arange(len(gap)), gap, FLOOR)
    assert rate.kind == "refused"
    assert reason in rate.reason
    assert math.isnan(rate.value)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_value_that_is_not_finite_is_divergence(bad):
    gap = np.exp(-0.1 * np.arange(100.0))
    gap[70] = bad
    assert estimate(np.arange(100), gap, FLOOR).kind == "diverged"


def test_newton_is_superlinear():
    """On e^x - x from 2."""
    x, gaps = mpmath.mpf(2), []
    with mpmath.workdps(400):
        for _ in range(10):
            gaps.append(mpmath.expm1(x) - x)
            x += mpmath.expm1(-x)
    gap = np.array([float(g) for g in gaps])
    rate = estimate(np.arange(len(gap)), gap, 1e-290)
    assert rate.kind == "superlinear"
    assert 1.9 < rate.value < 2.1


def test_the_window_ends_above_the_floor():
    gap = np.maximum(np.exp(-0.05 * K), 1e-12)
    rate = estimate(K, gap, 1.001e-12)
    assert rate.kind == "linear"
    assert rate.value == pytest.approx(0.05, rel=1e-6)
    assert rate.last < 553


def test_oscillation_does_not_hide_a_linear_rate():
    gap = np.exp(-0.05 * K) * (1.05 + np.cos(0.3 * K))
    rate = estimate(K, gap, FLOOR)
    assert rate.kind == "linear"
    assert rate.low <= 0.05 <= rate.high


def test_a_rate_is_held_against_the_exact_curve():
    k = np.arange(400)
    exact = np.exp(-0.05 * k)
    for factor, outcome in ((1.0, "holds"), (1.009, "holds"), (1.011, "violated"), (0.989, "violated")):
        gap = np.exp(-0.05 * factor * k)
        rate = estimate(k, gap, 0.0)
        assert rate_verdict("method", "problem", rate, k, gap, exact).outcome == outcome
    refused = estimate(k, np.ones(400), 0.0)
    found = rate_verdict("method", "problem", refused, k, np.ones(400), exact)
    assert (found.outcome, found.reason) == ("inconclusive", "the gap does not fall")


KAPPAS = [4.0**i for i in range(2, 8)]
COUNTS = {
    "gradient descent": ([108, 439, 1765, 7071, 28291, 113174], 1.003, (0.98, 1.02)),
    "heavy ball": ([21, 45, 97, 207, 438, 923], 0.546, (0.48, 0.58)),
    "nesterov": ([32, 69, 143, 291, 586, 1177], 0.518, (0.48, 0.54)),
}


@pytest.mark.parametrize("name", COUNTS)
def test_exponent_of_iterations_against_kappa(name):
    counts, expected, interval = COUNTS[name]
    found, low, high = exponent(KAPPAS, counts)
    assert found == pytest.approx(expected, abs=6e-4)
    assert low <= found <= high
    assert high - low < 0.06
    verdict = scaling_verdict(name, "quadratic", KAPPAS, counts, interval)
    assert verdict.outcome == "holds"
    assert str(counts[-1]) in verdict.reason


def test_exponent_outside_its_interval_is_a_violation():
    verdict = scaling_verdict("method", "quadratic", KAPPAS, COUNTS["gradient descent"][0], (0.48, 0.58))
    assert verdict.outcome == "violated"


@pytest.mark.parametrize("counts", [[108, 439, 1765, 7071, 28291, None], [108, 439, 1765]])
def test_too_few_counts_are_inconclusive(counts):
    verdict = scaling_verdict("method", "quadratic", KAPPAS[: len(counts)], counts, (0.98, 1.02))
    assert verdict.outcome == "inconclusive"
