"""One cell: a problem, an optimizer and a budget become a trajectory and verdicts."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gdbench import registry
from gdbench.ensemble import check_room, run_ensemble
from gdbench.jury import Jury
from gdbench.kernel import BOXES, COLUMNS, box_data, box_pair, descend, prepare
from gdbench.kernel.driver import FAILURE, STATUS, STOP
from gdbench.kernel.recurrences import JUDGING
from gdbench.kernel.replicates import replicate
from gdbench.optimizer import Optimizer, Tuning
from gdbench.problem import Array, Problem
from gdbench.stage import kernels_of, set_stage
from gdbench.theory.ensemble import Ensemble
from gdbench.trajectory import PATH_DIMENSION, Chunk, Recorder, Trajectory, stride
from gdbench.verdict import Verdict

CHUNK = 10_000
#: Stores hold seeds as whole numbers of 64 bits with a sign.
LARGEST_SEED = 2**63 - 1
STATUSES = ("running", "finished", "converged", "reached", "diverged", "failed", "stopped")
#: A run has diverged when its gap passes this multiple of the gap at the start.
DIVERGED_AT = 1e10


@dataclass(frozen=True, slots=True)
class Cell:
    """What to run. tolerance stops at ||g|| <= tolerance (0: off); target stops at gap <= target * gap_0 (0: off).

    seed is what a sampling draws from; of `replicates` runs with numbers of their own the first is recorded, and all
    are what theorems on expectations are judged by. Without a sampling both change nothing.
    """

    optimizer: str
    problem: str
    iterations: int = 1000
    tolerance: float = 0.0
    target: float = 0.0
    seed: int = 0
    replicates: int = 1


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a cell: status, the last k, a reason where there is one, figures, trajectory, verdicts."""

    cell: Cell
    status: str
    k: int
    reason: str
    summary: Mapping[str, Any]
    trajectory: Trajectory
    verdicts: tuple[Verdict, ...]


class StopFlag:
    """Tells running kernels to end after their current iteration, from any thread; the rows so far are kept."""

    def __init__(self) -> None:
        self._controls: dict[int, Any] = {}
        self._lock = threading.Lock()
        self.raised = False

    def raise_flag(self) -> None:
        """Stop all runs that hold this flag, and those that start later."""
        with self._lock:
            self.raised = True
            for control in self._controls.values():
                control[STOP] = 1

    @contextmanager
    def watching(self, control: Any) -> Any:
        """While inside, raising the flag reaches this control array."""
        with self._lock:
            self._controls[id(control)] = control
            if self.raised:
                control[STOP] = 1
        try:
            yield
        finally:
            with self._lock:
                del self._controls[id(control)]


def compile_kernels(cells: Iterable[Cell]) -> None:
    """Compile what the cells need, in this thread: threads must not compile."""
    for cell in cells:
        compile_pair(registry.problem(cell.problem), registry.optimizer(cell.optimizer))


def compile_pair(problem: Problem, optimizer: Optimizer) -> None:
    """Compile what a run needs, in this thread."""
    box_pair(*kernels_of(problem, optimizer))
    for kernel in (*BOXES, *JUDGING, descend):
        prepare(kernel)
    if optimizer.sampling is not None:
        prepare(replicate)


def run_cell(cell: Cell, stop: StopFlag | None = None, timeout: float = math.inf, threads: int | None = None) -> Result:
    """Run a cell of the registry."""
    problem, optimizer = registry.problem(cell.problem), registry.optimizer(cell.optimizer)
    named = replace(cell, problem=problem.name, optimizer=optimizer.name)
    return run_pair(problem, optimizer, named, stop, timeout, threads)


