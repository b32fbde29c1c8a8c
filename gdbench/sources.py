"""The key of a cell: what it is, and the sources that its result depends on."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from gdbench import registry, theory
from gdbench.run import Cell

#: What every result comes out of; imports are followed from here.
ROOT = "gdbench.run"
#: Packages whose own file only lists what is in them.
LISTS = ("gdbench", "gdbench.theory", "gdbench.claims", "gdbench.problems", "gdbench.optimizers")


def canonical(cell: Cell) -> Cell:
    """The cell with its selectors in canonical form."""
    problem = registry.canonical("problem", cell.problem)
    return replace(cell, optimizer=registry.canonical("optimizer", cell.optimizer), problem=problem)


def key(cell: Cell) -> str:
    """Sixty-four hex digits that change with the cell and with the sources it depends on, and with nothing else."""
    cell = canonical(cell)
    identity = [cell.optimizer, cell.problem, cell.iterations, float(cell.tolerance), float(cell.target), cell.seed]
    parts = [identity, [(path.name, _digest(path)) for path in sources(cell.optimizer, cell.problem)]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def sources(optimizer: str, problem: str) -> tuple[Path, ...]:
    """The files that a result of this pair depends on, in a fixed order."""
    roots = [ROOT, registry.module("optimizer", registry.split_selector(optimizer)[0]).__name__]
    roots.append(registry.module("problem", registry.split_selector(problem)[0]).__name__)
    roots += sorted({_families()[name] for name in registry.optimizer(optimizer).theorems if name in _families()})
    modules: set[str] = set()
    _follow(roots, modules)
    return tuple(_file(name) for name in sorted(modules))


@cache
def _families() -> dict[str, str]:
    """Theorem id -> the module of its family."""
    modules = [import_module(f"gdbench.theory.{family}") for family in theory.FAMILIES]
    return {theorem.id: module.__name__ for module in modules for theorem in module.THEOREMS}


def _follow(names: Iterable[str], found: set[str]) -> None:
    """Add modules, and those of gdbench that they import, to the ones found."""
    for name in names:
        if name not in found:
            found.add(name)
            _follow(_imports(_file(name)), found)


@cache
def _imports(path: Path) -> tuple[str, ...]:
    wanted: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        match node:
            case ast.Import(names=aliases):
                wanted += [alias.name for alias in aliases]
            case ast.ImportFrom(module=str() as module, names=aliases):
                wanted += [module, *(f"{module}.{alias.name}" for alias in aliases)]
    ours = [name for name in dict.fromkeys(wanted) if name.startswith("gdbench.") and name not in LISTS]
    return tuple(name for name in ours if _is_module(name))


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # the name of something inside a module
        return False


@cache
def _file(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin)


@cache
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
