import json
import math
import sqlite3
from dataclasses import replace

import numpy as np
import pytest

import gdbench.database
from gdbench import sources
from gdbench.errors import BadInput
from gdbench.packing import digest, pack, settled, unpack
from gdbench.run import Cell, Result
from gdbench.store import APPLICATION_ID, SCHEMA, Nondeterminism, Store, key
from gdbench.trajectory import Trajectory
from gdbench.verdict import Verdict

CELL = Cell("gradient_descent", "quadratic[kappa=10]")
ODD = np.array([0x7FF8000000000001, 0xFFF0000000000000, 0x8000000000000000, 1], dtype=np.uint64).view(np.float64)


def result(cell=CELL, **changes):
    trajectory = Trajectory({"k": np.arange(4), "f": ODD.copy(), "alpha": np.array([0.1, 0.1, 0.1, math.nan])})
    pair = (cell.optimizer, cell.problem)
    verdicts = (
        Verdict(*pair, "gd_sc_gap", "bound", "attained", 3, 1.5, 1.5, 1.0, 0.5),
        Verdict(*pair, "gd_pl", "bound", "not applicable", 0, math.nan, math.inf, -math.inf, -0.0, "why not"),
    )
    summary = {"gap": math.nan, "peak": math.inf, "rate": {"kind": "linear", "value": 0.5}, "x": [1.0, -0.0]}
    return settled(replace(Result(cell, "finished", 3, "", summary, trajectory, verdicts), **changes))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "results.sqlite"


def same(one, other):
    assert digest(one) == digest(other)
    assert repr(one.summary) == repr(other.summary)
    assert repr(one.verdicts) == repr(other.verdicts)
    assert (one.cell, one.status, one.k, one.reason) == (other.cell, other.status, other.k, other.reason)
    for name, column in one.trajectory.columns.items():
        assert column.tobytes() == other.trajectory[name].tobytes()
        assert column.dtype == other.trajectory[name].dtype


def test_columns_are_restored_to_the_last_bit():
    trajectory = result().trajectory
    restored = unpack(pack(trajectory))
    assert list(restored.columns) == list(trajectory.columns)
    assert restored["f"].view(np.uint64).tolist() == ODD.view(np.uint64).tolist()
    assert len(unpack(pack(Trajectory({"k": np.zeros(0, dtype=np.int64)})))) == 0


def test_a_result_comes_back_as_it_was(path):
    with Store(path) as store:
        store.write([("a", result(), 0.25)])
        same(store.load("a"), result())
        assert store.load("b") is None
    with Store(path, write=False) as store:
        same(store.load("a"), result())


def test_a_closed_store_is_one_file(path):
    with Store(path) as store:
        store.write([("a", result(), 0.25)])
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_wall_times_are_kept_apart(path):
    for seconds in (0.25, 0.5):
        with Store(path) as store:
            store.write([("a", result(), seconds)])
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT * FROM wall_times").fetchall() == [("a", 0.5)]
    connection.close()


def test_results_of_other_sources_are_replaced(path):
    with Store(path) as store:
        store.write([("old", result(), 0.0)])
        store.write([("new", result(k=2), 0.0)])
        assert store.load("old") is None
        assert store.load("new").k == 2
        assert len(list(store.results())) == 1
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM verdicts").fetchone() == (2,)
    assert connection.execute("SELECT count(*) FROM trajectories").fetchone() == (1,)
    connection.close()


def test_results_come_in_the_order_of_cells(path):
    cells = [replace(CELL, problem=name, seed=seed) for name in ("b", "a") for seed in (2, 1)]
    with Store(path) as store:
        store.write([(str(i), result(cell), 0.0) for i, cell in enumerate(cells)])
        assert [one.cell for one in store.results()] == sorted(cells, key=lambda cell: (cell.problem, cell.seed))


def test_another_result_from_the_same_sources_is_an_error_and_changes_nothing(path):
    with Store(path) as store:
        store.write([("a", result(), 0.0)])
        with pytest.raises(Nondeterminism, match="gradient_descent on quadratic"):
            store.write([("b", result(replace(CELL, seed=1)), 0.0), ("a", result(k=2), 0.0)])
        same(store.load("a"), result())
        assert store.load("b") is None


def test_a_run_that_was_cut_off_may_differ(path):
    with Store(path) as store:
        store.write([("a", result(status="timed_out", k=1), 0.0)])
        store.write([("a", result(), 0.0)])
        same(store.load("a"), result())


def test_one_writer_at_a_time(path, monkeypatch):
    monkeypatch.setattr("gdbench.database.PATIENCE", 0.05)
    with Store(path), pytest.raises(BadInput, match="in use by another process"):
        Store(path)


def foreign(path):
    path.write_text("a,b\n1,2\n" * 50)


