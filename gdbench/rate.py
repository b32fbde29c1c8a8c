"""How fast a run really went: a rate with its window and interval, or a refusal.

A fitted rate is compared with the slope of the closed form over the same window, never with the asymptotic rate: heavy
ball's k^2 transient makes its slope 4-6 % slow even over three decades.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gdbench.problem import Array
from gdbench.verdict import Verdict

FEWEST_POINTS = 40
LINEAR_DECADES, POWER_DECADES, POWER_SPAN = 1.5, 0.9, 3.0
BLOCKS = 8
#: Student's t for 97.5 %, by degrees of freedom.
T = {4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365}


@dataclass(frozen=True, slots=True)
class Rate:
    """value: for `linear` the decrease of log gap per iteration, for `power` the order p of gap ~ k^-p, for
    `superlinear` the last ratio of successive decreases of log gap. [low, high] is its interval, first and last the
    window in k. `refused` has a reason and NaN figures.
    """

    kind: Literal["linear", "power", "superlinear", "refused", "diverged"]
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    first: int = 0
    last: int = 0
    reason: str = ""


def slope(x: Array, y: Array) -> float:
    """The least-squares slope of y against x, both of shape (m,)."""
    centred = x - x.mean()
    return float(np.sum(centred * (y - y.mean())) / np.sum(centred * centred))


def corrected_slope(k: Array, y: Array) -> float:
    """b in y = a + b k + c log k: the slope without the polynomial factor that momentum methods carry."""
    design = np.column_stack([np.ones_like(k), k, np.log(np.maximum(k, 1.0))])
    return float(np.linalg.lstsq(design / design.max(axis=0), y, rcond=None)[0][1] / k.max())


def _usable(k: Array, gap: Array, floor: float) -> tuple[Array, Array]:
    below = np.flatnonzero(~(gap > floor))
    end = int(below[0]) if len(below) else len(gap)
    end -= int(0.03 * end)
    k, gap = k[:end], gap[:end]
    envelope = np.maximum.accumulate(gap[::-1])[::-1]
    return k, np.log(envelope)


def _halves_agree(x: Array, y: Array) -> bool:
    half = len(x) // 2
    a, b = slope(x[:half], y[:half]), slope(x[half:], y[half:])
    return abs(a - b) <= 0.05 * abs(a + b) / 2.0


def _residual(x: Array, y: Array) -> float:
    fitted = y.mean() + slope(x, y) * (x - x.mean())
    return float(np.sqrt(np.mean((y - fitted) ** 2)))


def _linear_window(k: Array, y: Array) -> tuple[Array, Array] | None:
    for start in range(0, 80, 10):
        x, z = k[len(k) * start // 100 :], y[len(k) * start // 100 :]
        if len(x) >= FEWEST_POINTS and z[0] - z[-1] >= LINEAR_DECADES * math.log(10.0) and _halves_agree(x, z):
            return x, z
    return None


def _power_window(k: Array, y: Array) -> tuple[Array, Array] | None:
    k, y = k[k > 0], y[k > 0]
    for start in range(0, 80, 10):
        x, z = k[len(k) * start // 100 :], y[len(k) * start // 100 :]
        if len(x) < FEWEST_POINTS or x[-1] < POWER_SPAN * x[0] or z[0] - z[-1] < POWER_DECADES * math.log(10.0):
            continue
        logs = np.linspace(math.log(x[0]), math.log(x[-1]), 200)
        resampled = np.interp(logs, np.log(x), z)
        if _halves_agree(logs, resampled):
            return logs, resampled
    return None


def _superlinear(y: Array) -> float | None:
    if not 5 <= len(y) <= 25:
        return None
    decreases = -np.diff(y)
    if np.any(decreases[-4:] <= 0):
        return None
    ratios = decreases[1:] / decreases[:-1]
    return float(ratios[-1]) if len(ratios) >= 3 and bool(np.all(ratios[-3:] > 1.3)) else None


def _interval(x: Array, y: Array, others: Sequence[float]) -> tuple[float, float]:
    """The hull of a block interval and other estimates, padded by half: the block interval alone is biased."""
    size = len(x) // BLOCKS
    blocks = np.array([slope(x[i * size : (i + 1) * size], y[i * size : (i + 1) * size]) for i in range(BLOCKS)])
    spread = T[BLOCKS - 1] * float(blocks.std(ddof=1)) / math.sqrt(BLOCKS)
    found = [float(blocks.mean()) - spread, float(blocks.mean()) + spread, *others]
    low, high = min(found), max(found)
    pad = 0.25 * (high - low)
    return low - pad, high + pad


def estimate(k: Array, gap: Array, floor: float) -> Rate:
    """The rate of a curve gap(k), both of shape (m,): linear, power, superlinear, or refused with the reason."""
    if not np.all(np.isfinite(gap)):
        return Rate("diverged", reason="a value is not finite")
    x, y = _usable(np.asarray(k, dtype=float), gap, floor)
    if len(y) >= 2 and y[0] - y[-1] <= 1e-6:
        return Rate("refused", reason="the gap does not fall")
    growth = _superlinear(y)
    if growth is not None:
        return Rate("superlinear", growth, growth, growth, int(x[0]), int(x[-1]))
    if len(y) < FEWEST_POINTS:
        return Rate("refused", reason=f"{len(y)} points above the floor, {FEWEST_POINTS} needed")
    linear, power = _linear_window(x, y), _power_window(x, y)
    if power is not None and (linear is None or _residual(*power) < 0.5 * _residual(*linear)):
        logs, z = power
        half = len(logs) // 2
        order = -slope(logs, z)
        low, high = _interval(logs, -z, [order, -slope(logs[half:], z[half:])])
        return Rate("power", order, low, high, round(math.exp(logs[0])), round(math.exp(logs[-1])))
    if linear is None:
        return Rate("refused", reason="no window of 1.5 decades in which both halves have one slope")
    kx, z = linear
    half = len(kx) // 2
    late = -corrected_slope(kx[half:], z[half:])
    low, high = _interval(kx, -z, [late, -corrected_slope(kx, z), -slope(kx[half:], z[half:])])
    return Rate("linear", late, low, high, int(kx[0]), int(kx[-1]))


def rate_verdict(optimizer: str, problem: str, rate: Rate, k: Array, gap: Array, exact: Array) -> Verdict:
    """The run's slope against the closed form's over the same window, within 1 %."""
    common = {"optimizer": optimizer, "problem": problem, "theorem": "quad_rate", "kind": "rate"}
    if rate.kind != "linear":
        reason = rate.reason or f"the decay is {rate.kind}, not linear"
        nan = math.nan
        return Verdict(**common, outcome="inconclusive", k=0, measured=nan, bound=nan, tightness=nan, resolvable=0.0,
                       reason=reason)  # fmt: skip
    window = (k >= rate.first) & (k <= rate.last)
    measured = -slope(k[window].astype(float), np.log(gap[window]))
    expected = -slope(k[window].astype(float), np.log(exact[window]))
    agrees = abs(measured - expected) <= 0.01 * abs(expected)
    return Verdict(
        **common,
        outcome="holds" if agrees else "violated",
        k=rate.last,
        measured=measured,
        bound=expected,
        tightness=measured / expected if expected != 0.0 else math.nan,
        resolvable=float(np.mean(window)),
        reason=f"log gap falls by {rate.value:.6g} [{rate.low:.6g}, {rate.high:.6g}] over k = {rate.first}…{rate.last}",
    )


def exponent(kappas: Sequence[float], iterations: Sequence[float]) -> tuple[float, float, float]:
    """The exponent of iterations against kappa, with its 95 % interval (Student's t)."""
    x, y = np.log(np.asarray(kappas, dtype=float)), np.log(np.asarray(iterations, dtype=float))
    found = slope(x, y)
    residuals = y - y.mean() - found * (x - x.mean())
    free = len(x) - 2
    error = math.sqrt(float(np.sum(residuals**2)) / free / float(np.sum((x - x.mean()) ** 2)))
    spread = T.get(free, 2.0 if free > 7 else 4.303) * error
    return found, found - spread, found + spread


def scaling_verdict(
    optimizer: str,
    problem: str,
    kappas: Sequence[float],
    iterations: Sequence[int | None],
    interval: tuple[float, float],
) -> Verdict:
    """Whether iterations to the target grow like kappa to a power within the interval; None: not reached."""
    common = {"optimizer": optimizer, "problem": problem, "theorem": "scaling_kappa", "kind": "scaling"}
    reached = [count for count in iterations if count]
    if len(reached) < len(kappas) or len(kappas) < 4:
        reason = f"the target was reached for {len(reached)} of {len(kappas)} values of kappa, at least 4 needed"
        nan = math.nan
        return Verdict(**common, outcome="inconclusive", k=0, measured=nan, bound=nan, tightness=nan, resolvable=0.0,
                       reason=reason)  # fmt: skip
    found, low, high = exponent(kappas, reached)
    inside = interval[0] <= found <= interval[1]
    return Verdict(
        **common,
        outcome="holds" if inside else "violated",
        k=max(reached),
        measured=found,
        bound=interval[1],
        tightness=found / interval[1],
        resolvable=1.0,
        reason=f"iterations {', '.join(map(str, reached))}: exponent {found:.4f} [{low:.4f}, {high:.4f}], "
        f"expected within [{interval[0]:g}, {interval[1]:g}]",
    )
