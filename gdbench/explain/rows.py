"""Causes beside verdicts, made when these are shown: results and stores hold none, and are the same without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gdbench import registry
from gdbench.explain.cause import CAP, Inquiry
from gdbench.run import Result
from gdbench.verdict import Verdict

#: What tells a violated verdict from all others of a suite.
_IDENTITY = ("optimizer", "problem", "theorem", "k", "bound")
#: Operations in 50 digits after which no further run is looked into.
TOGETHER = 5 * CAP
NOTHING: Mapping[str, str] = {"cause": "", "why": ""}


def said(verdict: Verdict, inquiry: Inquiry) -> dict[str, str]:
    """cause and why of a verdict, empty texts where it is not violated."""
    if verdict.outcome != "violated":
        return dict(NOTHING)
    found = inquiry.explain(verdict)
    return {"cause": found.cause, "why": found.detail}


def explained(rows: Iterable[dict[str, Any]], results: Iterable[Result], together: int = TOGETHER) -> None:
    """Give each row of a verdict its `cause` and `why`, empty where it is not violated.

    together: operations in 50 digits after which no further run is looked into.
    """
    found: dict[tuple[Any, ...], dict[str, str]] = {}
    spent = 0
    beyond = {"cause": "not explained", "why": f"the runs before it took {together} operations in 50 digits, the cap"}
    for result in results:
        violated = [verdict for verdict in result.verdicts if verdict.outcome == "violated"]
        if not violated:
            continue
        cell = result.cell
        inquiry = Inquiry(registry.problem(cell.problem), registry.optimizer(cell.optimizer), cell)
        for verdict in violated:
            identity = tuple(getattr(verdict, name) for name in _IDENTITY)
            found.setdefault(identity, beyond if spent >= together else said(verdict, inquiry))
        spent += inquiry.spent
    for row in rows:
        row.update(found.get(tuple(row[name] for name in _IDENTITY), NOTHING))
