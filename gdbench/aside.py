"""A second process that compiles the same kernels from the other end and leaves them in the disk cache.

Compiling holds one core for most of a first run, and threads must not compile. The process shares nothing but the cache
with the one that started it: whatever it did not get to, or could not do, is compiled there as ever.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from gdbench import registry
from gdbench.kernel import BOXES, COMPILED, compiled_anew, prepare
from gdbench.run import Cell

#: Kernels that the cache did not have before help is called, and cells that must be left: starting takes a second. The
#: boxes alone are as many: after a change in the kernel room everything is to be compiled.
MISSED, LEFT = 4, 4
COMMAND = "from gdbench.aside import work; work()"


@contextmanager
def helped(cells: Sequence[Cell]) -> Iterator[Callable[[int], None]]:
    """Hands out a function to call once that many of the cells are ready: it starts the second process if that pays.

    When the block ends the process is gone.
    """
    started: list[subprocess.Popen[bytes]] = []
    before = compiled_anew()

    def done(ready: int) -> None:
        if started or not COMPILED or compiled_anew() - before < MISSED or len(cells) - ready < LEFT:
            return
        started.append(_start(cells[ready:]))

    try:
        for kernel in BOXES if len(cells) >= LEFT else ():
            prepare(kernel)
        done(0)
        yield done
    finally:
        for process in started:
            process.kill()
            process.wait()


def _start(cells: Sequence[Cell]) -> subprocess.Popen[bytes]:
    pairs = list(dict.fromkeys((cell.optimizer, cell.problem) for cell in reversed(cells)))
    quiet = subprocess.DEVNULL
    # A session of its own: Ctrl-C is for the process that the user sees, which ends this one.
    process = subprocess.Popen(  # noqa: S603 - this very Python with fixed arguments
        [sys.executable, "-P", "-c", COMMAND], stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True
    )
    assert process.stdin is not None
    try:
        with process.stdin as pipe:
            pipe.write(json.dumps([os.getpid(), pairs]).encode())
    except BrokenPipeError:
        pass  # it could not start: then there is no help
    return process


def work() -> None:
    """Compile the pairs that standard input names, one by one, as long as the process that wrote them is there."""
    parent, pairs = json.load(sys.stdin)
    for optimizer, problem in pairs:
        if os.getppid() != parent:
            return
        try:
            _compile(problem, optimizer)
        except Exception:  # noqa: BLE001, S112 - who asked for it meets the same error and tells the user
            continue


def _compile(problem: str, optimizer: str) -> None:
    """The pair's own kernels: what every run needs is being compiled by the parent."""
    subject, method = registry.problem(problem), registry.optimizer(optimizer)
    for kernel in (subject.oracle, subject.value, subject.product, method.schedule.kernel, method.step):
        prepare(kernel)
