"""What kernels call, in 50 digits: mathematics, sums and arrays.

exp, log1p, tanh, sin and cos of the kernel room are the functions that they approximate, without the limits beyond
which the float64 forms stay constant. A rounding that a kernel asks for by name, such as np.float32(x), is left out, as
all rounding is, but for `rounded`, which is what a method is about. What is not listed here and is not Python source
cannot be had in 50 digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from mpmath import libmp
from mpmath.libmp import fnan, fone, fzero

from gdbench import kernel
from gdbench.explain.wide import COSTLY, NEAREST, PRECISION, Raw, Wide

Replacements = dict[Any, Callable[..., Any]]


def _log1p(raw: Raw, precision: int, rounding: str) -> Raw:
    """log(1 + x), the sum taken exactly, so that small x keep their digits."""
    logarithm: Raw = libmp.mpf_log(libmp.mpf_add(fone, raw), precision, rounding)
    return logarithm


def of_one(kind: type[Wide], function: Callable[..., Raw]) -> Callable[[Any], Wide]:
    """A function of mpmath's for numbers of a type; NaN where it would leave the real numbers."""

    def apply(value: Any) -> Wide:
        kind.meter.charge(COSTLY)
        try:
            return kind.make(function(kind.of(value).raw, PRECISION, NEAREST))
        except libmp.ComplexResult:
            return kind.make(fnan)

    return apply


def _sums(kind: type[Wide]) -> Replacements:
    def added(terms: Iterable[Raw], count: int) -> Wide:
        kind.meter.charge(count)
        return kind.make(libmp.mpf_sum(list(terms), PRECISION, NEAREST))

    def dot(a: Any, b: Any) -> Wide:
        pairs = zip(a, b, strict=True)
        return added((libmp.mpf_mul(kind.raw_of(p), kind.raw_of(q)) for p, q in pairs), 2 * len(a))

    def dist2(a: Any, b: Any) -> Wide:
        differences = [kind.of(p) - kind.of(q) for p, q in zip(a, b, strict=True)]
        return dot(differences, differences)

    def total(a: Any) -> Wide:
        return added((kind.raw_of(p) for p in a), len(a))

    return {kernel.dot: dot, kernel.dist2: dist2, kernel.total: total}


def _arrays(kind: type[Wide]) -> Replacements:
    def filled(raw: Raw) -> Callable[..., Any]:
        def fill(shape: Any, dtype: Any = np.float64) -> Any:
            array = np.empty(shape, dtype=object)
            whole = dtype is int or (isinstance(dtype, type) and issubclass(dtype, np.integer))
            array[...] = int(libmp.to_int(raw)) if whole else kind.make(raw)
            return array

        return fill

    return {np.empty: filled(fzero), np.zeros: filled(fzero), np.ones: filled(fone)}


def _mathematics(kind: type[Wide]) -> Replacements:
    one: Replacements = {
        math.sqrt: libmp.mpf_sqrt, math.exp: libmp.mpf_exp, math.log: libmp.mpf_log, math.log1p: _log1p,
        math.sin: libmp.mpf_sin, math.cos: libmp.mpf_cos, math.tanh: libmp.mpf_tanh,
        kernel.exp: libmp.mpf_exp, kernel.log1p: _log1p, kernel.tanh: libmp.mpf_tanh,
        kernel.sin: libmp.mpf_sin, kernel.cos: libmp.mpf_cos,
        np.sqrt: libmp.mpf_sqrt, np.exp: libmp.mpf_exp, np.log: libmp.mpf_log, np.log1p: _log1p,
        np.sin: libmp.mpf_sin, np.cos: libmp.mpf_cos, np.tanh: libmp.mpf_tanh,
    }  # fmt: skip
    return {original: of_one(kind, function) for original, function in one.items()}


def _rounded(kind: type[Wide]) -> Callable[..., Wide]:
    """As in `gdbench.kernel.rounding`: the sum that rounds x keeps 53 binary digits, and nothing else is rounded."""

    def rounded(x: Any, spread: Any, smallest: Any, largest: Any) -> Wide:
        size = min(max(abs(kind.of(x)), smallest), largest)
        _, _, exponent, digits = size.raw
        m = libmp.mpf_shift(kind.raw_of(spread), exponent + digits - 1)
        near = kind.make(libmp.mpf_sub(libmp.mpf_add(kind.raw_of(x), m, 53, NEAREST), m))
        if not abs(near) > largest:  # NaN stays
            return near
        return kind.make(libmp.fninf if near < 0 else libmp.finf)

    return rounded


def _signs(kind: type[Wide]) -> Replacements:
    def copysign(size: Any, sign: Any) -> Wide:
        return -abs(kind.of(size)) if kind.of(sign) < 0 else abs(kind.of(size))

    def isnan(value: Any) -> bool:
        return bool(kind.of(value).raw == fnan)

    def isinf(value: Any) -> bool:
        return kind.of(value).raw in (libmp.finf, libmp.fninf)

    def isfinite(value: Any) -> bool:
        return not isnan(value) and not isinf(value)

    def floor(value: Any) -> int:
        return int(libmp.to_int(libmp.mpf_floor(kind.of(value).raw)))

    def ceil(value: Any) -> int:
        return -floor(-kind.of(value))

    def power(base: Any, exponent: int) -> Wide:
        return kind.of(base) ** exponent

    def as_float(value: Any) -> Wide:
        # A whole number becomes one of this type; a number of this type would be rounded, and says so.
        return kind.exactly(float(value)) if isinstance(value, Wide) else kind.of(value)

    absolute: Callable[[Any], Wide] = lambda value: abs(kind.of(value))  # noqa: E731 - three names for it
    tests = {math.isnan: isnan, math.isinf: isinf, math.isfinite: isfinite}
    arrays = {np.isnan: isnan, np.isinf: isinf, np.isfinite: isfinite, np.abs: absolute, math.fabs: absolute}
    return {
        **tests, **arrays, math.copysign: copysign, math.floor: floor, math.ceil: ceil, kernel.power: power,
        kernel.rounded: _rounded(kind),
        float: as_float, np.float16: kind.of, np.float32: kind.of, np.float64: kind.of,
    }  # fmt: skip


def wide_functions(kind: type[Wide]) -> Replacements:
    """The replacements in 50 digits, by what they replace."""
    return {**_sums(kind), **_arrays(kind), **_mathematics(kind), **_signs(kind)}
