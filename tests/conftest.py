"""The default suite's results and report, and a browser, made once for all tests that need them."""

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
    path = tmp_path_factory.mktemp("store") / "results.sqlite"
    with Store(path) as results:
        execute([*load("quick").cells, *load("lecture").cells], results)
    return path


@pytest.fixture(scope="session")
def record(lecture):
    with Store(lecture, write=False) as results:
        return read(results)


@pytest.fixture(scope="session")
def files(record):
    return build(record)
