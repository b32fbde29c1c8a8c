"""The exact worst case over a class, by performance estimation (Drori and Teboulle 2014; Goujaud et al. 2024, PEPit).

A semidefinite programme in the Gram matrix of x_0 - x* and the gradients, which PEPit writes and CLARABEL solves: the
largest measured / bound over all functions of the class, of any dimension.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdbench.errors import BadInput
from gdbench.hunt.classes import families
from gdbench.hunt.coefficients import Coefficients, coefficients
from gdbench.hunt.family import FunctionClass, L
from gdbench.hunt.trial import Trial
from gdbench.optimizer import Optimizer
from gdbench.problem import Array
from gdbench.theory import Theorem

#: The solver's accuracy in measured / bound: 2e-5 covers every tight row of tests/data/pep.csv.
SOLVER = 2e-5
#: The programme has (k + 2)^2 constraints; up to here it takes seconds.
LARGEST_K = 30
#: What a theorem bounds, as PEPit is asked for it.
QUANTITIES = ("gap", "dist2", "grad2", "gap of y", "gap at the horizon")
#: What a bound starts from.
STARTS = ("R2", "gap_0", "Delta", "G_0")


@dataclass(frozen=True, slots=True)
class Exact:
    """The largest measured / bound over the class; at least 1 - SOLVER of a tight bound, and never above 1 + SOLVER."""

    ratio: float
    bounded: bool

    def agrees(self, trial: Trial) -> bool:
        """found <= exact, and exact <= bound where there is a bound, within the solver's accuracy."""
        below = trial.ratio <= self.ratio + SOLVER * max(1.0, self.ratio)
        return below and (not self.bounded or self.ratio <= 1.0 + SOLVER)

    def sentence(self, trial: Trial) -> str:
        """found <= exact <= bound, in one line."""
        word = "PEPit" if self.agrees(trial) else "NOT AS IT MUST BE, PEPit"
        share = f"found {100.0 * trial.ratio / self.ratio:.4f} % of the worst case"
        # The solver's last digits mean nothing, so six are shown.
        chain = f"found {trial.measured:.10g} <= exact {self.ratio * trial.bound:.6g}"
        end = f" <= bound {trial.bound:.10g}" if self.bounded else ""
        return f"{word}: {chain}{end} (solver: {SOLVER:g} of the bound); {share}"

    def document(self) -> dict[str, Any]:
        """As plain values."""
        return {"ratio": self.ratio, "accuracy": SOLVER}


def worst_case(optimizer: Optimizer, wanted: FunctionClass, k: int, theorem: Theorem | None) -> Exact:
    """The exact worst case; `BadInput` says why where PEPit cannot be asked."""
    if k > LARGEST_K:
        raise BadInput(f"--pep with k={k} takes too long: the nearest valid value is {LARGEST_K}.")
    if wanted.mu == L:
        raise BadInput("--pep with kappa=1 has no programme: every function of the class is L/2 ||x - x*||^2.")
    if theorem is not None and theorem.quantity not in QUANTITIES:
        raise BadInput(f"PEPit cannot express what {theorem.id} bounds ({theorem.quantity}): leave --pep out.")
    problem = next(iter(families(wanted).values()))
    shape = coefficients(optimizer, problem, k)
    declared = optimizer.tune(problem).declared
    starts = _starts(theorem, k, {**declared, "L": L, "mu": wanted.mu})
    return Exact(_solved(wanted, shape, theorem, starts), theorem is not None)


def _starts(theorem: Theorem | None, k: int, values: dict[str, float]) -> dict[str, float]:
    """The bound at k as a sum of multiples of what it starts from."""
    if theorem is None:
        return {"R2": 0.5 * L}
    names = [name for name in STARTS if name in theorem.needs]
    known = {**values, **dict.fromkeys(STARTS, 0.0)}
    missing = [name for name in theorem.needs if name not in known]
    if theorem.closed is None or missing or not names:
        raise BadInput(f"PEPit cannot express the bound of {theorem.id} in what a run starts from: leave --pep out.")

    def bound(**start: float) -> float:
        return float(theorem.bound(np.array([float(k)]), {**known, **start})[0])

    parts = {name: bound(**{name: 1.0}) for name in names}
    if not math.isclose(bound(**dict.fromkeys(names, 3.0)), 3.0 * sum(parts.values()), rel_tol=1e-9):
        raise BadInput(f"PEPit cannot express {theorem.id}: its bound is not linear in what a run starts from.")
    return parts


def _solved(wanted: FunctionClass, shape: Coefficients, theorem: Theorem | None, starts: dict[str, float]) -> float:
    pep = _pepit()
    programme = pep.PEP()
    if wanted.kind == "quadratic":
        f = programme.declare_function(pep.functions.SmoothStronglyConvexQuadraticFunction, mu=wanted.mu, L=L)
    else:
        f = programme.declare_function(pep.functions.SmoothStronglyConvexFunction, mu=wanted.mu, L=L)
    x_star = f.stationary_point()
    f_star, start = f(x_star), programme.set_initial_point()
    gradients: list[Any] = []
    values: list[Any] = []
    for row in shape.queries:
        g, value = f.oracle(_combined(start, row, gradients))
        gradients.append(g)
        values.append(value)
    known = {"R2": (start - x_star) ** 2, "gap_0": values[0] - f_star, "G_0": gradients[0] ** 2}
    known["Delta"] = known["gap_0"]
    programme.set_initial_condition(sum(weight * known[name] for name, weight in starts.items()) <= 1)
    x = _combined(start, shape.judged, gradients)
    match "gap" if theorem is None else theorem.quantity:
        case "dist2":
            programme.set_performance_metric((x - x_star) ** 2)
        case "grad2":
            programme.set_performance_metric(gradients[-1] ** 2)
        case "gap of y":
            programme.set_performance_metric(values[-1] - f_star)
        case _:
            programme.set_performance_metric(f(x) - f_star)
    with warnings.catch_warnings():
        # CLARABEL's own accuracy goal is finer than SOLVER, and missed at times; `agrees` looks at the figures.
        warnings.simplefilter("ignore", UserWarning)
        return float(programme.solve(wrapper="cvxpy", solver="CLARABEL", verbose=0))


def _combined(start: Any, row: Array, gradients: list[Any]) -> Any:
    """x_0 - sum_j row[j] g_j over the gradients there are."""
    point = start
    for weight, g in zip(row.tolist(), gradients, strict=False):
        if weight != 0.0:
            point = point - weight * g
    return point


def _pepit() -> Any:
    try:
        import PEPit
        import PEPit.functions
    except ModuleNotFoundError as error:
        raise BadInput("--pep needs PEPit: install it with `pip install 'gdbench[pep]'`.") from error
    return PEPit
