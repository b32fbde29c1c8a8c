"""Negative controls: runs, rows and curves that are wrong by design. Each function says whether that was seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from gdbench import registry
from gdbench.audit import certificates
from gdbench.audit.ridges import huber, quadratic, ridge
from gdbench.audit.rows import compare, rows_of
from gdbench.kernel import COLUMNS, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.optimizers import gradient_descent, heavy_ball, polyak_step
from gdbench.parameter import StepSize
from gdbench.problem import Array, Constant, Problem
from gdbench.rate import Rate, estimate, rate_verdict
from gdbench.run import Cell, Result, run_pair
from gdbench.theory import Comparison, theorem
from gdbench.verdict import Tally

L, KAPPA, R, K = 4.0, 25.0, 1.5, 20
LONG, JUMP, NOT_A_NUMBER = 1.0, 2.0, 3.0


@step
def wrong_step(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    """Gradient descent; hyper: a bug, the k at which it comes, and x*."""
    bug, when = state.hyper[0], state.hyper[1]
    x = state.x
    taken = 1.001 * alpha if bug == 1.0 else alpha
    for i in range(x.shape[0]):
        x[i] -= taken * state.g[i]
        if bug == 2.0 and k == when:
            x[i] = state.hyper[2 + i]
        if bug == 3.0 and k == when:
            x[i] = math.nan
    return alpha, 0, 0


def wrong(bug: float) -> Optimizer:
    """Gradient descent with a bug; LONG in every step, the others in the middle of a run of K steps."""
    honest = gradient_descent.make()

    def tune(problem: Problem) -> Tuning:
        assert problem.x_star is not None
        return replace(honest.tune(problem), hyper=(bug, K // 2, *problem.x_star.tolist()))

    return replace(honest, step=wrong_step, tune=tune, name="wrong on purpose")


def bowl() -> Problem:
    """A quadratic with four eigenvalues, seen from a start along all of them."""
    return quadratic((L / KAPPA, 0.2 * L, 0.7 * L, L), (R, 0.4 * R, -0.3 * R, 0.2 * R))


def worst(k: int) -> Problem:
    """Huber's function on which gradient descent attains its convex bound at k."""
    curvature = Constant(L, "exact", "curvature within tau")
    return ridge([huber(L, R / (2.0 * k + 1.0))], [R], kind="convex", L=curvature)


def run(problem: Problem, optimizer: Optimizer, iterations: int = K) -> Result:
    """A run as every other."""
    return run_pair(problem, optimizer, Cell(optimizer.name, problem.name, iterations))


def outcome(result: Result, name: str) -> str:
    """What became of a theorem."""
    return next(verdict.outcome for verdict in result.verdicts if verdict.theorem == name)


Change = Callable[[Array], None]


def told(name: str, problem: Problem, optimizer: Optimizer, change: Change, bound: float = 1.0) -> tuple[str, int]:
    """The outcome of a theorem and its k, on rows that were changed and with `bound` times its bound."""
    rows = rows_of(run(problem, optimizer))
    change(rows)
    tally = Tally(theorem(name))
    for one in compare(theorem(name), problem, optimizer, rows, K):
        tally.add(np.arange(1.0, len(rows)), replace(one, bound=bound * one.bound))
    verdict = tally.verdict(optimizer.name, problem.name)
    return verdict.outcome, verdict.k


def scaled(column: str, k: int, factor: float) -> Change:
    """A column's entry at one k multiplied by a factor; f* is 0 in all problems here, so f is the gap."""

    def change(rows: Array) -> None:
        rows[k, COLUMNS.index(column)] *= factor

    return change


def unchanged(rows: Array) -> None:
    """Nothing."""


def heavy_ball_cycles() -> bool:
    """Heavy ball ends on the cycle (792, -2208, 2592)/1225 (Lessard, Recht and Packard 2016), and has no rate."""
    result = run(registry.module("problem", "heavy_ball_cycle").make(), heavy_ball.make(), 600)
    a, b, c = 792.0 / 1225.0, -2208.0 / 1225.0, 2592.0 / 1225.0
    cycle = sorted((12.5 * a * a, 12.5 * b * b, 12.5 * c * c - 24.0 * c + 36.0))
    ends_there = np.allclose(np.sort(result.trajectory["f"][-3:]), cycle, rtol=1e-9)
    return bool(ends_there) and result.summary["rate"]["kind"] == "refused"


def long_steps_diverge() -> bool:
    """A step of 2.1/L multiplies f along the eigenvector of L by 1.21 until the run is stopped."""
    result = run(quadratic((0.0, L), (0.0, R)), gradient_descent.make(alpha=StepSize("2.1/L")), 1000)
    f = result.trajectory["f"]
    return result.status == "diverged" and bool(np.allclose(f[1:] / f[:-1], 1.21, rtol=1e-9))


