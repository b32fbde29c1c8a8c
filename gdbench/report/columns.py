"""Columns of numbers as the page's data hold them: short texts, each column once."""

from __future__ import annotations

import math

from gdbench.problem import Array


class Columns:
    """Collects columns; equal ones share a place."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def add(self, values: Array, digits: int) -> int:
        """The place of a column whose numbers have so many digits; nothing stands where there is no number."""
        text = " ".join(short(value, digits) for value in values.tolist())
        return self._places.setdefault(text, len(self._places))

    def texts(self) -> list[str]:
        """Every column at its place, its numbers apart by one space."""
        return list(self._places)


def short(value: float, digits: int) -> str:
    """The shortest text of a number rounded to so many digits: .5, 25, 1234e-8; empty for what is no finite number."""
    if not math.isfinite(value):
        return ""
    rounded = f"{value:.{digits}g}"
    plain = rounded.replace("0.", ".", 1) if abs(float(rounded)) < 1 else rounded
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    whole, _, part = mantissa.partition(".")
    part = part.rstrip("0")
    power = int(exponent) - len(part)
    return min((plain, f"{whole}{part}e{power}"), key=len)
