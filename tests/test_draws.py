"""MRG32k3a against an implementation from L'Ecuyer's definition in big integers."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from gdbench.kernel import below, seed_draws, uniform
from gdbench.kernel.draws import M1, M2

M = 2**32


def _reference(state: list[int]) -> Iterator[int]:
    """x_n = 1403580 x_{n-2} - 810728 x_{n-3} mod 2^32 - 209; y_n = 527612 y_{n-1} - 1370589 y_{n-3} mod 2^32 - 22853.

    The output is x_n - y_n mod 2^32 - 209, with 2^32 - 209 for 0.
    """
    x, y = list(state[:3]), list(state[3:])
    while True:
        x.append((1403580 * x[-2] - 810728 * x[-3]) % (M - 209))
        y.append((527612 * y[-1] - 1370589 * y[-3]) % (M - 22853))
        z = (x[-1] - y[-1]) % (M - 209)
        yield z or M - 209


def test_published_outputs() -> None:
    """All words 12345: the first output is (3023790853 - 2478282264) / (2^32 - 208), by hand."""
    draw = np.array([1, *[12345] * 6], dtype=np.int64)
    expected = [545508589 / 4294967088, 0.3185275653967945, 0.3091860155832701]
    assert [uniform(draw) for _ in range(3)] == pytest.approx(expected, abs=1e-16)


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_against_big_integers(seed: int) -> None:
    draw = seed_draws(seed)
    reference = _reference([int(word) for word in draw[1:]])
    for _ in range(3000):
        assert uniform(draw) == float(Fraction(next(reference), M - 208))
    for m in (1, 2, 10, 1000, 2**31 - 1):
        for _ in range(300):
            assert below(draw, m) == (next(reference) - 1) * m // (M - 209)


def test_states_that_reach_the_ends() -> None:
    for first in (0, 1, M1 - 1):
        for second in (0, 1, M2 - 1):
            state = [first, first, 0, 0, second, second]
            draw = np.array([1, *state], dtype=np.int64)
            reference = _reference(state)
            next_one = uniform(draw)
            assert 0.0 < next_one < 1.0 and next_one == float(Fraction(next(reference), M - 208))


def test_seeds_give_valid_and_different_states() -> None:
    draws = [seed_draws(seed, batch=3) for seed in range(200)]
    assert {draw.dtype.name for draw in draws} == {"int64"} and {int(draw[0]) for draw in draws} == {3}
    assert len({tuple(draw) for draw in draws}) == 200
    for draw in draws:
        assert all(0 < word < M1 for word in draw[1:4]) and all(0 < word < M2 for word in draw[4:])
    assert np.array_equal(seed_draws(7), seed_draws(7))


def test_draws_are_uniform() -> None:
    draw = seed_draws(0)
    values = np.array([uniform(draw) for _ in range(20_000)])
    assert abs(values.mean() - 0.5) < 5 * (1 / 12 / 20_000) ** 0.5
    counts = np.bincount([below(draw, 7) for _ in range(21_000)], minlength=7)
    assert len(counts) == 7 and float(((counts - 3000.0) ** 2 / 3000.0).sum()) < 35.0
