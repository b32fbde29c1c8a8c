"""Foreign code in a process of its own: it may raise, crash or never end, and everything else goes on.

Kernels are compiled with bounds checked there, so that a write beyond an array is an error and not a mystery.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from gdbench.errors import BadInput, Breach
from gdbench.plugin import adopt

T = TypeVar("T")
A = TypeVar("A")

#: Seconds for the process to start, to import the plug-in and to compile what a task needs.
PREPARATION = 120.0
#: Processes that may be lost before the remaining tasks are given up.
LIVES = 3
CHECKED = {"NUMBA_BOUNDSCHECK": "1"}
PLAIN = {"NUMBA_DISABLE_JIT": "1"}


@dataclass(frozen=True, slots=True)
class Lost:
    """What stands for the answer of a task that gave none; `refused` is bad input."""

    status: Literal["failed", "timed_out", "refused"]
    reason: str


@dataclass(frozen=True)
class Work(Generic[T, A]):
    """What the process does with a task: `prepare` is not timed, `do` is. Both are functions of modules."""

    do: Callable[[T], A]
    prepare: Callable[[T], None] | None = None


def answers(
    plugin: Path, work: Work[T, A], tasks: Sequence[T], patience: float, environment: Mapping[str, str] = CHECKED
) -> Iterator[tuple[T, A | Lost]]:
    """Each task with its answer, in order. patience is in seconds per task.

    A process that is lost is replaced, but for `LIVES` of them.
    """
    done, lost = 0, 0
    while done < len(tasks):
        if lost == LIVES:
            for task in tasks[done:]:
                yield task, Lost("failed", f"not tried: {LIVES} processes with {plugin.name} were lost before")
            return
        with _process(plugin, work, tasks[done:], environment) as (process, pipe):
            while done < len(tasks):
                answer = _answer(process, pipe, patience)
                yield tasks[done], answer
                done += 1
                if process.exitcode is not None or (isinstance(answer, Lost) and answer.status == "timed_out"):
                    lost += 1
                    break


@contextmanager
def _process(
    plugin: Path, work: Work[T, A], tasks: Sequence[T], environment: Mapping[str, str]
) -> Iterator[tuple[BaseProcess, Connection]]:
    """A process at work on the tasks; it is gone when this is left, however busy it was."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(theirs, plugin, work, tasks), daemon=True)
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        process.start()
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
    theirs.close()
    try:
        yield process, ours
    finally:
        process.kill()
        process.join()
        ours.close()


def _answer(process: BaseProcess, pipe: Connection, patience: float) -> Any:
    """The answer to the next task, or what became of it."""
    try:
        for stage, seconds in (("it could not be prepared", PREPARATION), ("no end", patience)):
            if not pipe.poll(seconds):
                return Lost("timed_out", f"{stage} within {seconds:g} s")
            kind, content = pipe.recv()
            if kind in ("refused", "failed"):
                return Lost(kind, content)
            if kind == "answer":
                return content
    except EOFError:
        process.join()
        return Lost("failed", f"its process ended with {_ending(process.exitcode or 0)}")
    raise AssertionError(kind)


def _ending(code: int) -> str:
    return f"status {code}" if code >= 0 else f"signal {-code} ({signal.Signals(-code).name})"


def _serve(pipe: Connection, plugin: Path, work: Work[T, A], tasks: Sequence[T]) -> None:
    """In the process: for each task "begun", then its answer or what it raised."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    os.dup2(2, 1)  # standard output belongs to the parent's answer
    for task in tasks:
        try:
            adopt(plugin)
            if work.prepare is not None:
                work.prepare(task)
            pipe.send(("begun", None))
            pipe.send(("answer", work.do(task)))
        except BadInput as error:
            pipe.send(("refused", str(error)))
        except Exception as error:  # noqa: BLE001 - foreign code raises what it likes
            pipe.send(("failed", sentence(error)))


def sentence(error: Exception) -> str:
    """An error in one line: of many lines the first that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = lines[0] if lines else "no message"
    return said if isinstance(error, Breach) else f"{type(error).__name__}: {said}"
