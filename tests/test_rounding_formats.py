"""Rounding to float16, bfloat16 and float32 against NumPy, ml_dtypes and exact fractions, bit for bit.

ml_dtypes rounds a float64 to float32 first and then to bfloat16: twice. Ours rounds once.
"""

import math
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

from gdbench.explain.transplant import Fifty, Transplant
from gdbench.kernel import FORMATS, plain, rounded, to_float32
from gdbench.kernel.contract import helper

SIXTEEN = ("float16", "bfloat16")
TYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float32": np.float32}
DRAWS = 1_000_000


@helper
def each(x, out, spread, smallest, largest):
    for i in range(x.shape[0]):
        out[i] = rounded(x[i], spread, smallest, largest)


def ours(x, name):
    out = np.empty_like(x)
    with np.errstate(all="ignore"):
        each(x, out, *FORMATS[name].numbers)
    return out


def in_python(x, name):
    slow = plain(rounded)
    return np.array([slow(float(one), *FORMATS[name].numbers) for one in x])


def exact(x, name):
    """The nearest number of the format in fractions: x in whole last digits, half of one to the even number."""
    held = FORMATS[name]
    if not math.isfinite(x):
        return x
    power = max(math.frexp(x)[1], math.frexp(held.smallest)[1])
    digit = Fraction(2) ** (power - held.digits)
    whole = round(abs(Fraction(x)) / digit) * digit  # Python rounds halves of fractions to even
    return math.copysign(float(whole) if whole <= Fraction(held.largest) else math.inf, x)


def assert_same_bits(found, expected):
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    nan = np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(found), nan)
    differ = (found.view(np.int64) != expected.view(np.int64)) & ~nan
    assert not np.any(differ), (found[differ][:5], expected[differ][:5])


def patterns(name):
    """All 65,536 numbers of a format of sixteen bits, in the order of their patterns."""
    with np.errstate(invalid="ignore"):  # NaNs that signal
        return np.arange(65536, dtype=np.uint16).view(TYPES[name]).astype(np.float64)


def ladder(name):
    """Its numbers from 0 to the largest, and the one that would follow."""
    found = patterns(name)[:32768]
    found = found[np.isfinite(found)]
    return np.append(found, 2.0 * found[-1] - found[-2])


def float32_ladder():
    """Some neighbours in single precision at every power of two, subnormal ones among them: shape (2, m)."""
    draws = np.random.default_rng(4)
    near = [[0, 1, 2, 2**23 - 2, 2**23 - 1], draws.integers(0, 2**23, 40)]
    places = np.concatenate([np.concatenate(near) + (exponent << 23) for exponent in range(255)]).astype(np.int32)
    found = np.array([places, places + 1]).view(np.float32).astype(np.float64)
    found[1][np.isinf(found[1])] = 2.0**128
    return found


@pytest.mark.parametrize("name", SIXTEEN)
def test_every_number_of_a_format_stays_what_it_is(name):
    held = patterns(name)
    assert_same_bits(ours(held, name), held)
    assert_same_bits(in_python(held, name), held)


@pytest.mark.parametrize("name", SIXTEEN)
def test_every_midpoint_goes_to_the_even_neighbour_and_what_is_beside_it_to_the_nearer_one(name):
    steps = ladder(name)
    low, high = steps[:-1], steps[1:]
    even = np.where(np.arange(len(low)) % 2 == 0, low, high)  # the pattern of a neighbour is its place
    high, even = np.where(high == steps[-1], np.inf, high), np.where(even == steps[-1], np.inf, even)
    middle = 0.5 * (steps[:-1] + steps[1:])
    for sign in (1.0, -1.0):
        assert_same_bits(ours(sign * middle, name), sign * even)
        assert_same_bits(ours(sign * np.nextafter(middle, 0.0), name), sign * low)
        assert_same_bits(ours(sign * np.nextafter(middle, np.inf), name), sign * high)


def test_midpoints_of_single_precision_go_to_the_even_neighbour():
    low, high = float32_ladder()
    middle = 0.5 * (low + high)
    odd = low.astype(np.float32).view(np.int32) % 2
    infinite = np.where(high == 2.0**128, np.inf, high)
    for sign in (1.0, -1.0):
        assert_same_bits(ours(sign * middle, "float32"), sign * np.where(odd == 1, infinite, low))
        assert_same_bits(ours(sign * np.nextafter(middle, 0.0), "float32"), sign * low)
        assert_same_bits(ours(sign * np.nextafter(middle, np.inf), "float32"), sign * infinite)


def drawn():
    """Doubles of all sizes, and some around the formats' own."""
    draws = np.random.default_rng(1)
    anything = draws.integers(0, 2**64, DRAWS, dtype=np.uint64).view(np.float64)
    half = np.ldexp(draws.uniform(-2.0, 2.0, DRAWS), draws.integers(-28, 17, DRAWS))
    single = np.ldexp(draws.uniform(-2.0, 2.0, DRAWS), draws.integers(-155, 129, DRAWS))
    return np.concatenate([anything, half, single])


