"""Stored trajectories as one tidy table: a row for each run and k, in CSV or Parquet."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gdbench.errors import BadInput
from gdbench.kernel import COLUMNS
from gdbench.run import Result
from gdbench.trajectory import PATH_DIMENSION

#: Every table has these columns; what a run lacks is empty.
MEASURED = ("k", *COLUMNS, *(f"x{i}" for i in range(PATH_DIMENSION)))


def _frame(result: Result) -> pd.DataFrame:
    length = len(result.trajectory)
    identity = {**asdict(result.cell), "status": result.status}
    columns: dict[str, Any] = {name: [value] * length for name, value in identity.items()}
    for name in MEASURED:
        columns[name] = result.trajectory.columns.get(name, np.full(length, np.nan))
    return pd.DataFrame(columns)


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file beside the wanted one that takes its place in the end: a reader never meets half a table."""
    if path.is_dir():
        raise BadInput(f"The file {path} cannot be written: it is a directory, name a file in it.")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield draft
        draft.replace(path)
    except OSError as error:
        text = (error.strerror or str(error)).lower()
        raise BadInput(f"The file {path} cannot be written ({text}): name another one.") from error
    finally:
        draft.unlink(missing_ok=True)


def to_csv(results: Iterable[Result], path: Path) -> int:
    """Write a CSV file with the shortest digits that read back exactly; returns the number of rows."""
    rows = 0
    with _replacing(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        header = True
        for result in results:
            _frame(result).to_csv(file, index=False, header=header, lineterminator="\n")
            header = False
            rows += len(result.trajectory)
    return rows


def to_parquet(results: Iterable[Result], path: Path) -> int:
    """Write a Parquet file, one row group for each run; returns the number of rows."""
    try:
        pa, pq = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise BadInput("Parquet needs pyarrow: install gdbench[parquet], or export --csv.") from None
    rows = 0
    texts = {name: pa.string() for name in ("optimizer", "problem", "status")}
    whole = {name: pa.int64() for name in ("iterations", "seed", "replicates", "k")}
    names = ("optimizer", "problem", "iterations", "tolerance", "target", "seed", "replicates", "status", *MEASURED)
    schema = pa.schema([(name, (texts | whole).get(name, pa.float64())) for name in names])
    with _replacing(path) as draft, pq.ParquetWriter(draft, schema) as writer:
        for result in results:
            writer.write_table(pa.Table.from_pandas(_frame(result), schema=schema, preserve_index=False))
            rows += len(result.trajectory)
    return rows
