"""Random draws in kernels: MRG32k3a (L'Ecuyer 1999, Oper. Res. 47(1), table II) in pure int64 arithmetic.

A run owns an array `draw` of seven int64: draw[0] is the batch size, draw[1:7] the state of the generator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gdbench.kernel.contract import inlined

M1 = 4294967087
M2 = 4294944443


def seed_draws(seed: int, batch: int = 1) -> NDArray[np.int64]:
    """The array `draw`, shape (7,), for a batch size and a seed; both halves of the state are nonzero."""
    words = np.random.SeedSequence(seed).generate_state(6, np.uint64)
    limits = [M1, M1, M1, M2, M2, M2]
    state = [1 + int(word) % (limit - 1) for word, limit in zip(words, limits, strict=True)]
    return np.array([batch, *state], dtype=np.int64)


@inlined
def _next(draw):  # type: ignore[no-untyped-def]
    """The next integer in 1 … M1."""
    first = (1403580 * draw[2] - 810728 * draw[1]) % M1
    draw[1] = draw[2]
    draw[2] = draw[3]
    draw[3] = first
    second = (527612 * draw[6] - 1370589 * draw[4]) % M2
    draw[4] = draw[5]
    draw[5] = draw[6]
    draw[6] = second
    return (first - second - 1) % M1 + 1


@inlined
def uniform(draw):  # type: ignore[no-untyped-def]
    """A float in (0, 1)."""
    return _next(draw) / 4294967088.0


@inlined
def below(draw, m):  # type: ignore[no-untyped-def]
    """An integer in 0 … m - 1, for 1 <= m < 2^31."""
    return (_next(draw) - 1) * m // M1
