"""Numbers of 50 digits that nothing can leave unseen: mpmath's arithmetic in a type that refuses float64.

mpmath's own `mpf` takes a float64 as an exact operand, so a kernel that computed a part of its result in float64 would
go unnoticed. `Wide` computes with other `Wide` numbers and with whole numbers, and raises `Leak` for everything else;
where a C function asks for a float64 it raises too. Division by zero and roots of negative numbers give what strict
IEEE arithmetic gives, but there is one zero, without a sign, and nothing overflows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from mpmath import libmp
from mpmath.libmp import fnan, fninf, fone, from_float, from_int, fzero

DIGITS = 50
PRECISION = libmp.dps_to_prec(DIGITS)
NEAREST = "n"
#: What a root, an exponential or a sine counts as, in additions.
COSTLY = 20

#: mpmath's raw number: sign, mantissa, exponent, bits.
Raw = tuple[int, int, int, int]


class Leak(Exception):
    """A kernel left the 50-digit arithmetic; the message says with what."""


class CapExceeded(Exception):
    """The arithmetic has done as many operations as it may."""


@dataclass(slots=True)
class Meter:
    """Counts operations, so that the work has the same end on every machine; cap is the most there may be."""

    cap: int
    spent: int = 0

    def charge(self, operations: int) -> None:
        """Count operations; `CapExceeded` beyond the cap."""
        self.spent += operations
        if self.spent > self.cap:
            raise CapExceeded


def _quotient(a: Raw, b: Raw, precision: int, rounding: str) -> Raw:
    if b != fzero:
        quotient: Raw = libmp.mpf_div(a, b, precision, rounding)
        return quotient
    if a in (fzero, fnan):
        return fnan  # type: ignore[no-any-return]
    return fninf if a[0] or a == fninf else libmp.finf  # type: ignore[no-any-return]


def _floor_quotient(a: Raw, b: Raw, precision: int, rounding: str) -> Raw:
    quotient = _quotient(a, b, precision, rounding)
    return libmp.mpf_floor(quotient, precision, rounding) if quotient[1] else quotient


def _binary(operation: Callable[..., Raw], reflected: bool = False) -> Callable[[Any, Any], Any]:
    def apply(self: Any, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        kind = type(self)
        theirs = other.raw if type(other) is kind else kind.raw_of(other)
        kind.meter.charge(1)
        pair = (theirs, self.raw) if reflected else (self.raw, theirs)
        return kind.make(operation(*pair, PRECISION, NEAREST))

    return apply


def _compared(test: Callable[[Raw, Raw], bool]) -> Callable[[Any, Any], bool]:
    def apply(self: Any, other: Any) -> bool:
        kind = type(self)
        return bool(test(self.raw, other.raw if type(other) is kind else kind.raw_of(other)))

    return apply


class Wide:
    """One number. Types of their own, each with its meter, are made by `number_type`."""

    __slots__ = ("raw",)
    meter: ClassVar[Meter]
    raw: Raw

    @classmethod
    def make(cls, raw: Raw) -> Self:
        """The number of mpmath's raw form."""
        made = object.__new__(cls)
        made.raw = raw
        return made

    @classmethod
    def of(cls, value: Any) -> Self:
        """A whole number or a number of this type, as such; `Leak` for anything else."""
        return value if type(value) is cls else cls.make(cls.raw_of(value))

    @classmethod
    def exactly(cls, value: float) -> Self:
        """The float64 itself, to the last bit."""
        return cls.make(from_float(float(value)))

    @classmethod
    def raw_of(cls, value: Any) -> Raw:
        """mpmath's raw form of what kernels may mix with such numbers."""
        if type(value) is cls:
            return value.raw
        if isinstance(value, int | np.integer | np.bool_):
            return from_int(int(value))  # type: ignore[no-any-return]
        raise Leak(f"a {type(value).__name__} ({value!r}) among its numbers")

    def rounded(self) -> float:
        """The nearest float64."""
        return float(libmp.to_float(self.raw, rnd=NEAREST))

    def __float__(self) -> float:
        raise Leak("float(), which rounds to float64")

    def __int__(self) -> int:
        return int(libmp.to_int(self.raw))

    def __bool__(self) -> bool:
        return bool(self.raw != fzero)

    def __neg__(self) -> Self:
        return self.make(libmp.mpf_neg(self.raw))

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return self.make(libmp.mpf_abs(self.raw))

    def __pow__(self, exponent: Any) -> Self:
        self.meter.charge(COSTLY)
        if not isinstance(exponent, int):
            try:
                return self.make(libmp.mpf_pow(self.raw, self.raw_of(exponent), PRECISION, NEAREST))
            except libmp.ComplexResult:
                return self.make(fnan)
        power = libmp.mpf_pow_int(self.raw, abs(exponent), PRECISION, NEAREST)
        return self.make(power if exponent >= 0 else _quotient(fone, power, PRECISION, NEAREST))

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return str(libmp.to_str(self.raw, 15))

    __add__ = _binary(libmp.mpf_add)
    __radd__ = _binary(libmp.mpf_add, reflected=True)
    __sub__ = _binary(libmp.mpf_sub)
    __rsub__ = _binary(libmp.mpf_sub, reflected=True)
    __mul__ = _binary(libmp.mpf_mul)
    __rmul__ = _binary(libmp.mpf_mul, reflected=True)
    __truediv__ = _binary(_quotient)
    __rtruediv__ = _binary(_quotient, reflected=True)
    __floordiv__ = _binary(_floor_quotient)
    __rfloordiv__ = _binary(_floor_quotient, reflected=True)
    __mod__ = _binary(libmp.mpf_mod)
    __rmod__ = _binary(libmp.mpf_mod, reflected=True)
    __lt__ = _compared(libmp.mpf_lt)
    __le__ = _compared(libmp.mpf_le)
    __gt__ = _compared(libmp.mpf_gt)
    __ge__ = _compared(libmp.mpf_ge)
    __eq__ = _compared(libmp.mpf_eq)


def number_type(cap: int) -> type[Wide]:
    """A type of numbers that do at most `cap` operations together."""
    return type("Wide", (Wide,), {"__slots__": (), "meter": Meter(cap)})
