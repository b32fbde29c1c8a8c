"""What verbs do with a plug-in: ask what it is, and run its cells, in processes of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from gdbench import registry
from gdbench.apart import PLAIN, Lost, Work, answers
from gdbench.errors import BadInput
from gdbench.execute import Outcome, failed
from gdbench.explain import NOTHING, explained
from gdbench.packing import settled
from gdbench.plugin import Plugin, adopt, check
from gdbench.rehearsal import rehearse
from gdbench.run import Cell, Result, compile_kernels, run_cell

#: Seconds for a cell of a plug-in where no other limit is given.
PATIENCE = 60.0
#: Seconds for the causes of all violated verdicts of a plug-in; their own caps count operations.
EXPLAINING = 120.0


#: Rows of violated verdicts, and all results.
Explaining = tuple[list[dict[str, Any]], list[Result]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A plug-in and the selectors that were typed beside it."""

    plugin: Plugin
    problems: list[str]
    optimizers: list[str]


def ask(file: Path, problems: Sequence[str], optimizers: Sequence[str]) -> Asked:
    """What a plug-in is, and the selectors in canonical form, of which at least one names it.

    Where no optimizer (problem) is named it is the plug-in, or else all of the registry.
    """
    check(file)
    task = (file, tuple(problems), tuple(optimizers))
    _, answer = next(iter(answers(file, Work(_describe), [task], PATIENCE, PLAIN)))
    if isinstance(answer, Lost):
        raise BadInput(answer.reason if answer.status == "refused" else f"{file.name} cannot be used: {answer.reason}")
    return answer


def _describe(task: tuple[Path, Sequence[str], Sequence[str]]) -> Asked:
    file, problems, optimizers = task
    plugin = adopt(file)
    chosen = {}
    for what, texts in (("problem", problems), ("optimizer", optimizers)):
        own = [plugin.name] if plugin.what == what else [n for n in registry.names(what) if n != plugin.name]
        chosen[what] = list(dict.fromkeys(registry.canonical(what, text) for text in texts)) or own
        for text in texts:
            getattr(registry, what)(text)
    if not any(registry.split_selector(text)[0] == plugin.name for text in chosen[plugin.what]):
        raise BadInput(f"--plugin {file.name} defines the {plugin.what} {plugin.name}, which is not among those named.")
    return Asked(plugin, chosen["problem"], chosen["optimizer"])


def execute_apart(plugin: Plugin, cells: Sequence[Cell], timeout: float) -> Outcome:
    """Run cells of a plug-in; nothing of it is kept in a store. timeout is in seconds per cell."""
    patience = timeout if math.isfinite(timeout) else PATIENCE
    broken = _broken(plugin, cells, patience)
    if broken:
        results = [_result(cell, Lost("failed", broken)) for cell in cells]
    else:
        work = Work(_run, _prepare)
        results = [_result(cell, answer) for cell, answer in answers(plugin.file, work, list(cells), patience)]
    return Outcome(tuple(results), 0, len(cells))


def explained_apart(plugin: Plugin, rows: Sequence[dict[str, Any]], results: Sequence[Result]) -> None:
    """Give each row of a verdict its `cause` and `why`, as `explained` does, in a process of its own."""
    for row in rows:
        row.update(NOTHING)
    wanted = [row for row in rows if row["outcome"] == "violated"]
    if not wanted:
        return
    task: Explaining = (wanted, list(results))
    _, found = next(iter(answers(plugin.file, Work(_explained), [task], EXPLAINING)))
    for i, row in enumerate(wanted):
        row.update({"cause": "not explained", "why": found.reason} if isinstance(found, Lost) else found[i])


def _explained(task: Explaining) -> list[dict[str, Any]]:
    rows, results = task
    explained(rows, results)
    return [{name: row[name] for name in NOTHING} for row in rows]


def _broken(plugin: Plugin, cells: Sequence[Cell], patience: float) -> str:
    """How the plug-in breaks the contract; empty where it keeps it."""
    selectors = list(dict.fromkeys(getattr(cell, plugin.what) for cell in cells))
    work = Work(partial(rehearse, plugin.what))
    for _, answer in answers(plugin.file, work, selectors, patience, PLAIN):
        if isinstance(answer, Lost) and answer.status != "refused":
            return answer.reason
    return ""


def _prepare(cell: Cell) -> None:
    compile_kernels([cell])


def _run(cell: Cell) -> Result:
    return settled(run_cell(cell))


def _result(cell: Cell, answer: Result | Lost) -> Result:
    if isinstance(answer, Lost):
        status = "timed_out" if answer.status == "timed_out" else "failed"
        return replace(failed(cell, BadInput(answer.reason)), status=status)
    return answer
