"""Certificates are two-sided: whatever of a problem is changed, within its own digits, some certificate complains.

Nothing here names a problem: constants and kernels of all of the registry are changed alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from test_problems import SELECTORS

from gdbench import registry
from gdbench.audit import certificates
from gdbench.kernel import prepare
from gdbench.problem import Problem

Mutation = tuple[str, Problem]


def gap_0(problem: Problem) -> float:
    """f(x_0) - f*: the scale of f*."""
    assert problem.f_star is not None
    return certificates.calls(problem).value(problem.start) - problem.f_star.value


def with_value(problem: Problem, name: str, value: float) -> Problem:
    return replace(problem, **{name: replace(getattr(problem, name), value=value)})


def exact_constants(problem: Problem) -> Iterator[Mutation]:
    for name in ("L", "mu", "pl"):
        constant = getattr(problem, name)
        if constant is not None and constant.kind == "exact":
            for factor in (0.9, 1.1):
                yield f"{name} {factor:g}", with_value(problem, name, factor * constant.value)


def best_found(problem: Problem) -> Iterator[tuple[str, float]]:
    """The best value found of each constant that is a bound, 10 % (f*: 1e-6 of the first gap) to the unsafe side."""
    if problem.L is not None and problem.L.kind == "bound":
        yield "L", 0.9 * certificates.largest_curvature(problem, np.inf)[0]
    if problem.mu is not None and problem.mu.kind == "bound":
        yield "mu", 1.1 * certificates.smallest_curvature(problem, -np.inf)[0]
    if problem.pl is not None and problem.pl.kind == "bound":
        yield "pl", 1.1 * certificates.least_steepness(problem)
    if problem.f_star is not None and problem.f_star.kind == "bound":
        yield "f_star", certificates.lowest_value(problem) + 1e-6 * gap_0(problem)


def bounds(problem: Problem) -> Iterator[Mutation]:
    for name, value in best_found(problem):
        yield f"{name} bound", with_value(problem, name, value)


def minima(problem: Problem) -> Iterator[Mutation]:
    if problem.f_star is None or problem.f_star.kind != "exact":
        return
    for shift in (1e-6, -1e-6):
        yield f"f_star {shift:g}", with_value(problem, "f_star", problem.f_star.value + shift * gap_0(problem))


def minimisers(problem: Problem) -> Iterator[Mutation]:
    if problem.x_star is None:
        return
    draws = np.random.default_rng(5)
    for seed in range(2):
        v = draws.standard_normal(problem.n)
        far = 1e-3 * float(np.linalg.norm(problem.start - problem.x_star))
        yield f"x_star {seed}", replace(problem, x_star=problem.x_star + far * v / np.linalg.norm(v))


def spectra(problem: Problem) -> Iterator[Mutation]:
    if problem.spectrum is None:
        return
    for name in ("eigenvalues", "coordinates"):
        for i in {0, problem.n // 2, problem.n - 1}:
            for factor in (0.9, 1.1):
                numbers = getattr(problem.spectrum, name).copy()
                numbers[i] *= factor
                if not np.array_equal(numbers, getattr(problem.spectrum, name)):
                    changed = replace(problem.spectrum, **{name: numbers})
                    yield f"{name}[{i}] {factor:g}", replace(problem, spectrum=changed)


@dataclass(frozen=True)
class Changed:
    """A kernel with something done to what it returns or writes; certificates call it as they would the kernel."""

    kernel: Callable[..., Any]
    change: Callable[..., Any]
    signatures: tuple[str, ...] = ("compiled",)

    def __call__(self, *arguments: Any) -> Any:
        return self.change(prepare(self.kernel)(*arguments), *arguments)


def kernels(problem: Problem) -> Iterator[Mutation]:
    run = certificates.calls(problem)
    places = [problem.start] if problem.x_star is None else [problem.start, problem.x_star]
    hessian = np.max([np.abs(run.hessian(x)) for x in places], axis=0)
    gradient = np.abs(run.oracle(certificates.random_points(problem, 3)[-1])[1])
    for i in {int(np.argmax(gradient)), int(np.argmin(np.where(gradient > 0.0, gradient, np.inf)))}:

        def flipped(f: float, x: Any, g: Any, data: Any, i: int = i) -> float:
            g[i] = -g[i]
            return f

        yield f"sign of g[{i}]", replace(problem, oracle=Changed(problem.oracle, flipped))
    row, column = np.unravel_index(int(np.argmax(hessian)), hessian.shape)
    for i, j in {(int(row), int(column)), (problem.n - 1, 0)}:
        size = 0.01 * float(hessian.max())

        def other_entry(_: None, x: Any, v: Any, out: Any, data: Any, i: int = i, j: int = j, by: float = size) -> None:
            out[i] += by * v[j]

        yield f"product[{i}, {j}]", replace(problem, product=Changed(problem.product, other_entry))
    yield from values(problem)


def values(problem: Problem) -> Iterator[Mutation]:
    """One term too many, of the size of a term, in the value alone or in the oracle's f as well."""
    share = gap_0(problem) / problem.terms if problem.f_star is not None else 1e-3
    scale = float(np.linalg.norm(problem.start)) + 1.0

    def term(x: Any) -> float:
        return share * float(x[-1] / scale) ** 2

    value = Changed(problem.value, lambda f, x, data: f + term(x))
    oracle = Changed(problem.oracle, lambda f, x, g, data: f + term(x))
    yield "value", replace(problem, value=value)
    yield "value and f", replace(problem, value=value, oracle=oracle)


FAMILIES = (exact_constants, bounds, minima, minimisers, spectra, kernels)


def stands(problem: Problem) -> bool:
    return not any(certificate(problem) for certificate in certificates.ALL)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("selector", SELECTORS)
def test_every_change_is_seen(selector: str, family: Callable[[Problem], Iterator[Mutation]]) -> None:
    unseen = [name for name, changed in family(registry.problem(selector)) if stands(changed)]
    assert unseen == []
