"""Rounding to formats of fewer digits, to the nearest number with ties to even, in + - * and comparisons alone.

float64 itself rounds to nearest even: in x + m with m = 1.5 * 2^52 units, what is smaller than a unit is rounded off,
and x + m - m is x in whole units. A unit is the last digit that the format keeps of x: 2^(1-p) of the largest power of
two that is at most |x|, or of the smallest normal number where |x| is below that. Both differences are exact, so there
is one rounding, for every float64: subnormal ones, and those that round up to the next power of two or to infinity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gdbench.kernel.contract import inlined


@dataclass(frozen=True, slots=True)
class Format:
    """A binary format: p digits, the leading one among them, its smallest normal and its largest finite number."""

    digits: int
    smallest: float
    largest: float

    @property
    def numbers(self) -> tuple[float, float, float]:
        """What `rounded` asks for: m for x in [1, 2), the smallest normal number and the largest one."""
        return 1.5 * 2.0 ** (53 - self.digits), self.smallest, self.largest


#: IEEE 754's half and single precision, and the upper half of the latter.
FORMATS = {
    "float16": Format(11, 2.0**-14, 65504.0),
    "bfloat16": Format(8, 2.0**-126, (2.0 - 2.0**-7) * 2.0**127),
    "float32": Format(24, 2.0**-126, (2.0 - 2.0**-23) * 2.0**127),
}
SINGLE = FORMATS["float32"].numbers


@inlined
def rounded(x, spread, smallest, largest):  # type: ignore[no-untyped-def]
    """x in the format whose `Format.numbers` these are; infinite beyond its largest number. Zeros keep their sign.

    The power of two 2^e is found as Rump does (2009): q = (2^52 + 1)|x| rounds to a float64 above 2^(e + 52) and up to
    2^(e + 53), and (1 - 2^-53) q to the one just below q, which is 2^e away.
    """
    size = abs(x)
    size = smallest if size < smallest else size
    size = largest if size > largest else size
    q = 4503599627370497.0 * size
    m = spread * abs(q - 0.99999999999999988898 * q)
    kept = (x + m) - m
    kept = kept * math.inf if abs(kept) > largest else kept
    return kept if kept != 0.0 else 0.0 * x


@inlined
def to_float32(x):  # type: ignore[no-untyped-def]
    """x in single precision."""
    return rounded(x, SINGLE[0], SINGLE[1], SINGLE[2])
