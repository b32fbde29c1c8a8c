"""The audit of a plug-in, in processes of its own: its contract first, then every check that involves it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial

from gdbench import registry
from gdbench.apart import PLAIN, Lost, Work, answers
from gdbench.audit.battery import Row, Runs, Task, look, tasks
from gdbench.audit.check import Outcome, Seen
from gdbench.plugin import Plugin
from gdbench.rehearsal import rehearse

#: The name of the check that only plug-ins need.
CONTRACT = "contract"


def audit_apart(plugin: Plugin, problems: Sequence[str], optimizers: Sequence[str], patience: float) -> Iterator[Row]:
    """All checks that involve a plug-in, in processes of their own; the contract first, alone if it is broken.

    patience is in seconds for each check of a subject.
    """
    broken = False
    for row in _rehearsed(plugin, problems if plugin.what == "problem" else optimizers, patience):
        broken = broken or row.outcome == "failed"
        yield row
    chosen = [task for task in tasks(problems, optimizers) if task.involves(plugin.name, plugin.what)]
    if broken:
        for task in chosen:
            yield task.row(Seen("not applicable", "the contract is broken"), 0.0)
        return
    for task, answer in answers(plugin.file, Work(_in_its_own_process), chosen, patience):
        yield task.row(Seen("failed", answer.reason), 0.0) if isinstance(answer, Lost) else answer


def _rehearsed(plugin: Plugin, selectors: Sequence[str], patience: float) -> Iterator[Row]:
    mine = [selector for selector in selectors if registry.split_selector(selector)[0] == plugin.name]
    for selector, answer in answers(plugin.file, Work(partial(rehearse, plugin.what)), mine, patience, PLAIN):
        pair: tuple[str, str] = (selector, "") if plugin.what == "optimizer" else ("", selector)
        outcome: Outcome = "failed" if isinstance(answer, Lost) else "passed"
        saw = answer.reason if isinstance(answer, Lost) else answer
        yield Row(CONTRACT, *pair, outcome, saw, 1, 1, 0.0)


@cache
def _runs() -> Runs:
    return Runs()


def _in_its_own_process(task: Task) -> Row:
    return look(task, _runs())
