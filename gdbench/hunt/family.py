"""A family: functions of a class, made from numbers between 0 and 1 so that a search can walk through them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gdbench.errors import BadInput
from gdbench.problem import Array, Constant, Kind, Problem

#: What an instance is made of, by name: what a file keeps.
Data = Mapping[str, Array]

#: All hunts are at this L and at ||x_0 - x*|| = 1. A power of two other than 1, so that 1/L is exact and a missing
#: factor of L still shows.
L = 4.0


@dataclass(frozen=True, slots=True)
class FunctionClass:
    """Functions with gradients that are L-Lipschitz, and mu-strongly convex where mu > 0."""

    name: str
    kind: Kind
    mu: float

    @property
    def about(self) -> str:
        """In words, with the constants."""
        return f"{self.kind} functions, L = {L:g}" + (f", mu = {self.mu:g}" if self.mu > 0 else "")

    def constants(self, why: str) -> dict[str, Constant | None]:
        """L and mu of every member, as bounds: a member need not attain them."""
        return {"L": Constant(L, "bound", why), "mu": Constant(self.mu, "bound", why) if self.mu > 0 else None}


@dataclass(frozen=True, slots=True)
class Family:
    """place turns `size` numbers in [0, 1] into an instance, None where they make none; problem builds it.

    check raises `BadInput` where data that a file holds are no member of the class.
    """

    name: str
    about: str
    size: int
    place: Callable[[Array, FunctionClass], Data | None]
    check: Callable[[Data, FunctionClass], None]
    problem: Callable[[Data, FunctionClass], Problem]


def slope(u: Array | float, mu: float) -> Array:
    """A curvature in [mu, L] from u in [0, 1]; both ends have room, as worst cases often lie there."""
    return np.asarray(mu + (L - mu) * np.clip(1.5 * np.asarray(u) - 0.25, 0.0, 1.0))


def angle(u: float) -> Array:
    """A point on the unit circle, exactly the same on every machine; shape (2,)."""
    t = 2.0 * u - 1.0
    return np.array([1.0 - t * t, 2.0 * t]) / (1.0 + t * t)


def taken(data: Data, name: str, shape: tuple[int, ...]) -> Array:
    """An array of an instance; `BadInput` where it is missing, of another shape (-1: any length), or not finite."""
    found = data.get(name, np.zeros(0))
    fits = found.ndim == len(shape) and all(n in (m, -1) for n, m in zip(shape, found.shape, strict=True))
    if not fits or not np.all(np.isfinite(found)):
        wanted = " x ".join("n" if n < 0 else str(n) for n in shape)
        raise BadInput(f"{name!r} of the instance must be {wanted} finite numbers.")
    return found


def within(name: str, values: Array, low: float, high: float) -> None:
    """`BadInput` names the first value outside [low, high]."""
    outside = values[~((values >= low) & (values <= high))]
    if len(outside):
        nearest = min(max(float(outside[0]), low), high)
        raise BadInput(f"{name}={outside[0]:g} of the instance lies outside the class: the nearest is {nearest:g}.")
