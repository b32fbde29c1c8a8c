"""The figures of a report, one file for each idea; a file's FIGURES are functions from a record to a figure."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from gdbench.report.figure import Figure
from gdbench.report.record import Record

#: In the order of the lecture.
FILES = ("bounds", "scaling", "steps", "momentum", "paths", "noise", "tightness")
Maker = Callable[[Record], Figure]


def makers() -> list[Maker]:
    """All of them, in the order in which they are shown."""
    return [maker for file in FILES for maker in import_module(f"{__name__}.{file}").FIGURES]
