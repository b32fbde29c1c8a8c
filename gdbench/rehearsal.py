"""A plug-in's kernels as plain Python, held to the contract at every call, before anything of it is compiled.

Where the contract is broken plain Python can say how; compiled code could only misbehave.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from gdbench import registry
from gdbench.errors import BadInput, Breach
from gdbench.optimizer import Optimizer, Tuning
from gdbench.problem import Problem
from gdbench.run import Cell, run_pair
from gdbench.sampling import Sampling

#: On these a method is rehearsed, as far as they have the constants that it needs.
STAGES = ("quadratic[dim=13]", "logistic", "rosenbrock[dim=3]")
ITERATIONS = 20
MEANT = "the contract is (alpha used, value calls, gradient calls), a number and two whole numbers"


def rehearse(what: str, selector: str) -> str:
    """What happened in a few words; `Breach`, or whatever the kernels raise, where they do not keep the contract."""
    with np.errstate(all="ignore"):  # a number that overflows breaks no contract
        return _problem(registry.problem(selector)) if what == "problem" else _optimizer(registry.optimizer(selector))


def _optimizer(optimizer: Optimizer) -> str:
    played = []
    for name in STAGES:
        problem = registry.problem(name)
        try:
            tuning = optimizer.tune(problem)
            sampling = None if optimizer.sampling is None else _checked_sampling(optimizer.sampling, problem)
        except BadInput:
            continue
        if not isinstance(tuning, Tuning):
            raise Breach(f"`tune` returned {tuning!r}, not a Tuning.")
        checked = replace(optimizer, step=_checked_step(optimizer.step), sampling=sampling)
        run_pair(problem, checked, Cell(optimizer.name, name, ITERATIONS))
        played.append(name)
    if not played:
        return f"not rehearsed: it can be tuned to none of {', '.join(STAGES)}"
    return f"{ITERATIONS} steps as plain Python on {', '.join(played)}"


def _checked_step(step: Callable[..., Any]) -> Callable[..., Any]:
    def checked(k: int, alpha: float, f: float, state: Any, data: Any, calls: Any) -> Any:
        answer = _at(k, lambda: step(k, alpha, f, state, data, calls))
        if not (isinstance(answer, tuple) and len(answer) == 3):
            found = f"{len(answer)} values" if isinstance(answer, tuple) else f"{type(answer).__name__}"
            raise Breach(f"the step returned {found} at k = {k}; {MEANT}.")
        if not all(map(isinstance, answer, (numbers.Real, numbers.Integral, numbers.Integral))):
            found = ", ".join(type(value).__name__ for value in answer)
            raise Breach(f"the step returned ({found}) at k = {k}; {MEANT}.")
        return answer

    return checked


def _checked_sampling(sampling: Sampling, problem: Problem) -> Sampling:
    """`BadInput` where the sampling does not go with the problem."""
    sampling.room(problem)

    def checked(k: int, state: Any, data: Any, calls: Any) -> Any:
        state.g[:] = math.nan
        answer = _at(k, lambda: sampling.kernel(k, state, data, calls), "sampling")
        kinds = (numbers.Real, numbers.Integral)
        if not (isinstance(answer, tuple) and len(answer) == 2 and all(map(isinstance, answer, kinds))):
            found = answer if isinstance(answer, tuple) else (answer,)
            named = ", ".join(type(value).__name__ for value in found)
            raise Breach(f"the sampling returned {named} at k = {k}; the contract is (f, gradients), two numbers.")
        if np.any(np.isnan(state.g)) and not np.any(np.isnan(state.x)):
            raise Breach(f"the sampling leaves component {int(np.argmax(np.isnan(state.g)))} unset at k = {k}.")
        return answer

    return replace(sampling, kernel=checked)


def _at(k: int, call: Callable[[], Any], what: str = "step") -> Any:
    try:
        return call()
    except Exception as error:
        raise Breach(f"the {what} raised {type(error).__name__} at k = {k}: {error}") from error


def _problem(problem: Problem) -> str:
    from gdbench.kernel import box_data

    start = problem.start
    if not (isinstance(start, np.ndarray) and start.ndim == 1 and start.dtype == np.float64 and len(start)):
        raise Breach("`start` is not an array of float64 of shape (n,), n >= 1.")
    if problem.x_star is not None and np.shape(problem.x_star) != start.shape:
        raise Breach(f"x_star has shape {np.shape(problem.x_star)}, the start {start.shape}.")
    data = box_data(*problem.arrays())
    g, out = np.full(problem.n, math.nan), np.full(problem.n, math.nan)
    answers = {"oracle": problem.oracle(start.copy(), g, data), "value": problem.value(start.copy(), data)}
    problem.product(start.copy(), g.copy(), out, data)
    filled = {"oracle": g, "product": out}
    if problem.batch is not None:
        if not problem.samples >= 1:
            raise Breach(f"`batch` is given and samples={problem.samples}: it must be 1 or more.")
        filled["batch"] = np.full(problem.n, math.nan)
        chosen = np.array([problem.samples - 1], dtype=np.int64)
        answers["batch"] = problem.batch(start.copy(), filled["batch"], chosen, data)
    for name, f in answers.items():
        if not isinstance(f, numbers.Real):
            raise Breach(f"the {name} returned {f!r}; the contract is f, a number.")
    for name, array in filled.items():
        if not np.all(np.isfinite(array)):
            raise Breach(f"the {name} leaves component {int(np.argmin(np.isfinite(array)))} unset, or not finite.")
    names = "oracle, value, product and batch" if problem.batch is not None else "oracle, value and product"
    return f"{names} as plain Python at the start"
