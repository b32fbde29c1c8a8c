"""A kernel as plain Python in a process that compiles: the same function, and plain Python for all that it calls."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from gdbench.kernel import lanes, maths

#: What Python cannot run, and the plain form that computes the same bits.
TWINS: dict[Any, Callable[..., Any]] = {
    lanes._compiled_dot: lanes.plain_dot,  # noqa: SLF001 - twins live side by side, in one room
    lanes._compiled_dist2: lanes.plain_dist2,  # noqa: SLF001
    lanes._compiled_total: lanes.plain_total,  # noqa: SLF001
    lanes._compiled_observe: lanes.plain_observe,  # noqa: SLF001
    maths._compiled_two_to: maths.plain_two_to,  # noqa: SLF001
    maths._compiled_exponent: maths.plain_exponent,  # noqa: SLF001
}


def plain(kernel: Any) -> Callable[..., Any]:
    """The kernel uncompiled, and with it every kernel and helper that it reaches by its globals."""
    return _plain(kernel, {})  # type: ignore[no-any-return]


def _plain(one: Any, made: dict[int, Any]) -> Any:
    if not hasattr(one, "py_func"):
        return one
    if one in TWINS:
        return TWINS[one]
    if id(one) not in made:
        function = one.py_func
        names: dict[str, Any] = dict(function.__globals__)
        copied = FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
        made[id(one)] = copied
        names.update({name: _plain(names[name], made) for name in function.__code__.co_names if name in names})
    return made[id(one)]
