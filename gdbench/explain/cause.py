"""Why a theorem is violated: by the points themselves, by rounding, or by the compiler."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass, field
from functools import cached_property
from itertools import islice
from typing import Literal

import numpy as np

from gdbench import theory
from gdbench.explain.minimiser import Minimum, minimum
from gdbench.explain.points import evaluated, points
from gdbench.explain.repeat import NotRepeated, Row, capped, columns, repeat
from gdbench.explain.transplant import Fifty, Plain
from gdbench.explain.trial import Finding, Trial
from gdbench.explain.wide import CapExceeded
from gdbench.kernel import COLUMNS
from gdbench.optimizer import Optimizer
from gdbench.problem import Array, Problem
from gdbench.run import Cell
from gdbench.theory.theorem import HypothesisFails
from gdbench.verdict import Verdict

Cause = Literal["iterates", "arithmetic", "compiler", "not explained"]
#: Operations in 50 digits that each of three parts may take: x* and f*, the run repeated, the points of the run.
CAP = 1_000_000
#: The run repeated goes on to twice the k of the violation and by so many more, if the cap allows: where rounding had
#: brought a violation forward, or a bound is crossed slowly, it comes a little later.
LOOK_AHEAD = 16


BY_COORDINATE = "it is judged by the coordinates of the iterates, which 50 digits do not follow"
SAMPLED = "its gradients are sampled: rounding is not what parts them from those of f"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one verdict is `violated`.

    cause: `iterates`, the method, its constants or the theorem are wrong, since the same run in 50 digits violates it
    too; `arithmetic`, rounding alone did it, since that run obeys; `compiler`, the same source in plain Python obeys in
    float64; or `not explained`. k: where the run violates it first. detail: a sentence. figures: measured and bound at
    k, as recorded, `_points` with f and g in 50 digits at the points of the run, `_repeated` with the run itself in 50
    digits, as far as they were made.
    """

    cause: Cause
    k: int
    detail: str
    figures: Mapping[str, float] = field(default_factory=dict)


class _Rows:
    """Rows that are made as far as they are wanted; what ended them early is raised to those who want more."""

    def __init__(self, rows: Iterator[Row], shown: Callable[[Row], Array]) -> None:
        self._rows, self._shown = rows, shown
        self._made: list[Array] = []
        self._ended: NotRepeated | None = None

    def through(self, k: int, beyond: int = 0) -> list[Array]:
        """Rows 0 … k, and up to `beyond` if they can be had; `NotRepeated` where row k cannot be."""
        while self._ended is None and len(self._made) <= max(k, beyond):
            try:
                self._made.append(self._shown(next(self._rows)))
            except StopIteration:
                self._ended = NotRepeated("the run has no more iterations")
            except NotRepeated as ended:
                self._ended = ended
        if len(self._made) <= k:
            assert self._ended is not None
            raise self._ended
        return self._made[: max(k, beyond) + 1]


