"""An instance in a file: what was hunted and what was found, so that the same run can be made again."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gdbench.errors import BadInput, unknown
from gdbench.hunt.classes import FAMILIES, function_class
from gdbench.hunt.family import Data, FunctionClass
from gdbench.problem import Problem

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Instance:
    """A method, a class, k and a theorem (None: L R2/2), and the member that was found, with what the run came to."""

    optimizer: str
    function_class: str
    kappa: float | None
    k: int
    theorem: str | None
    family: str
    data: Data
    measured: float
    bound: float

    def wanted(self) -> FunctionClass:
        """Its class."""
        return function_class(self.function_class, self.kappa)

    def problem(self) -> Problem:
        """Its problem; `BadInput` where it is no member of its class."""
        if self.family not in FAMILIES:
            raise unknown("family", self.family, FAMILIES)
        family, wanted = FAMILIES[self.family], self.wanted()
        family.check(self.data, wanted)
        return family.problem(self.data, wanted)

    def document(self) -> dict[str, Any]:
        """As plain values: numbers keep all their digits."""
        plain = {field: value for field, value in asdict(self).items() if field != "data"}
        return {"schema": SCHEMA, **plain, "data": {name: array.tolist() for name, array in self.data.items()}}


def write(path: Path, instance: Instance) -> None:
    """Write an instance; its folder is made where it is missing."""
    text = json.dumps(instance.document(), indent=1, allow_nan=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written ({error.strerror}): give another --out.") from error


def read(path: Path) -> Instance:
    """Read an instance; `BadInput` says what is wrong with the file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}): give a file that `gdbench hunt` wrote.") from error
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: give a file that `gdbench hunt` wrote.") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise BadInput(f"{path} holds no instance of schema {SCHEMA}: give a file that `gdbench hunt` wrote.")
    return _parsed(path, document)


def _parsed(path: Path, document: Mapping[str, Any]) -> Instance:
    types: dict[str, tuple[type, ...]] = {
        "optimizer": (str,),
        "function_class": (str,),
        "kappa": (int, float, type(None)),
        "k": (int,),
        "theorem": (str, type(None)),
        "family": (str,),
        "measured": (int, float),
        "bound": (int, float),
    }
    for name, kinds in types.items():
        if name not in document or not isinstance(document[name], kinds) or isinstance(document[name], bool):
            raise BadInput(f"{path}: {name!r} is {document.get(name)!r}: give a file that `gdbench hunt` wrote.")
    try:
        data = {str(name): np.array(values, dtype=float) for name, values in dict(document["data"]).items()}
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: 'data' must be arrays of numbers: give a file that `gdbench hunt` wrote.") from error
    if not (document["k"] >= 1 and math.isfinite(document["measured"])):
        raise BadInput(f"{path}: k={document['k']} is out of range: the nearest valid value is 1.")
    return Instance(data=data, **{name: document[name] for name in types})
