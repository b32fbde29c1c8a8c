"""Runs cells over threads: kernels release the GIL. The parent alone writes the store, as results come in."""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from gdbench.aside import helped
from gdbench.errors import BadInput
from gdbench.packing import empty_trajectory, settled
from gdbench.run import Cell, Result, StopFlag, compile_kernels, run_cell
from gdbench.sources import canonical, key
from gdbench.store import Store, resumable

T = TypeVar("T")

#: Seconds between two looks at whether Ctrl-C was pressed.
GLANCE = 0.2


class Interrupted(KeyboardInterrupt):
    """Ctrl-C: `finished` results of this call are kept; a lone run's cut-off `result` is at hand."""

    def __init__(self, finished: int = 0, result: object = None) -> None:
        super().__init__("interrupted")
        self.finished = finished
        self.result = result


@dataclass(frozen=True, slots=True)
class Outcome:
    """Results in the order of the cells, how many came from the store, and how many were run."""

    results: tuple[Result, ...]
    loaded: int
    ran: int


@contextmanager
def interruptible(stop: StopFlag) -> Iterator[None]:
    """While inside, the first Ctrl-C raises the flag, so that runs end tidily; a second one interrupts at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_interrupt(_number: int, _frame: object) -> None:
        if stop.raised:
            raise KeyboardInterrupt
        stop.raise_flag()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def in_worker(function: Callable[[], T], stop: StopFlag) -> T:
    """Call a function in a thread of its own, so that the calling one can answer Ctrl-C by raising the flag."""
    with interruptible(stop), ThreadPoolExecutor(1) as pool:
        future = pool.submit(function)
        while not wait([future], timeout=GLANCE).done:
            pass
        return future.result()


def failed(cell: Cell, error: Exception) -> Result:
    """The row of a cell that could not be run."""
    text = " ".join(str(error).split())
    reason = text if isinstance(error, BadInput) else f"{type(error).__name__}: {text}"
    return Result(cell, "failed", 0, reason, {}, empty_trajectory(), ())


def execute(
    cells: Sequence[Cell],
    store: Store | None = None,
    *,
    read: bool = True,
    jobs: int | None = None,
    timeout: float = math.inf,
    named: bool = False,
) -> Outcome:
    """Run the cells that the store does not hold and write them there.

    With `read` off every cell is run and stored afresh. timeout is in seconds per cell; a cell that runs out of time is
    stored but not taken from the store again. A cell that raises becomes a result with status `failed`; with `named`
    (the user asked for this very pair) `BadInput` is raised instead. jobs: how many cells run at once, and on how many
    threads the replicates of each. Ctrl-C raises `Interrupted` once the finished results are stored; cells that it cut
    off are not.
    """
    cells = [canonical(cell) for cell in cells]
    keys = {cell: key(cell) for cell in cells}
    results: dict[Cell, Result] = {}
    for cell in keys if read and store is not None else ():
        assert store is not None
        stored = store.load(keys[cell])
        if stored is not None and resumable(stored):
            results[cell] = stored
    loaded = len(results)
    todo = [cell for cell in keys if cell not in results]
    if todo:
        with closing(_run_all(todo, jobs or os.cpu_count() or 1, timeout, named)) as batches:
            for batch in batches:
                if store is not None:
                    store.write([(keys[result.cell], result, seconds) for result, seconds in batch])
                results.update({result.cell: result for result, _ in batch})
    return Outcome(tuple(results[cell] for cell in cells), loaded, len(todo))


Timed = tuple[Result, float]


def _run_all(cells: Sequence[Cell], jobs: int, timeout: float, named: bool) -> Generator[list[Timed], None, None]:
    """Batches of results as they come in."""
    stop = StopFlag()
    with interruptible(stop), _progress(len(cells)) as progress:
        ready, broken = _compiled(cells, named, stop, jobs)
        finished = len(broken)
        progress.update(finished)
        if broken:
            yield broken
        pool = ThreadPoolExecutor(jobs, thread_name_prefix="gdbench")
        try:
            waiting = {pool.submit(_attempt, cell, stop, timeout, named, jobs) for cell in ready}
            while waiting and not stop.raised:
                batch, waiting = _collect(waiting)
                finished += len(batch)
                progress.update(len(batch))
                if batch:
                    yield batch
            if stop.raised:
                pool.shutdown(cancel_futures=True)
                batch, _ = _collect({future for future in waiting if not future.cancelled()})
                if batch:
                    yield batch
                raise Interrupted(finished + len(batch))
        finally:
            stop.raise_flag()
            pool.shutdown(cancel_futures=True)


def _collect(waiting: Iterable[Future[Timed]]) -> tuple[list[Timed], set[Future[Timed]]]:
    done, rest = wait(waiting, timeout=GLANCE, return_when=FIRST_COMPLETED)
    results = [future.result() for future in done]
    return [(result, seconds) for result, seconds in results if result.status != "stopped"], rest


def _compiled(cells: Sequence[Cell], named: bool, stop: StopFlag, jobs: int) -> tuple[list[Cell], list[Timed]]:
    """Build and compile what the cells need, in this thread: threads must not compile. Returns (ready, broken).

    With two jobs or more a second process compiles from the last cell on.
    """
    ready: list[Cell] = []
    broken: list[Timed] = []
    with helped(cells if jobs > 1 else ()) as done:
        for i, cell in enumerate(cells):
            if stop.raised:
                break
            try:
                compile_kernels([cell])
                ready.append(cell)
            except Exception as error:
                if named and isinstance(error, BadInput):
                    raise
                broken.append((failed(cell, error), 0.0))
            done(i + 1)
    return ready, broken


def _attempt(cell: Cell, stop: StopFlag, timeout: float, named: bool, threads: int) -> Timed:
    start = time.perf_counter()
    try:
        result = run_cell(cell, stop, timeout, threads)
    except Exception as error:
        if named and isinstance(error, BadInput):
            raise
        result = failed(cell, error)
    return settled(replace(result, cell=cell)), time.perf_counter() - start


class _Bar(Protocol):
    """The part of tqdm that is used here."""

    def update(self, n: int) -> object:
        """Move on by n."""


@contextmanager
def _progress(total: int) -> Iterator[_Bar]:
    from tqdm import tqdm

    with tqdm(total=total, unit="cell", file=sys.stderr, disable=None, leave=False) as bar:
        yield bar
