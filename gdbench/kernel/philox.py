"""Counter-based random numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011, SC '11) in pure int64 arithmetic.

A block of four words is a function of a key of two words and a counter of four, all of 32 bits: nothing is kept between
draws, so that neither order nor threads change a bit. A product of two words may pass 2^63: compiled it wraps around,
in plain Python it grows, and its 64 low bits, which are all that is taken, are the same. Words are made Python's own
integers first, as NumPy's would warn.
"""

from __future__ import annotations

import math

from gdbench.kernel.contract import inlined
from gdbench.kernel.maths import cos, log1p, sin

WORD = 0xFFFFFFFF
#: What a stream of draws is for: one counter word keeps the purposes apart.
INDICES, NOISE, SHUFFLES = range(3)


@inlined
def _low_high(a, b):  # type: ignore[no-untyped-def]
    """The low and the high word of a product of two words."""
    product = a * b
    return product & 0xFFFFFFFF, (product >> 32) & 0xFFFFFFFF


@inlined
def philox(key0, key1, c0, c1, c2, c3):  # type: ignore[no-untyped-def]
    """The four words of a counter, each in 0 … 2^32 - 1; key and counter are such words and no NumPy integers."""
    for _ in range(10):
        low0, high0 = _low_high(0xD2511F53, c0)
        low1, high1 = _low_high(0xCD9E8D57, c2)
        c0, c1, c2, c3 = high1 ^ c1 ^ key0, low1, high0 ^ c3 ^ key1, low0
        key0 = (key0 + 0x9E3779B9) & 0xFFFFFFFF
        key1 = (key1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


@inlined
def uniforms(words, purpose, k, block):  # type: ignore[no-untyped-def]
    """Two floats in [0, 1), multiples of 2^-53, for query k; words is the sampler's: seed and replicate."""
    key0, key1, replicate = int(words[0]), int(words[1]), int(words[2])
    a, b, c, d = philox(key0, key1, block, k & 0xFFFFFFFF, (k >> 32) * 4 + purpose, replicate)
    one = ((a >> 5) * 67108864.0 + (b >> 6)) * 1.1102230246251565e-16
    return one, ((c >> 5) * 67108864.0 + (d >> 6)) * 1.1102230246251565e-16


@inlined
def normals(words, purpose, k, block):  # type: ignore[no-untyped-def]
    """Two independent standard normal floats (Box, Muller 1958), at most 8.57 in size."""
    one, two = uniforms(words, purpose, k, block)
    radius = math.sqrt(2.0 * log1p(one / (1.0 - one)))
    angle = 6.283185307179586 * two
    return radius * cos(angle), radius * sin(angle)
