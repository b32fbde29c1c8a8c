"""Bugs in steps by a rule or a search, in their theorems and in what they are told."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from gdbench.audit import certificates
from gdbench.optimizer import Optimizer
from gdbench.problem import Problem
from planted import checks
from planted import kernels_line_search as kernels
from planted.bugs import Bug, PlantOptimizer, constant, tuned
from planted.checks import Check, loses, violated

EXACT, WOLFE, POLYAK = "exact_line_search", "wolfe", "polyak_step"
BB, ADAPTIVE = "barzilai_borwein", "adaptive_lipschitz"
WORST, TOP = "quadratic[kappa=10,dim=3,start=line_search]", "quadratic[kappa=1,dim=2]"
SHORT = "quadratic[kappa=10,dim=3]"
SQUARES, LOGISTIC = "least_squares[samples=30,features=3]", "logistic[samples=40,features=3]"


def exact(bug: int, amount: float = 0.0) -> PlantOptimizer:
    def plant(optimizer: Optimizer) -> Optimizer:
        def tune(problem: Problem) -> Any:
            hyper = (bug, amount, float(problem.spectrum is not None), 0.0)
            return replace(optimizer.tune(problem), hyper=hyper)

        return replace(optimizer, step=kernels.exact_step, tune=tune)

    return plant


def wolfe(bug: int, amount: float = 0.0) -> PlantOptimizer:
    return tuned(kernels.wolfe_step, bug, amount, memory=3, ahead=False, keep=4)


def polyak(bug: int, amount: float = 0.0) -> PlantOptimizer:
    return tuned(kernels.polyak_step, bug, amount, memory=1, ahead=False, keep=2)


def two_point(bug: int) -> PlantOptimizer:
    return tuned(kernels.two_point_step, bug, memory=2, ahead=False, keep=1)


def adaptive(bug: int, amount: float = 0.0) -> PlantOptimizer:
    return tuned(kernels.estimate_step, bug, amount, memory=2, ahead=False, keep=4)


def _visited(problem: Problem, optimizer: Optimizer, iterations: int = 12) -> tuple[Any, np.ndarray, list[Any]]:
    """The trajectory, its points and what the problem's own kernels say there."""
    found = checks.run(problem, optimizer, iterations)
    points = np.stack([found.trajectory[f"x{i}"] for i in range(problem.n)], axis=1)
    calls = certificates.calls(problem)
    return found, points, [calls.oracle(x) for x in points]


