"""Results as bytes: trajectories packed without loss, summaries as JSON, and a digest of it all."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdbench.run import Result
from gdbench.trajectory import Trajectory
from gdbench.verdict import Verdict

#: The fields of a stored verdict; `expected` belongs to a suite, not to a run.
VERDICT_FIELDS = (
    *("optimizer", "problem", "theorem", "kind", "outcome", "k", "measured", "bound", "tightness", "resolvable"),
    "reason",
)


def _little(column: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(column, dtype="<i8" if column.dtype.kind == "i" else "<f8")


def pack(trajectory: Trajectory) -> bytes:
    """A trajectory as a header line and the zlib-compressed bytes of its columns, first bytes first."""
    columns = {name: _little(column) for name, column in trajectory.columns.items()}
    header = {"length": len(trajectory), "columns": [[name, column.dtype.str] for name, column in columns.items()]}
    shuffled = b"".join(column.view(np.uint8).reshape(-1, 8).T.tobytes() for column in columns.values())
    return json.dumps(header).encode() + b"\n" + zlib.compress(shuffled, 4)


def unpack(blob: bytes) -> Trajectory:
    """The trajectory that was packed, to the last bit."""
    line, packed = blob.split(b"\n", 1)
    header = json.loads(line)
    length, columns = header["length"], header["columns"]
    planes = np.frombuffer(zlib.decompress(packed), dtype=np.uint8).reshape(len(columns), 8, length)
    restored: dict[str, NDArray[Any]] = {}
    for i, (name, kind) in enumerate(columns):
        column = planes[i].T.copy().view(kind).reshape(length)
        restored[name] = column.astype(column.dtype.newbyteorder("="), copy=False)
    return Trajectory(restored)


def empty_trajectory() -> Trajectory:
    """The trajectory of a run that never started."""
    return Trajectory({"k": np.zeros(0, dtype=np.int64)})


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"a summary cannot hold a {type(value).__name__}")


def to_json(value: Any) -> str:
    """JSON with NaN and infinities, which Python reads back."""
    return json.dumps(value, default=_plain, sort_keys=True)


def verdict_row(verdict: Verdict) -> tuple[Any, ...]:
    """The stored fields of a verdict, as plain Python values; SQLite knows no -0.0."""
    texts = (verdict.optimizer, verdict.problem, verdict.theorem, verdict.kind, verdict.outcome)
    figures = (verdict.measured, verdict.bound, verdict.tightness, verdict.resolvable)
    return (*texts, int(verdict.k), *(float(figure) + 0.0 for figure in figures), verdict.reason)


def settled(result: Result) -> Result:
    """The result as it will be read back: what a resumed run holds, a fresh one shall hold too."""
    verdicts = tuple(Verdict(*verdict_row(verdict)) for verdict in result.verdicts)
    return replace(result, k=int(result.k), summary=json.loads(to_json(result.summary)), verdicts=verdicts)


def digest(result: Result) -> str:
    """Sixty-four hex digits over everything in a result but wall time."""
    verdicts = [verdict_row(verdict) for verdict in result.verdicts]
    hasher = hashlib.sha256(to_json([result.status, int(result.k), result.reason, result.summary, verdicts]).encode())
    for name, column in result.trajectory.columns.items():
        hasher.update(name.encode() + b"\0" + _little(column).tobytes())
    return hasher.hexdigest()
