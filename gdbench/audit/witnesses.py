"""Equality cases: for each tight theorem the functions that attain it, made for the values that a method declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from gdbench.audit.ridges import huber, quadratic, ridge
from gdbench.optimizer import Optimizer, Tuning
from gdbench.problem import Constant, Problem

#: ||x_0 - x*||: not 1, so that a missing square shows.
R = 1.5
#: L/mu of the strongly convex cases.
KAPPA = 25.0
#: The k for which functions are made that attain a bound at one k only.
HORIZONS = (1, 6, 30)


class NoCase(Exception):
    """Raised where no equality case is known for what a method declares; the message says why."""


@dataclass(frozen=True, slots=True)
class Case:
    """A problem on which a bound is an equality at each of the ks, all >= 1."""

    problem: Problem
    ks: tuple[int, ...]


@dataclass(frozen=True)
class Asked:
    """A method, and the L for which its equality cases are wanted."""

    optimizer: Optimizer
    L: float

    @property
    def mu(self) -> float:
        """Of the strongly convex cases."""
        return self.L / KAPPA

    @cached_property
    def convex(self) -> Tuning:
        """What the method declares where L alone is known."""
        return self.optimizer.tune(quadratic((0.0, self.L), (0.0, R)))


Witness = Callable[[Asked], Iterator[Case]]


def every(last: int) -> tuple[int, ...]:
    """1, …, last."""
    return tuple(range(1, last + 1))


def declared(tuning: Tuning, name: str) -> float:
    """A value that the method declares."""
    if name not in tuning.declared:
        raise NoCase(f"the method does not declare {name}")
    return tuning.declared[name]


def top(asked: Asked) -> Problem:
    """L/2 times the square of one direction, and nothing in the others."""
    return quadratic((0.0, asked.L), (0.0, R))


def straight(asked: Asked, tau: float) -> Problem:
    """Huber's function with curvature L and threshold tau."""
    L = Constant(asked.L, "exact", "curvature within tau of the minimisers")
    return ridge([huber(asked.L, tau)], [R], kind="convex", L=L)


def convex_tight(asked: Asked) -> Iterator[Case]:
    """Drori, Teboulle 2014, section 3; the other branch is a parabola."""
    a = declared(asked.convex, "alpha") * asked.L
    for k in HORIZONS:
        slow = 1.0 / (2.0 * k * a + 1.0)
        yield Case(straight(asked, slow * R) if slow >= (1.0 - a) ** (2 * k) else top(asked), (k,))


#: By theorem id.
WITNESSES: dict[str, Witness] = {
    "gd_convex_tight": convex_tight,
}