def lowered_bound() -> bool:
    """1 % off a bound that is attained at K."""
    honest = told("gd_convex_tight", worst(K), gradient_descent.make(), unchanged)
    lowered = told("gd_convex_tight", worst(K), gradient_descent.make(), unchanged, bound=0.99)[0]
    return honest == ("attained", K) and lowered == "violated"


def raised_gap() -> bool:
    """1 % on the gap at the k at which the bound is attained."""
    return told("gd_convex_tight", worst(K), gradient_descent.make(), scaled("f", K, 1.01)) == ("violated", K)


def lowered_gap() -> bool:
    """1 % off the gap at one k, under a closed form, which has two sides."""
    return told("quad_gd_exact", bowl(), gradient_descent.make(), scaled("f", 7, 0.99)) == ("violated", 7)


def raised_potential() -> bool:
    """1 % on the distance at one k, where a potential is conserved."""
    top = quadratic((0.0, L), (0.0, R))
    honest = told("polyak_fejer_smooth", top, polyak_step.make(), unchanged)[0]
    return honest == "attained" and told("polyak_fejer_smooth", top, polyak_step.make(), scaled("dist2", 7, 1.01)) == (
        "violated",
        7,
    )


def jump_to_the_minimiser() -> bool:
    """No combination of a few gradients is x*."""
    known = outcome(run(bowl(), gradient_descent.make()), "lower_krylov")
    problem = quadratic(np.linspace(L / KAPPA, L, 12).tolist(), np.linspace(R, 0.1 * R, 12).tolist())
    return known == "holds" and outcome(run(problem, wrong(JUMP)), "lower_krylov") == "violated"


def not_a_number() -> bool:
    """An x that becomes NaN is no run that converges, and no bound holds there."""
    result = run(bowl(), wrong(NOT_A_NUMBER))
    return result.status == "diverged" and outcome(result, "gd_sc_gap") == "violated"


def hidden_bound() -> bool:
    """Where rounding may be as large as a bound nothing is shown."""
    tally = Tally(theorem("gd_convex_tight"))
    ones = np.ones(K)
    tally.add(np.arange(1.0, K + 1.0), Comparison(0.5 * ones, ones, ones))
    return tally.verdict("", "").outcome == "unresolvable"


def curve(gap: Array) -> Rate:
    """The rate of a curve over k = 0, 1, …"""
    return estimate(np.arange(float(len(gap))), gap, 0.0)


def rates_refused() -> bool:
    """A constant curve, one that bends all the way, 30 points, and NaN have no rate."""
    k = np.arange(400.0)
    without = (np.ones(400), np.exp(-1e-4 * k * k), np.exp(-0.5 * k[:30]), np.where(k == 200.0, np.nan, np.exp(-k)))
    return {curve(gap).kind for gap in without} <= {"refused", "diverged"}


def other_rate() -> bool:
    """A rate that is 2 % off the exact one."""
    k = np.arange(400.0)
    gap, exact = np.exp(-0.102 * k), np.exp(-0.1 * k)
    honest = rate_verdict("", "", curve(gap), k, gap, gap)
    return honest.outcome == "holds" and rate_verdict("", "", curve(gap), k, gap, exact).outcome == "violated"


def short_of_equality() -> bool:
    """A step of 1.001/L, recorded as 1/L, does not attain what 1/L attains."""
    short = told("gd_convex_tight", worst(K), wrong(LONG), unchanged)[0]
    return short == "holds"


def wrong_constants() -> bool:
    """L 10 % low, mu 10 % high, and f* 1e-6 off."""
    problem = bowl()
    assert problem.L is not None
    assert problem.mu is not None
    assert problem.f_star is not None
    low = replace(problem, L=replace(problem.L, value=0.9 * problem.L.value))
    high = replace(problem, mu=replace(problem.mu, value=1.1 * problem.mu.value))
    off = [replace(problem, f_star=replace(problem.f_star, value=value)) for value in (1e-6, -1e-6)]
    seen = [certificates.smoothness(low), certificates.strong_convexity(high), *map(certificates.minimum, off)]
    return all(seen) and not any(certificate(problem) for certificate in certificates.ALL)


#: By what is wrong.
CONTROLS: Mapping[str, Callable[[], bool]] = MappingProxyType(
    {
        "heavy ball on its cycle": heavy_ball_cycles,
        "a step of 2.1/L": long_steps_diverge,
        "a bound 1 % low": lowered_bound,
        "a gap 1 % high at one k": raised_gap,
        "a gap 1 % low at one k of a closed form": lowered_gap,
        "a potential 1 % high at one k": raised_potential,
        "a jump to x*": jump_to_the_minimiser,
        "NaN in the middle": not_a_number,
        "a bound below rounding": hidden_bound,
        "curves without a rate": rates_refused,
        "a rate 2 % off": other_rate,
        "a step 0.1 % long": short_of_equality,
        "wrong constants": wrong_constants,
    }
)
