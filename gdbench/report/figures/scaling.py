"""Iterations to 1e-6 over the condition number, with the fitted exponents."""

from __future__ import annotations

import numpy as np

from gdbench.claims.claim import NotMeasured
from gdbench.rate import exponent
from gdbench.report.figure import Color, Figure, Panel, Series
from gdbench.report.notation import symbols
from gdbench.report.record import Record
from gdbench.suite import Scaling

_COLORS: tuple[Color, ...] = ("blue", "purple", "orange", "green", "gold", "ink")


def scaling(record: Record) -> Figure:
    series, said = [], []
    for entry, color in zip(record.suite.scalings, _COLORS * len(record.suite.scalings), strict=False):
        line, text = _line(record, entry, color)
        series += line
        said.append(text)
    if not series:
        raise NotMeasured("no run reached its target")
    return Figure(
        name="iterations-kappa",
        title="Iterations to 1e-6 against the condition number κ",
        caption="Worst-case starts on quadratics: gradient descent needs iterations like κ, momentum like √κ. Heavy "
        "ball's k² transient lifts its slope above 1/2 at these κ.",
        alt=f"Iterations against κ on logarithmic axes, straight lines. {' '.join(said)}",
        panels=(Panel(tuple(series), "κ", "iterations to 1e-6", "log", "log"),),
    )


def _line(record: Record, entry: Scaling, color: Color) -> tuple[list[Series], str]:
    results = [record.results[cell] for cell in entry.cells]
    reached = [i for i, result in enumerate(results) if result.status == "reached"]
    kappas = np.array([entry.kappas[i] for i in reached])
    counts = np.array([float(results[i].k) for i in reached])
    name = symbols(entry.optimizer.replace("_", " ").replace("[alpha=", ", ").replace("]", ""))
    if len(reached) < 4:
        return [], f"{name}: the target was reached for {len(reached)} of {len(results)} values of κ."
    found, low, high = exponent(kappas.tolist(), counts.tolist())
    label = f"{name}: κ^{found:.3f}"
    text = f"{name}: exponent {found:.4f}, 95 % interval {low:.4f} to {high:.4f}."
    return [Series(label, kappas, counts, "points", color)], text


FIGURES = (scaling,)
