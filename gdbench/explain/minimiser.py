"""x* and f* of the data that a run uses, to 50 digits where they can be had.

A problem's x* and f* are float64 numbers, so slightly beside the minimum of its float64 data. Where the gradient at x*
vanishes exactly x* is taken as it is. Elsewhere Newton's steps with the Hessian in float64 and the gradient in 50
digits improve it. f* is f there. A correction that is larger than rounding can make is not made: then the constants are
wrong, and the run shall be held against what was declared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdbench.exactly import solve_spd
from gdbench.explain.repeat import BROKEN, Rehearsal
from gdbench.explain.transplant import Fifty
from gdbench.explain.wide import Wide
from gdbench.kernel import box_data, prepare
from gdbench.problem import Array, Problem
from gdbench.theory.rounding import U

#: Newton's steps at most, and the largest dimension whose Hessian is built.
STEPS, MOST_VARIABLES = 30, 256
#: A step of this length, relative to ||x*|| + ||x_0 - x*||, is the last: x* is known to 50 digits but for rounding.
DONE = 1e-46
#: By how many times the rounding of float64 the declared x* and f* may be wrong.
ROOM = 256.0


@dataclass(frozen=True, slots=True)
class Minimum:
    """x* as an object array of shape (n,), NaN where it is unknown; f*, None where it is unknown.

    exact: they are those of the data to 50 digits; else they are as declared.
    """

    x_star: Any
    f_star: Wide | None
    exact: bool


def minimum(problem: Problem, arithmetic: Fifty) -> Minimum:
    """The minimum that a run in 50 digits is held against."""
    x_star = arithmetic.array(np.full(problem.n, math.nan) if problem.x_star is None else problem.x_star)
    f_star = None if problem.f_star is None else arithmetic.kind.exactly(problem.f_star.value)
    given = Minimum(x_star, f_star, exact=False)
    if problem.x_star is None or problem.f_star is None or problem.f_star.kind != "exact":
        return given
    rehearsal = Rehearsal(problem, arithmetic)
    try:
        return _improved(problem, rehearsal, given, arithmetic)
    except BROKEN as broken:
        raise rehearsal.reported(broken) from broken


def _improved(problem: Problem, rehearsal: Rehearsal, given: Minimum, arithmetic: Fifty) -> Minimum:
    assert problem.x_star is not None
    found = _refined(rehearsal, problem, problem.x_star, arithmetic)
    if found is None:
        return given
    f_found = rehearsal.calls.oracle(found, arithmetic.array(np.zeros(problem.n)), rehearsal.data)
    if not _within_rounding(problem, problem.x_star, found, f_found, arithmetic):
        return given
    return Minimum(found, f_found, exact=True)


def _refined(rehearsal: Rehearsal, problem: Problem, x_star: Array, arithmetic: Fifty) -> Any:
    """x* where the gradient vanishes to 50 digits, or None."""
    x = arithmetic.array(x_star)
    g = arithmetic.array(np.zeros(problem.n))
    rehearsal.calls.oracle(x, g, rehearsal.data)
    square = rehearsal.dot(g, g)
    if not square:
        return x
    hessian = _hessian(problem, x_star)
    if hessian is None:
        return None
    for _ in range(STEPS):
        scale = math.sqrt(square.rounded())
        if not 0.0 < scale < math.inf:
            return None
        # The right side is scaled, as it becomes too small for float64.
        wide_scale = arithmetic.kind.exactly(scale)
        right = np.array([(one / wide_scale).rounded() for one in g])
        try:
            direction = solve_spd(hessian, right)
        except (ValueError, ArithmeticError):
            return None
        if not np.all(np.isfinite(direction)):
            return None
        for i in range(problem.n):
            x[i] -= wide_scale * arithmetic.kind.exactly(direction[i])
        if scale * math.hypot(*direction) <= DONE * _size(problem, x_star):
            return x
        rehearsal.calls.oracle(x, g, rehearsal.data)
        last, square = square, rehearsal.dot(g, g)
        if not square < last:
            return None
    return None


def _size(problem: Problem, x_star: Array) -> float:
    return math.hypot(*x_star) + math.hypot(*(problem.start - x_star))


def _hessian(problem: Problem, x_star: Array) -> Array | None:
    """The Hessian at x* in float64, shape (n, n), symmetric to the last bit."""
    if problem.n > MOST_VARIABLES:
        return None
    product, data = prepare(problem.product), box_data(*problem.arrays())
    columns = np.zeros((problem.n, problem.n))
    for i in range(problem.n):
        unit = np.zeros(problem.n)
        unit[i] = 1.0
        product(x_star.copy(), unit, columns[i], data)
    return np.ascontiguousarray((columns + columns.T) * 0.5)


def _within_rounding(problem: Problem, x_star: Array, found: Any, f_found: Wide, arithmetic: Fifty) -> bool:
    """Whether the declared x* and f* are what float64 makes of those found."""
    assert problem.f_star is not None
    moved = [(new - arithmetic.kind.exactly(old)).rounded() for new, old in zip(found, x_star, strict=True)]
    known = problem.constants()
    kappa = known["L"] / known["mu"] if "L" in known and "mu" in known else 1.0
    size = _size(problem, x_star)
    room = ROOM * U * math.sqrt(problem.n + problem.terms)
    off = abs((f_found - arithmetic.kind.exactly(problem.f_star.value)).rounded())
    values = abs(problem.f_star.value) + known.get("L", 0.0) * size * size * kappa * room
    return math.hypot(*moved) <= room * kappa * size and off <= room * math.sqrt(problem.terms) * values
