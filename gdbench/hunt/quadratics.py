"""Quadratics with three eigenvalues in [mu, L], the ends among them, and any start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from gdbench import registry
from gdbench.errors import BadInput
from gdbench.hunt.family import Data, Family, FunctionClass, L, angle, slope, taken, within
from gdbench.problem import Array, Problem

#: The eigenvalue between the ends is at least this share of L, so that the function is flat along one axis at most.
LEAST = 1e-4


def placed(u: Array, wanted: FunctionClass) -> Data:
    """u: the eigenvalue between the ends, and the two angles of a start on the unit sphere."""
    between = float(slope(float(u[0]), max(wanted.mu, LEAST * L)))
    first, second = angle(float(u[1])), angle(float(u[2]))
    # Where mu = 0 the function is flat along the first coordinate: all of the start lies in the others.
    start = [first[0] * second[0], first[1], first[0] * second[1]] if wanted.mu > 0.0 else [0.0, *first]
    return {"eigenvalues": np.array([wanted.mu, between, L]), "start": np.array(start)}


def checked(data: Data, wanted: FunctionClass) -> None:
    """`BadInput` where the data are no member of the class."""
    eigenvalues = taken(data, "eigenvalues", (-1,))
    taken(data, "start", eigenvalues.shape)
    within("eigenvalues", eigenvalues, wanted.mu, L)
    if not (len(eigenvalues) and np.all(np.diff(eigenvalues) >= 0.0) and eigenvalues[0] == wanted.mu):
        raise BadInput(f"'eigenvalues' of the instance must ascend from {wanted.mu:g}.")
    if eigenvalues[-1] != L:
        raise BadInput(f"'eigenvalues' of the instance must end with {L:g}.")


@cache
def _diagonal() -> Callable[..., Any]:
    found: Callable[..., Any] = registry.module("problem", "quadratic").diagonal
    return found


def made(data: Data, wanted: FunctionClass) -> Problem:
    """The problem of an instance."""
    problem: Problem = _diagonal()(data["eigenvalues"], data["start"], "found by a search of the class")
    return replace(problem, kind=wanted.kind, name=f"a {wanted.kind} function")


QUADRATICS = Family("quadratic", "quadratics in three dimensions", 3, placed, checked, made)
