"""Results on disk: one SQLite file, written by one process, in transactions that survive its death.

A file is recognised by its application id before SQLite opens it, so that a file that is not ours is never touched.
"""

from __future__ import annotations

import errno
import json
import math
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from gdbench.errors import BadInput
from gdbench.packing import VERDICT_FIELDS, digest, pack, to_json, unpack, verdict_row
from gdbench.run import Cell, Result
from gdbench.sources import key
from gdbench.verdict import Verdict

DEFAULT = Path(".gdbench") / "results.sqlite"
APPLICATION_ID = 0x67644265  # "gdBe"
SCHEMA = 1
#: Seconds to wait for another process that writes.
PATIENCE = 5.0

_TABLES = """
CREATE TABLE runs (
    key TEXT PRIMARY KEY, optimizer TEXT NOT NULL, problem TEXT NOT NULL, iterations INTEGER NOT NULL,
    tolerance REAL NOT NULL, target REAL NOT NULL, seed INTEGER NOT NULL, status TEXT NOT NULL, k INTEGER NOT NULL,
    reason TEXT NOT NULL, summary TEXT NOT NULL, digest TEXT NOT NULL,
    UNIQUE (optimizer, problem, iterations, tolerance, target, seed)
);
CREATE TABLE trajectories (
    key TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE, columns BLOB NOT NULL
);
CREATE TABLE verdicts (
    key TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, position INTEGER NOT NULL, optimizer TEXT NOT NULL,
    problem TEXT NOT NULL, theorem TEXT NOT NULL, kind TEXT NOT NULL, outcome TEXT NOT NULL, k INTEGER NOT NULL,
    measured REAL, bound REAL, tightness REAL, resolvable REAL, reason TEXT NOT NULL,
    PRIMARY KEY (key, position)
);
CREATE TABLE wall_times (
    key TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE, seconds REAL NOT NULL
);
"""
_IDENTITY = ("optimizer", "problem", "iterations", "tolerance", "target", "seed")
_RUN_FIELDS = ("key", *_IDENTITY, "status", "k", "reason", "summary", "digest")
_VERDICT_ROW = ("key", "position", *VERDICT_FIELDS)


def _marks(names: Sequence[str]) -> str:
    return ", ".join("?" * len(names))


# ruff: noqa: S608 - statements are made of the names above and nothing else
_KEYS = f"SELECT key FROM runs ORDER BY {', '.join(_IDENTITY)}"
_RUN = f"SELECT {', '.join(_RUN_FIELDS)} FROM runs WHERE key = ?"
_TRAJECTORY = "SELECT columns FROM trajectories WHERE key = ?"
_VERDICTS = f"SELECT {', '.join(VERDICT_FIELDS)} FROM verdicts WHERE key = ? ORDER BY position"
_DROP = f"DELETE FROM runs WHERE {' AND '.join(f'{name} = ?' for name in _IDENTITY)}"
_ADD_RUN = f"INSERT INTO runs ({', '.join(_RUN_FIELDS)}) VALUES ({_marks(_RUN_FIELDS)})"
_ADD_VERDICT = f"INSERT INTO verdicts ({', '.join(_VERDICT_ROW)}) VALUES ({_marks(_VERDICT_ROW)})"


def _put(fresh: Path, place: Path) -> None:
    """Move a new store into place, unless another process was faster."""
    if place.exists():  # empty: whoever made it wanted a new store
        fresh.replace(place)
        return
    try:
        os.link(fresh, place)
    except FileExistsError:
        return
    except OSError:  # a file system without links
        fresh.replace(place)


class Nondeterminism(Exception):
    """A cell gave another result than before, from the same sources."""


def resumable(result: Result) -> bool:
    """Whether a stored result need not be computed again: not one that ran out of time or never started."""
    return result.status != "timed_out" and len(result.trajectory) > 0


