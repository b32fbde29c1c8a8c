"""Random numbers as the papers have them, in Python's own integers and `math`: for samplings written down plainly."""

from __future__ import annotations

import math
from functools import lru_cache

WORD = 2**32
ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)


@lru_cache(maxsize=2**14)
def block(key: tuple[int, int], counter: tuple[int, int, int, int]) -> tuple[int, ...]:
    """Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011, figure 2): the four words of a counter."""
    words = counter
    for turn in range(ROUNDS):
        keys = [(word + turn * weyl) % WORD for word, weyl in zip(key, WEYL, strict=True)]
        (high0, low0), (high1, low1) = (divmod(m * words[2 * i], WORD) for i, m in enumerate(MULTIPLIERS))
        words = (high1 ^ words[1] ^ keys[0], low1, high0 ^ words[3] ^ keys[1], low0)
    return words


class Stream:
    """The numbers of one run for one purpose: uniform(k, i) and normal(k, i), i = 0, 1, …, of query k."""

    def __init__(self, seed: int, replicate: int, purpose: int) -> None:
        self._key = (seed % WORD, seed // WORD % WORD)
        self._replicate, self._purpose = replicate, purpose

    def uniform(self, k: int, i: int) -> float:
        """A multiple of 2^-53 in [0, 1): 27 bits of one word and 26 of the next."""
        counter = (i // 2, k % WORD, 4 * (k // WORD) + self._purpose, self._replicate)
        high, low = block(self._key, counter)[2 * (i % 2) :][:2]
        return math.ldexp((high // 2**5) * 2**26 + low // 2**6, -53)

    def normal(self, k: int, i: int) -> float:
        """Box, Muller 1958: two of a circle's radius and angle."""
        even = i - i % 2
        radius = math.sqrt(-2.0 * math.log(1.0 - self.uniform(k, even)))
        turn = math.sin if i % 2 else math.cos
        return radius * turn(2.0 * math.pi * self.uniform(k, even + 1))

    def permutation(self, k: int, samples: int, count: int) -> list[int]:
        """The first `count` of a list in random order: one after the other changes places with one not before it."""
        places = list(range(samples))
        for i in range(count):
            j = i + int(self.uniform(k, i) * (samples - i))
            places[i], places[j] = places[j], places[i]
        return places[:count]
