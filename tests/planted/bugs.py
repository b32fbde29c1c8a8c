"""The bugs: name, the cell they are planted in, how, and the check that must see them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np

from gdbench.optimizer import Optimizer
from gdbench.problem import Constant, Problem
from gdbench.rate import Rate
from gdbench.theory.rounding import Rounding
from gdbench.theory.theorem import Theorem
from gdbench.trajectory import Chunk
from gdbench.verdict import Tally
from planted import checks, kernels
from planted.checks import Check

#: The module: the package's attribute of that name is a function.
DRIVING = import_module("gdbench.run")

PlantOptimizer = Callable[[Optimizer], Optimizer]
PlantProblem = Callable[[Problem], Problem]
Patch = Callable[[Any], None]


@dataclass(frozen=True)
class Bug:
    """in_problem and in_optimizer change objects, patch (given pytest's monkeypatch) the project; setting is the
    problem as it is with and without the bug.
    """

    name: str
    check: Check
    optimizer: str
    problem: str = "quadratic[dim=7]"
    in_optimizer: PlantOptimizer = lambda optimizer: optimizer
    in_problem: PlantProblem = lambda problem: problem
    patch: Patch = lambda monkeypatch: None
    setting: PlantProblem = lambda problem: problem


def tuned(step: Any, *hyper: float, memory: int, ahead: bool, keep: int = 0) -> PlantOptimizer:
    """A step of `kernels` with its switch; the first `keep` hyperparameters stay the method's own."""

    def plant(optimizer: Optimizer) -> Optimizer:
        def tune(problem: Problem) -> Any:
            tuning = optimizer.tune(problem)
            return replace(tuning, hyper=(*tuning.hyper[:keep], *hyper))

        return replace(optimizer, step=step, tune=tune, memory=memory, ahead=ahead)

    return plant


def descent(bug: int, amount: float = 0.0) -> PlantOptimizer:
    shifted = bug in (kernels.LATE, kernels.EARLY)
    return tuned(kernels.gradient_step, bug, amount, memory=2, ahead=shifted)


def ball(bug: int, amount: float = 0.0) -> PlantOptimizer:
    return tuned(kernels.ball_step, bug, amount, memory=2, ahead=False, keep=1)


def ahead(bug: int, amount: float = 0.0) -> PlantOptimizer:
    return tuned(kernels.ahead_step, bug, amount, memory=4, ahead=True, keep=1)


def fista(bug: int, t: float = 1.0) -> PlantOptimizer:
    return tuned(kernels.fista_step, t, bug, 0.0, memory=1, ahead=True)


def search(bug: int, amount: float = 0.0) -> PlantOptimizer:
    return tuned(kernels.search_step, bug, amount, memory=1, ahead=False, keep=2)


def oracle(bug: int, amount: float = 0.0) -> PlantProblem:
    def plant(problem: Problem) -> Problem:
        matrix, sizes = np.array([[amount]]), np.array([bug], dtype=np.int64)
        return replace(problem, oracle=kernels.bad_oracle, value=kernels.bad_value, matrix=matrix, sizes=sizes)

    return plant


def scheduled(factor: float) -> PlantOptimizer:
    """Another step size than the declared one, honestly recorded."""

    def plant(optimizer: Optimizer) -> Optimizer:
        def tune(problem: Problem) -> Any:
            tuning = optimizer.tune(problem)
            return replace(tuning, plan=(factor * tuning.plan[0],))

        return replace(optimizer, tune=tune)

    return plant


def constant(name: str, factor: float = 1.0, added: float = 0.0) -> PlantProblem:
    def plant(problem: Problem) -> Problem:
        held = getattr(problem, name)
        return replace(problem, **{name: Constant(held.value * factor + added, held.kind, held.source)})

    return plant


def moved_minimiser(problem: Problem) -> Problem:
    assert problem.x_star is not None
    return replace(problem, x_star=problem.x_star + 1e-3)


def wrong_eigenvalue(problem: Problem) -> Problem:
    assert problem.spectrum is not None
    values = problem.spectrum.eigenvalues * (1.0 + 1e-6 * (np.arange(problem.n) == 3))
    return replace(problem, spectrum=replace(problem.spectrum, eigenvalues=values))


def allowances(factor: float) -> Patch:
    def patch(monkeypatch: Any) -> None:
        for name in ("of_gap", "of_dist2", "of_grad2"):
            honest = getattr(Rounding, name)
            monkeypatch.setattr(Rounding, name, lambda *given, honest=honest: factor * honest(*given))

    return patch


def bounds(change: Callable[[Any, Any], Any]) -> Patch:
    def patch(monkeypatch: Any) -> None:
        honest = Theorem.bound
        monkeypatch.setattr(Theorem, "bound", lambda self, k, values: change(k, honest(self, k, values)))

    return patch


def index_of_nonconvex(monkeypatch: Any) -> None:
    """The denominator 3 k + 1 of k + 1 gradients where there are k."""
    name = "gdbench.theory.gradient_descent.nonconvex_tight"
    monkeypatch.setattr(name, lambda k, L, alpha, Delta: 4.0 * L * Delta / (3.0 * k + 1.0))


def rows_one_early(monkeypatch: Any) -> None:
    def early(first: int, rows: Any, path: Any) -> Chunk:
        return Chunk(first, rows[1:], path[1:]) if first == 1 else Chunk(first, rows, path)

    monkeypatch.setattr(DRIVING, "Chunk", early)


def forgiving(monkeypatch: Any) -> None:
    """not (over > allowance) in place of over <= allowance."""
    honest = Tally.add

    def add(self: Tally, k: Any, comparison: Any) -> None:
        measured = np.where(np.isnan(comparison.measured), 0.0, comparison.measured)
        honest(self, k, replace(comparison, measured=measured))

    monkeypatch.setattr(Tally, "add", add)


def first_rows_only(monkeypatch: Any) -> None:
    from gdbench import rate

    monkeypatch.setattr(rate, "_linear_window", lambda k, y: (k[:60], y[:60]))
    monkeypatch.setattr(rate, "_power_window", lambda k, y: None)


def lenient_rates(monkeypatch: Any) -> None:
    """Any curve that falls has a rate."""
    value = Rate("linear", 0.1, 0.09, 0.11, 0, 100)
    monkeypatch.setattr("gdbench.jury.estimate", lambda k, gap, floor: value)


GD, HB, NAG = "gradient_descent", "heavy_ball", "nesterov"
FISTA, SEARCH = "nesterov_convex", "backtracking"
TOP, BOTTOM = "quadratic[dim=7,start=top]", "quadratic[dim=7,start=bottom]"
violated, loses, certificate = checks.violated, checks.loses, checks.certificate
golden = 0.5 * (1.0 + 5.0**0.5)

ORACLES = (
    Bug("gradient halved", violated("quad_gd_exact"), GD, in_problem=oracle(kernels.FACTOR, 0.5)),
    Bug("gradient halved, seen by the problem's own test", certificate("gradient"), GD,
        in_problem=oracle(kernels.FACTOR, 0.5)),
    Bug("gradient doubled", violated("gd_sc_gap"), GD, in_problem=oracle(kernels.FACTOR, 2.0)),
    Bug("gradient off by 1e-3", violated("quad_gd_exact"), GD, in_problem=oracle(kernels.FACTOR, 1.001)),
    Bug("gradient with a bias of 1e-6", violated("quad_gd_exact"), GD, in_problem=oracle(kernels.BIAS, 1e-6)),
    Bug("gradient with a bias of 1e-9", violated("quad_gd_exact"), GD, in_problem=oracle(kernels.BIAS, 1e-9)),
    Bug("gradient of one coordinate flipped", violated("gd_fejer"), GD, in_problem=oracle(kernels.FLIPPED)),
)  # fmt: skip

DESCENTS = (
    Bug("step 1.01/L declared as 1/L", violated("quad_gd_exact"), GD, in_optimizer=descent(kernels.STEP, 1.01)),
    Bug("step 0.99/L declared as 1/L", violated("quad_gd_exact"), GD, in_optimizer=descent(kernels.STEP, 0.99)),
    Bug("schedule 1.01/L declared as 1/L", violated("quad_gd_exact"), GD, in_optimizer=scheduled(1.01)),
    Bug("schedule 0.99/L, bound not attained", loses("gd_sc_gap"), GD, BOTTOM, in_optimizer=scheduled(0.99)),
    Bug("x_k recorded as x_{k+1}", violated("gd_sc_gap"), GD, BOTTOM, in_optimizer=descent(kernels.LATE)),
    Bug("x_{k+1} recorded as x_k", violated("quad_gd_exact"), GD, in_optimizer=descent(kernels.EARLY)),
    Bug("rows judged one early", violated("quad_gd_exact"), GD, patch=rows_one_early),
    Bug("iterates in float32", violated("quad_gd_exact"), GD, in_optimizer=descent(kernels.FLOAT32)),
    Bug("last coordinate never moves", violated("gd_sc_gap"), GD, in_optimizer=descent(kernels.LAST)),
    Bug("one coordinate climbs", violated("gd_descent"), GD, in_optimizer=descent(kernels.SIGN)),
    Bug("stale gradient", violated("quad_gd_exact"), GD, in_optimizer=descent(kernels.STALE)),
)

MOMENTUM = (
    Bug("heavy ball: momentum off by one", violated("quad_hb_exact"), HB, in_optimizer=ball(kernels.OFF_BY_ONE)),
    Bug("heavy ball: beta's sign", violated("hb_quad_gap"), HB, in_optimizer=ball(kernels.OPPOSITE)),
    Bug("heavy ball: beta 1 % low", violated("quad_hb_exact"), HB, in_optimizer=ball(kernels.SCALED, 0.99)),
    Bug("heavy ball: root of beta", violated("hb_quad_dist"), HB, in_optimizer=ball(kernels.ROOT)),
    Bug("heavy ball: velocity starts at g", violated("quad_hb_exact"), HB, in_optimizer=ball(kernels.WARM)),
    Bug("heavy ball: gradient weighted by 1 - beta", violated("quad_hb_exact"), HB, in_optimizer=ball(kernels.SWAPPED)),
    Bug("nesterov: momentum off by one", violated("nag_potential"), NAG, in_optimizer=ahead(kernels.OFF_BY_ONE)),
    Bug("nesterov: beta's sign", violated("nag_quad_gap"), NAG, BOTTOM, in_optimizer=ahead(kernels.OPPOSITE)),
    Bug("nesterov: beta 1 % low", violated("quad_nag_exact"), NAG, in_optimizer=ahead(kernels.SCALED, 0.99)),
    Bug("nesterov: velocity starts at g", violated("quad_nag_exact"), NAG, in_optimizer=ahead(kernels.WARM)),
    Bug("nesterov: gradient at x", violated("nag_potential"), NAG, in_optimizer=ahead(kernels.AT_X)),
    Bug("nesterov: look-ahead to the wrong side", violated("nag_sc"), NAG, in_optimizer=ahead(kernels.WRONG_SIDE)),
    Bug("nesterov: y recorded as x", violated("quad_nag_exact"), NAG, in_optimizer=ahead(kernels.RECORDS_Y)),
    Bug("fista: index + 1", violated("quad_nag_exact"), FISTA, in_optimizer=fista(kernels.NONE, golden)),
    Bug("fista: index - 1", violated("quad_nag_exact"), FISTA, in_optimizer=fista(kernels.LAGGING)),
    Bug("fista: no momentum", violated("fista_potential"), FISTA, in_optimizer=fista(kernels.NO_MOMENTUM)),
    Bug("fista: t grows by 1/2", violated("quad_nag_exact"), FISTA, in_optimizer=fista(kernels.ADD_HALF)),
)

SEARCHES = (
    Bug("armijo without its slope term", violated("armijo_sc"), SEARCH, TOP, in_optimizer=search(kernels.NO_SLOPE)),
    Bug("backtracking accepts NaN", checks.status("finished"), SEARCH, "quadratic[dim=7,start=ones]",
        in_optimizer=search(kernels.ACCEPTS_NAN), setting=oracle(kernels.DOMAIN, 8.0)),
    Bug("backtracking shrinks too much", violated("armijo_step"), SEARCH,
        in_optimizer=search(kernels.OTHER_FACTOR, 0.1)),
    Bug("backtracking shrinks too little", violated("armijo_backtracks"), SEARCH,
        in_optimizer=search(kernels.OTHER_FACTOR, 0.9)),
    Bug("trials miscounted", checks.counted, SEARCH, in_optimizer=search(kernels.MISCOUNT)),
)  # fmt: skip

CONSTANTS = (
    Bug("L 10 % too large", certificate("smoothness"), GD, in_problem=constant("L", 1.1)),
    Bug("L 10 % too small", certificate("smoothness"), GD, in_problem=constant("L", 0.9)),
    Bug("L 10 % too small, seen by interpolation", certificate("interpolation"), GD, in_problem=constant("L", 0.9)),
    Bug("mu 10 % too large", violated("gd_sc_gap"), GD, BOTTOM, in_problem=constant("mu", 1.1)),
    Bug("mu 10 % too small", certificate("strong_convexity"), GD, in_problem=constant("mu", 0.9)),
    Bug("mu 10 % too small, bound not attained", loses("gd_sc_dist"), GD, BOTTOM, in_problem=constant("mu", 0.9)),
    Bug("f* 1e-6 too high", certificate("minimum"), GD, in_problem=constant("f_star", added=1e-6)),
    Bug("f* 1e-6 too low", violated("quad_gd_exact"), GD, in_problem=constant("f_star", added=-1e-6)),
    Bug("x* off by 1e-3", violated("quad_gd_exact"), GD, in_problem=moved_minimiser),
    Bug("x* off by 1e-3, seen by the problem's own test", certificate("minimum"), GD, in_problem=moved_minimiser),
    Bug("an eigenvalue off by 1e-6", violated("quad_gd_exact"), GD, in_problem=wrong_eigenvalue),
    Bug("an eigenvalue off by 1e-6, seen by the problem's own test", certificate("spectrum"), GD,
        in_problem=wrong_eigenvalue),
)  # fmt: skip

JUDGES = (
    Bug("no allowance for rounding", violated("hb_quad_gap"), HB, TOP, patch=allowances(0.0)),
    Bug("too large an allowance", loses("gd_sc_gap"), GD, BOTTOM, patch=allowances(1e11)),
    Bug("bound 1 % too high", loses("gd_sc_gap"), GD, BOTTOM, patch=bounds(lambda k, bound: 1.01 * bound)),
    Bug("bound 1 % too low", violated("hb_quad_gap"), HB, TOP, patch=bounds(lambda k, bound: 0.99 * bound)),
    Bug("k for 2 k in the exponent", loses("nag_quad_dist"), NAG, BOTTOM, patch=bounds(lambda k, bound: bound**0.5)),
    Bug("index of the non-convex bound", violated("gd_nonconvex_tight"), GD, TOP, patch=index_of_nonconvex),
    Bug("NaN passes as obeyed", checks.flags_nan, GD, in_optimizer=descent(kernels.NONE), patch=forgiving),
    Bug("divergence not noticed", checks.status("diverged"), f"{GD}[alpha=2.1/L]",
        patch=lambda monkeypatch: monkeypatch.setattr(DRIVING, "DIVERGED_AT", float("inf"))),
    Bug("rate over the first rows", checks.rate_found, GD, "quadratic[kappa=1000,start=ones]", patch=first_rows_only),
    Bug("rate without a window", checks.rate_refused, FISTA, "quadratic[dim=7]", patch=lenient_rates),
)  # fmt: skip

BUGS = (*ORACLES, *DESCENTS, *MOMENTUM, *SEARCHES, *CONSTANTS, *JUDGES)

#: Mutants that compute the same: name, plant, why.
EQUIVALENT = (
    ("fista: velocity starts at g", fista(kernels.WARM_FISTA), "the first momentum is (t_0 - 1)/t_1 = 0"),
)
