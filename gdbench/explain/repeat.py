"""A run again in another arithmetic: the loop of the driver in plain Python over transplanted kernels.

Rows have the driver's columns. Everything that is recorded or carried from step to step is checked to be a number of
the arithmetic, so that a kernel cannot leave it unseen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdbench import kernel
from gdbench.explain.transplant import Arithmetic, Fifty, Transplant
from gdbench.explain.wide import CapExceeded, Leak, Wide
from gdbench.kernel.contract import PlainCalls, PlainData, PlainState
from gdbench.optimizer import Optimizer, Tuning
from gdbench.problem import Array, Problem

#: What a kernel can end with in an arithmetic that it was not written for.
BROKEN = (Leak, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class NotRepeated(Exception):
    """The arithmetic could not do what was asked of it; the message says where it ended."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the driver records of x_k, in its order of columns; None stands where it records nothing."""

    k: int
    f: Any
    f_query: Any
    grad2: Any
    dist2: Any
    step2: Any
    alpha: Any
    value_calls: int
    gradient_calls: int


class Rehearsal:
    """A problem's transplanted functions with data of their own."""

    def __init__(self, problem: Problem, arithmetic: Arithmetic) -> None:
        self.transplant = Transplant(arithmetic)
        self.calls = PlainCalls(*(self.transplant(one) for one in (problem.oracle, problem.value, problem.product)))
        self.data = PlainData(*(arithmetic.array(array) for array in problem.arrays()))
        self.dot = self.transplant(kernel.dot)
        self.dist2 = self.transplant(kernel.dist2)

    def reported(self, broken: Exception) -> NotRepeated:
        """What ended the rehearsal, and in which kernel."""
        place = self.transplant.place(broken.__traceback__)
        if isinstance(broken, Leak):
            return NotRepeated(f"{place} leaves the 50-digit arithmetic at {broken}")
        return NotRepeated(f"{place} ends with {type(broken).__name__}: {broken}")


def repeat(
    problem: Problem, optimizer: Optimizer, tuning: Tuning, last: int, arithmetic: Arithmetic, x_star: Any
) -> Iterator[Row]:
    """Rows k = 0 … last, the last one without a step; x_star is an array of the arithmetic.

    `NotRepeated` where the method fails, where a kernel leaves the arithmetic, or beyond the cap on operations.
    """
    k = 0
    try:
        rehearsal = Rehearsal(problem, arithmetic)
        for row in _rows(rehearsal, problem, optimizer, tuning, last, x_star):
            k = row.k
            yield row
    except CapExceeded:
        raise capped(arithmetic, f"repeating the run beyond k = {k}") from None
    except BROKEN as broken:
        raise rehearsal.reported(broken) from broken


def capped(arithmetic: Arithmetic, what: str) -> NotRepeated:
    """The sentence for work that exceeds the cap."""
    assert isinstance(arithmetic, Fifty)
    return NotRepeated(f"{what} exceeds the cap of {arithmetic.kind.meter.cap} operations in 50 digits")


def _rows(
    rehearsal: Rehearsal, problem: Problem, optimizer: Optimizer, tuning: Tuning, last: int, x_star: Any
) -> Iterator[Row]:
    transplant, calls, data = rehearsal.transplant, rehearsal.calls, rehearsal.data
    arithmetic = transplant.arithmetic
    step, schedule = transplant(optimizer.step), transplant(optimizer.schedule.kernel)
    memory = np.zeros((max(optimizer.rows(problem), 1), problem.n))
    if optimizer.ahead:
        memory[0] = problem.start
    arrays = (problem.start, np.zeros(problem.n), memory, np.array([*tuning.hyper, 0.0]))
    state = PlainState(*(arithmetic.array(array) for array in arrays))
    plan = arithmetic.array(np.array([*tuning.plan, *optimizer.schedule.parameters]))
    judged = state.memory[0] if optimizer.ahead else state.x
    before = judged.copy()
    value_calls, gradient_calls = 0, 0
    for k in range(last + 1):
        f_query = calls.oracle(state.x, state.g, data)
        gradient_calls += 1
        f = calls.value(judged, data) if optimizer.ahead else f_query
        observed = (rehearsal.dot(state.g, state.g), rehearsal.dist2(judged, x_star), rehearsal.dist2(judged, before))
        before = judged.copy()
        used, values, gradients = None, 0, 0
        if k < last:
            used, values, gradients = step(k, schedule(k, plan), f_query, state, data, calls)
        if isinstance(arithmetic, Fifty):
            f, f_query, used = (_settled(arithmetic.kind, one, optimizer.step) for one in (f, f_query, used))
            for array in state[:4]:
                _settle(arithmetic.kind, array, optimizer.step)
        yield Row(k, f, f_query, *observed, used, value_calls, gradient_calls)
        if values < 0:
            raise NotRepeated(f"the method fails at k = {k}: {optimizer.failure(-values)}")
        value_calls += int(values)
        gradient_calls += int(gradients)


def _settled(kind: type[Wide], value: Any, step: Any) -> Any:
    """A number as one of 50 digits; `Leak` where it is none."""
    if value is None or type(value) is kind:
        return value
    try:
        return kind.of(value)
    except Leak as leak:
        raise Leak(f"{leak}, which {step.__name__} leaves behind") from leak


def _settle(kind: type[Wide], array: Any, step: Any) -> None:
    """All entries of an array as numbers of 50 digits: whole numbers become such, others are none."""
    flat = array.reshape(-1)
    for i, value in enumerate(flat):
        if type(value) is not kind:
            flat[i] = _settled(kind, value, step)


def columns(row: Row, shift: Wide | None) -> Array:
    """A row of 50 digits as the driver's float64 columns, shape (8,): f less `shift`, every value rounded once."""
    f, f_query = row.f, row.f_query
    if shift is not None:
        f, f_query = None if f is None else f - shift, f_query - shift
    measured = (f, f_query, row.grad2, row.dist2, row.step2, row.alpha)
    figures = [np.nan if one is None else one.rounded() for one in measured]
    return np.array([*figures, row.value_calls, row.gradient_calls])
