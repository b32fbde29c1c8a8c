"""The SQLite file behind a store: found or made, checked, and its faults said in one sentence.

A file is recognised by its application id before SQLite opens it, so that a file that is not ours is never touched.
"""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from gdbench.errors import BadInput

DEFAULT = Path(".gdbench") / "results.sqlite"
APPLICATION_ID = 0x67644265  # "gdBe"
SCHEMA = 2
#: Seconds to wait for another process that writes.
PATIENCE = 5.0

#: What a result is made of, in a fixed order; how long it took is no part of it.
_CONTENT = (
    "SELECT * FROM runs ORDER BY key",
    "SELECT * FROM trajectories ORDER BY key",
    "SELECT * FROM verdicts ORDER BY key, position",
)
#: Stores that were made before there was such a table get it when something is kept.
_KEPT = "CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, content TEXT NOT NULL, digest TEXT NOT NULL);"
_RUNS = """(
    key TEXT PRIMARY KEY, optimizer TEXT NOT NULL, problem TEXT NOT NULL, iterations INTEGER NOT NULL,
    tolerance REAL NOT NULL, target REAL NOT NULL, seed INTEGER NOT NULL, replicates INTEGER NOT NULL,
    status TEXT NOT NULL, k INTEGER NOT NULL, reason TEXT NOT NULL, summary TEXT NOT NULL, digest TEXT NOT NULL,
    UNIQUE (optimizer, problem, iterations, tolerance, target, seed, replicates)
)"""
_TABLES = f"""
{_KEPT}
CREATE TABLE runs {_RUNS};
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
# ruff: noqa: S608 - statements are made of constants
#: The runs of a store of schema 1, which knew no replicates, as schema 2 has them.
_FIRST_RUNS = """SELECT key, optimizer, problem, iterations, tolerance, target, seed, 1 AS replicates, status, k,
    reason, summary, digest FROM main.runs"""
#: What makes a store of schema 1 one of schema 2, and what lets a reader see it as one.
_UPGRADE = (
    f"CREATE TABLE upgraded {_RUNS}",
    f"INSERT INTO upgraded {_FIRST_RUNS}",
    "DROP TABLE runs",
    "ALTER TABLE upgraded RENAME TO runs",
    f"PRAGMA user_version = {SCHEMA}",
)
_SEEN_UPGRADED = f"CREATE TEMPORARY VIEW runs AS {_FIRST_RUNS}"


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


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Database:
    """One file. With `write` a missing one is made; without, it must be there and stays as it is."""

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
        if version not in (1, SCHEMA):
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
        self._check_version(self._version())
        (answer,) = execute("PRAGMA quick_check(1)").fetchone()
        if answer != "ok":
            raise self._damaged(" ".join(answer.replace("*** in database main ***", "").split()))
        tables = {name for (name,) in execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"runs", "trajectories", "verdicts", "wall_times"} <= tables:
            raise self._damaged("a table is missing")
        if self._version() == 1:
            execute("PRAGMA query_only = OFF")
            self._upgrade()
            execute("PRAGMA query_only = ON")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _upgrade(self) -> None:
        """From schema 1; a reader leaves the file as it is."""
        if not self._write:
            self._connection.execute(_SEEN_UPGRADED)
            return
        with self._transaction():
            if self._version() == 1:  # another process may have been faster
                for statement in _UPGRADE:
                    self._connection.execute(statement)

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

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All that is written inside is there in the end, or nothing of it."""
        with self._one_sentence():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    # -- what follows from the results ----------------------------------------------------------------------------

    def content(self) -> str:
        """Sixty-four hex digits over every byte of every result."""
        hasher = hashlib.sha256()
        with self._one_sentence():
            for statement in _CONTENT:
                for row in self._connection.execute(statement):
                    blobs = [value for value in row if isinstance(value, bytes)]
                    hasher.update(repr([len(value) if isinstance(value, bytes) else value for value in row]).encode())
                    hasher.update(b"".join(blobs))
        return hasher.hexdigest()

    def kept(self, key: str) -> str | None:
        """The text kept under a key, to the last byte; None where there is none."""
        with self._one_sentence():
            try:
                row = self._connection.execute("SELECT content, digest FROM kept WHERE key = ?", (key,)).fetchone()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return None
                raise
        return row[0] if row is not None and row[1] == _digest(row[0]) else None

    def keep(self, key: str, text: str) -> None:
        """Keep a text under a key, in the place of any other."""
        with self._transaction():
            self._connection.execute(_KEPT)
            self._connection.execute("DELETE FROM kept")
            self._connection.execute("INSERT INTO kept VALUES (?, ?, ?)", (key, text, _digest(text)))
