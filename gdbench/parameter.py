"""Parameters of selectors: their ranges, and step sizes written as multiples of a problem's constants."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from gdbench.errors import BadInput

#: Whole numbers up to here are floats, as which the plans of schedules hold them.
EXACT = 2**53


@dataclass(frozen=True, slots=True)
class Range:
    """The values a number may take: low <= value <= high, strict where the end is open; infinity only where allowed."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    infinity: bool = False

    def check(self, name: str, value: float) -> None:
        """Raise `BadInput` with the nearest valid value if value lies outside."""
        if math.isnan(value) or (math.isinf(value) and not self.infinity):
            raise BadInput(f"{name}={value} is not a finite number: {name} must be {self}.")
        below = value <= self.low if self.open_low else value < self.low
        above = value >= self.high if self.open_high else value > self.high
        if below or above:
            end = self.low if below else self.high
            strict = self.open_low if below else self.open_high
            nearest = f"the nearest valid value is {end:g}" if not strict else f"it must lie strictly above {end:g}"
            nearest = nearest if below or not strict else f"it must lie strictly below {end:g}"
            raise BadInput(f"{name}={value:g} is out of range ({self}): {nearest}.")

    def __str__(self) -> str:
        low = "" if self.low == -math.inf else f"{'>' if self.open_low else '>='} {self.low:g}"
        high = "" if self.high == math.inf else f"{'<' if self.open_high else '<='} {self.high:g}"
        return " and ".join(part for part in (low, high) if part) or "any finite number"


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number is measured in, as powers of the units of f and of x: a gradient is Unit(f=1, x=-1)."""

    f: int = 0
    x: int = 0

    def factor(self, p: int, q: int) -> float:
        """What the number is multiplied by where f is measured in 2^-p and x in 2^-q of their units."""
        return 2.0 ** (self.f * p + self.x * q)


#: A part of a whole that is not all of it: momentum, what an average keeps, a correlation.
Share = Annotated[float, Range(low=0.0, high=1.0, open_high=True)]
#: A parameter that may be left to the problem's constants.
Optimal = Literal["optimal"]


@dataclass(frozen=True, slots=True)
class StepSize:
    """A step size as written: a number, or one of L, mu and L_sample in simple arithmetic (`1/L`, `2/(L+mu)`).

    The word `optimal` is left to the method. It multiplies a gradient to give a difference of x, unless its file
    annotates it with another Unit.
    """

    text: str

    def __post_init__(self) -> None:
        if self.text != "optimal":
            _walk(self._tree(), {"L": 1.0, "L_sample": 2.0, "mu": 0.5}, self.text)

    def _tree(self) -> ast.expr:
        try:
            return ast.parse(self.text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise _unreadable(self.text) from error

    @property
    def constants(self) -> tuple[str, ...]:
        """The constants it needs, of L, mu and L_sample."""
        return tuple(sorted({node.id for node in ast.walk(self._tree()) if isinstance(node, ast.Name)}))

    def at(self, constants: Mapping[str, float]) -> float:
        """Its value for given constants; the arithmetic is walked here, never handed to an evaluator."""
        value = _walk(self._tree(), constants, self.text)
        if not (math.isfinite(value) and value > 0):
            raise BadInput(f"The step size {self.text!r} is {value:g} here: it must be finite and > 0, such as 1/L.")
        return value

    def __str__(self) -> str:
        return self.text


def _unreadable(text: str) -> BadInput:
    return BadInput(f"The step size {text!r} cannot be read: write a number or a multiple such as 1/L or 2/(L+mu).")


def _walk(node: ast.expr, constants: Mapping[str, float], text: str) -> float:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return float(value)
        case ast.Name(id=name) if name in constants:
            return constants[name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_walk(inner, constants, text)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() as operator, right=right):
            a, b = _walk(left, constants, text), _walk(right, constants, text)
            return _combine(operator, a, b)
        case _:
            raise _unreadable(text)


def _combine(operator: ast.operator, a: float, b: float) -> float:
    match operator:
        case ast.Add():
            return a + b
        case ast.Sub():
            return a - b
        case ast.Mult():
            return a * b
        case _:
            return a / b if b != 0 else math.nan
