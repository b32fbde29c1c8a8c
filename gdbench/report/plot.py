"""Figures of single runs; matplotlib's only room."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from gdbench.trajectory import Trajectory


class Plotted(Protocol):
    """What a figure needs of a run."""

    @property
    def optimizer(self) -> str:
        """Its selector."""

    @property
    def problem(self) -> str:
        """Its selector."""

    @property
    def trajectory(self) -> Trajectory:
        """The stored rows."""


def gap_figure(run: Plotted) -> Any:
    """log(f(x_k) - f*) against k; f(x_k) where f* is unknown. No display is needed."""
    from matplotlib.figure import Figure

    from gdbench import registry
    from gdbench.errors import BadInput

    try:
        f_star = registry.problem(run.problem).f_star
    except BadInput:  # a problem of the caller's own
        f_star = None
    known = f_star is not None and f_star.kind == "exact"
    f, k = run.trajectory["f"], run.trajectory["k"]
    gap = f - f_star.value if f_star is not None and known else f
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    seen = np.isfinite(gap) & ((gap > 0) | (not known))
    axes.plot(k[seen], gap[seen], lw=1.5)
    if known or bool(np.all(gap[seen] > 0)):
        axes.set_yscale("log")
    axes.set_xlabel("k")
    axes.set_ylabel("f(x$_k$) $-$ f*" if known else "f(x$_k$)")
    axes.set_title(f"{run.optimizer} on {run.problem}", fontsize="medium")
    axes.grid(visible=True, alpha=0.3)
    return figure
