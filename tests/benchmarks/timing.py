"""CPU time of whole runs, recorded and judged at every k: the one group of figures that is not exact."""

import time

from .listing import OPTIMIZERS

params = (OPTIMIZERS, ["quadratic", "logistic"])
param_names = ("optimizer", "problem")
version = "1"  # as in runs.py
#: On a busy machine wall time varies a hundred times as much. It sees this thread only: runs stay in it.
timer = time.thread_time
number = 1
repeat = (10, 40, 2.0)
timeout = 300


def setup(optimizer, problem):
    """Compile, or load what is compiled, outside the timer."""
    from gdbench.run import Cell, compile_kernels, run_cell

    compile_kernels([Cell(optimizer, problem)])
    run_cell(Cell(optimizer, problem))


def time_run(optimizer, problem):
    """1000 iterations."""
    from gdbench.run import Cell, run_cell

    run_cell(Cell(optimizer, problem))
