"""Finds problems, optimizers, schedules and samplings by their files, and turns `name[param=value,…]` into them."""

from __future__ import annotations

import inspect
import math
import pkgutil
import re
import typing
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Literal

from gdbench.errors import BadInput, unknown
from gdbench.optimizer import Optimizer
from gdbench.parameter import EXACT, Optimal, Range, StepSize, Unit
from gdbench.problem import Problem
from gdbench.sampling import Sampling
from gdbench.schedule import CONSTANT, Schedule
from gdbench.view import in_turn

_PACKAGES = {
    "problem": "gdbench.problems",
    "optimizer": "gdbench.optimizers",
    "schedule": "gdbench.schedules",
    "sampling": "gdbench.samplings",
}
#: What files outside the repository define, by kind and name.
_ADOPTED: dict[str, dict[str, ModuleType]] = {what: {} for what in _PACKAGES}
#: A step size's unit where its file says no other: a difference of x over a gradient.
STEP = Unit(f=-1, x=2)
_SELECTOR = re.compile(r"^\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:\[(.*)\])?\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a selector: its type, default, range, and the unit of what is no pure number."""

    name: str
    type: Any
    default: Any
    range: Range | None
    unit: Unit | None = None

    def describe(self) -> str:
        """The values it takes, in words."""
        if typing.get_origin(self.type) is Literal:
            return " | ".join(typing.get_args(self.type))
        if self.type is StepSize:
            return "a step size such as 0.1 or 1/L"
        if self.type is Schedule:
            return "a schedule such as inverse or cosine[steps=1000]"
        if self.type is Sampling:
            return "a sampling such as batches[size=32] or noise[sigma=0.1]"
        if self.type == float | Optimal:
            return f"number {self.range} | optimal"
        kind = {int: "whole number", float: "number", bool: "true | false", str: "word"}[self.type]
        return kind if self.range is None else f"{kind} {self.range}"


def names(what: str) -> list[str]:
    """The names of all problems, optimizers, schedules or samplings; nothing is imported."""
    try:
        package = import_module(_PACKAGES[what])
    except ModuleNotFoundError as error:
        place = "gdbench was imported from its source folder, which does not hold its problems"
        raise BadInput(f"{place}: install it with `pip install -e .`, or start Python elsewhere.") from error
    there = [module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_")]
    return sorted([*there, *_ADOPTED[what]])


def adopt(what: str, name: str, module: ModuleType) -> None:
    """Add a module from outside the repository, for as long as this process lives."""
    _ADOPTED[what][name] = module


def module(what: str, name: str) -> ModuleType:
    """The file behind a name; an unknown name offers the closest one."""
    if name not in names(what):
        raise unknown(what, name, names(what))
    return _ADOPTED[what].get(name) or import_module(f"{_PACKAGES[what]}.{name}")


@cache
def parameters(what: str, name: str) -> tuple[Parameter, ...]:
    """The parameters of `make` in its order; every optimizer with a step size takes a schedule and a sampling too."""
    make = module(what, name).make
    hints = typing.get_type_hints(make, include_extras=True)
    found = []
    for parameter in inspect.signature(make).parameters.values():
        hint = hints[parameter.name]
        notes: list[Any] = []
        if typing.get_origin(hint) is typing.Annotated:
            hint, *notes = typing.get_args(hint)
        limits = next((note for note in notes if isinstance(note, Range)), None)
        unit = next((note for note in notes if isinstance(note, Unit)), STEP if hint is StepSize else None)
        found.append(Parameter(parameter.name, hint, parameter.default, limits, unit))
    if what == "optimizer" and any(one.type is StepSize for one in found):
        found.append(Parameter("schedule", Schedule, CONSTANT, None))
        if all(one.name != "sampling" for one in found):
            found.append(Parameter("sampling", Sampling, None, None))
    return tuple(found)


def split_selector(text: str) -> tuple[str, dict[str, str]]:
    """`name[a=1,b=2/(L+mu)]` as a name and the texts of its parameters; brackets and quotes may nest."""
    match = _SELECTOR.match(text)
    if match is None:
        raise BadInput(f"The selector {text!r} cannot be read: write name or name[param=value,…].")
    given: dict[str, str] = {}
    for item in _split_items(match[2] or ""):
        key, equals, value = item.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise BadInput(f"{item.strip()!r} in {text!r} cannot be read: write param=value.")
        if key.strip() in given:
            raise BadInput(f"{key.strip()} is given twice in {text!r}: give it once.")
        given[key.strip()] = value.strip()
    return match[1], given


def _split_items(text: str) -> list[str]:
    items, depth, quote, current = [], 0, "", ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        if character == "," and depth == 0 and not quote:
            items.append(current)
            current = ""
        else:
            current += character
    return [*items, current] if current.strip() or items else []


def _parse(owner: str, parameter: Parameter, text: str) -> Any:
    if typing.get_origin(parameter.type) is Literal:
        choices = typing.get_args(parameter.type)
        word = text.strip("'\"")
        if word not in choices:
            raise unknown(f"{parameter.name} of {owner}", word, choices)
        return word
    if parameter.type is StepSize:
        return StepSize(text)
    if parameter.type is Schedule:
        return schedule(text)
    if parameter.type is Sampling:
        return sampling(text)
    if parameter.type == float | Optimal and text == "optimal":
        return text
    if parameter.type is str:
        return text.strip("'\"")
    if parameter.type is bool:
        if text.lower() not in ("true", "false"):
            raise BadInput(f"{parameter.name}={text} of {owner} must be true or false.")
        return text.lower() == "true"
    return _parse_number(owner, parameter, text)


def _parse_number(owner: str, parameter: Parameter, text: str) -> float | int:
    whole = parameter.type is int
    try:
        number: float | int = int(text) if whole else float(text)
    except ValueError:
        raise _not_a_number(owner, parameter, text) from None
    if whole and abs(number) > _largest(parameter):
        nearest = _nearest_whole(parameter, number)
        raise BadInput(f"{parameter.name}={text} of {owner} is too large: the nearest valid value is {nearest}.")
    if parameter.range is not None:
        parameter.range.check(f"{parameter.name}", number)
    elif not math.isfinite(number):
        raise BadInput(f"{parameter.name}={text} of {owner} is not a finite number.")
    return number


def _not_a_number(owner: str, parameter: Parameter, text: str) -> BadInput:
    given = f"{parameter.name}={text} of {owner}"
    if parameter.type is not int:
        return BadInput(f"{given} is not a number: {parameter.describe()} is meant.")
    try:
        nearest = _nearest_whole(parameter, round(float(text)))
    except (ValueError, OverflowError):
        return BadInput(f"{given} is not a whole number: {parameter.describe()} is meant.")
    return BadInput(f"{given} is not a whole number: the nearest valid value is {nearest}.")


def _largest(parameter: Parameter) -> int:
    """The largest whole number a parameter may be: its own bound, or the last up to which floats have no gaps."""
    bound = parameter.range.high if parameter.range is not None else math.inf
    return int(bound) if math.isfinite(bound) else EXACT


def _nearest_whole(parameter: Parameter, number: float) -> int:
    """The whole number in a parameter's range next to one."""
    low = parameter.range.low if parameter.range is not None else -math.inf
    return min(max(int(number), int(low) if math.isfinite(low) else -EXACT), _largest(parameter))


def _format(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _differs(value: Any, default: Any) -> bool:
    return bool(value != default) and _format(value) != _format(default)


def _arguments(what: str, text: str) -> tuple[str, str, dict[str, Any]]:
    name, given = split_selector(text)
    module(what, name)
    known = {parameter.name: parameter for parameter in parameters(what, name)}
    for key in given:
        if key not in known:
            none = BadInput(f"{key}={given[key]} cannot be given: {name} takes no parameters.")
            raise unknown(f"parameter of {name}", key, known) if known else none
    values = {key: _parse(name, known[key], given[key]) for key in known if key in given}
    changed = [key for key in known if key in values and _differs(values[key], known[key].default)]
    shown = [f"{key}={_format(values[key])}" for key in changed]
    return name, f"{name}[{','.join(shown)}]" if shown else name, values


@cache
def canonical(what: str, text: str) -> str:
    """The selector with its parameters in order and defaults left out; raises `BadInput` as making it would."""
    return _arguments(what, text)[1]


@cache
def problem(text: str) -> Problem:
    """The problem of a selector such as `quadratic[kappa=100,dim=20]`."""
    name, label, values = _arguments("problem", text)
    made: Problem = module("problem", name).make(**values)
    return replace(made, name=label)


@cache
def optimizer(text: str) -> Optimizer:
    """The optimizer of a selector such as `gradient_descent[alpha=1/L]`."""
    name, label, values = _arguments("optimizer", text)
    own = inspect.signature(module("optimizer", name).make).parameters
    made: Optimizer = module("optimizer", name).make(**{key: value for key, value in values.items() if key in own})
    if "sampling" in values and made.asks:
        given = f"sampling={values['sampling']} cannot be given"
        raise BadInput(f"{given}: a step of {name} asks the problem for exact values itself.")
    chosen: dict[str, Any] = {key: values[key] for key in ("schedule", "sampling") if key in values and key not in own}
    if "sampling" in chosen and made.naive is not None:
        chosen["naive"] = in_turn(made.naive)
    return replace(made, name=label, **chosen)


@cache
def schedule(text: str) -> Schedule:
    """The schedule of a selector such as `cosine[steps=1000]`."""
    name, label, values = _arguments("schedule", text)
    made: Schedule = module("schedule", name).make(**values)
    return made if made is CONSTANT else replace(made, name=label)


@cache
def sampling(text: str) -> Sampling:
    """The sampling of a selector such as `batches[size=32]`."""
    name, label, values = _arguments("sampling", text)
    made: Sampling = module("sampling", name).make(**values)
    return replace(made, name=label)
