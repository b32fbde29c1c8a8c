import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from gdbench import registry
from gdbench.errors import BadInput
from gdbench.execute import execute
from gdbench.packing import digest
from gdbench.problem import Problem
from gdbench.run import Cell
from gdbench.store import Store

GD = "gradient_descent"
CELLS = [Cell(GD, f"quadratic[kappa={kappa}]", 50) for kappa in (1, 2, 5, 10, 20)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "results.sqlite"


def digests(outcome):
    return [digest(result) for result in outcome.results]


def test_results_come_in_the_order_of_the_cells_whatever_the_threads_do():
    cells = [Cell(GD, "quadratic[kappa=10]", n) for n in (20_000, 10, 5_000, 20)]
    one, four = execute(cells, jobs=1), execute(cells, jobs=4)
    assert [result.cell for result in four.results] == cells
    assert digests(one) == digests(four)
    assert (four.loaded, four.ran) == (0, 4)


def test_a_cell_that_is_asked_for_twice_runs_once():
    outcome = execute([CELLS[0], CELLS[1], replace(CELLS[0], problem="quadratic[kappa=1.0]")])
    assert outcome.ran == 2
    assert outcome.results[0] == outcome.results[2]


def test_what_the_store_holds_is_not_run_again(path, monkeypatch):
    with Store(path) as store:
        first = execute(CELLS[:3], store)
        both = execute(CELLS, store)
        assert (both.loaded, both.ran) == (3, 2)
        monkeypatch.setattr("gdbench.execute.run_cell", None)
        again = execute(CELLS, store)
        assert (again.loaded, again.ran) == (5, 0)
    assert digests(again) == digests(both) == digests(first) + digests(both)[3:]
    assert repr(again.results) == repr(both.results)


def test_without_reading_every_cell_is_run_and_stored(path):
    with Store(path) as store:
        execute(CELLS, store)
        outcome = execute(CELLS, store, read=False)
        assert (outcome.loaded, outcome.ran) == (0, 5)
        assert execute(CELLS, store).loaded == 5


def test_a_cell_that_raises_becomes_a_row_and_the_rest_goes_on(path, monkeypatch):
    real = registry.problem

    def broken(text):
        if "kappa=5" in text:
            raise ZeroDivisionError("no\nway")
        return real(text)

    monkeypatch.setattr(registry, "problem", broken)
    with Store(path) as store:
        outcome = execute(CELLS, store)
        assert [result.status for result in outcome.results] == [
            "finished",
            "finished",
            "failed",
            "finished",
            "finished",
        ]
        assert outcome.results[2].reason == "ZeroDivisionError: no way"
        assert len(outcome.results[2].trajectory) == 0 and outcome.results[2].verdicts == ()
        monkeypatch.setattr(registry, "problem", real)
        outcome = execute(CELLS, store)
        assert (outcome.loaded, outcome.ran) == (4, 1)
        assert outcome.results[2].status == "finished"


def test_a_missing_constant_is_a_row_among_many_and_an_error_alone(monkeypatch):
    real = Problem.require

    def without_L(self, *names):
        if "L" in names:
            raise BadInput(f"{self.name} has no L: give the parameters that need it as numbers.")
        return real(self, *names)

    monkeypatch.setattr(Problem, "require", without_L)
    outcome = execute(CELLS[:2])
    assert [result.status for result in outcome.results] == ["failed", "failed"]
    assert "has no L" in outcome.results[0].reason
    with pytest.raises(BadInput, match="has no L"):
        execute(CELLS[:1], named=True)


def test_a_run_out_of_time_is_stored_and_run_again(path):
    long = Cell(GD, "quadratic[dim=2]", 50_000_000)
    with Store(path) as store:
        outcome = execute([long, CELLS[0]], store, timeout=0.3)
        assert [result.status for result in outcome.results] == ["timed_out", "finished"]
        assert outcome.results[0].reason == "no end within 0.3 s"
        assert len(outcome.results[0].trajectory) > 0
        assert len(list(store.results())) == 2
        assert execute([long, CELLS[0]], store, timeout=0.3).loaded == 1


INTERRUPTED = """
import sys
from gdbench.execute import execute
from gdbench.run import Cell
from gdbench.store import Store
cells = [Cell("gradient_descent", "quadratic[kappa=10]", n) for n in (10, 20, 10**10, 30, 10**10 + 1)]
class Told(Store):
    def write(self, batch):
        super().write(batch)
        print("\\n".join(str(result.cell.iterations) for _, result, _ in batch), flush=True)
with Told(sys.argv[1]) as store:
    execute(cells, store, jobs=2)
"""


def test_ctrl_c_keeps_what_is_finished_and_nothing_else(path):
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert {process.stdout.readline() for _ in range(3)} == {b"10\n", b"20\n", b"30\n"}
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert b"Interrupted" in errors and process.returncode != 0
    with Store(path, write=False) as store:
        assert [result.cell.iterations for result in store.results()] == [10, 20, 30]
        assert {result.status for result in store.results()} == {"finished"}


def test_ctrl_c_at_the_command_line_is_one_line(path):
    command = ["-m", "gdbench", "run", "-p", "bowl", "-o", GD, "-n", "10000000000", "--store", path]
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not path.exists():
        time.sleep(0.05)
    time.sleep(1.0)
    os.kill(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=10)
    assert process.returncode == 130
    assert output == ""
    assert re.fullmatch(r"Interrupted\.[^\n]*\n", errors), errors
    with Store(path, write=False) as store:
        assert list(store.results()) == []
