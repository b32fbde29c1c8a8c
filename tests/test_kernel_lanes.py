"""The eight-lane sums and the row products, against plain Python and against exact sums."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gdbench.kernel import combine_rows, dist2, dot, lanes, total

EPS = 2.0**-52


def _vectors(n: int) -> tuple[Any, Any]:
    draws = np.random.default_rng(n)
    return draws.standard_normal(n), draws.standard_normal(n) * 10.0 ** draws.uniform(-3, 3, n)


@pytest.mark.parametrize("n", range(41))
def test_sums_equal_their_plain_twins(n: int) -> None:
    a, b = _vectors(n)
    assert dot(a, b) == lanes.plain_dot(a, b)
    assert dist2(a, b) == lanes.plain_dist2(a, b)
    assert total(b) == lanes.plain_total(b)


@pytest.mark.parametrize("n", [*range(41), 1000])
def test_sums_are_close_to_exact_ones(n: int) -> None:
    a, b = _vectors(n)
    cases: list[tuple[float, Any]] = [(dot(a, b), a * b), (dist2(a, b), (a - b) ** 2), (total(b), b)]
    for measured, terms in cases:
        assert abs(measured - math.fsum(terms)) <= (n / 8 + 8) * EPS * math.fsum(np.abs(terms))


def test_lanes_are_added_in_the_documented_order() -> None:
    a = np.array([1.0, 2.0**-53, 1.0, 2.0**-53, -1.0, 2.0**-54, -1.0, 2.0**-54, 3.0])
    expected = ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7])) + a[8]
    assert total(a) == expected


def test_sums_of_parts_of_a_vector() -> None:
    a, b = _vectors(40)
    assert dot(a[3:30], b[5:32]) == lanes.plain_dot(a[3:30], b[5:32])
    assert total(b[1:]) == lanes.plain_total(b[1:])


@pytest.mark.parametrize("m", range(13))
@pytest.mark.parametrize("n", [0, 1, 2, 5, 8, 17, 40])
def test_combine_rows(m: int, n: int) -> None:
    draws = np.random.default_rng(100 * m + n)
    matrix, weights = draws.standard_normal((m, n)), draws.standard_normal(m)
    out, again = np.full(n, np.nan), np.full(n, np.nan)
    combine_rows(matrix, weights, out)
    plain: Callable[..., Any] = getattr(combine_rows, "py_func", combine_rows)
    plain(matrix, weights, again)
    assert np.array_equal(out, again)
    for i in range(n):
        terms = matrix[:, i] * weights
        assert abs(out[i] - math.fsum(terms)) <= (m + 1) * EPS * math.fsum(np.abs(terms))
