"""Bugs in accelerated, Krylov and second-order methods, and in what judges them."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from gdbench.audit import certificates
from gdbench.optimizer import Optimizer
from gdbench.optimizers.lbfgs import FIRST_ROW
from gdbench.problem import Problem
from gdbench.run import Cell, run_pair
from planted import checks
from planted import kernels_accelerated as kernels
from planted.bugs import Bug, PlantOptimizer, constant, tuned
from planted.checks import Check

violated, loses = checks.violated, checks.loses


def ratio(bug: int) -> PlantOptimizer:
    return tuned(kernels.ratio_step, bug, memory=1, ahead=True)


def ogm(bug: int) -> PlantOptimizer:
    return tuned(kernels.ogm_step, bug, memory=1, ahead=False, keep=2)


def triple(bug: int) -> PlantOptimizer:
    return tuned(kernels.triple_step, bug, memory=3, ahead=True, keep=3)


def conjugate(bug: int) -> PlantOptimizer:
    return tuned(kernels.conjugate_step, bug, memory=2, ahead=False)


def halving(bug: int) -> PlantOptimizer:
    return tuned(kernels.halving_step, bug, memory=1, ahead=False)


def newton(bug: int) -> PlantOptimizer:
    return tuned(kernels.newton_planted, bug, memory=5, ahead=False, keep=2)


def restart(bug: int) -> PlantOptimizer:
    return tuned(kernels.restart_step, bug, memory=2, ahead=True, keep=1)


def limited(bug: int) -> PlantOptimizer:
    return tuned(kernels.limited_step, bug, memory=FIRST_ROW + 20, ahead=False, keep=24)


def declares(momentum: str) -> PlantOptimizer:
    """Another momentum than the one it takes."""

    def plant(optimizer: Optimizer) -> Optimizer:
        return replace(optimizer, tune=lambda problem: replace(optimizer.tune(problem), momentum=momentum))

    return plant


def slower_than(iterations: int, target: float) -> Check:
    """Red: the gap is not down to target * gap_0 by then."""

    def check(problem: Problem, optimizer: Optimizer) -> bool:
        cell = Cell(optimizer.name, problem.name, iterations, target=target)
        return run_pair(problem, optimizer, cell).status != "reached"

    return check


def more_than_one_step(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: one step does not minimise a quadratic."""
    f = checks.run(problem, optimizer, 3).trajectory["f"]
    return not f[1] <= 1e-18 * f[0]


def gradients(each: Callable[[int], bool]) -> Check:
    """Red: gradient calls of the steps, products among them, are not as many as they must be."""

    def check(problem: Problem, optimizer: Optimizer) -> bool:
        counts = np.diff(checks.run(problem, optimizer, 5).trajectory["gradient_calls"])
        return not all(each(int(count)) for count in counts[:3])

    return check


