"""How fast each method is on each problem, in counts that are exact. Lower is better."""

from asv_runner.benchmarks.mark import SkipNotImplemented

from .listing import OPTIMIZERS, PROBLEMS
from .pairs import figures, setup_cache  # noqa: F401 - asv finds setup_cache by its name

params = (OPTIMIZERS, PROBLEMS)
param_names = ("optimizer", "problem")
#: A figure's meaning has a version; asv's own, a digest of this source, would drop the history with every edit.
version = "1"


def track_iterations(cache, optimizer, problem):
    """The first k with gap <= 1e-6 of the gap at the start; 1001 where 1000 iterations do not reach it."""
    found = figures(cache, optimizer, problem)
    if not found["knows_gap"]:
        raise SkipNotImplemented(f"f* of {problem} is unknown")
    return found["iterations"]


def track_calls(cache, optimizer, problem):
    """Gradient and value calls up to that k, or up to k = 1000 where it is not reached or f* is unknown."""
    return figures(cache, optimizer, problem)["calls"]


def track_efold(cache, optimizer, problem):
    """Iterations in which the gap falls by a factor of e, -1/ln rho, from the run; only where it falls linearly."""
    efold = figures(cache, optimizer, problem)["efold"]
    if efold is None:
        raise SkipNotImplemented(f"the gap of {optimizer} on {problem} does not fall linearly")
    return efold


track_iterations.unit = track_efold.unit = "iterations"
track_calls.unit = "calls"
