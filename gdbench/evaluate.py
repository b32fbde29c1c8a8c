"""Results against what was expected of them: rows of runs, verdicts and claims, as plain tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from gdbench import registry
from gdbench.claims.claim import Claim, Finding, NotMeasured
from gdbench.errors import BadInput
from gdbench.rate import scaling_verdict
from gdbench.run import Cell, Result
from gdbench.suite import Row, Scaling, Suite
from gdbench.verdict import Verdict

#: Statuses that are as they should be where no suite says otherwise.
SOUND = ("finished", "converged", "reached")


@dataclass(frozen=True, slots=True)
class Report:
    """Rows of runs, verdicts and claims; each has `as_expected`."""

    runs: list[dict[str, Any]]
    verdicts: list[dict[str, Any]]
    claims: list[dict[str, Any]]

    @property
    def as_expected(self) -> bool:
        """Whether all rows are."""
        return all(row["as_expected"] for rows in (self.runs, self.verdicts, self.claims) for row in rows)


def pairs(results: Sequence[Result]) -> Report:
    """Results without a suite: nothing may diverge, fail, run out of time or violate a bound."""
    verdicts = (verdict for result in results for verdict in result.verdicts)
    rows = [_verdict(verdict, as_expected=verdict.outcome != "violated") for verdict in verdicts]
    return Report([_run(result) for result in results], rows, [])


def suite(wanted: Suite, results: Sequence[Result]) -> Report:
    """The results of all cells of a suite against what the suite expects."""
    by_cell = {result.cell: result for result in results}
    runs = [_run(by_cell[row.cell], row.status) for row in wanted.rows]
    verdicts = [row for expected in wanted.rows for row in _judged(expected, by_cell[expected.cell])]
    listed = {row.cell for row in wanted.rows}
    for scaling in wanted.scalings:
        # What these runs say of theorems is listed where it is wrong: their subject is the exponent.
        judged = (verdict for cell in scaling.cells if cell not in listed for verdict in by_cell[cell].verdicts)
        verdicts += [_verdict(verdict, as_expected=False) for verdict in judged if verdict.outcome == "violated"]
        runs += [_run(by_cell[cell], "reached") for cell in scaling.cells if cell not in listed]
        listed.update(scaling.cells)
        verdicts.append(_scaled(scaling, [by_cell[cell] for cell in scaling.cells]))
    return Report(runs, verdicts, _claims(wanted, results))


def over_runs(wanted: Suite, results: Sequence[Result]) -> Report:
    """What a suite says of several results together: its claims and exponents, and nothing of single runs."""
    by_cell = {result.cell: result for result in results}
    exponents = [_scaled(scaling, [by_cell[cell] for cell in scaling.cells]) for scaling in wanted.scalings]
    return Report([], exponents, _claims(wanted, results))


def _claims(wanted: Suite, results: Sequence[Result]) -> list[dict[str, Any]]:
    lookup = Lookup(wanted.name, results)
    return [_claim(claim, lookup) for claim in wanted.claims]


def _run(result: Result, expected: str = "") -> dict[str, Any]:
    sound = result.status == expected if expected else result.status in SOUND
    row = {**asdict(result.cell), "status": result.status, "expected": expected, "as_expected": sound}
    return {**row, "k": int(result.k), "reason": result.reason, "summary": dict(result.summary)}


def _verdict(verdict: Verdict, *, as_expected: bool) -> dict[str, Any]:
    return {**asdict(verdict), "as_expected": as_expected}


def _judged(row: Row, result: Result) -> Iterable[dict[str, Any]]:
    given = set()
    for verdict in result.verdicts:
        given.add(verdict.theorem)
        expected = row.expected.get(verdict.theorem, "holds")
        yield _verdict(replace(verdict, expected=expected), as_expected=verdict.outcome == expected)
    for theorem in row.expected:
        if theorem not in given:
            yield _verdict(replace(_missing(row.cell, theorem), expected=row.expected[theorem]), as_expected=False)


def _missing(cell: Cell, theorem: str) -> Verdict:
    """What stands in for a verdict that a suite lists and the run did not give."""
    nan = math.nan
    pair, reason = (cell.optimizer, cell.problem), f"{cell.optimizer} gave no verdict on it"
    return Verdict(*pair, theorem, "bound", "not applicable", 0, nan, nan, nan, 0.0, reason)


def _scaled(scaling: Scaling, results: Sequence[Result]) -> dict[str, Any]:
    reached = [int(result.k) if result.status == "reached" else None for result in results]
    verdict = scaling_verdict(scaling.optimizer, scaling.problem, scaling.kappas, reached, scaling.interval)
    verdict = replace(verdict, expected="holds")
    return _verdict(verdict, as_expected=verdict.outcome == "holds")


class Lookup:
    """The results of a suite by optimizer and problem; of several with one pair, the first of the file."""

    def __init__(self, suite: str, results: Sequence[Result]) -> None:
        self._suite = suite
        self._results: dict[tuple[str, str], Result] = {}
        for result in results:
            self._results.setdefault((result.cell.optimizer, result.cell.problem), result)
        self.claim = ""

    def __call__(self, optimizer: str, problem: str) -> Result:
        """The result of a pair; `NotMeasured` where its run came to nothing, `BadInput` where the suite lacks it."""
        pair = registry.canonical("optimizer", optimizer), registry.canonical("problem", problem)
        if pair not in self._results:
            needs = f"The claim {self.claim} needs {pair[0]} on {pair[1]}"
            raise BadInput(f"{needs}: add that cell to the suite {self._suite}.")
        result = self._results[pair]
        if not len(result.trajectory):
            raise NotMeasured(f"{pair[0]} on {pair[1]} {result.status}: {result.reason}")
        return result


def _claim(claim: Claim, runs: Lookup) -> dict[str, Any]:
    runs.claim = claim.id
    try:
        finding = claim.measure(runs)
    except (NotMeasured, ArithmeticError, LookupError) as nothing:
        finding = Finding("not measured", f"its runs do not decide it: {nothing}", {})
    row: dict[str, Any] = {"id": claim.id, "section": claim.section, "says": claim.says, "expects": claim.expects}
    row.update(status=finding.status, figure=finding.figure, values=dict(finding.values))
    return {**row, "as_expected": finding.status == claim.expects}


def filtered(wanted: Suite, problems: Sequence[str], optimizers: Sequence[str]) -> Suite:
    """The part of a suite with these problems and optimizers; a bare name stands for its whole family."""

    def kept(cell: Cell) -> bool:
        return _matches(cell.problem, problems, "problem") and _matches(cell.optimizer, optimizers, "optimizer")

    rows = tuple(row for row in wanted.rows if kept(row.cell))
    scalings = tuple(scaling for scaling in wanted.scalings if all(kept(cell) for cell in scaling.cells))
    if not rows and not scalings:
        asked = " and ".join(" or ".join(names) for names in (problems, optimizers) if names)
        lists = f"`gdbench info {wanted.name}` lists its cells."
        raise BadInput(f"The suite {wanted.name} has no cell with {asked}: {lists}")
    part = Suite(wanted.name, wanted.title, rows, scalings, ())
    have = {(cell.optimizer, cell.problem) for cell in part.cells}
    return replace(part, claims=tuple(claim for claim in wanted.claims if _needs(claim) <= have))


def _needs(claim: Claim) -> set[tuple[str, str]]:
    return {(registry.canonical("optimizer", one), registry.canonical("problem", other)) for one, other in claim.cells}


def _matches(selector: str, wanted: Sequence[str], what: str) -> bool:
    for text in wanted:
        name = registry.canonical(what, text)
        if selector == name or ("[" not in text and registry.split_selector(selector)[0] == name):
            return True
    return not wanted