class Inquiry:
    """All that the explanations of one run share; each part is made when it is first asked for.

    cap: operations in 50 digits for each part.
    """

    def __init__(self, problem: Problem, optimizer: Optimizer, cell: Cell, cap: int = CAP) -> None:
        self._problem, self._optimizer, self._cell, self._cap = problem, optimizer, cell, cap
        self._tuning = optimizer.tune(problem)
        self._trial = Trial(problem, optimizer, self._tuning, cell)
        self._used: list[Fifty] = []

    @property
    def spent(self) -> int:
        """Operations in 50 digits so far, all parts together."""
        return sum(one.kind.meter.spent for one in self._used)

    def _arithmetic(self) -> Fifty:
        self._used.append(Fifty(self._cap))
        return self._used[-1]

    @cached_property
    def _minimum(self) -> Minimum:
        arithmetic = self._arithmetic()
        try:
            return minimum(self._problem, arithmetic)
        except CapExceeded:
            raise capped(arithmetic, "finding x* and f*") from None

    def _rows(self, made: Callable[[Fifty, Array], Iterator[Row]]) -> _Rows:
        """Rows with a meter of their own, f as f - f*."""
        arithmetic, found = self._arithmetic(), self._minimum
        x_star = arithmetic.taken(found.x_star)
        f_star = None if found.f_star is None else arithmetic.kind.make(found.f_star.raw)
        return _Rows(made(arithmetic, x_star), lambda row: columns(row, f_star))

    @cached_property
    def _repeated(self) -> _Rows:
        run = (self._problem, self._optimizer, self._tuning, self._cell.iterations)
        return self._rows(lambda arithmetic, x_star: repeat(*run, arithmetic, x_star))

    @cached_property
    def _at_points(self) -> _Rows:
        made = points(self._problem, self._optimizer, self._tuning, self._cell)
        pair = (self._problem, self._optimizer)
        return self._rows(lambda arithmetic, x_star: evaluated(*pair, made, arithmetic, x_star))

    def explain(self, verdict: Verdict) -> Explanation:
        """Why a verdict of this run is `violated`."""
        if verdict.outcome != "violated":
            raise ValueError(f"{verdict.theorem} is {verdict.outcome}: only what is violated has a cause.")
        figures = {"measured": verdict.measured, "bound": verdict.bound}
        if self._optimizer.sampling is not None:
            return Explanation("not explained", verdict.k, SAMPLED, figures)
        if verdict.theorem in theory.theorems() and theory.theorem(verdict.theorem).by_coordinate:
            return Explanation("not explained", verdict.k, BY_COORDINATE, figures)
        at_points = self._found(lambda: self._at_points, verdict, beyond=0)
        repeated = self._found(lambda: self._repeated, verdict, beyond=2 * verdict.k + LOOK_AHEAD)
        for name, found in (("points", at_points), ("repeated", repeated)):
            if isinstance(found, Finding):
                figures |= {f"measured_{name}": found.measured, f"bound_{name}": found.bound}
        cause, detail = _cause(at_points, repeated)
        if isinstance(repeated, Finding):
            recorded = self._recorded(verdict.k)
            if cause == "arithmetic" and self._obeyed(verdict, recorded):
                again = f"made again in float64, the run obeys {verdict.theorem}: another run was judged, or other rows"
                return Explanation("not explained", verdict.k, again, figures)
            alike = self._against_plain(verdict, recorded)
            cause, detail = "compiler" if alike.obeys else cause, f"{detail}; {alike.said}"
            detail += "" if self._minimum.exact else "; x* and f* as declared"
        return Explanation(cause, verdict.k, detail, figures)

    def _found(self, rows: Callable[[], _Rows], verdict: Verdict, beyond: int) -> Finding | str:
        """What the theorem says of rows in 50 digits, or why it says nothing."""
        # What is not one of the theorems is the rate of the run as a whole.
        fitted = verdict.theorem not in theory.theorems()
        try:
            first = self._cell.iterations if fitted else verdict.k
            made = rows().through(first, min(beyond, self._cell.iterations))
        except NotRepeated as ended:
            return str(ended)
        if fitted:
            try:
                found = self._trial.rate(made, exact=self._minimum.exact)
            except HypothesisFails as fails:
                return f"in 50 digits its closed form does not apply: {fails}"
            return found if found.applies else f"in 50 digits no rate can be told: {found.verdict.reason}"
        found = self._trial.in_fifty_digits(verdict.theorem, made, verdict.k, exact=self._minimum.exact)
        return found if found.applies else f"in 50 digits it does not apply: {found.verdict.reason}"

    def _recorded(self, k: int) -> list[Array]:
        """Rows 0 … k of the compiled run, made again."""
        run = points(self._problem, self._optimizer, self._tuning, self._cell)
        return [point.row for point in islice(run, k + 1)]

    def _obeyed(self, verdict: Verdict, rows: list[Array]) -> bool:
        """Whether rows of float64 obey a theorem; of a rate they do not tell."""
        if verdict.theorem not in theory.theorems():
            return False
        found = self._trial.in_float64(verdict.theorem, rows, verdict.k)
        return found.applies and found.obeys

    def _against_plain(self, verdict: Verdict, recorded: list[Array]) -> _Alike:
        """Compiled code against its own source in plain Python, float64, up to the violation."""
        run = (self._problem, self._optimizer, self._tuning)
        x_star = np.full(self._problem.n, np.nan) if self._problem.x_star is None else self._problem.x_star
        rows: list[Array] = []
        differs = ""
        try:
            with np.errstate(all="ignore"):
                plain = repeat(*run, self._cell.iterations, Plain(), x_star)
                for row, compiled in zip(plain, recorded, strict=False):
                    rows.append(np.array([np.nan if one is None else one for one in astuple(row)[1:]], dtype=float))
                    differs = differs or _difference(row.k, rows[-1], compiled)
        except (ArithmeticError, ValueError, NotRepeated) as error:
            return _Alike(f"plain Python cannot be compared: {error}")
        if not differs:
            return _Alike("compiled and plain Python agree to the last bit")
        if self._obeyed(verdict, rows):
            return _Alike(f"{differs}, and plain Python obeys", obeys=True)
        return _Alike(differs)


@dataclass(frozen=True, slots=True)
class _Alike:
    said: str
    obeys: bool = False


def _difference(k: int, plain: Array, compiled: Array) -> str:
    """Which columns differ in a bit, NaN being one value; empty where none does."""
    same = (plain.view(np.int64) == compiled.view(np.int64)) | (np.isnan(plain) & np.isnan(compiled))
    names = [name for name, alike in zip(COLUMNS, same, strict=True) if not alike]
    return f"compiled and plain Python differ from k = {k} on, in {', '.join(names)}" if names else ""


WRONG = "the method, its constants or the theorem are wrong"


def _cause(at_points: Finding | str, repeated: Finding | str) -> tuple[Cause, str]:
    """What follows from f and g in 50 digits at the points of the run, and from the run repeated in 50 digits."""
    where = "" if isinstance(at_points, str) else "the points disobey" if not at_points.obeys else "the points obey"
    if isinstance(repeated, str):
        known = f", and with f and g in 50 digits {where} ({at_points})" if where else ""
        return "not explained", repeated + known
    if not repeated.obeys:
        at = f"{repeated}" if repeated.verdict.k else ""
        also = f" {where} with f and g in 50 digits ({at_points}), and" if where == "the points disobey" else ""
        return "iterates", f"{also} the run repeated in 50 digits violates it ({at}): {WRONG}".strip()
    part = {
        "the points disobey": ", in the steps: its points disobey",
        "the points obey": ", in f and g: its points obey",
    }.get(where, "")
    return "arithmetic", f"the run repeated in 50 digits obeys ({repeated}): only rounding did it{part}"


def explain(problem: Problem, optimizer: Optimizer, cell: Cell, verdict: Verdict, cap: int = CAP) -> Explanation:
    """Why a verdict of a run is `violated`; cap is the most operations in 50 digits that each part may take."""
    return Inquiry(problem, optimizer, cell, cap).explain(verdict)
