"""Results on disk: one SQLite file, written by one process, in transactions that survive its death."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gdbench.database import APPLICATION_ID, DEFAULT, SCHEMA, Database
from gdbench.packing import VERDICT_FIELDS, digest, pack, to_json, unpack, verdict_row
from gdbench.run import Cell, Result
from gdbench.sources import key
from gdbench.verdict import Verdict

_IDENTITY = ("optimizer", "problem", "iterations", "tolerance", "target", "seed", "replicates")
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


class Nondeterminism(Exception):
    """A cell gave another result than before, from the same sources."""


def resumable(result: Result) -> bool:
    """Whether a stored result need not be computed again: not one that ran out of time or never started."""
    return result.status != "timed_out" and len(result.trajectory) > 0


class Store(Database):
    """The results in one file."""

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
        with self._transaction():
            for name, result, seconds in batch:
                self._replace(name, result, seconds)

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


__all__ = ["APPLICATION_ID", "DEFAULT", "SCHEMA", "Nondeterminism", "Store", "key", "resumable"]
