"""Checks: each says whether a pair of problem and optimizer is caught, that is red."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gdbench.audit import certificates
from gdbench.optimizer import Optimizer
from gdbench.problem import Problem
from gdbench.run import Cell, Result, run_pair
from planted import kernels

Check = Callable[[Problem, Optimizer], bool]
ITERATIONS = 300


def run(problem: Problem, optimizer: Optimizer, iterations: int = ITERATIONS) -> Result:
    return run_pair(problem, optimizer, Cell(optimizer.name, problem.name, iterations))


def outcome(problem: Problem, optimizer: Optimizer, theorem: str) -> str:
    return next(verdict.outcome for verdict in run(problem, optimizer).verdicts if verdict.theorem == theorem)


def violated(theorem: str) -> Check:
    """Red: the theorem is violated. Green is a pass, not a theorem that does not apply."""

    def check(problem: Problem, optimizer: Optimizer) -> bool:
        found = outcome(problem, optimizer, theorem)
        assert found in ("violated", "holds", "attained"), found
        return found == "violated"

    return check


def loses(theorem: str) -> Check:
    """Red: a bound that this cell attains is not attained."""
    return lambda problem, optimizer: outcome(problem, optimizer, theorem) != "attained"


def certificate(name: str) -> Check:
    """Red: the problem's certificate complains."""
    return lambda problem, optimizer: bool(getattr(certificates, name)(problem))


def status(expected: str) -> Check:
    """Red: the run ends otherwise."""
    return lambda problem, optimizer: run(problem, optimizer).status != expected


def counted(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: value calls differ from the trials that the accepted steps 2^-m of the first one took."""
    found = run(problem, optimizer, 40)
    steps = found.trajectory["alpha"][:-1]
    trials = np.rint(-np.log2(steps)) + 1.0
    return found.summary["value_calls"] != int(trials.sum())


def flags_nan(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: a run whose iterate becomes NaN violates nothing."""
    tune = optimizer.tune
    broken = replace(optimizer, tune=lambda given: replace(tune(given), hyper=(kernels.NOT_A_NUMBER, 30.0)))
    broken = replace(broken, step=kernels.gradient_step, memory=2)
    return outcome(problem, broken, "gd_sc_gap") != "violated"


def rate_found(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: the interval of the rate misses gradient descent's asymptotic factor, or is wider than half of it."""
    assert problem.L is not None
    assert problem.mu is not None
    rate = run(problem, optimizer, round(20.0 * problem.L.value / problem.mu.value)).summary["rate"]
    factor = -2.0 * math.log1p(-problem.mu.value / problem.L.value)
    return not (rate["low"] <= factor <= rate["high"] and rate["high"] - rate["low"] <= 0.5 * factor)


def rate_refused(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: a curve without a rate gets one."""
    return run(problem, optimizer).summary["rate"]["kind"] != "refused"
