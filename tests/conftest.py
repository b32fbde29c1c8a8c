"""The default suite's results and report, and a browser, made once for all tests that need them."""

import fcntl
import os

import pytest
from browsers import launched

from gdbench.execute import execute
from gdbench.report.build import build
from gdbench.report.record import read
from gdbench.store import Store
from gdbench.suite import load


@pytest.fixture(scope="session")
def browser():
    with launched() as running:
        yield running


@pytest.fixture(scope="session")
def lecture(tmp_path_factory):
    """A store with the suite's results; other runs beside them change nothing in a report."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # the first of several processes runs the suite, the others wait for it
        folder = folder.parent
    path = folder / "lecture.sqlite"
    with (folder / "lecture.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            draft = folder / "draft.sqlite"
            with Store(draft) as results:
                execute([*load("quick").cells, *load("lecture").cells], results)
            draft.rename(path)
    return path


@pytest.fixture(scope="session")
def record(lecture):
    with Store(lecture, write=False) as results:
        return read(results)


@pytest.fixture(scope="session")
def files(record):
    return build(record)
