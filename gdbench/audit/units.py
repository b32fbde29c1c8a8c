"""A method's parameters in other units of f and x: those that have a unit are multiplied, pure numbers stay."""

from __future__ import annotations

import typing
from dataclasses import replace

from gdbench import registry
from gdbench.errors import BadInput
from gdbench.optimizer import Optimizer
from gdbench.parameter import StepSize
from gdbench.problem import Problem
from gdbench.sampling import UNNAMED


class FixedNumbers(BadInput):
    """Raised where a parameter stands for numbers that are the same in all units, such as those of a format."""


def in_units(optimizer: Optimizer, usual: Problem, scaled: Problem, p: int, q: int) -> tuple[Optimizer, list[str]]:
    """The method tuned for `scaled`, which is `usual` with f times 2^p and x times 2^q, and what was multiplied.

    A step size that follows from L and mu, such as 1/L, changes with them and is left as it is written. A word that has
    a unit stands for numbers that nothing multiplies: `FixedNumbers` is raised where these units would.
    """
    name, given = registry.split_selector(optimizer.name)
    optimizer, changed = _sampling_in_units(optimizer, p, q)
    for parameter in registry.parameters("optimizer", name):
        written = given.get(parameter.name, str(parameter.default))
        if parameter.unit is None or written == "optimal":
            continue
        factor = parameter.unit.factor(p, q)
        if typing.get_origin(parameter.type) is typing.Literal:
            if factor != 1.0:
                raise FixedNumbers(f"{parameter.name}={written} stands for numbers that have no other units")
        elif parameter.type is not StepSize:
            changed[parameter.name] = repr(float(written) * factor)
        elif scaled.step_size(StepSize(written)) != usual.step_size(StepSize(written)) * factor:
            changed[parameter.name] = repr(usual.step_size(StepSize(written)) * factor)
    if not changed:
        return optimizer, []
    return _with(optimizer, changed), list(changed)


def _sampling_in_units(optimizer: Optimizer, p: int, q: int) -> tuple[Optimizer, dict[str, str]]:
    """The method with the numbers of its sampling multiplied, and its sampling as it is written then."""
    if optimizer.sampling is None or optimizer.sampling.name == UNNAMED:
        return optimizer, {}
    name, given = registry.split_selector(optimizer.sampling.name)
    numbers = [one for one in registry.parameters("sampling", name) if one.unit is not None]
    if not numbers:
        return optimizer, {}
    scaled = {one.name: float(given.get(one.name, one.default)) * one.unit.factor(p, q) for one in numbers if one.unit}
    texts = ",".join(f"{key}={text}" for key, text in {**given, **{key: repr(x) for key, x in scaled.items()}}.items())
    # The kernel is the method's own, which may not be the one of its sampling's name.
    sampling = replace(registry.sampling(f"{name}[{texts}]"), kernel=optimizer.sampling.kernel)
    return replace(optimizer, sampling=sampling), {"sampling": sampling.name}


def reseeded(optimizer: Optimizer) -> Optimizer | None:
    """The method with another seed for its draws; None where it has no seed."""
    name, given = registry.split_selector(optimizer.name)
    seed = next((one for one in registry.parameters("optimizer", name) if one.name == "seed"), None)
    return None if seed is None else _with(optimizer, {"seed": str(int(given.get("seed", seed.default)) + 1)})


def _with(optimizer: Optimizer, changed: dict[str, str]) -> Optimizer:
    """The same step, tuned as the method is with other parameters."""
    name, given = registry.split_selector(optimizer.name)
    texts = ",".join(f"{key}={text}" for key, text in {**given, **changed}.items())
    return replace(optimizer, tune=registry.optimizer(f"{name}[{texts}]").tune)
