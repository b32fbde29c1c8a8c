"""The Python interface: what `gdbench.run`, `gdbench.suite` and the other public names do."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from gdbench import registry, theory
from gdbench.errors import BadInput
from gdbench.evaluate import suite as evaluated
from gdbench.execute import Interrupted, execute, in_worker
from gdbench.explain import NOTHING, Inquiry, explained, said
from gdbench.optimizer import Optimizer
from gdbench.packing import settled
from gdbench.problem import Problem
from gdbench.run import LARGEST_SEED, Cell, StopFlag, compile_pair, run_pair
from gdbench.run import Result as Raw
from gdbench.store import Store
from gdbench.suite import DEFAULT, load
from gdbench.theory.theorem import Theorem
from gdbench.trajectory import Trajectory
from gdbench.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Result:
    """A run: its status, the last k, a reason where there is one, figures, the trajectory, and a table of verdicts.

    A violated verdict has a cause, and a sentence that says why (`gdbench.explain`).
    """

    optimizer: str
    problem: str
    status: str
    k: int
    reason: str
    summary: Mapping[str, Any]
    trajectory: Trajectory
    verdicts: pd.DataFrame

    def plot(self) -> Any:
        """A matplotlib figure of the gap (f where f* is unknown) against k."""
        from gdbench.report.plot import gap_figure

        return gap_figure(self)


@dataclass(frozen=True, slots=True)
class Tables:
    """A suite's runs, verdicts and claims, each a DataFrame with a column `as_expected`."""

    runs: pd.DataFrame
    verdicts: pd.DataFrame
    claims: pd.DataFrame


def problem(selector: str) -> Problem:
    """The problem of a selector such as `quadratic[kappa=100,dim=20]`."""
    return registry.problem(selector)


def optimizer(selector: str) -> Optimizer:
    """The optimizer of a selector such as `gradient_descent[alpha=1/L]`."""
    return registry.optimizer(selector)


def theorem(name: str) -> Theorem:
    """The theorem of an id such as `gd_convex_tight`."""
    return theory.theorem(name)


def run(
    optimizer: str | Optimizer,
    problem: str | Problem,
    iterations: int = 1000,
    tolerance: float = 0.0,
    *,
    target: float = 0.0,
    timeout: float = math.inf,
    seed: int = 0,
    replicates: int = 1,
) -> Result:
    """Run a method on a problem and judge every iterate; nothing is read from a store or written to one.

    It stops early at ||g|| <= tolerance or at gap <= target * gap_0, where these are not 0, and after timeout seconds.
    A method that samples draws from seed; of its replicates the first is the trajectory, and theorems on expectations
    are judged by all. Ctrl-C raises `KeyboardInterrupt`, whose attribute `result` is the run so far.
    """
    _check("iterations", iterations, 1, whole=True)
    _check("tolerance", tolerance, 0.0)
    _check("target", target, 0.0)
    _check("seed", seed, 0, LARGEST_SEED, whole=True)
    _check("replicates", replicates, 1, whole=True)
    if not timeout > 0:
        raise BadInput(f"timeout={timeout} must be a number of seconds > 0, such as 60.")
    method = registry.optimizer(optimizer) if isinstance(optimizer, str) else optimizer
    subject = registry.problem(problem) if isinstance(problem, str) else problem
    chance = (0, 1) if method.sampling is None else (seed, replicates)
    cell = Cell(method.name, subject.name, iterations, float(tolerance), float(target), *chance)
    stop = StopFlag()
    compile_pair(subject, method)
    raw = in_worker(_job(subject, method, cell, stop, timeout), stop)
    if stop.raised:
        raise Interrupted(result=_shown(raw))
    return _shown(raw, Inquiry(subject, method, cell))


def _job(problem: Problem, optimizer: Optimizer, cell: Cell, stop: StopFlag, timeout: float) -> Callable[[], Raw]:
    return lambda: settled(run_pair(problem, optimizer, cell, stop, timeout))


def _check(name: str, value: float, least: float, most: float = math.inf, *, whole: bool = False) -> None:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise BadInput(f"{name}={value!r} is not a {'whole ' if whole else ''}number: it must be {least:g} or more.")
    if not (least <= value <= most and value < math.inf):
        nearest = most if value > most else f"{least:g}"
        raise BadInput(f"{name}={value} is out of range: the nearest valid value is {nearest}.")


def _shown(raw: Raw, inquiry: Inquiry | None = None) -> Result:
    names = [*(field.name for field in fields(Verdict) if field.name != "expected"), *NOTHING]
    causes = [NOTHING if inquiry is None else said(verdict, inquiry) for verdict in raw.verdicts]
    rows = [{**asdict(verdict), **cause} for verdict, cause in zip(raw.verdicts, causes, strict=True)]
    verdicts = pd.DataFrame(rows, columns=names)
    cell = raw.cell
    return Result(cell.optimizer, cell.problem, raw.status, raw.k, raw.reason, raw.summary, raw.trajectory, verdicts)


def suite(name: str = DEFAULT, *, store: str | Path | None = None, jobs: int | None = None) -> Tables:
    """Run a suite, by name or by the path of a .toml file; a store, where one is named, is read and written."""
    wanted = load(name)
    if store is None:
        outcome = execute(wanted.cells, jobs=jobs)
    else:
        with Store(store) as results:
            outcome = execute(wanted.cells, results, jobs=jobs)
    report = evaluated(wanted, outcome.results)
    explained(report.verdicts, outcome.results)
    return Tables(pd.DataFrame(report.runs), pd.DataFrame(report.verdicts), pd.DataFrame(report.claims))