@pytest.mark.parametrize("name", ["float16", "float32"])
def test_it_is_numpy_on_random_doubles(name):
    x = drawn()
    with np.errstate(all="ignore"):
        expected = x.astype(TYPES[name]).astype(np.float64)
    assert_same_bits(ours(x, name), expected)


def test_it_is_ml_dtypes_on_random_singles():
    draws = np.random.default_rng(2)
    x = draws.integers(0, 2**32, 4 * DRAWS, dtype=np.uint32).view(np.float32)
    with np.errstate(all="ignore"):
        assert_same_bits(ours(x.astype(np.float64), "bfloat16"), x.astype(ml_dtypes.bfloat16).astype(np.float64))


def test_from_doubles_ml_dtypes_rounds_twice():
    x = np.concatenate([drawn(), [1.0 + 2.0**-8 + 2.0**-40]])
    with np.errstate(all="ignore"):
        theirs = x.astype(ml_dtypes.bfloat16).astype(np.float64)
    assert_same_bits(ours(ours(x, "float32"), "bfloat16"), theirs)
    once = ours(x, "bfloat16")
    differ = np.flatnonzero((once != theirs) & ~np.isnan(once))
    # Those that single precision moves onto the midpoint of two bfloat16s: 19 of 2.6 million here, and the last one.
    assert 4 < len(differ) < 100 and len(x) - 1 in differ
    assert once[-1] == 1.0 + 2.0**-7 and theirs[-1] == 1.0
    for i in differ:
        nearest = abs(Fraction(once[i]) - Fraction(x[i]))
        assert once[i] == exact(x[i], "bfloat16") and nearest < abs(Fraction(theirs[i]) - Fraction(x[i]))


@pytest.mark.parametrize("name", FORMATS)
def test_it_is_exact_arithmetic(name):
    held, draws = FORMATS[name], np.random.default_rng(3)
    lowest, highest = int(np.log2(held.smallest)) - held.digits - 2, int(np.log2(held.largest)) + 3
    x = np.ldexp(draws.uniform(-2.0, 2.0, 3000), draws.integers(lowest, highest, 3000))
    powers = np.ldexp(1.0, np.arange(lowest, highest))
    ends = [held.largest, held.smallest, 0.0, 2.0**-1074, 2.0**-1022, math.inf, 1.7976931348623157e308]
    x = np.concatenate([x, powers, np.nextafter(powers, 0.0), np.nextafter(powers, np.inf), ends])
    for sign in (1.0, -1.0):
        assert_same_bits(ours(sign * x, name), [exact(one, name) for one in sign * x])


@pytest.mark.parametrize("name", FORMATS)
def test_plain_python_computes_the_same_bits(name):
    x = drawn()[:: DRAWS // 4000]
    x = np.concatenate([x, [0.0, -0.0, math.inf, -math.inf, math.nan, 65519.999, 65520.0, -65520.0]])
    assert_same_bits(in_python(x, name), ours(x, name))
    assert_same_bits([to_float32(float(one)) for one in x], ours(x, "float32"))


def test_where_float16_ends():
    x = np.array([65504.0, 65519.99999, 65520.0, -65520.0, 2.0**-25, math.nextafter(2.0**-25, 1.0), -(2.0**-26)])
    assert_same_bits(ours(x, "float16"), [65504.0, 65504.0, math.inf, -math.inf, 0.0, 2.0**-24, -0.0])


@pytest.mark.parametrize("name", FORMATS)
def test_in_50_digits_it_is_the_same_rounding(name):
    arithmetic = Fifty(10**9)
    wide = Transplant(arithmetic)(rounded)
    numbers = [arithmetic.constant(one) for one in FORMATS[name].numbers]
    x = [*drawn()[:: DRAWS // 400].tolist(), 0.0, math.inf, -math.inf, math.nan, 65520.0, -(2.0**-25)]
    found = [wide(arithmetic.constant(one), *numbers).rounded() for one in x]
    # In 50 digits there is one zero, without a sign.
    np.testing.assert_array_equal(found, ours(np.array(x), name))


def test_in_50_digits_it_rounds_once():
    """1 + 2^-11 + 2^-80 is above the midpoint of two halves; float64 would have put it there."""
    arithmetic = Fifty(10**6)
    numbers = [arithmetic.constant(one) for one in FORMATS["float16"].numbers]
    above = arithmetic.constant(1.0 + 2.0**-11) + arithmetic.constant(2.0**-80)
    assert Transplant(arithmetic)(rounded)(above, *numbers).rounded() == 1.0 + 2.0**-10
