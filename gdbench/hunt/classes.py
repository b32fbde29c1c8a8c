"""The classes that can be searched, and the families that search them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from gdbench.errors import BadInput, unknown
from gdbench.hunt.envelope import ENVELOPE
from gdbench.hunt.family import Family, FunctionClass, L
from gdbench.hunt.piecewise import LINE, PLANE
from gdbench.hunt.quadratics import QUADRATICS
from gdbench.problem import Problem

FAMILIES: Mapping[str, Family] = {family.name: family for family in (QUADRATICS, LINE, PLANE, ENVELOPE)}
#: By class: whether it has a mu, and its families.
CLASSES: Mapping[str, tuple[bool, tuple[Family, ...]]] = {
    "convex": (False, (QUADRATICS, LINE, PLANE, ENVELOPE)),
    "strongly-convex": (True, (QUADRATICS, LINE, PLANE, ENVELOPE)),
    "quadratic": (True, (QUADRATICS,)),
}
KAPPA, LARGEST = 100.0, 1e8
#: Draws after which a family counts as empty in a class.
TRIES = 50


def function_class(name: str, kappa: float | None) -> FunctionClass:
    """A class by name; kappa = L/mu where it has a mu."""
    if name not in CLASSES:
        raise unknown("class", name, CLASSES)
    if not CLASSES[name][0]:
        if kappa is not None:
            raise BadInput(f"--kappa {kappa:g} cannot be: class {name} has no mu, so leave --kappa out.")
        return FunctionClass(name, "convex", 0.0)
    ratio = KAPPA if kappa is None else kappa
    if not 1.0 <= ratio <= LARGEST:
        nearest = 1.0 if math.isnan(ratio) else min(max(ratio, 1.0), LARGEST)
        raise BadInput(f"--kappa {ratio:g} is out of range: the nearest valid value is {nearest:g}.")
    return FunctionClass(name, "quadratic" if name == "quadratic" else "strongly convex", L / ratio)


def member(family: Family, wanted: FunctionClass) -> Problem | None:
    """Some member of a family, always the same; None where it has none in the class."""
    draws = np.random.Generator(np.random.Philox(0))
    for _ in range(TRIES):
        data = family.place(draws.uniform(size=family.size), wanted)
        if data is not None:
            return family.problem(data, wanted)
    return None


def families(wanted: FunctionClass) -> dict[Family, Problem]:
    """The families that have members in a class, each with one of them."""
    found = {family: member(family, wanted) for family in CLASSES[wanted.name][1]}
    return {family: problem for family, problem in found.items() if problem is not None}
