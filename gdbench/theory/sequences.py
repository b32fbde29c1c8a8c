"""Momentum that changes from step to step: sequences by the names that methods declare, chunk by chunk.

t_{k-1} weighs the gap at x_k in the potentials; the step that leads to x_{k+1} uses beta_k = (t_{k-1} - 1)/t_k.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gdbench.kernel import prepare
from gdbench.kernel.recurrences import fista_times
from gdbench.problem import Array
from gdbench.theory.theorem import Facts

#: (first, count) -> t_{k-1} for k = first, first + 1, …; shape (count,). Asked for in order.
Times = Callable[[int, int], Array]


class FistaTimes:
    """t_0 = 1, t_{j+1} = (1 + sqrt(1 + 4 t_j^2))/2 (Beck and Teboulle 2009)."""

    def __init__(self) -> None:
        self._t = 1.0

    def __call__(self, _first: int, count: int) -> Array:
        """t_{k-1} for the next `count` iterations."""
        t = np.empty(count + 1)
        t[0] = self._t
        prepare(fista_times)(self._t, t[1:])
        self._t = float(t[-1])
        return t[:-1]


def ratio_times(first: int, count: int) -> Array:
    """t_{k-1} = (k + 1)/2, so that beta = j/(j + 3)."""
    return np.asarray(0.5 * (np.arange(first, first + count) + 1.0))


#: name -> a fresh sequence, and how a hypothesis calls it.
SEQUENCES: dict[str, tuple[Callable[[], Times], str]] = {
    "fista": (FistaTimes, "(t_j - 1)/t_{j+1}"),
    "ratio": (lambda: ratio_times, "j/(j + 3)"),
}


def times_of(name: str) -> Times:
    """A sequence from its start."""
    return SEQUENCES[name][0]()


class Momentum:
    """The momentum of the steps that lead to k = first, first + 1, …: (t_{k-2} - 1)/t_{k-1}, none for k = 1."""

    def __init__(self, name: str) -> None:
        self._times, self._last = times_of(name), 1.0

    def __call__(self, first: int, count: int) -> Array:
        """Shape (count,)."""
        t = np.concatenate([[self._last], self._times(first, count)])
        self._last = float(t[-1])
        return np.asarray((t[:-1] - 1.0) / t[1:])


def declared(name: str) -> Callable[[Facts], str | None]:
    """The method declares this sequence."""

    def check(facts: Facts) -> str | None:
        return None if facts.momentum == name else f"the momentum is not {SEQUENCES[name][1]}"

    return check
