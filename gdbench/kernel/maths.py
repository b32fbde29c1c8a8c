"""exp, log1p, tanh, sin and cos in + - * / alone: the same bits on every machine, where libm and pow differ.

Branch-free, so that loops over them vectorise; strict, and within 2e-16 relative (tanh 3.3e-16) of mpmath. NaN stays
NaN. Constants and polynomials of exp, log1p, sin and cos are those of fdlibm (Sun Microsystems 1993).
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba.extending import intrinsic

from gdbench.kernel.contract import COMPILED, f64, helper, inlined

#: Adding and subtracting it rounds |x| < 2^51 to the nearest integer, ties to even; the integer is in the low bits.
ROUND = 6755399441055744.0
_INT = ir.IntType(64)
_DOUBLE = ir.DoubleType()
_ONE_BITS = 0x3FF0000000000000
_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD
_ROOT_HALF = float.fromhex("0x1.6a09e667f3bcdp-1")

_INVERSE_LN2 = 1.44269504088896338700
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_TWO_BY_PI = 6.36619772367581382433e-01
_HALF_PI_1 = 1.57079632673412561417
_HALF_PI_2 = 6.07710050630396597660e-11
_HALF_PI_3 = 2.02226624879595063154e-21


@intrinsic  # type: ignore[untyped-decorator]
def _two_to_bits(typing: Any, t: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        shifted = builder.shl(builder.bitcast(values[0], _INT), ir.Constant(_INT, 52))
        return builder.bitcast(builder.add(shifted, ir.Constant(_INT, _ONE_BITS)), _DOUBLE)

    return f64(f64), emit


@intrinsic  # type: ignore[untyped-decorator]
def _exponent_bits(typing: Any, u: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        distance = builder.sub(builder.bitcast(values[0], _INT), ir.Constant(_INT, _ROOT_HALF_BITS))
        return builder.sitofp(builder.ashr(distance, ir.Constant(_INT, 52)), _DOUBLE)

    return f64(f64), emit


@inlined
def _compiled_two_to(t):  # type: ignore[no-untyped-def]
    return _two_to_bits(t)


@inlined
def _compiled_exponent(u):  # type: ignore[no-untyped-def]
    return _exponent_bits(u)


def plain_two_to(t: float) -> float:
    """2^k for t = ROUND + k and -1022 <= k <= 1023."""
    return t if math.isnan(t) else math.ldexp(1.0, int(t - ROUND))


def plain_exponent(u: float) -> float:
    """The k with u / 2^k in [sqrt(1/2), sqrt(2)), for a normal u > 0."""
    fraction, k = math.frexp(u)
    return float(k + (fraction >= _ROOT_HALF) - 1)


_two_to = _compiled_two_to if COMPILED else plain_two_to
_exponent = _compiled_exponent if COMPILED else plain_exponent


@inlined
def _product(a, a_low, b, b_low):  # type: ignore[no-untyped-def]
    """(a + a_low)(b + b_low) in two parts (Dekker 1971); halves are split off by Veltkamp's constant 2^27 + 1."""
    p = a * b
    t = 134217729.0 * a
    a_1 = t - (t - a)
    a_2 = a - a_1
    t = 134217729.0 * b
    b_1 = t - (t - b)
    b_2 = b - b_1
    lost = ((a_1 * b_1 - p) + a_1 * b_2 + a_2 * b_1) + a_2 * b_2
    low = lost + (a * b_low + a_low * b)
    high = p + low
    return high, low - (high - p)


@inlined
def _exp_parts(x):  # type: ignore[no-untyped-def]
    """2^k and e^r - 1 where x = k ln 2 + r, |r| <= ln(2)/2."""
    t = x * _INVERSE_LN2 + ROUND
    k = t - ROUND
    high = x - k * _LN2_HIGH
    low = k * _LN2_LOW
    r = high - low
    s = r * r
    c = 4.13813679705723846039e-08
    c = -1.65339022054652515390e-06 + s * c
    c = 6.61375632143793436117e-05 + s * c
    c = -2.77777777770155933842e-03 + s * c
    c = r - s * (1.66666666666666019037e-01 + s * c)
    return _two_to(t), low, high, (r * c) / (2.0 - c)


