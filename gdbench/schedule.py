"""Step-size schedules k -> alpha."""

from __future__ import annotations

from gdbench.kernel import schedule


@schedule
def constant(k, plan):  # type: ignore[no-untyped-def]
    """alpha_k = plan[0]."""
    return plan[0]
