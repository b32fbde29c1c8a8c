"""Momentum: Nesterov against heavy ball, heavy ball's transient, and the cycle it falls into."""

from __future__ import annotations

import numpy as np

from gdbench.claims.claim import iterations
from gdbench.claims.momentum import CYCLE, DAMPING, HB, NAG, USUAL, top
from gdbench.claims.rates import GD, worst
from gdbench.report.curve import above_floor, bound, gap, thin
from gdbench.report.figure import Color, Figure, Panel, Series, Style
from gdbench.report.notation import number
from gdbench.report.record import Record
from gdbench.run import Result

NAMES: tuple[tuple[str, str, Color], ...] = (
    (GD, "gradient descent", "blue"),
    (USUAL, "heavy ball, β = 0.9", "purple"),
    (HB, "heavy ball, optimal", "orange"),
    (NAG, "Nesterov", "green"),
)


def _share(result: Result, label: str, color: Color, style: Style = "line", most: int | None = None) -> Series:
    values = gap(result)
    rows = above_floor(values)[:most]
    rows = rows[thin(rows)]
    return Series(label, result.trajectory["k"][rows].astype(float), values[rows] / values[0], style, color)


def _promised(result: Result, theorem: str, label: str, color: Color) -> Series:
    rows = above_floor(gap(result))[1:]
    k = result.trajectory["k"][rows[thin(rows)]]
    return Series(label, k.astype(float), bound(result, theorem, k) / gap(result)[0], "dashed", color)


def against(record: Record) -> Figure:
    plain, heavy, ahead = record.runs(GD, worst(100)), record.runs(HB, top(100)), record.runs(NAG, worst(100))
    most = 240
    series = (
        _share(plain, "gradient descent", "blue", most=most),
        _share(heavy, "heavy ball", "orange"),
        _promised(heavy, "hb_quad_gap", "tight bound, heavy ball", "ink"),
        _share(ahead, "Nesterov", "green"),
        _promised(ahead, "nag_quad_gap", "tight bound, Nesterov", "ink"),
    )
    counts = [iterations(result) for result in (plain, heavy, ahead)]
    return Figure(
        name="nesterov-heavy-ball",
        title="Nesterov against heavy ball, worst cases at κ = 100",
        caption="Quadratics, each method from its own worst start. Heavy ball is faster in the end and first rises "
        f"({heavy.summary['peak']:.1f}-fold); the tight bounds of both are dashed.",
        alt=f"Relative gap against k, logarithmic vertical axis. To 1e-6: gradient descent {counts[0]} iterations, "
        f"heavy ball {counts[1]}, Nesterov {counts[2]}. Heavy ball peaks at {heavy.summary['peak']:.4g} times the "
        f"first gap, at k = {heavy.summary['peak_k']}.",
        panels=(Panel(series, "k", "gap / first gap", y_scale="log", y_limits=(1e-15, 1e3)),),
    )


def transient(record: Record) -> Figure:
    results = [(record.runs(optimizer, DAMPING), label, color) for optimizer, label, color in NAMES]
    series = tuple(_share(result, label, color, most=61) for result, label, color in results)
    peaks = [(label, result.summary) for result, label, _ in results]
    said = ", ".join(f"{label} {summary['peak']:.4g} at k = {summary['peak_k']}" for label, summary in peaks)
    return Figure(
        name="heavy-ball-transient",
        title="The damping demo: heavy ball's transient",
        caption="x²/100 + y², the lecture's demo of damping, the first 60 steps: optimal heavy ball first climbs to "
        f"{results[2][0].summary['peak']:.2f} times the first gap; with β = 0.9 f rises "
        f"{results[1][0].summary['increases']} times in the whole run, with gradient descent "
        f"{results[0][0].summary['increases']} times.",
        alt=f"Relative gap against k, logarithmic vertical axis. Highest value over the first: {said}.",
        panels=(Panel(series, "k", "gap / first gap", y_scale="log"),),
    )


def cycle(record: Record) -> Figure:
    series, said = [], []
    for optimizer, label, color in (NAMES[2], NAMES[3], NAMES[0]):
        result = record.runs(optimizer, CYCLE)
        rows = np.arange(min(31, len(result.trajectory)))
        x = result.trajectory["x0"]
        series.append(Series(label, result.trajectory["k"][rows].astype(float), x[rows], "path", color))
        said.append(f"{label} ends at x = {', '.join(number(float(one)) for one in x[-3:])} (its last three iterates).")
    return Figure(
        name="heavy-ball-cycle",
        title="Heavy ball's cycle on a strongly convex function",
        caption="κ = 25, strongly convex and smooth but not quadratic (Lessard, Recht and Packard 2016): with the "
        "parameters that are optimal on quadratics, heavy ball visits three points for ever.",
        alt=f"Iterate x against k. {' '.join(said)}",
        panels=(Panel(tuple(series), "k", "xₖ"),),
    )


FIGURES = (against, transient, cycle)