@inlined
def exp(x):  # type: ignore[no-untyped-def]
    """e^x; below -708 it stays at e^-708 = 3.3e-308, above 709 at e^709 = 8.2e307."""
    x = -708.0 if x < -708.0 else x
    x = 709.0 if x > 709.0 else x
    scale, low, high, rest = _exp_parts(x)
    return scale * (1.0 - ((low - rest) - high))


@inlined
def log1p(y):  # type: ignore[no-untyped-def]
    """log(1 + y) for 0 <= y <= 1e307 only: all that log(1 + e^-|z|) needs."""
    u = 1.0 + y
    k = _exponent(u)
    scale = _two_to(ROUND - k)
    shift = u - 1.0
    lost = (1.0 - (u - shift)) + (y - shift)
    f = (u * scale - 1.0) + lost * scale
    s = f / (2.0 + f)
    z = s * s
    series = 1.479819860511658591e-01
    series = 1.531383769920937332e-01 + z * series
    series = 1.818357216161805012e-01 + z * series
    series = 2.222219843214978396e-01 + z * series
    series = 2.857142874366239149e-01 + z * series
    series = 3.999999999940941908e-01 + z * series
    series = z * (6.666666666666735130e-01 + z * series)
    half = 0.5 * f * f
    return k * _LN2_HIGH - ((half - (s * (half + series) + k * _LN2_LOW)) - f)


@helper
def power(base, m):  # type: ignore[no-untyped-def]
    """base^m for a whole m >= 0 by squaring, each product carried in two parts: within an ulp, where pow differs."""
    high, low = 1.0, 0.0
    square, rest = base, 0.0
    while m > 0:
        if m & 1:
            high, low = _product(high, low, square, rest)
        m >>= 1
        if m > 0:
            square, rest = _product(square, rest, square, rest)
    return high + low


@inlined
def tanh(x):  # type: ignore[no-untyped-def]
    """tanh x = -m / (2 + m) with m = e^(-2|x|) - 1, so small x keep their digits; 1 beyond |x| = 22."""
    a = abs(x)
    a = 22.0 if a > 22.0 else a
    scale, low, high, rest = _exp_parts(-2.0 * a)
    m = scale * (high - (low - rest)) + (scale - 1.0)
    return math.copysign(-m / (2.0 + m), x)


@inlined
def _sine_at(x, quarter):  # type: ignore[no-untyped-def]
    """sin(x + quarter pi/2) for |x| <= 1e6; x is reduced in three parts of pi/2 (33, 33 and 53 bits)."""
    k = (x * _TWO_BY_PI + ROUND) - ROUND
    first = x - k * _HALF_PI_1
    w = k * _HALF_PI_2
    second = first - w
    w = k * _HALF_PI_3 - ((first - second) - w)
    r = second - w
    tail = (second - r) - w
    z = r * r
    p = 1.58969099521155010221e-10
    p = -2.50507602534068634195e-08 + z * p
    p = 2.75573137070700676789e-06 + z * p
    p = -1.98412698298579493134e-04 + z * p
    p = 8.33333333332248946124e-03 + z * p
    cube = z * r
    sine = r - ((z * (0.5 * tail - cube * p) - tail) + cube * 1.66666666666666324348e-01)
    q = -1.13596475577881948265e-11
    q = 2.08757232129817482790e-09 + z * q
    q = -2.75573143513906633035e-07 + z * q
    q = 2.48015872894767294178e-05 + z * q
    q = -1.38888888888741095749e-03 + z * q
    q = z * (4.16666666666666019037e-02 + z * q)
    half = 0.5 * z
    high = 1.0 - half
    cosine = high + (((1.0 - high) - half) + (z * q - r * tail))
    k += quarter
    turn = k - 4.0 * ((k * 0.25 + ROUND) - ROUND)
    size = cosine if abs(turn) == 1.0 else sine
    return -size if turn < 0.0 or turn > 1.0 else size


@inlined
def sin(x):  # type: ignore[no-untyped-def]
    """sin x for |x| <= 1e6."""
    return _sine_at(x, 0.0)


@inlined
def cos(x):  # type: ignore[no-untyped-def]
    """cos x for |x| <= 1e6."""
    return _sine_at(x, 1.0)
