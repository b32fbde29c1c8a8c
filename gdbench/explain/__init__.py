"""A violation explains itself: the points, rounding or the compiler did it, found out in 50 digits."""

from gdbench.explain.cause import CAP, Explanation, Inquiry, explain
from gdbench.explain.rows import NOTHING, explained, said

__all__ = ["CAP", "NOTHING", "Explanation", "Inquiry", "explain", "explained", "said"]
