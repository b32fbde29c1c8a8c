"""The lecture's claims, one file per part of it."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from gdbench.claims.claim import Claim, Finding

PARTS = (
    *("rates", "steps", "schedules", "momentum", "line_search", "landscapes", "examples"),
    *("stochastic", "adaptive", "large_scale"),
)


@cache
def claims() -> dict[str, Claim]:
    """All claims by id, in the lecture's order."""
    return {claim.id: claim for part in PARTS for claim in import_module(f"gdbench.claims.{part}").CLAIMS}


__all__ = ["Claim", "Finding", "claims"]
