"""Step-size schedules k -> alpha: what the files of gdbench.schedules make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdbench.kernel import schedule
from gdbench.problem import Array


@schedule
def keep(k, plan):  # type: ignore[no-untyped-def]
    """alpha_k = plan[0]."""
    return plan[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One schedule with its parameters.

    kernel(k, plan) -> alpha_k is what runs call, plan being alpha_0 and then `parameters`. shares(k), vectorised over
    k = 0, 1, …, is alpha_k / alpha_0 by a formula that shares no code with the kernel: what the method declares.
    sum_diverges and squares_converge are Robbins and Monro's two conditions (1951), None where the schedule has an end.
    """

    kernel: Callable[..., Any]
    shares: Callable[[Array], Array]
    source: str
    parameters: tuple[float, ...] = ()
    sum_diverges: bool | None
    squares_converge: bool | None
    name: str = "unnamed"

    @property
    def constant(self) -> bool:
        """Whether every step is alpha_0."""
        return self.kernel is keep

    def __str__(self) -> str:
        return self.name


def constant_shares(k: Array) -> Array:
    """1 for every k."""
    return np.ones(len(k))


CONSTANT = Schedule(
    kernel=keep,
    shares=constant_shares,
    source="Cauchy 1847",
    sum_diverges=True,
    squares_converge=False,
    name="constant",
)
