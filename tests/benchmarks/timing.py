"""CPU time of whole runs, recorded and judged at every k: the one group of figures that is not exact."""

import time

from .listing import OPTIMIZERS

params = (OPTIMIZERS, ["quadratic", "logistic"])
param_names = ("optimizer", "problem")
version = "1"  # as in runs.py
#: On a busy machine wall time varies a hundred times as much. It sees this thread only: runs stay in it.
timer = time.thread_time
number = 1
timeout = 300


def setup(optimizer, problem):
    """Compile, or load what is compiled, outside the timer."""
    from gdbench import run

    cell = run.Cell(optimizer, problem)
    run.compile_kernels([cell])
    run.run_cell(cell)


def time_run(optimizer, problem):
    """1000 iterations."""
    from gdbench import run

    run.run_cell(run.Cell(optimizer, problem))
