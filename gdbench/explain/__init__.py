"""A violation explains itself: the points, rounding or the compiler did it, found out in 50 digits."""

from gdbench.explain.cause import CAP, Explanation, Inquiry, explain

__all__ = ["CAP", "Explanation", "Inquiry", "explain"]