def run_pair(
    problem: Problem,
    optimizer: Optimizer,
    cell: Cell,
    stop: StopFlag | None = None,
    timeout: float = math.inf,
    threads: int | None = None,
) -> Result:
    """Run an optimizer on a problem, chunk by chunk, judging every row.

    `BadInput` is raised where the problem lacks a constant that the tuning needs. timeout is in seconds; threads are
    those of replicates, one per core where it is None.
    """
    tuning = optimizer.tune(problem)
    control = np.zeros(6, dtype=np.int64)
    flag = stop if stop is not None else StopFlag()
    timed_out = threading.Event()

    def time_out() -> None:
        timed_out.set()
        control[STOP] = 1

    timer = threading.Timer(timeout, time_out) if math.isfinite(timeout) else None
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        with flag.watching(control):
            result = _run(problem, optimizer, tuning, cell, control, threads)
    finally:
        if timer is not None:
            timer.cancel()
    if result.status == "stopped" and timed_out.is_set():
        return replace(result, status="timed_out", reason=f"no end within {timeout:g} s")
    return result


def _limits(problem: Problem, cell: Cell, f_start: float) -> Array:
    lower = problem.f_star.value if problem.f_star is not None else 0.0
    gap = abs(f_start - lower)
    target = -math.inf
    if cell.target > 0 and problem.f_star is not None:
        target = lower + cell.target * gap
    limit = abs(lower) + DIVERGED_AT * gap if gap > 0 else math.inf
    return np.array([cell.tolerance**2 if cell.tolerance > 0 else -1.0, target, limit])


def _run(
    problem: Problem, optimizer: Optimizer, tuning: Tuning, cell: Cell, control: Any, threads: int | None
) -> Result:
    stage = set_stage(problem, optimizer, tuning, cell.seed)
    if optimizer.sampling is not None:
        check_room(problem, cell.iterations, cell.replicates)
    drive = prepare(descend)
    x_star = problem.x_star if problem.x_star is not None else np.full(problem.n, math.nan)
    length = min(CHUNK, cell.iterations + 1)
    buffer = np.zeros((length + 1, len(COLUMNS)))
    keeps_path = problem.n <= PATH_DIMENSION
    trace = np.tile(stage.x, (length + 1 if keeps_path else 2, 1))
    nowhere = np.zeros((length + 1, 0))
    recorder = Recorder(cell.iterations)
    f_start = problem_value(problem, stage.x)
    limits = _limits(problem, cell, f_start)
    jury: Jury | None = None
    k = 0
    while control[STATUS] == 0:
        end = drive(
            *(stage.pair, stage.state, stage.judged, stage.plan, stage.data, x_star, k, k + length, cell.iterations),
            *(trace, stage.look, stride(cell.iterations), limits, control, buffer[1:]),
        )
        count = end - k + 1
        rows = buffer[: count + 1]
        path = trace[: count + 1] if keeps_path else nowhere[: count + 1]
        recorder.add(k, rows[1:], path[1:])
        if jury is None:
            jury = Jury(problem, optimizer, tuning, cell.iterations, rows[1].copy())
            jury.hear(Chunk(1, rows[1:], path[1:]))
        else:
            jury.hear(Chunk(k, rows, path))
        buffer[0] = rows[-1]
        trace[0] = trace[count if keeps_path else count & 1]
        k = end + 1
    assert jury is not None
    trajectory = recorder.finish(end, buffer[0], path[-1])
    status = STATUSES[control[STATUS]]
    reason = optimizer.failure(int(control[FAILURE])) if status == "failed" else ""
    summary, verdicts = jury.verdicts(trajectory, status)
    if optimizer.report is not None:
        summary["report"] = {heading: dict(named) for heading, named in optimizer.report(problem).items()}
    if optimizer.sampling is None:
        return Result(cell, status, end, reason, summary, trajectory, verdicts)
    ensemble: Ensemble | None = None
    if cell.replicates > 1 and status == "finished":
        given = (problem, optimizer, tuning, cell.iterations, cell.replicates, control)
        ensemble = run_ensemble(*given, seed=cell.seed, threads=threads)
        status = "stopped" if ensemble is None else status
    if ensemble is not None:
        summary["replicates"] = ensemble.figures()
    return Result(cell, status, end, reason, summary, trajectory, (*verdicts, *jury.on_expectations(ensemble, status)))


def problem_value(problem: Problem, x: Array) -> float:
    """f(x) by the problem's own value kernel."""
    return float(prepare(problem.value)(x, box_data(*problem.arrays())))
