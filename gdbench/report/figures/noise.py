"""Sampled gradients: the floor of a constant step and the way through it, and Adam on the problem that misleads it."""

from __future__ import annotations

import numpy as np

from gdbench.claims.adaptive import FOUND, LOST
from gdbench.claims.stochastic import BOWL, DECAYING, HALF, QUARTER, WHOLE
from gdbench.report.curve import thin
from gdbench.report.figure import Color, Figure, Panel, Series
from gdbench.report.notation import number
from gdbench.report.record import Record
from gdbench.run import Result

_NOISY: tuple[tuple[str, str, Color], ...] = (
    (WHOLE, "α = 1/L", "orange"),
    (HALF, "α = 1/(2L)", "blue"),
    (QUARTER, "α = 1/(4L)", "green"),
    (DECAYING, "α = 1/L, falling like 1/k", "purple"),
)
_ONLINE: tuple[tuple[str, str, Color], ...] = ((LOST, "Adam", "orange"), (FOUND, "AMSGrad", "blue"))


def noise_floor(record: Record) -> Figure:
    series, said = [], []
    for optimizer, label, color in _NOISY:
        result = record.runs(optimizer, BOWL)
        k, mean = _mean_gap(result)
        series.append(Series(label, k, mean, "line", color))
        said.append(f"{label}: {number(float(mean[-1]), 3)} at k = {int(k[-1])}.")
    count = result.summary["replicates"]["count"]
    return Figure(
        name="noise-floor",
        title="A noisy gradient: constant steps stop at a floor, falling ones pass it",
        caption=f"Mean gap of {count} replicates of SGD on a quadratic, κ = 10, noise of standard deviation 0.1 in "
        "each coordinate. Half the step is less than half the floor: each mode settles at α σ²/(2(2 − α λ)).",
        alt=f"Mean gap against k on logarithmic axes, four falling curves, three of which level off. {' '.join(said)}",
        panels=(Panel(tuple(series), "k", "mean of f(xₖ) − f⋆", x_scale="log", y_scale="log"),),
    )


def _mean_gap(result: Result) -> tuple[np.ndarray, np.ndarray]:
    replicates, f_star = result.summary["replicates"], result.summary["f"] - result.summary["gap"]
    return np.array(replicates["k"], dtype=float), np.array(replicates["f"]) - f_star


def counterexample(record: Record) -> Figure:
    series, said = [], []
    for optimizer, label, color in _ONLINE:
        result = record.runs(optimizer, "reddi")
        rows = 1 + thin(result.trajectory["k"][1:], log=True)
        x = result.trajectory["x0"][rows]
        series.append(Series(label, result.trajectory["k"][rows].astype(float), x, "line", color))
        said.append(f"{label} ends at {number(float(x[-1]), 3)}.")
    return Figure(
        name="adam-reddi",
        title="Adam goes the wrong way, AMSGrad does not",
        caption="The losses 3x, −x, −x in turn on [−1, 1], where −1 is best (Reddi, Kale and Kumar 2018). Adam divides "
        "the rare large gradient by its own size; AMSGrad remembers the largest.",
        alt=f"x against k, logarithmic horizontal axis, two curves that part. {' '.join(said)}",
        panels=(Panel(tuple(series), "k", "xₖ", x_scale="log"),),
    )


FIGURES = (noise_floor, counterexample)
