"""Bad input: one sentence that names the value and the nearest valid one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class BadInput(ValueError):
    """Input that cannot be used; the message is one sentence for the person who typed it (exit status 2)."""


class Breach(Exception):
    """Foreign code does not keep its contract; the message says how."""


def unknown(what: str, name: str, known: Iterable[str]) -> BadInput:
    """The error for a name that is not in a list: it offers the closest one, or else the whole list."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"the known ones are {', '.join(names)}."
    return BadInput(f"There is no {what} {name!r}: {hint}")
