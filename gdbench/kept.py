"""The metrics of a store, which `gdbench run` keeps in it under a key of all that they depend on.

To measure claims takes kernels, theorems and every trajectory; to read what was measured takes neither. The key names
every byte of the results and of gdbench, so that nothing that was kept before an edit can be taken for what holds now.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import astuple
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from gdbench.database import Database
from gdbench.errors import BadInput
from gdbench.imports import folders
from gdbench.metrics import Metrics, metrics

if TYPE_CHECKING:
    from gdbench.store import Store

#: Libraries that the figures of a claim come out of.
LIBRARIES = ("numba", "numpy")


def sources() -> str:
    """Sixty-four hex digits that change with any file of gdbench, its suites among them, Python and the libraries."""
    found = {
        f"{package}/{file.relative_to(folder).as_posix()}": hashlib.sha256(file.read_bytes()).hexdigest()
        for package, folder in folders().items()
        for pattern in ("*.py", "*.toml")
        for file in folder.rglob(pattern)
    }
    parts = [sorted(found.items()), sys.version_info[:3], [version(name) for name in LIBRARIES]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def lines(path: Path) -> list[Metrics]:
    """The metrics of a store: what was kept where that holds, and measured anew where not."""
    with Database(path, write=False) as file:
        text = file.kept(_key(file, sources()))
    if text is not None:
        return [Metrics(*row) for row in json.loads(text)]
    from gdbench.store import Store

    with Store(path, write=False) as store:
        return measured(store)


def keep(store: Store, before: str) -> None:
    """Keep the metrics of a store; before: the `sources` at the start of this process.

    Where a file was edited since, nothing is kept: the code that runs is no longer the code that lies there.
    """
    key = _key(store, before)
    if sources() == before and store.kept(key) is None:
        store.keep(key, json.dumps([astuple(line) for line in measured(store)]))


def _key(file: Database, of_sources: str) -> str:
    return hashlib.sha256(f"{of_sources} {file.content()}".encode()).hexdigest()


def measured(store: Store) -> list[Metrics]:
    """All runs, and the claims and exponents of the default suite where all its runs are among them."""
    from gdbench import evaluate
    from gdbench.sources import canonical
    from gdbench.suite import DEFAULT, load

    results = list(store.results())
    if not results:
        raise BadInput(f"The store {store.path} is empty: `gdbench run` fills it.")
    wanted = load(DEFAULT)
    there = {result.cell: result for result in results}
    cells = [canonical(cell) for cell in wanted.cells]
    whole = all(cell in there for cell in cells)
    return metrics(results, evaluate.over_runs(wanted, [there[cell] for cell in cells]) if whole else None)
