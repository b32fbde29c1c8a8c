"""A kernel's own Python source in another arithmetic: the same byte code over other constants, names and arrays.

What the code names is replaced as it is met: kernels and other Python functions by their transplants, functions that
have a replacement by it, float constants by the same float64 as an exact number, modules by rooms in which all this
holds. A compiled function without a replacement is refused when it is called, not before: a branch that is not taken
needs none.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable
from pathlib import Path
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, ModuleType, TracebackType
from typing import Any, Protocol

import numpy as np

from gdbench.explain.functions import Replacements, wide_functions
from gdbench.explain.wide import Leak, Wide, number_type
from gdbench.kernel.plain import TWINS

_REFUSED = (BuiltinFunctionType, np.ufunc)


class Arithmetic(Protocol):
    """Numbers, arrays and functions that a transplant computes with."""

    replacements: Replacements

    def constant(self, value: Any) -> Any:
        """A number of the source, as one of this arithmetic."""

    def array(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """A fresh array of the same numbers."""

    def foreign(self, function: Any) -> Any:
        """What stands in for a function that is not Python source and has no replacement."""


class Plain:
    """float64 in plain Python: what `NUMBA_DISABLE_JIT=1` computes."""

    def __init__(self) -> None:
        self.replacements: Replacements = TWINS

    def constant(self, value: Any) -> Any:
        """The number itself."""
        return value

    def array(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """A copy."""
        return values.copy()

    def foreign(self, function: Any) -> Any:
        """The function itself: plain Python calls it too."""
        return function


class Fifty:
    """50 digits; all numbers of one such arithmetic do at most `cap` operations together."""

    def __init__(self, cap: int) -> None:
        self.kind: type[Wide] = number_type(cap)
        self.replacements = wide_functions(self.kind)

    def constant(self, value: Any) -> Any:
        """A float as the exact number that it is; whole numbers stay."""
        if isinstance(value, float | np.floating):
            return self.kind.exactly(float(value))
        return int(value) if isinstance(value, np.integer) else value

    def array(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The same numbers as objects: exact ones for float64, Python's for whole numbers."""
        self.kind.meter.charge(values.size)
        made = np.empty(values.shape, dtype=object)
        for place, value in np.ndenumerate(values):
            made[place] = self.constant(value.item())
        return made

    def taken(self, numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Numbers of another such arithmetic as numbers of this one."""
        return np.array([self.kind.make(one.raw) for one in numbers], dtype=object)

    def foreign(self, function: Any) -> Any:
        """A function that says, when called, that it has no form in 50 digits."""

        def refuse(*_: Any, **__: Any) -> Any:
            raise Leak(f"{getattr(function, '__name__', function)}, which has no form in 50 digits")

        return refuse


class _Room:
    """A module as transplanted code sees it."""

    def __init__(self, module: ModuleType, converted: Callable[[Any], Any]) -> None:
        self._module, self._converted = module, converted

    def __getattr__(self, name: str) -> Any:
        return self._converted(getattr(self._module, name))


class Transplant:
    """Functions in another arithmetic; each is made once."""

    def __init__(self, arithmetic: Arithmetic) -> None:
        self.arithmetic = arithmetic
        self._replaced = {id(original): made for original, made in arithmetic.replacements.items()}
        self._made: dict[FunctionType, Any] = {}
        self._codes: set[CodeType] = set()

    def __call__(self, function: Any) -> Any:
        """A function, compiled or not, in this arithmetic."""
        return self._converted(function)

    def place(self, trace: TracebackType | None) -> str:
        """Where in the transplanted source an exception came from: function, line and file."""
        found = "no kernel"
        while trace is not None:
            code = trace.tb_frame.f_code
            if code in self._codes:
                found = f"{code.co_name}, line {trace.tb_lineno} of {Path(code.co_filename).name}"
            trace = trace.tb_next
        return found

    def _converted(self, value: Any) -> Any:
        if id(value) in self._replaced:
            return self._replaced[id(value)]
        plain = getattr(value, "py_func", value)
        if isinstance(plain, FunctionType):
            return self._function(plain)
        if isinstance(value, ModuleType):
            return _Room(value, self._converted)
        if isinstance(value, tuple) and type(value) is tuple:
            return tuple(self._converted(item) for item in value)
        if isinstance(value, np.ndarray):
            return self.arithmetic.array(value)
        if isinstance(value, _REFUSED) and getattr(builtins, getattr(value, "__name__", ""), None) is not value:
            return self.arithmetic.foreign(value)
        if isinstance(value, type) and issubclass(value, np.inexact):
            return self.arithmetic.foreign(value)
        return self.arithmetic.constant(value)

    def _function(self, function: FunctionType) -> Any:
        if function in self._made:
            return self._made[function]
        code = self._code(function.__code__)
        names: dict[str, Any] = {"__builtins__": builtins, "__name__": function.__module__}
        # Cells are filled below: functions may name each other.
        cells = tuple(CellType() for _ in function.__closure__ or ())
        made = FunctionType(code, names, function.__name__, None, cells)
        self._made[function] = made
        made.__defaults__ = self._converted(function.__defaults__)
        for cell, original in zip(cells, function.__closure__ or (), strict=True):
            cell.cell_contents = self._converted(original.cell_contents)
        for name in set(_names(code)):
            if name in function.__globals__:
                names[name] = self._converted(function.__globals__[name])
            elif name == "float" and id(float) in self._replaced:
                names[name] = self._replaced[id(float)]
        return made

    def _code(self, code: CodeType) -> CodeType:
        constants = tuple(
            self._code(one) if isinstance(one, CodeType) else self._converted(one) for one in code.co_consts
        )
        made = code.replace(co_consts=constants)
        self._codes.add(made)
        return made


def _names(code: CodeType) -> Iterable[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