def short(path):
    path.write_bytes(b"SQLite format 3\0" + bytes(10))


def other_program(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE addresses (name TEXT)")
    connection.commit()
    connection.close()


def newer(path):
    with Store(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    connection.close()


def filled(path):
    with Store(path) as store:
        store.write([(str(i), result(replace(CELL, seed=i)), 0.0) for i in range(20)])


def truncated(path):
    filled(path)
    path.write_bytes(path.read_bytes()[:-8192])


def corrupt(path):
    filled(path)
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\xa5" * 8192
    path.write_bytes(content)


#: The table of runs as schema 1 had it.
FIRST = """CREATE TABLE first (
    key TEXT PRIMARY KEY, optimizer TEXT NOT NULL, problem TEXT NOT NULL, iterations INTEGER NOT NULL,
    tolerance REAL NOT NULL, target REAL NOT NULL, seed INTEGER NOT NULL, status TEXT NOT NULL, k INTEGER NOT NULL,
    reason TEXT NOT NULL, summary TEXT NOT NULL, digest TEXT NOT NULL,
    UNIQUE (optimizer, problem, iterations, tolerance, target, seed)
)"""


def first_schema(path):
    """A store as it was before there were replicates."""
    filled(path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(FIRST)
    columns = "key, optimizer, problem, iterations, tolerance, target, seed, status, k, reason, summary, digest"
    connection.execute(f"INSERT INTO first ({columns}) SELECT {columns} FROM runs")
    connection.execute("DROP TABLE runs")
    connection.execute("ALTER TABLE first RENAME TO runs")
    connection.execute("PRAGMA user_version = 1")
    connection.close()


def first_without_tables(path):
    no_tables(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 1")
    connection.close()


def no_tables(path):
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA}")
    connection.close()


BAD = {
    foreign: "not a store of gdbench",
    short: "truncated",
    other_program: "another program",
    newer: "newer gdbench",
    truncated: "damaged",
    corrupt: "damaged",
    no_tables: "a table is missing",
    first_without_tables: "a table is missing",
}


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("make", BAD)
def test_a_bad_store_is_named_in_one_sentence_and_left_alone(tmp_path, make, write):
    path = tmp_path / "results.sqlite"
    make(path)
    before = path.read_bytes()
    with pytest.raises(BadInput, match=BAD[make]) as caught:
        Store(path, write=write)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def version(path):
    return int.from_bytes(path.read_bytes()[60:64], "big")


def test_a_store_without_replicates_is_upgraded_by_who_writes(path):
    filled(path)
    with Store(path, write=False) as store:
        content = store.content()
    path.unlink()
    first_schema(path)
    assert version(path) == 1
    with Store(path) as store:
        assert store.content() == content
        for i in range(20):
            same(store.load(str(i)), result(replace(CELL, seed=i)))
        many = replace(CELL, seed=3, replicates=40)
        store.write([("many", result(many), 0.0), ("again", result(replace(CELL, seed=4)), 0.0)])
        assert store.load("4") is None and store.load("3").cell.replicates == 1
    assert version(path) == SCHEMA == 2
    connection = sqlite3.connect(path)
    # What belongs to a run goes with it, as in a store that was new.
    for table, each in (("runs", 1), ("trajectories", 1), ("verdicts", 2), ("wall_times", 1)):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (21 * each,)
    assert connection.execute("SELECT sql FROM sqlite_master WHERE name LIKE '%upgraded%'").fetchall() == []
    connection.close()
    with Store(path, write=False) as store:
        assert len(list(store.results())) == 21


def test_a_store_without_replicates_is_read_as_it_is(path):
    filled(path)
    with Store(path, write=False) as store:
        content = store.content()
    path.unlink()
    first_schema(path)
    before = path.read_bytes()
    with Store(path, write=False) as store:
        assert store.content() == content
        assert [one.cell.replicates for one in store.results()] == [1] * 20
        same(store.load("7"), result(replace(CELL, seed=7)))
        with pytest.raises(BadInput):
            store.write([("new", result(replace(CELL, seed=99)), 0.0)])
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def only_to_read(monkeypatch):
    """Files as they are where nobody may write."""

    def connect(self):
        uri = f"{self.path.resolve().as_uri()}?mode=ro"
        return sqlite3.connect(uri, uri=True, isolation_level=None)

    monkeypatch.setattr(Store, "_connect", connect)


def test_an_old_store_that_cannot_be_written_is_read_or_refused_in_one_sentence(path, monkeypatch):
    first_schema(path)
    only_to_read(monkeypatch)
    with Store(path, write=False) as store:
        assert len(list(store.results())) == 20
    with pytest.raises(BadInput, match="readonly") as caught:
        Store(path)
    assert str(caught.value).count(".") - str(path).count(".") == 1 and str(path) in str(caught.value)
    assert version(path) == 1


def test_an_upgrade_that_is_cut_off_leaves_the_store_as_it_was(path, monkeypatch):
    first_schema(path)
    before = path.read_bytes()
    statements = gdbench.database._UPGRADE
    monkeypatch.setattr(gdbench.database, "_UPGRADE", (*statements[:3], "no such statement"))
    with pytest.raises(BadInput):
        Store(path)
    assert version(path) == 1
    with Store(path, write=False) as store:
        assert len(list(store.results())) == 20
    monkeypatch.setattr(gdbench.database, "_UPGRADE", statements)
    assert path.read_bytes() == before
    with Store(path):
        pass
    assert version(path) == 2


def test_who_comes_second_finds_an_upgraded_store(path, monkeypatch):
    """Between the first look and the lock another process upgrades, and stores replicates."""
    first_schema(path)
    upgrade = Store._upgrade
    turns = []

    def late(self):
        turns.append(1)
        if len(turns) == 1:
            with Store(path) as faster:
                faster.write([("many", result(replace(CELL, replicates=40)), 0.0)])
        upgrade(self)

    monkeypatch.setattr(Store, "_upgrade", late)
    with Store(path) as store:
        assert store.load("many").cell.replicates == 40


def test_a_changed_byte_inside_a_result_is_noticed(path):
    filled(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE runs SET k = 2 WHERE key = '7'")
    connection.commit()
    connection.close()
    with Store(path, write=False) as store, pytest.raises(BadInput, match="damaged"):
        store.load("7")


def test_places_where_no_store_can_be(tmp_path):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file" / "results.sqlite"):
        with pytest.raises(BadInput, match=str(path)):
            Store(path)
    with pytest.raises(BadInput, match="There is no store"):
        Store(tmp_path / "missing.sqlite", write=False)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "results.sqlite"
    path.touch()
    with Store(path) as store:
        store.write([("a", result(), 0.0)])


# -- keys ---------------------------------------------------------------------------------------------------------


def test_a_key_depends_on_the_cell_and_not_on_how_it_is_written():
    assert key(CELL) == key(replace(CELL, problem="quadratic[ kappa = 10.0 , dim=20]"))
    others = [replace(CELL, iterations=999), replace(CELL, seed=1), replace(CELL, tolerance=1e-3)]
    others += [replace(CELL, target=0.5), replace(CELL, optimizer="gradient_descent[alpha=0.1]")]
    assert len({key(cell) for cell in [CELL, *others]}) == 6


def test_a_key_depends_on_the_sources_that_a_result_comes_from():
    def modules(optimizer, problem):
        places = [
            ("problems" if one.parent.name == "problems" else "gdbench", one) for one in pathlist(optimizer, problem)
        ]
        return {f"{place}/{one.parent.name}/{one.name}" for place, one in places}

    def pathlist(optimizer, problem):
        return sources.sources(optimizer, problem)

    found = modules("gradient_descent", "quadratic")
    for part in ("kernel/driver.py", "theory/theorem.py", "theory/gradient_descent.py", "theory/rounding.py"):
        assert f"gdbench/{part}" in found
    for name in ("run.py", "verdict.py", "jury.py", "trajectory.py", "parameter.py", "rate.py", "exactly.py"):
        assert f"gdbench/gdbench/{name}" in found
    assert "problems/problems/quadratic.py" in found and "problems/problems/mlp.py" not in found
    assert "gdbench/optimizers/gradient_descent.py" in found and "gdbench/optimizers/nesterov.py" not in found
    assert "gdbench/theory/line_search.py" not in found
    assert not [
        one for one in found if any(part in one for part in ("claims", "report", "verbs", "cli", "suite", "store"))
    ]
    lecture = modules("gradient_descent", "lecture_least_squares")
    assert "problems/problems/least_squares.py" in lecture


def test_an_edited_source_changes_just_the_keys_that_depend_on_it(monkeypatch):
    before = {name: key(replace(CELL, optimizer=name)) for name in ("gradient_descent", "backtracking")}
    edited = [one for one in sources.sources("backtracking", CELL.problem) if one.stem == "line_search"]
    assert edited
    digest_of = sources._digest
    monkeypatch.setattr(sources, "_digest", lambda path: "edited" if path in edited else digest_of(path))
    assert key(CELL) == before["gradient_descent"]
    assert key(replace(CELL, optimizer="backtracking")) != before["backtracking"]


def test_summaries_survive_as_json(path):
    with Store(path) as store:
        store.write([("a", result(), 0.0)])
    connection = sqlite3.connect(path)
    (text,) = connection.execute("SELECT summary FROM runs").fetchone()
    connection.close()
    assert math.isnan(json.loads(text)["gap"])
