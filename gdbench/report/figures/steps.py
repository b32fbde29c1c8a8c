"""The step size: too small, right, the limit 2/L, and beyond it."""

from __future__ import annotations

import numpy as np

from gdbench.claims.steps import TOO_LONG
from gdbench.report.curve import FLOOR, gap, thin
from gdbench.report.figure import Color, Figure, Panel, Series
from gdbench.report.notation import number
from gdbench.report.record import Record
from gdbench.run import Result

_BOWL: tuple[tuple[str, str, Color], ...] = (
    ("0.0001", "too small", "purple"),
    ("0.01", "the lecture's", "green"),
    ("0.1", "ten times that", "blue"),
    ("1", "2/L exactly", "orange"),
)


def steps(record: Record) -> Figure:
    bowl, said = [], []
    for alpha, what, color in _BOWL:
        result = record.runs(f"gradient_descent[alpha={alpha}]", "bowl")
        bowl.append(_relative(result, f"α = {alpha}, {what}", color))
        left = result.summary["gap"] / result.summary["gap_0"]
        said.append(f"α = {alpha} ({what}): {number(left, 3)} of the gap is left at k = {result.k}.")
    beyond = record.runs(TOO_LONG, "quadratic[kappa=10]")
    said.append(f"α = 2.1/L on a quadratic with κ = 10: {beyond.status} at k = {beyond.k}.")
    right = record.runs("gradient_descent", "quadratic[kappa=10,dim=2,start=bottom]")
    over = (_relative(beyond, "α = 2.1/L", "orange"), _relative(right, "α = 1/L", "blue"))
    return Figure(
        name="step-sizes",
        title="Too small, right, too large",
        caption="x² + y² with the lecture's step sizes (1 is 2/L, where the iterates flip for ever), and quadratics "
        "with κ = 10, where a step beyond 2/L makes the gap grow without end.",
        alt=f"Relative gap against k, logarithmic vertical axis, two panels. {' '.join(said)}",
        panels=(
            Panel(tuple(bowl), "k", "gap / first gap", y_scale="log", title="x² + y²"),
            Panel(over, "k", "gap / first gap", y_scale="log", title="quadratic, κ = 10"),
        ),
    )


def _relative(result: Result, label: str, color: Color) -> Series:
    share = gap(result) / gap(result)[0]
    seen = np.flatnonzero(np.isfinite(share) & (share > FLOOR))
    seen = seen[thin(seen)]
    return Series(label, result.trajectory["k"][seen].astype(float), share[seen], "line", color)


FIGURES = (steps,)
