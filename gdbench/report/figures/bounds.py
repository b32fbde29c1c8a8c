"""Measured against the tight bound against the lecture's: one figure for each of its three theorems."""

from __future__ import annotations

import numpy as np

from gdbench.claims.rates import GD, worst
from gdbench.problem import Array, Integers
from gdbench.report.curve import above_floor, bound, gap, smallest_gradient, thin
from gdbench.report.figure import Figure, Panel, Scale, Series
from gdbench.report.notation import number
from gdbench.report.record import Record
from gdbench.run import Result


def _three(
    result: Result, k: Integers, measured: Array, tight: str, lecture: str, *, y_label: str, x_scale: Scale
) -> tuple[Panel, str]:
    """A panel with three curves, and a sentence with their last values."""
    shown = thin(k, log=x_scale == "log")
    k, measured = k[shown], measured[shown]
    curves = (measured, bound(result, tight, k), bound(result, lecture, k))
    x = k.astype(float)
    series = (
        Series("measured", x, curves[0], "line", "blue"),
        Series("tight bound", x, curves[1], "dashed", "orange"),
        Series("lecture's bound", x, curves[2], "dotted", "ink"),
    )
    last = [number(float(curve[-1])) for curve in curves]
    largest = float(np.max(measured / curves[1]))
    text = (
        f"At k = {k[-1]} the run is at {last[0]}, the tight bound at {last[1]}, the lecture's at {last[2]}. "
        f"Measured / tight is at most {largest:.6g} over the k that are drawn."
    )
    return Panel(series, y_label=y_label, x_scale=x_scale, y_scale="log"), text


def convex(record: Record) -> Figure:
    result = record.runs(GD, "huber")
    k = result.trajectory["k"]
    panel, text = _three(
        *(result, k[1:], gap(result)[1:], "gd_convex_tight", "gd_convex_headline"),
        y_label="f(xₖ) − f⋆",
        x_scale="log",
    )
    return Figure(
        name="gap-convex",
        title="Convex: measured, tight bound, lecture's bound",
        caption="Gradient descent, α = 1/L, on the Huber function that is worst at k = 100: there the run touches the "
        "tight bound (Drori and Teboulle 2014), and the lecture's 2 L R²/k is eight times above both.",
        alt=f"Gap against k on logarithmic axes, three falling curves, measured lowest. {text}",
        panels=(panel,),
    )


def strongly_convex(record: Record) -> Figure:
    result = record.runs(GD, worst(100))
    rows = above_floor(gap(result))[1:]
    panel, text = _three(
        *(result, result.trajectory["k"][rows], gap(result)[rows], "gd_sc_gap", "gd_sc_linear"),
        y_label="f(xₖ) − f⋆",
        x_scale="linear",
    )
    return Figure(
        name="gap-strongly-convex",
        title="Strongly convex, κ = 100: measured, tight bound, lecture's bound",
        caption="Gradient descent, α = 1/L, started along the smallest eigenvalue: the run lies on the tight bound "
        "(1 − μ/L)²ᵏ at every k; the lecture's (1 − μ/L)ᵏ has half its slope.",
        alt=f"Gap against k, logarithmic vertical axis, two lines that coincide and one of half their slope. {text}",
        panels=(panel,),
    )


def nonconvex(record: Record) -> Figure:
    result = record.runs(GD, "sine_bowl")
    smallest = smallest_gradient(result)
    rows = above_floor(smallest)
    panel, text = _three(
        *(result, rows + 1, smallest[rows], "gd_nonconvex_tight", "gd_nonconvex"),
        y_label="smallest ‖g‖² so far",
        x_scale="linear",
    )
    return Figure(
        name="gradient-nonconvex",
        title="Non-convex: the smallest gradient so far, and its two bounds",
        caption="Gradient descent, α = 1/L, on x² + 3 sin² x: min ‖g‖² over 0…k−1 stays below the exact worst case "
        "4 L Δ/(3 k − 1) and the lecture's 2 L Δ/k; this run ends in a basin and falls far below both.",
        alt=f"Smallest squared gradient against k, logarithmic vertical axis, measured far below the bounds. {text}",
        panels=(panel,),
    )


FIGURES = (convex, strongly_convex, nonconvex)