def orthogonal(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: a gradient has a part left along the one before."""
    _, _, seen = _visited(problem, optimizer)
    return any(abs(a @ b) > 1e-9 * (a @ a) for (_, a), (_, b) in pairwise(seen))


def conditions(c1: float, c2: float) -> Check:
    """Red: a step misses one of the strong Wolfe conditions."""

    def check(problem: Problem, optimizer: Optimizer) -> bool:
        found, _, seen = _visited(problem, optimizer)
        for ((f, g), (after, slopes)), used in zip(pairwise(seen), found.trajectory["alpha"], strict=False):
            falls = after <= f - c1 * used * (g @ g) + 1e-14 * abs(f)
            if not (falls and abs(g @ slopes) <= c2 * (g @ g) * (1.0 + 1e-9)):
                return True
        return False

    return check


def two_points(short: bool) -> Check:
    """Red: a step is not the quotient of the differences between the rows."""

    def check(problem: Problem, optimizer: Optimizer) -> bool:
        found, points, seen = _visited(problem, optimizer, 8)
        s = np.diff(points, axis=0)
        y = np.diff(np.array([g for _, g in seen]), axis=0)
        ss, sy, yy = (np.sum(a * b, axis=1) for a, b in ((s, s), (s, y), (y, y)))
        expected = (sy / yy if short else ss / sy)[:-1]
        return not np.allclose(found.trajectory["alpha"][1:-1], expected, rtol=1e-8)

    return check


def oracle_calls(expected: int) -> Check:
    """Red: another number of gradient calls in twelve steps."""
    return lambda problem, optimizer: checks.run(problem, optimizer, 12).summary["gradient_calls"] != expected


def estimate_counted(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: value calls are not one per step and one per halving of the first trial, 1."""
    found = checks.run(problem, optimizer, 12)
    return found.summary["value_calls"] != 12 - int(np.log2(found.trajectory["alpha"][-2]))


def settles(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: the run leaves the minimiser again."""
    dist2 = checks.run(problem, optimizer, 1000).trajectory["dist2"]
    return bool(np.any(dist2[1:] > 1.01 * dist2[:-1]))


def rates(change: Any) -> Any:
    def patch(monkeypatch: Any) -> None:
        name = "gdbench.theory.exact_line_search.rate"
        monkeypatch.setattr(name, lambda L, mu: change((L - mu) / (L + mu)))

    return patch


EXACT_BUGS = (
    Bug("exact search: 1 % too long", violated("exact_ls_drop"), EXACT, in_optimizer=exact(kernels.LONGER, 1.01)),
    Bug("exact search: 0.1 % too long, seen at the worst start", loses("gd_exact_ls"), EXACT, WORST,
        in_optimizer=exact(kernels.LONGER, 1.001)),
    Bug("exact search: least gradient instead of least value", violated("exact_ls_drop"), EXACT,
        in_optimizer=exact(kernels.LEAST_GRADIENT)),
    Bug("exact search: the step of the iterate before", violated("gd_exact_ls"), EXACT,
        "quadratic[kappa=4,dim=2]", in_optimizer=exact(kernels.LAGGED)),
    Bug("exact search: half the step is recorded", violated("exact_ls_drop"), EXACT,
        in_optimizer=exact(kernels.HALVED_RECORD)),
    Bug("exact search: more than 1/mu is recorded as taken", violated("exact_ls_step"), EXACT, "quadratic[kappa=1.5]",
        in_optimizer=exact(kernels.LONGER, 1.9)),
    Bug("exact search: products not counted", oracle_calls(25), EXACT, in_optimizer=exact(kernels.UNCOUNTED)),
    Bug("exact search: Newton's step is not searched further", orthogonal, EXACT, LOGISTIC,
        in_optimizer=exact(kernels.COARSE)),
    Bug("exact search: steps of 1/L/20", violated("exact_ls_descent"), EXACT, "quadratic[kappa=2]",
        in_optimizer=exact(kernels.LONGER, 0.05)),
    Bug("exact search: rate without its square", loses("gd_exact_ls"), EXACT, WORST, patch=rates(lambda q: q)),
    Bug("exact search: rate 1 % too small", violated("exact_ls_rate"), EXACT, WORST,
        patch=rates(lambda q: 0.99 * q * q)),
    Bug("exact search: mu 10 % too large", violated("gd_exact_ls"), EXACT, WORST, in_problem=constant("mu", 1.1)),
)  # fmt: skip

WOLFE_BUGS = (
    Bug("wolfe: slope may stay", violated("wolfe_step"), f"{WOLFE}[alpha=0.001,c2=0.3]", SHORT,
        in_optimizer=wolfe(kernels.OTHER_C2, 0.9999)),
    Bug("wolfe: slope may stay, seen by the conditions", conditions(1e-4, 0.3), f"{WOLFE}[c2=0.3]", LOGISTIC,
        in_optimizer=wolfe(kernels.OTHER_C2, 0.9)),
    Bug("wolfe: f need not fall enough", violated("armijo_sc"), f"{WOLFE}[alpha=1.9/L,conditions=weak,c1=0.4]", TOP,
        in_optimizer=wolfe(kernels.OTHER_C1, 1e-9)),
    Bug("wolfe: weak for strong", conditions(1e-4, 0.5), f"{WOLFE}[alpha=1.8/L,c2=0.5]", SHORT,
        in_optimizer=wolfe(kernels.WEAK)),
    Bug("wolfe: the first trial is taken", violated("wolfe_step"), f"{WOLFE}[alpha=0.001]", SHORT,
        in_optimizer=wolfe(kernels.FIRST_TRIAL)),
    Bug("wolfe: the step taken is 1.9 times the one found", violated("armijo_nonconvex"),
        f"{WOLFE}[alpha=1/L,c1=0.4]", TOP, in_optimizer=wolfe(kernels.STRETCHED, 1.9)),
    Bug("wolfe: x stays", violated("wolfe_zoutendijk"), f"{WOLFE}[c1=0.4,c2=0.5]", SHORT,
        in_optimizer=wolfe(kernels.STILL)),
    Bug("wolfe: trials miscounted", oracle_calls(25), f"{WOLFE}[alpha=1/L,c1=0.1]", TOP.replace("1,", "1.5,"),
        in_optimizer=wolfe(kernels.MISCOUNT)),
)  # fmt: skip

RULE_BUGS = (
    Bug("polyak: f for f - f*", violated("polyak_range"), POLYAK, SQUARES, in_optimizer=polyak(kernels.NO_F_STAR)),
    Bug("polyak: 3.5 times the gap", violated("polyak_fejer_smooth"), POLYAK, "quadratic[dim=7,start=top]",
        in_optimizer=polyak(kernels.DOUBLED, 3.5)),
    Bug("polyak: twice the gap, seen by the step", violated("polyak_range"), POLYAK, "quadratic[dim=7,start=bottom]",
        in_optimizer=polyak(kernels.DOUBLED, 2.0)),
    Bug("polyak: ||g|| for its square", violated("polyak_range"), POLYAK, in_optimizer=polyak(kernels.ROOTED)),
    Bug("polyak: a tenth of the step is taken", violated("polyak_fejer"), POLYAK,
        in_optimizer=polyak(kernels.SHORTENED, 0.1)),
    Bug("polyak: a hundredth of the step is taken", violated("polyak_convex"), POLYAK, "quadratic[dim=7,start=top]",
        in_optimizer=polyak(kernels.SHORTENED, 0.001)),
    Bug("polyak: the wrong way", violated("polyak_sc"), POLYAK, in_optimizer=polyak(kernels.SHORTENED, -0.01)),
    Bug("polyak: quotients of rounding errors", settles, POLYAK, "least_squares",
        in_optimizer=polyak(kernels.ROOMLESS)),
    Bug("two points: y is g", two_points(short=False), f"{BB}[alpha=0.1]", SHORT,
        in_optimizer=two_point(kernels.NO_DIFFERENCE)),
    Bug("two points: a sign in y", two_points(short=False), f"{BB}[alpha=0.1]", SHORT,
        in_optimizer=two_point(kernels.SIGNED)),
    Bug("two points: half the quotient", violated("bb_step"), BB, "quadratic[kappa=1.5]",
        in_optimizer=two_point(kernels.HALVED)),
    Bug("two points: y.y for s.y", violated("bb_step"), BB, in_optimizer=two_point(kernels.SQUARED)),
    Bug("two points: short for long", two_points(short=False), f"{BB}[alpha=0.1]", SHORT,
        in_optimizer=two_point(kernels.OTHER_VARIANT)),
    Bug("two points: long for short", two_points(short=True), f"{BB}[alpha=0.1,variant=short]", SHORT,
        in_optimizer=two_point(kernels.OTHER_VARIANT)),
    Bug("two points: x_0 is never replaced", two_points(short=False), f"{BB}[alpha=0.1]", SHORT,
        in_optimizer=two_point(kernels.FROZEN)),
    Bug("two points: mu 10 % too large", violated("bb_step"), BB, "quadratic[kappa=3,dim=3]",
        in_problem=constant("mu", 1.1)),
)  # fmt: skip

ESTIMATE_BUGS = (
    Bug("estimate: forgotten after each step", violated("lipschitz_calls"), f"{ADAPTIVE}[alpha=10]",
        "quadratic[kappa=1.5,dim=7]", in_optimizer=adaptive(kernels.FORGOTTEN)),
    Bug("estimate: grows by another factor", violated("lipschitz_estimate"), ADAPTIVE,
        in_optimizer=adaptive(kernels.OTHER_FACTOR, 0.1)),
    Bug("estimate: ||g||^2/M for ||g||^2/(2 M)", violated("lipschitz_estimate"), ADAPTIVE,
        in_optimizer=adaptive(kernels.OTHER_TEST, 0.999)),
    Bug("estimate: ||g||^2/(100 M) for ||g||^2/(2 M)", violated("armijo_sc"), f"{ADAPTIVE}[alpha=1.8/L]", TOP,
        in_optimizer=adaptive(kernels.OTHER_TEST, 0.02)),
    Bug("estimate: the first trial is taken untested", violated("armijo_nonconvex"), f"{ADAPTIVE}[alpha=1.8/L]", TOP,
        in_optimizer=adaptive(kernels.UNTESTED)),
    Bug("estimate: grows after a trial that passed", violated("lipschitz_estimate"), ADAPTIVE,
        in_optimizer=adaptive(kernels.SPURIOUS)),
    Bug("estimate: trials miscounted", estimate_counted, ADAPTIVE, SHORT, in_optimizer=adaptive(kernels.MISCOUNTED)),
)  # fmt: skip

BUGS = (*EXACT_BUGS, *WOLFE_BUGS, *RULE_BUGS, *ESTIMATE_BUGS)

HONEST = {
    EXACT: exact(kernels.NONE),
    WOLFE: wolfe(kernels.NONE),
    POLYAK: polyak(kernels.NONE),
    BB: two_point(kernels.NONE),
    ADAPTIVE: adaptive(kernels.NONE),
}
