"""All that a report is made of: the default suite, its results out of a store, and what is expected of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gdbench import evaluate
from gdbench.errors import BadInput
from gdbench.explain import explained
from gdbench.run import Cell, Result
from gdbench.sources import canonical, key
from gdbench.store import Store
from gdbench.suite import DEFAULT, Suite, load


@dataclass(frozen=True, slots=True)
class Record:
    """results holds every cell of the suite; rows are those of `gdbench run`."""

    suite: Suite
    results: dict[Cell, Result]
    rows: evaluate.Report

    def runs(self, optimizer: str, problem: str) -> Result:
        """The result of a pair; `NotMeasured` where its run came to nothing."""
        return evaluate.Lookup(self.suite.name, list(self.results.values()))(optimizer, problem)

    def of_run(self, run: dict[str, Any]) -> list[dict[str, Any]]:
        """The rows of one run, theorem by theorem."""
        return [row for row in self.rows.verdicts if all(row[name] == run[name] for name in ("optimizer", "problem"))]

    def verdicts(self, theorem: str) -> list[dict[str, Any]]:
        """The rows of one theorem, run by run."""
        return [row for row in self.rows.verdicts if row["theorem"] == theorem]


def read(store: Store) -> Record:
    """The record of the default suite; `BadInput` says how much of it the store lacks."""
    suite = load(DEFAULT)
    found = {cell: store.load(key(cell)) for cell in suite.cells}
    results = {canonical(cell): result for cell, result in found.items() if result is not None}
    missing = len(found) - len(results)
    if missing:
        stale = {result.cell for result in store.results()} & {canonical(c) for c, r in found.items() if r is None}
        why = f"; {len(stale)} of these were run by other sources" if stale else ""
        lacks = f"The store {store.path} lacks {missing} of the {len(found)} runs of the suite {DEFAULT}{why}"
        raise BadInput(f"{lacks}: `gdbench run {DEFAULT}` adds them.")
    rows = evaluate.suite(suite, list(results.values()))
    explained(rows.verdicts, results.values())
    return Record(suite, results, rows)
