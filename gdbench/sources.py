"""The key of a cell: what it is, and the sources that its result depends on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

from gdbench import registry, theory
from gdbench.imports import follow, module_file
from gdbench.run import Cell

#: What every result comes out of; imports are followed from here.
ROOT = "gdbench.run"
#: Packages whose own file only lists what is in them.
LISTS = (
    *("gdbench", "gdbench.theory", "gdbench.claims"),
    *("gdbench.problems", "gdbench.optimizers", "gdbench.schedules", "gdbench.samplings"),
)


def canonical(cell: Cell) -> Cell:
    """The cell with its selectors in canonical form."""
    problem = registry.canonical("problem", cell.problem)
    return replace(cell, optimizer=registry.canonical("optimizer", cell.optimizer), problem=problem)


def key(cell: Cell) -> str:
    """Sixty-four hex digits that change with the cell and with the sources it depends on, and with nothing else."""
    cell = canonical(cell)
    identity = [cell.optimizer, cell.problem, cell.iterations, float(cell.tolerance), float(cell.target)]
    identity += [cell.seed, cell.replicates]
    parts = [identity, [(path.name, _digest(path)) for path in sources(cell.optimizer, cell.problem)]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def sources(optimizer: str, problem: str) -> tuple[Path, ...]:
    """The files that a result of this pair depends on, in a fixed order."""
    roots = [ROOT, registry.module("optimizer", registry.split_selector(optimizer)[0]).__name__]
    given = registry.split_selector(optimizer)[1]
    chosen = [what for what in ("schedule", "sampling") if what in given]
    roots += [registry.module(what, registry.split_selector(given[what])[0]).__name__ for what in chosen]
    roots.append(registry.module("problem", registry.split_selector(problem)[0]).__name__)
    roots += sorted({_families()[name] for name in registry.optimizer(optimizer).theorems if name in _families()})
    return tuple(_file(name) for name in sorted(follow(roots, LISTS)))


@cache
def _families() -> dict[str, str]:
    """Theorem id -> the module of its family."""
    modules = [import_module(f"gdbench.theory.{family}") for family in theory.FAMILIES]
    return {theorem.id: module.__name__ for module in modules for theorem in module.THEOREMS}


def _file(name: str) -> Path:
    file = module_file(name)
    assert file is not None
    return file


@cache
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
