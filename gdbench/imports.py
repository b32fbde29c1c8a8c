"""Which files of gdbench a file imports, directly and through others; nothing is imported to find out."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "gdbench"
PROBLEMS = "gdbench.problems"


@cache
def folders() -> dict[str, Path]:
    """Package -> its folder, for `gdbench` and for `gdbench.problems`, which may lie elsewhere."""
    found = {PACKAGE: Path(__file__).resolve().parent}
    spec = find_spec(PROBLEMS)
    if spec is not None and spec.submodule_search_locations:
        found[PROBLEMS] = Path(next(iter(spec.submodule_search_locations))).resolve()
    return found


@cache
def module_file(name: str) -> Path | None:
    """The file of a module of gdbench; None where the name is no module of it."""
    for package, folder in sorted(folders().items(), reverse=True):
        if name == package or name.startswith(f"{package}."):
            place = folder.joinpath(*name[len(package) + 1 :].split("."))
            return next((file for file in (place / "__init__.py", place.with_suffix(".py")) if file.is_file()), None)
    return None


def module_name(file: Path) -> str | None:
    """The dotted name of a file of gdbench; None for a file outside."""
    for package, folder in sorted(folders().items(), reverse=True):
        if file.is_relative_to(folder):
            parts = file.relative_to(folder).with_suffix("").parts
            return ".".join([package, *parts[: -1 if parts[-1] == "__init__" else None]])
    return None


@cache
def imports(file: Path) -> tuple[str, ...]:
    """The modules of gdbench that a file imports anywhere in it, whether or not a condition lets it."""
    wanted: list[str] = []
    for node in ast.walk(ast.parse(file.read_bytes())):
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    # `import a.b.c` binds a, and what hangs on it; `import a.b.c as d` binds only c.
                    parts = alias.name.split(".")
                    wanted += [".".join(parts[:i]) for i in range(len(parts) if alias.asname else 1, len(parts) + 1)]
            case ast.ImportFrom(names=aliases):
                module = _origin(file, node)
                wanted += [module, *(f"{module}.{alias.name}" for alias in aliases)]
    return tuple(name for name in dict.fromkeys(wanted) if module_file(name) is not None)


def _origin(file: Path, node: ast.ImportFrom) -> str:
    """The absolute name of the module that a `from … import` names; dots count from the file's package."""
    if not node.level:
        return node.module or ""
    own = module_name(file)
    if own is None:
        return ""
    parts = own.split(".")
    kept = len(parts) - node.level + (file.name == "__init__.py")
    return ".".join([*parts[:kept], *([node.module] if node.module else [])])


def follow(names: Iterable[str], leave_out: Collection[str] = ()) -> set[str]:
    """These modules of gdbench and all that they import, but for the ones left out."""
    found: set[str] = set()
    waiting = [name for name in names if name not in leave_out]
    while waiting:
        name = waiting.pop()
        file = module_file(name)
        if name in found or file is None:
            continue
        found.add(name)
        waiting += [other for other in imports(file) if other not in leave_out]
    return found
