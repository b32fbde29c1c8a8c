"""What `gdbench run` keeps of a store's metrics: served as measured, and never after anything that it depends on."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import gdbench.kernel
import gdbench.problems
from gdbench import kept
from gdbench.cli import main
from gdbench.database import Database
from gdbench.errors import BadInput
from gdbench.metrics import Metrics
from gdbench.store import Store, key
from gdbench.suite import load

READ = """
import json, sys
from dataclasses import astuple
from pathlib import Path
from gdbench import kept
lines = kept.lines(Path(sys.argv[1]))
print(json.dumps([[astuple(line) for line in lines], "numba" in sys.modules]))
"""
CLAIMS = ("claims/claim.py", "if not obeyed:", "if obeyed:")
RATE = ("rate.py", "return found, found - spread, found + spread", "return 2 * found, found - spread, found + spread")
#: A key that forgets the sources: the bug that all of this is about.
FORGETFUL = ("kept.py", 'f"{of_sources} {file.content()}"', "file.content()")


def put(folder, edit):
    name, old, new = edit
    file = folder / "gdbench" / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return lambda: file.write_text(text)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the package, problems inside it, that may be edited."""
    folder = tmp_path_factory.mktemp("copy")
    package = Path(gdbench.kernel.__file__).parents[1]
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, folder / "gdbench", ignore=ignore)
    shutil.copytree(Path(gdbench.problems.__file__).parent, folder / "gdbench" / "problems", ignore=ignore)
    return folder


@pytest.fixture(scope="module")
def held(lecture, tmp_path_factory):
    """A store that keeps its lines, and these as they were measured."""
    path = Path(shutil.copy(lecture, tmp_path_factory.mktemp("held") / "results.sqlite"))
    with Store(path) as results:
        kept.keep(results, kept.sources())
        return path, kept.measured(results)


@pytest.fixture
def store(held, tmp_path):
    return Path(shutil.copy(held[0], tmp_path / "results.sqlite"))


def python(folder, *arguments):
    env = {**os.environ, "PYTHONPATH": str(folder), "GDBENCH_CACHE_DIR": str(folder / "cache")}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True).stdout


def read(folder, store):
    """The lines of a store as the code in a folder says them, and whether they were measured anew."""
    lines, anew = json.loads(python(folder, "-c", READ, store))
    return [Metrics(*line) for line in lines], anew


def run(folder, store):
    python(folder, "-m", "gdbench", "run", "--store", store)


@pytest.fixture(scope="module")
def whole(copy, lecture):
    """A store, and its lines as they are measured before `gdbench run` keeps them."""
    path = Path(shutil.copy(lecture, copy / "results.sqlite"))
    lines, anew = read(copy, path)
    assert anew and {line.subject for line in lines} >= {"claim", "figure", "scaling", "run", "bound"}
    run(copy, path)
    return path, lines


def test_what_was_kept_is_what_is_measured_anew_and_needs_no_numba(copy, whole):
    assert read(copy, whole[0]) == (whole[1], False)


@pytest.mark.parametrize("edit", [CLAIMS, RATE], ids=["claims", "rate"])
def test_an_edit_is_not_served_stale(copy, whole, edit):
    restore = put(copy, edit)
    try:
        lines, anew = read(copy, whole[0])
    finally:
        restore()
    changed = {line.subject for line, other in zip(lines, whole[1], strict=True) if line != other}
    assert anew and changed and changed <= {"claim", "figure", "scaling"}
    assert read(copy, whole[0]) == (whole[1], False)


def test_a_key_that_forgets_the_sources_would_be_seen(copy, whole, store):
    mend = put(copy, FORGETFUL)
    try:
        run(copy, store)
        restore = put(copy, CLAIMS)
        try:
            assert read(copy, store) == (whole[1], False), "stale"
        finally:
            restore()
    finally:
        mend()


def test_every_file_counts(copy, monkeypatch):
    monkeypatch.setattr(kept, "folders", lambda: {"gdbench": copy / "gdbench"})
    honest = kept.sources()
    files = [file for pattern in ("*.py", "*.toml") for file in (copy / "gdbench").rglob(pattern)]
    assert len(files) > 100
    for file in {file.parent: file for file in files}.values():
        text = file.read_bytes()
        file.write_bytes(text + b"\n# edited\n")
        assert kept.sources() != honest, file
        file.write_bytes(text)
    assert kept.sources() == honest
    new = copy / "gdbench" / "problems" / "fresh.py"
    new.touch()
    assert kept.sources() != honest
    new.unlink()


def test_what_holds_is_not_measured_twice(held, store, monkeypatch):
    monkeypatch.setattr(kept, "measured", None)
    with Store(store) as results:
        kept.keep(results, kept.sources())
    assert kept.lines(store) == held[1]


def test_a_run_that_changes_is_not_served_stale(held, store):
    cell = load("lecture").cells[0]
    with Store(store) as results:
        found = results.load(key(cell))
        results.write([("other sources", replace(found, k=found.k - 1), 0.0)])
        after = kept.measured(results)
    assert kept.lines(store) == after != held[1]


def test_a_byte_that_changed_by_itself_is_noticed(store):
    other = Path(shutil.copy(store, store.with_name("other.sqlite")))
    with sqlite3.connect(store) as database:
        assert database.execute("UPDATE verdicts SET k = k + 1 WHERE rowid = 7").rowcount == 1
    with sqlite3.connect(other) as database:
        (blob,) = database.execute("SELECT columns FROM trajectories WHERE rowid = 7").fetchone()
        spoilt = blob[:-1] + bytes([blob[-1] ^ 1])
        database.execute("UPDATE trajectories SET columns = ? WHERE rowid = 7", (spoilt,))
    for path in (store, other):
        with pytest.raises(BadInput, match="damaged"):
            kept.lines(path)


def spoil(database):
    database.execute("UPDATE kept SET content = replace(content, 'confirmed', 'refuted')")


def drop(database):
    database.execute("DROP TABLE kept")


def cut(database):
    database.execute("UPDATE kept SET content = substr(content, 1, 100)")


@pytest.mark.parametrize("harm", [spoil, drop, cut])
def test_what_was_kept_and_harmed_is_measured_anew(held, store, harm):
    with sqlite3.connect(store) as database:
        harm(database)
    assert kept.lines(store) == held[1]
    with Store(store) as results:
        kept.keep(results, kept.sources())
    with Database(store, write=False) as file:
        assert file.kept(kept._key(file, kept.sources())) is not None


def test_nothing_is_kept_where_a_file_was_edited_while_the_suite_ran(lecture, tmp_path):
    store = Path(shutil.copy(lecture, tmp_path / "results.sqlite"))
    with Store(store) as results:
        kept.keep(results, "the sources at the start")
    with sqlite3.connect(store) as database:
        assert database.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_part_of_the_suite_keeps_nothing(tmp_path):
    path = tmp_path / "part.sqlite"
    arguments = ["run", "lecture", "-p", "bowl", "--store", str(path)]
    answer = CliRunner().invoke(main, arguments)
    assert answer.exit_code == 0, answer.output
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM kept").fetchone() == (0,)