def too_short(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: some step leaves more than c2 = 0.9 of the slope."""
    oracle = certificates.calls(problem).oracle
    found = checks.run(problem, optimizer, 30).trajectory
    path = np.stack([found[f"x{i}"] for i in range(problem.n)], axis=1)
    for before, after in pairwise(path):
        s = after - before
        old, new = oracle(before)[1] @ s, oracle(after)[1] @ s
        if np.linalg.norm(s) > 1e-6 and not new >= 0.9 * old - 1e-12 * abs(old):
            return True
    return False


def patched(name: str, change: Callable[[Any], Any]) -> Callable[[Any], None]:
    """A function of a module of theory, changed."""

    def patch(monkeypatch: Any) -> None:
        from importlib import import_module

        module, attribute = name.rsplit(".", 1)
        honest = getattr(import_module(f"gdbench.theory.{module}"), attribute)
        monkeypatch.setattr(f"gdbench.theory.{name}", change(honest))

    return patch


RATIO, OGM, TRIPLE, CG = "nesterov_ratio", "ogm", "triple_momentum", "conjugate_gradient"
GD, NEWTON, LBFGS, RESTART = "gradient_descent", "newton", "lbfgs", "nesterov_restart"
TOP, LONG, STEEP = "quadratic[dim=7,start=top]", "quadratic[dim=7,start=line_search]", "quadratic[kappa=1e4,dim=20]"
KINK = "huber_strongly_convex[horizon=1]"

ACCELERATED = (
    Bug("ratio: index + 1", violated("quad_nag_exact"), RATIO, in_optimizer=ratio(kernels.INDEX_UP)),
    Bug("ratio: index - 1", violated("quad_nag_exact"), RATIO, in_optimizer=ratio(kernels.INDEX_DOWN)),
    Bug("ratio: no momentum", violated("ratio_potential"), RATIO, in_optimizer=ratio(kernels.STILL)),
    Bug("ratio: j/(j + 1)", violated("ratio_potential"), RATIO, in_optimizer=ratio(kernels.SHORT_RATIO)),
    Bug("ratio: declared as FISTA's", violated("quad_nag_exact"), RATIO, in_optimizer=declares("fista")),
    Bug("ogm: last theta like the others", loses("ogm"), OGM, TOP, in_optimizer=ogm(kernels.PLAIN_LAST)),
    Bug("ogm: horizon one early", loses("ogm"), OGM, TOP, in_optimizer=ogm(kernels.ONE_EARLY)),
    Bug("ogm: without its last term", violated("quad_ogm_exact"), OGM, in_optimizer=ogm(kernels.NO_GAMMA)),
    Bug("ogm: terms swapped", violated("quad_ogm_exact"), OGM, in_optimizer=ogm(kernels.SWAPPED)),
    Bug("ogm: every theta like the last", violated("quad_ogm_exact"), OGM, in_optimizer=ogm(kernels.EVERY_LAST)),
    Bug("triple: gradient at xi", violated("quad_triple_exact"), TRIPLE, in_optimizer=triple(kernels.AT_XI)),
    Bug("triple: look-ahead to the wrong side", violated("triple_dist"), TRIPLE,
        in_optimizer=triple(kernels.WRONG_SIDE)),
    Bug("triple: xi recorded as x", loses("triple_dist"), TRIPLE, TOP, in_optimizer=triple(kernels.RECORDS_XI)),
    Bug("triple: step 10 % short", violated("quad_triple_exact"), TRIPLE, in_optimizer=triple(kernels.SHORT_STEP)),
    Bug("restart: never", slower_than(1500, 1e-10), RESTART, STEEP, in_optimizer=restart(kernels.NEVER)),
    Bug("restart: always", slower_than(1500, 1e-10), RESTART, STEEP, in_optimizer=restart(kernels.ALWAYS)),
    Bug("restart: test's sign", slower_than(1500, 1e-10), RESTART, STEEP, in_optimizer=restart(kernels.OPPOSITE)),
)  # fmt: skip

KRYLOV = (
    Bug("cg: no conjugacy", violated("cg_chebyshev"), CG, LONG, in_optimizer=conjugate(kernels.STEEPEST)),
    Bug("cg: beta's sign", violated("cg_chebyshev"), CG, LONG, in_optimizer=conjugate(kernels.PLUS)),
    Bug("cg: steps 1 % long", loses("lower_krylov"), CG, in_optimizer=conjugate(kernels.LONG)),
    Bug("cg: products not counted", gradients(lambda count: count == 2), CG,
        in_optimizer=conjugate(kernels.UNCOUNTED)),
    Bug("faster than gradients allow", violated("lower_krylov"), GD, in_optimizer=halving(kernels.BEYOND)),
    Bug("f* too high, seen from below", violated("lower_krylov"), CG, in_problem=constant("f_star", added=1e-3)),
    Bug("f* too high on Nesterov's function", violated("lower_nesterov"), CG, "nesterov_worst",
        in_problem=constant("f_star", added=5e-3)),
    Bug("reference one step late", violated("lower_krylov"), CG,
        patch=patched("krylov.best_gaps", lambda honest: lambda facts: np.append(honest(facts)[0], honest(facts)))),
    Bug("Chebyshev's bound at 2 k", violated("cg_chebyshev"), CG, LONG,
        patch=patched("krylov.cg_chebyshev", lambda honest: lambda k, *given: honest(2.0 * k, *given))),
)  # fmt: skip

SECOND_ORDER = (
    Bug("newton: undamped", violated("newton_decrease"), NEWTON, KINK, in_optimizer=newton(kernels.UNDAMPED)),
    Bug("newton: along the gradient", more_than_one_step, NEWTON, in_optimizer=newton(kernels.GRADIENT)),
    Bug("newton: one product for a direction", more_than_one_step, NEWTON, in_optimizer=newton(kernels.ONE_PRODUCT)),
    Bug("newton: first trial 0.01", violated("newton_step"), NEWTON, "quadratic[kappa=10,dim=7]",
        in_optimizer=newton(kernels.TIMID)),
    Bug("newton: products not counted", gradients(lambda count: count > 1), NEWTON,
        in_optimizer=newton(kernels.FREE_PRODUCTS)),
    Bug("lbfgs: any decrease will do", violated("armijo_progress"), LBFGS, "rosenbrock",
        in_optimizer=limited(kernels.NO_DECREASE)),
    Bug("lbfgs: any slope will do", too_short, LBFGS, "rosenbrock", in_optimizer=limited(kernels.NO_CURVATURE)),
    Bug("lbfgs: keeps no pair", slower_than(100, 1e-10), LBFGS, "rosenbrock", in_optimizer=limited(kernels.FORGETS)),
    Bug("lbfgs: directions a tenth long", gradients(lambda count: count <= 3), LBFGS, "quadratic[dim=7]",
        in_optimizer=limited(kernels.UNSCALED)),
)  # fmt: skip


def longer(honest: Callable[..., Any]) -> Callable[..., Any]:
    """theta_{N+1} for theta_N."""
    return lambda k: honest(np.asarray(k) + 1)


JUDGES = (
    Bug("kappa missing from triple's bound", violated("triple_dist"), TRIPLE, TOP,
        patch=patched("accelerated.triple_dist", lambda honest: lambda k, L, mu, R2: honest(k, L, mu, R2 * mu / L))),
    Bug("theta one on in the closed form of ogm", violated("quad_ogm_exact"), OGM,
        patch=patched("accelerated.last_theta", longer)),
)  # fmt: skip

BUGS = (*ACCELERATED, *KRYLOV, *SECOND_ORDER, *JUDGES)

#: Planted steps with their switch off, by the method they stand for.
HONEST = {
    RATIO: ratio(kernels.NONE),
    OGM: ogm(kernels.NONE),
    TRIPLE: triple(kernels.NONE),
    CG: conjugate(kernels.NONE),
    NEWTON: newton(kernels.NONE),
    RESTART: restart(kernels.NONE),
    LBFGS: limited(kernels.NONE),
}
