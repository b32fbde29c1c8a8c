"""A suite: a TOML file that lists cells, what is expected of each, and the claims that they decide."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gdbench import claims, registry, theory
from gdbench.claims.claim import Claim
from gdbench.errors import BadInput, unknown
from gdbench.run import LARGEST_SEED, STATUSES, Cell
from gdbench.verdict import OUTCOMES

FOLDER = Path(__file__).parent / "suites"
DEFAULT = "lecture"
#: What a verdict on the rate of a run is filed under: no theorem, but held against one's curve.
RATE = "quad_rate"
#: The statuses that a row may expect.
EXPECTABLE = (*STATUSES[1:-1], "timed_out")

_TOP = ("title", "claims", "cells", "scaling")
_CELL = ("optimizer", "problem", "iterations", "tolerance", "target", "seed", "replicates", "status")
_SCALING = ("optimizer", "problem", "kappa", "iterations", "target", "exponent")


@dataclass(frozen=True, slots=True)
class Row:
    """A cell, its expected status, and the expected outcome of each theorem that is not expected to hold."""

    cell: Cell
    status: str
    expected: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scaling:
    """Iterations to reach a target over kappa: the exponent is expected in the interval."""

    optimizer: str
    problem: str
    kappas: tuple[float, ...]
    cells: tuple[Cell, ...]
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Suite:
    """What a suite's file says."""

    name: str
    title: str
    rows: tuple[Row, ...]
    scalings: tuple[Scaling, ...]
    claims: tuple[Claim, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, each once, in the order of the file."""
        scaled = (cell for scaling in self.scalings for cell in scaling.cells)
        return tuple(dict.fromkeys([*(row.cell for row in self.rows), *scaled]))


def names() -> list[str]:
    """The suites that come with gdbench."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name: str) -> Suite:
    """A suite by name, or by the path of a .toml file; `BadInput` lists all that is wrong with it."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not name.endswith(".toml") and name not in names():
        raise unknown("suite", name, names())
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"The suite {name} cannot be read: {(error.strerror or str(error)).lower()}.") from error
    except ValueError as error:
        raise BadInput(f"The suite {name} is not a TOML file: {error}.") from error
    return _Reader(path.stem).suite(content)


class _Reader:
    """Collects the errors of a file while it turns tables into rows."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.errors: list[str] = []

    def suite(self, content: Mapping[str, Any]) -> Suite:
        self.keys("the file", content, _TOP)
        title = self.value("the file", content, "title", str, self.name)
        rows = [self.row(f"cells[{i}]", table) for i, table in enumerate(self.tables(content, "cells"))]
        scalings = [self.scaling(f"scaling[{i}]", table) for i, table in enumerate(self.tables(content, "scaling"))]
        chosen = self.claims(content.get("claims", []))
        kept = [row for row in rows if row is not None]
        for i, row in enumerate(kept):
            if row.cell in [earlier.cell for earlier in kept[:i]]:
                self.errors.append(f"cells: {row.cell.optimizer} on {row.cell.problem} is listed twice: list it once")
        if not rows and not scalings:
            self.errors.append("the file: it has no cells")
        if self.errors:
            count = "an error" if len(self.errors) == 1 else f"{len(self.errors)} errors"
            text = "".join(f"\n  {error}" for error in self.errors) if len(self.errors) > 1 else f" {self.errors[0]}"
            raise BadInput(f"The suite {self.name} has {count}:{text}")
        return Suite(self.name, title, tuple(kept), tuple(s for s in scalings if s is not None), chosen)

    def row(self, place: str, table: Mapping[str, Any]) -> Row | None:
        self.keys(place, table, (*_CELL, *OUTCOMES))
        status = self.value(place, table, "status", str, "finished")
        self.known(place, "status", status, EXPECTABLE)
        cell = self.cell(place, table)
        expected: dict[str, str] = {}
        judged = (*theory.theorems(), RATE)
        for outcome in OUTCOMES:
            for theorem in self.values(place, table, outcome, str):
                self.known(place, "theorem", theorem, judged)
                if theorem in expected:
                    self.errors.append(f"{place}: {theorem} is both {expected[theorem]} and {outcome}")
                expected[theorem] = outcome
        return None if cell is None else Row(cell, status, expected)

    def scaling(self, place: str, table: Mapping[str, Any]) -> Scaling | None:
        self.keys(place, table, _SCALING)
        kappas = self.values(place, table, "kappa", (int, float))
        exponent = self.values(place, table, "exponent", (int, float))
        template = self.value(place, table, "problem", str, "")
        if len(kappas) < 2:
            self.errors.append(f"{place}: kappa needs two numbers or more")
        if len(exponent) != 2 or exponent[0] > exponent[1]:
            self.errors.append(f"{place}: exponent must be an interval such as [0.98, 1.02]")
        if "{kappa}" not in template:
            self.errors.append(f"{place}: problem must contain {{kappa}}, as in quadratic[kappa={{kappa}}]")
        if not self.value(place, table, "target", (int, float), 0.0) > 0:
            self.errors.append(f"{place}: target must be a number > 0, such as 1e-6")
        count = len(self.errors)
        filled = [{**table, "problem": template.replace("{kappa}", f"{kappa:g}")} for kappa in kappas]
        cells = [cell for one in filled if (cell := self.cell(place, one)) is not None]
        if len(self.errors) > count or len(cells) != len(kappas) or len(exponent) != 2:
            self.errors[count:] = dict.fromkeys(self.errors[count:])
            return None
        return Scaling(cells[0].optimizer, template, tuple(map(float, kappas)), tuple(cells), tuple(exponent))

    def cell(self, place: str, table: Mapping[str, Any]) -> Cell | None:
        count = len(self.errors)
        selectors: dict[str, Any] = {}
        for what in ("optimizer", "problem"):
            text = self.value(place, table, what, str, "")
            try:
                selectors[what] = registry.canonical(what, text)
            except BadInput as error:
                self.errors.append(f"{place}: {error}")
        numbers: dict[str, Any] = {
            "iterations": self.value(place, table, "iterations", int, 1000),
            "tolerance": self.value(place, table, "tolerance", (int, float), 0.0),
            "target": self.value(place, table, "target", (int, float), 0.0),
            "seed": self.value(place, table, "seed", int, 0),
            "replicates": self.value(place, table, "replicates", int, 1),
        }
        for name, value in numbers.items():
            least = 1 if name in ("iterations", "replicates") else 0
            if not least <= value < float("inf"):
                self.errors.append(f"{place}: {name} = {value} must be {least} or more")
        if numbers["seed"] > LARGEST_SEED:
            self.errors.append(f"{place}: seed = {numbers['seed']} must be {LARGEST_SEED} or less")
        if len(self.errors) > count:
            return None
        numbers.update(tolerance=float(numbers["tolerance"]), target=float(numbers["target"]))
        return Cell(**selectors, **numbers)

    def claims(self, wanted: Any) -> tuple[Claim, ...]:
        known = claims.claims()
        if wanted == "all":
            return tuple(known.values())
        names = self.values("the file", {"claims": wanted}, "claims", str)
        for name in names:
            self.known("claims", "claim", name, known)
        return tuple(known[name] for name in names if name in known)

    # -- pieces -------------------------------------------------------------------------------------------------

    def tables(self, content: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        found = content.get(key, [])
        if isinstance(found, list) and all(isinstance(table, dict) for table in found):
            return found
        self.errors.append(f"{key} must be tables: write [[{key}]]")
        return []

    def keys(self, place: str, table: Mapping[str, Any], known: Sequence[str]) -> None:
        for key in table:
            self.known(place, "key", key, known)

    def known(self, place: str, what: str, name: str, known: Sequence[str] | Mapping[str, Any]) -> None:
        if name not in known:
            self.errors.append(f"{place}: {unknown(what, name, known)}")

    def value(self, place: str, table: Mapping[str, Any], key: str, kind: Any, default: Any) -> Any:
        value = table.get(key, default)
        if isinstance(value, kind) and not isinstance(value, bool):
            return value
        self.errors.append(f"{place}: {key} = {value!r} must be {'a text' if kind is str else 'a number'}")
        return default

    def values(self, place: str, table: Mapping[str, Any], key: str, kind: Any) -> list[Any]:
        values = table.get(key, [])
        if isinstance(values, list) and all(isinstance(v, kind) and not isinstance(v, bool) for v in values):
            return values
        what = "texts" if kind is str else "numbers"
        self.errors.append(f"{place}: {key} = {values!r} must be a list of {what}")
        return []
