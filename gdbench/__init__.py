"""gdbench: gradient methods on certified problems, where every iterate is held against the theory.

`gdbench.run("gradient_descent", "quadratic[kappa=100]").verdicts` is a table of what became of each theorem.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gdbench.errors import BadInput

if TYPE_CHECKING:
    from gdbench.interface import optimizer, problem, run, suite, theorem

    __version__: str

__all__ = ["BadInput", "__version__", "optimizer", "problem", "run", "suite", "theorem"]

_FUNCTIONS = ("optimizer", "problem", "run", "suite", "theorem")


class _Package(ModuleType):
    """Importing the module `gdbench.run` would put it in the place of the function `gdbench.run`: this keeps it out."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _FUNCTIONS and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONS:
        from gdbench import interface

        return getattr(interface, name)
    if name == "__version__":
        from importlib.metadata import version

        return version("gdbench")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