class Store:
    """The results in one file. With `write` a missing file is made; without, it must be there and stays as it is."""

    def __init__(self, path: str | Path = DEFAULT, write: bool = True) -> None:
        self.path = Path(path)
        self._write = write
        with self._one_sentence():
            if write:
                self._make_if_missing()
            self._check_header()
            self._connection = self._connect()
            try:
                self._check_pages()
                if write:
                    self._prepare_to_write()
            except BaseException:
                self._connection.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Hand the file back, complete in itself: without a log beside it."""
        with suppress(sqlite3.Error):
            if self._write:
                self._connection.execute("PRAGMA journal_mode = DELETE")
        self._connection.close()

    # -- opening ------------------------------------------------------------------------------------------------

    @contextmanager
    def _one_sentence(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                busy = f"The store {self.path} is in use by another process"
                raise BadInput(f"{busy}: wait for it, or give another --store.") from error
            raise BadInput(f"The store {self.path} cannot be used ({error}): give another --store.") from error
        except sqlite3.DatabaseError as error:
            raise self._damaged(str(error)) from error
        except OSError as error:
            text = (error.strerror or str(error)).lower()
            raise BadInput(f"The store {self.path} cannot be used ({text}): give another --store.") from error

    def _damaged(self, detail: str) -> BadInput:
        return BadInput(f"The store {self.path} is damaged ({detail}): move it away, or give another --store.")

    def _make_if_missing(self) -> None:
        """Build the empty store beside its place and link it in, so that a half-made one never exists."""
        if self.path.exists() and (self.path.is_dir() or self.path.stat().st_size > 0):
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise NotADirectoryError(errno.ENOTDIR, "Not a directory") from error
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            template = sqlite3.connect(fresh)
            pragmas = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA};"
            template.executescript(f"BEGIN; {_TABLES} {pragmas} COMMIT;")
            template.close()
            _put(fresh, self.path)
        finally:
            fresh.unlink(missing_ok=True)

    def _check_header(self) -> None:
        if not self.path.exists():
            raise BadInput(f"There is no store {self.path}: `gdbench run` writes one, or name it with --store.")
        if self.path.is_dir():
            raise BadInput(f"The store {self.path} is a folder: name a file, such as {self.path / DEFAULT.name}.")
        with self.path.open("rb") as file:
            header = file.read(100)
        if not header.startswith(b"SQLite format 3\0"[: max(len(header), 1)]):
            raise BadInput(f"The file {self.path} is not a store of gdbench: give another --store.")
        if len(header) < 100:
            raise self._damaged("it is truncated")
        if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
            raise BadInput(f"The file {self.path} is a database of another program: give another --store.")
        self._check_version(int.from_bytes(header[60:64], "big"))
        if self._write and not (os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)):
            raise BadInput(f"The store {self.path} cannot be written to: give another --store.")

    def _check_version(self, version: int) -> None:
        if version != SCHEMA:
            newer = "newer" if version > SCHEMA else "older"
            raise BadInput(
                f"The store {self.path} was written by a {newer} gdbench (schema {version}, here {SCHEMA}): "
                "give another --store."
            )

    def _connect(self) -> sqlite3.Connection:
        # Writable for readers too: after a kill, SQLite first brings the file in order.
        uri = f"{self.path.resolve().as_uri()}?mode=rw"
        return sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None)

    def _check_pages(self) -> None:
        execute = self._connection.execute
        execute("PRAGMA query_only = ON")
        self._check_version(execute("PRAGMA user_version").fetchone()[0])
        (answer,) = execute("PRAGMA quick_check(1)").fetchone()
        if answer != "ok":
            raise self._damaged(" ".join(answer.replace("*** in database main ***", "").split()))
        tables = {name for (name,) in execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"runs", "trajectories", "verdicts", "wall_times"} <= tables:
            raise self._damaged("a table is missing")

    def _prepare_to_write(self) -> None:
        self._connection.execute("PRAGMA query_only = OFF")
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise
            self._connection.execute("PRAGMA journal_mode = DELETE")
        # One writer: SQLite before 3.51.3 can corrupt a WAL that several connections write.
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("COMMIT")

    # -- reading ------------------------------------------------------------------------------------------------

    def load(self, name: str) -> Result | None:
        """The result stored under a key."""
        with self._one_sentence():
            row = self._connection.execute(_RUN, (name,)).fetchone()
            return None if row is None else self._result(dict(zip(_RUN_FIELDS, row, strict=True)))

    def results(self) -> Iterator[Result]:
        """All results, ordered by cell: the same order whatever was run when."""
        with self._one_sentence():
            names = self._connection.execute(_KEYS).fetchall()
        for (name,) in names:
            result = self.load(name)
            if result is not None:
                yield result

    def _result(self, row: dict[str, Any]) -> Result:
        blob = self._connection.execute(_TRAJECTORY, (row["key"],)).fetchone()
        rows = self._connection.execute(_VERDICTS, (row["key"],)).fetchall()
        try:
            result = Result(
                cell=Cell(**{name: row[name] for name in _IDENTITY}),
                **{name: row[name] for name in ("status", "k", "reason")},
                summary=json.loads(row["summary"]),
                trajectory=unpack(blob[0]),
                verdicts=tuple(
                    Verdict(*values[:5], *(math.nan if value is None else value for value in values[5:]))
                    for values in rows
                ),
            )
        except (TypeError, ValueError, KeyError, zlib.error) as error:
            raise self._damaged(f"a result of {row['optimizer']} on {row['problem']} cannot be read") from error
        if digest(result) != row["digest"]:
            raise self._damaged(f"a result of {row['optimizer']} on {row['problem']} has changed")
        return result

    # -- writing ------------------------------------------------------------------------------------------------

    def write(self, batch: Iterable[tuple[str, Result, float]]) -> None:
        """Add (key, result, seconds) in one transaction; results of the same cells from other sources go.

        A result that differs from the one stored under its key is `Nondeterminism`, unless one of them was cut off.
        """
        with self._one_sentence():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for name, result, seconds in batch:
                    self._replace(name, result, seconds)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def _replace(self, name: str, result: Result, seconds: float) -> None:
        execute = self._connection.execute
        identity = tuple(getattr(result.cell, field) for field in _IDENTITY)
        mark = digest(result)
        before = self.load(name)
        if before is not None and resumable(before) and resumable(result) and digest(before) != mark:
            raise Nondeterminism(
                f"{result.cell.optimizer} on {result.cell.problem} gave another result than the one in {self.path} "
                "from the same sources: it is not deterministic, or the machine or its libraries have changed."
            )
        execute(_DROP, identity)
        execute(_ADD_RUN, (name, *identity, result.status, result.k, result.reason, to_json(result.summary), mark))
        execute("INSERT INTO trajectories VALUES (?, ?)", (name, pack(result.trajectory)))
        rows = [(name, i, *verdict_row(verdict)) for i, verdict in enumerate(result.verdicts)]
        self._connection.executemany(_ADD_VERDICT, rows)
        execute("INSERT INTO wall_times VALUES (?, ?)", (name, seconds))


__all__ = ["DEFAULT", "Nondeterminism", "Store", "key", "resumable"]
