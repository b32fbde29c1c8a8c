"""Theorems by id, one file per family."""

from __future__ import annotations

from functools import cache

from gdbench.errors import unknown
from gdbench.theory.theorem import Comparison, Facts, Theorem

FAMILIES = (
    "gradient_descent",
    "exact_line_search",
    "momentum",
    "line_search",
    "varying_steps",
    "wolfe",
    "step_rules",
    "exact",
    "potentials",
    "accelerated",
    "krylov",
    "second_order",
    "stochastic",
    "adaptive",
    "variance_reduction",
)


@cache
def theorems() -> dict[str, Theorem]:
    """All theorems by id, in the order of their families."""
    from importlib import import_module

    families = [import_module(f"gdbench.theory.{family}").THEOREMS for family in FAMILIES]
    return {theorem.id: theorem for family in families for theorem in family}


def theorem(name: str) -> Theorem:
    """A theorem by id; an unknown id offers the closest one."""
    if name not in theorems():
        raise unknown("theorem", name, theorems())
    return theorems()[name]


__all__ = ["Comparison", "Facts", "Theorem", "theorem", "theorems"]
