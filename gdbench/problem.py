"""A problem: an oracle, its data, and the constants that theorems need, each certified or absent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gdbench.errors import BadInput
from gdbench.parameter import StepSize

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

Kind = Literal["quadratic", "strongly convex", "convex", "nonconvex"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of a problem.

    kind is `exact` (attained; tested on both sides) or `bound` (valid; tested on the unsafe side); source says why: a
    proof in a line, or author, year, theorem. An unknown constant is None, never a default.
    """

    value: float
    kind: Literal["exact", "bound"]
    source: str


@dataclass(frozen=True, slots=True)
class Spectrum:
    """A quadratic seen from its minimiser: f - f* = 1/2 sum eigenvalues_i coordinates_i^2 at the start.

    Both have shape (n,); coordinates are those of x_0 - x* in the eigenbasis.
    """

    eigenvalues: Array
    coordinates: Array


def _floats() -> Array:
    return np.zeros(1)


def _matrix() -> Array:
    return np.zeros((1, 1))


def _integers() -> Integers:
    return np.zeros(1, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One instance. `kind` is the smallest class it belongs to; L holds on `region`.

    mu is the modulus of strong convexity, pl the Polyak-Lojasiewicz constant (||g||^2 >= 2 pl (f - f*)) of a problem
    that is not strongly convex. f_star of kind `bound` is a lower bound of f. x_star is the minimiser nearest to the
    start, shape (n,). terms is the number of summands in f, for the rounding allowance. separable: f is a sum of
    functions of one coordinate each. batch, where f is a mean over `samples` samples, is its kernel for some of them;
    L_sample is the largest smoothness constant, mu_sample the least strong convexity of the loss of one sample, all of
    them convex.
    """

    oracle: Callable[..., Any]
    value: Callable[..., Any]
    product: Callable[..., Any]
    start: Array
    kind: Kind
    source: str
    L: Constant | None = None
    mu: Constant | None = None
    pl: Constant | None = None
    f_star: Constant | None = None
    x_star: Array | None = None
    region: Literal["everywhere", "sublevel set"] = "everywhere"
    spectrum: Spectrum | None = None
    terms: int = 1
    batch: Callable[..., Any] | None = None
    samples: int = 0
    L_sample: Constant | None = None
    mu_sample: Constant | None = None
    separable: bool = False
    matrix: Array = field(default_factory=_matrix)
    rows: Array = field(default_factory=_matrix)
    vector: Array = field(default_factory=_floats)
    scratch: Array = field(default_factory=_floats)
    layers: Integers | None = None
    sizes: Integers = field(default_factory=_integers)
    draw: Integers = field(default_factory=_integers)
    name: str = "unnamed"

    @property
    def n(self) -> int:
        """The dimension of x."""
        return len(self.start)

    @property
    def convex(self) -> bool:
        """Whether f is convex."""
        return self.kind != "nonconvex"

    def constants(self) -> dict[str, float]:
        """The values of L, mu and those of one sample, as far as they are known; mu = 0 counts as unknown."""
        known = {"L": self.L, "mu": self.mu, "L_sample": self.L_sample, "mu_sample": self.mu_sample}
        return {name: constant.value for name, constant in known.items() if constant is not None and constant.value > 0}

    def require(self, *names: str) -> tuple[float, ...]:
        """The values of the constants named; `BadInput` says which one the problem lacks."""
        known = self.constants()
        for name in names:
            if name not in known:
                raise BadInput(f"{self.name} has no {name}: give the parameters that need it as numbers.")
        return tuple(known[name] for name in names)

    def step_size(self, alpha: StepSize) -> float:
        """The value of a step size on this problem."""
        if alpha.text == "optimal":
            raise BadInput("This method has no optimal step size of its own: write a number or a multiple such as 1/L.")
        self.require(*alpha.constants)
        return alpha.at(self.constants())

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """The seven arrays of the kernel's Data; the ones that a run writes to (scratch, draw) are copies."""
        layers = np.array([0, self.n], dtype=np.int64) if self.layers is None else self.layers
        return (self.matrix, self.rows, self.vector, self.scratch.copy(), layers, self.sizes, self.draw.copy())
