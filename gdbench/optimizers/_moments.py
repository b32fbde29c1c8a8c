"""Moments: averages of gradients and of their squares over the past, and steps of one over the root of the other.

With correction an average is divided by the sum of the weights so far, 1 - beta^(k+1). That sum is the average of ones
from 0, and so follows the average's own recurrence; without correction it starts at 1, where it stays.
"""

import math

import numpy as np

from gdbench.kernel import dot, helper, inlined
from gdbench.problem import Array


@helper
def averaged(held, beta, fresh):  # type: ignore[no-untyped-def]
    """The average with one more term."""
    return beta * held + (1.0 - beta) * fresh


@helper
def over(numerator, denominator):  # type: ignore[no-untyped-def]
    """The quotient, 0 where the denominator is: a coordinate whose gradient was always 0 stays where it is."""
    return 0.0 if denominator == 0.0 else numerator / denominator


@helper
def within(x, box):  # type: ignore[no-untyped-def]
    """The point of [-box, box] next to x; NaN stays NaN."""
    if x > box:
        return box
    return -box if x < -box else x


@inlined
def adapted(x, g, first, second, beta1, beta2, eps, decay, box, size, root):  # type: ignore[no-untyped-def]
    """One entry of Adam: x and both moments after a gradient g; size: alpha over the sum of m's weights, root: the root
    of that of v's.
    """
    slope = g + decay * x
    first = averaged(first, beta1, slope)
    second = averaged(second, beta2, slope * slope)
    return within(x - size * over(first, math.sqrt(second) / root + eps), box), first, second


@helper
def trust(x, direction, coefficient, eps):  # type: ignore[no-untyped-def]
    """coefficient ||x||/(||direction|| + eps), 1 where one of the two is 0, so that a layer at 0 can leave it."""
    length, size = math.sqrt(dot(x, x)), math.sqrt(dot(direction, direction))
    return 1.0 if length == 0.0 or size == 0.0 else coefficient * length / (size + eps)


def past(terms: list[Array], beta: float, *, corrected: bool) -> Array:
    """For naive loops: the average of all terms, the j-th from the end with weight beta^j; shape (n,)."""
    weights = beta ** np.arange(len(terms) - 1.0, -1.0, -1.0)
    share = weights / np.sum(weights) if corrected else (1.0 - beta) * weights
    return np.asarray(np.sum(share[:, np.newaxis] * np.array(terms), axis=0))


def quotient(numerator: Array, denominator: Array) -> Array:
    """For naive loops: numerator / denominator, 0 where the denominator is; shape (n,)."""
    return np.divide(numerator, denominator, out=np.zeros(len(numerator)), where=denominator != 0.0)


def ratio(x: Array, direction: Array, coefficient: float = 1.0, eps: float = 0.0) -> float:
    """For naive loops: the trust ratio of a layer."""
    length, size = float(np.linalg.norm(x)), float(np.linalg.norm(direction))
    return coefficient * length / (size + eps) if length > 0.0 and size > 0.0 else 1.0
