"""Hypotheses that theorems share: each says what is missing, or None."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gdbench.theory.theorem import Facts, HypothesisFails
from gdbench.trajectory import Chunk

Check = Callable[[Facts], str | None]

#: Why a theorem for one step size does not bind a method with a schedule.
SCHEDULED = "the step size follows a schedule"
#: Why a theorem on exact gradients does not bind a method that samples them.
SAMPLED = "the gradient is sampled"
#: Relative room for comparing two step sizes that are computed in different ways.
SAME = 1e-12


def first_of(*checks: Check) -> Check:
    """The first reason that any of the checks gives."""
    return lambda facts: next((reason for one in checks if (reason := one(facts)) is not None), None)


def all_of(*checks: Check, scheduled: bool = False) -> Check:
    """As first_of, for exact gradients of f and one step size; theorems for steps that vary say `scheduled`."""
    first = (exact_oracle, undecayed) if scheduled else (exact_oracle, one_step_size, undecayed, undampened)
    return first_of(*first, *checks)


def exact_oracle(facts: Facts) -> str | None:
    """The gradient is that of f."""
    return SAMPLED if facts.sampling is not None else None


def one_step_size(facts: Facts) -> str | None:
    """No schedule changes the step size."""
    return SCHEDULED if facts.shares is not None else None


def undecayed(facts: Facts) -> str | None:
    """The steps are along gradients of f alone."""
    decay = facts.declared.get("decay", 0.0)
    return None if decay == 0.0 else f"with decay = {decay:g} the method descends f + decay/2 ||x||^2, not f"


def undampened(facts: Facts) -> str | None:
    """Every gradient counts as the first one does."""
    dampening = facts.declared.get("dampening", 0.0)
    return None if dampening == 0.0 else f"with dampening = {dampening:g} the first step is longer than the others"


def convex(facts: Facts) -> str | None:
    """f is convex."""
    return None if facts.problem.convex else "the problem is not convex"


def strongly_convex(facts: Facts) -> str | None:
    """f is strongly convex with known mu."""
    return None if facts.knows("mu") and facts.problem.convex else "the problem is not strongly convex (no mu > 0)"


def quadratic(facts: Facts) -> str | None:
    """f is a quadratic whose spectrum is known."""
    return None if facts.problem.spectrum is not None else "the problem is not a quadratic"


def smooth(facts: Facts) -> str | None:
    """L is known."""
    return None if facts.problem.L is not None else "L is unknown"


def smooth_everywhere(facts: Facts) -> str | None:
    """L is known and holds everywhere."""
    if facts.problem.L is None:
        return "L is unknown"
    return None if facts.problem.region == "everywhere" else f"L holds on the {facts.problem.region} only"


def minimiser(facts: Facts) -> str | None:
    """f* and x* are known."""
    f_star = facts.problem.f_star
    if f_star is None or f_star.kind != "exact":
        return "f* is unknown"
    return None if facts.problem.x_star is not None else "x* is unknown"


def bounded_below(facts: Facts) -> str | None:
    """f* or a lower bound is known."""
    return None if facts.problem.f_star is not None else "no lower bound of f is known"


def lojasiewicz(facts: Facts) -> str | None:
    """A Polyak-Lojasiewicz constant is known."""
    return None if pl_constant(facts) > 0 else "no Polyak-Lojasiewicz constant is known"


def pl_constant(facts: Facts) -> float:
    """The Polyak-Lojasiewicz constant (mu of a strongly convex problem), 0 where unknown."""
    if facts.problem.convex and facts.knows("mu"):
        return facts.value("mu")
    return facts.problem.pl.value if facts.problem.pl is not None else 0.0


def step_below(limit: float) -> Check:
    """0 < alpha < limit / L."""

    def check(facts: Facts) -> str | None:
        a = facts.value("alpha") * facts.value("L")
        return None if a < limit * (1.0 - SAME) else f"alpha L = {a:.6g} is not below {limit:g}"

    return check


def step_at_most(limit: float) -> Check:
    """0 < alpha <= limit / L."""

    def check(facts: Facts) -> str | None:
        a = facts.value("alpha") * facts.value("L")
        return None if a <= limit * (1.0 + SAME) else f"alpha L = {a:.6g} is above {limit:g}"

    return check


def step_is_one_over_L(facts: Facts) -> str | None:
    """alpha = 1/L."""
    a = facts.value("alpha") * facts.value("L")
    return None if abs(a - 1.0) <= SAME else f"alpha L = {a:.6g} is not 1"


def step_stayed(facts: Facts, chunk: Chunk) -> None:
    """The run used the declared step size at every update."""
    used = chunk.before("alpha")
    low, high = chunk.once("alpha range", lambda: np.array([used.min(), used.max()]))
    if low == high == facts.value("alpha"):
        return
    other = np.flatnonzero(~(np.abs(used - facts.value("alpha")) <= SAME * facts.value("alpha")))
    if len(other):
        raise HypothesisFails(f"the step size at k = {chunk.k[other[0]] - 1:.0f} is {used[other[0]]:.6g}, not alpha")


def steps_below(facts: Facts, chunk: Chunk, limit: float) -> None:
    """Every step that was taken is below limit / L."""
    a = chunk.before("alpha") * facts.value("L")
    long = np.flatnonzero(~(a < limit * (1.0 - SAME)))
    if len(long):
        raise HypothesisFails(f"alpha L = {a[long[0]]:.6g} at k = {chunk.k[long[0]] - 1:.0f} is not below {limit:g}")


def region_kept(facts: Facts, chunk: Chunk) -> None:
    """The run stayed where L holds."""
    if facts.problem.region != "everywhere":
        left = np.flatnonzero(~(chunk.now("f") <= facts.f_0 * (1.0 + SAME)))
        if len(left):
            where = f"{facts.problem.region}, where L holds, at k = {chunk.k[left[0]]:.0f}"
            raise HypothesisFails(f"the run left the {where}")
