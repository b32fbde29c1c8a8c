"""A file outside the repository that defines a problem or an optimizer as those in it do, with a function `make`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Literal

from gdbench import registry
from gdbench.errors import BadInput
from gdbench.optimizer import Optimizer
from gdbench.problem import Problem


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plug-in: its file, what it defines, and the name by which it is called, which is the file's."""

    file: Path
    what: Literal["problem", "optimizer"]
    name: str

    def among(self, texts: Sequence[str]) -> list[str]:
        """The selectors among these that name this plug-in, in canonical form; the bare name where none does."""
        mine = [text for text in texts if registry.split_selector(text)[0] == self.name]
        return [registry.canonical(self.what, text) for text in mine] or [self.name]


def check(file: Path) -> None:
    """Raise `BadInput` where a file cannot be a plug-in; nothing in it is executed."""
    if not file.is_file():
        raise BadInput(f"There is no file {file}: --plugin takes a Python file that defines `make`.")
    if file.suffix != ".py" or not file.stem.isidentifier():
        raise BadInput(f"{file.name} is no plug-in: name it as its problem or optimizer, as in my_method.py.")
    for what in ("problem", "optimizer"):
        if file.stem in registry.names(what):
            raise BadInput(f"There is already {_a(what)} {file.stem!r}: give {file.name} another name.")


@cache
def adopt(file: Path) -> Plugin:
    """Execute a plug-in and add what it defines to the registry of this process, once."""
    check(file)
    module = _module(file)
    if not callable(getattr(module, "make", None)):
        raise BadInput(f"{file.name} defines no function `make` that returns a Problem or an Optimizer.")
    made = module.make()
    if isinstance(made, Problem):
        plugin = Plugin(file, "problem", file.stem)
    elif isinstance(made, Optimizer):
        plugin = Plugin(file, "optimizer", file.stem)
    else:
        raise BadInput(f"`make` of {file.name} returns {_a(type(made).__name__)}, not a Problem or an Optimizer.")
    registry.adopt(plugin.what, plugin.name, module)
    return plugin


def _module(file: Path) -> ModuleType:
    name = f"gdbench_plugin_{file.stem}"
    spec = spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # where pickling and typing look for it
    spec.loader.exec_module(module)
    return module


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0].lower() in "aeiou" else f"a {noun}"
