"""Runs every pair once per commit; benchmarks then only look their figure up.

A pair is not applicable where the commit has no such problem or method, or where the method refuses a problem that
lacks a constant, or samples, or is no quadratic. Everything else that goes wrong is a failure, in every figure of the
pair.
"""

import math
import traceback

from asv_runner.benchmarks.mark import SkipNotImplemented

from .listing import OPTIMIZERS, PROBLEMS

#: Updates of every run.
BUDGET = 1000


def setup_cache():
    """What came of every pair, as plain values: {"absent": why}, {"failed": why}, or figures and verdicts."""
    # Imported here, so that a commit without them fails as a whole.
    from gdbench import registry
    from gdbench.run import Cell, run_cell  # noqa: F401

    known = {what: registry.names(what) for what in ("optimizer", "problem")}
    found = {}
    for pair in ((optimizer, problem) for optimizer in OPTIMIZERS for problem in PROBLEMS):
        unknown = [name for what, name in zip(known, pair, strict=True) if name not in known[what]]
        try:
            found[pair] = {"absent": f"this commit has no {unknown[0]}"} if unknown else _outcome(*pair)
        except Exception:  # noqa: BLE001 - one broken pair must not hide the others
            found[pair] = {"failed": traceback.format_exc()}
    return found


setup_cache.timeout = 900


def figures(cache, optimizer, problem):
    """The figures of a pair; raises where there are none, so that asv shows `n/a` or `failed`."""
    outcome = cache[optimizer, problem]
    if "absent" in outcome:
        raise SkipNotImplemented(outcome["absent"])
    if "failed" in outcome:
        raise RuntimeError(outcome["failed"])
    return outcome


def nine_digits(value):
    """Nine significant digits: what a fit leaves equal between builds of BLAS."""
    return float(f"{value:.9g}")


def _outcome(optimizer, problem):
    from gdbench import registry
    from gdbench.errors import BadInput
    from gdbench.run import Cell, run_cell

    subject = registry.problem(problem)
    method = registry.optimizer(optimizer)
    # Commits before there were samplings know nothing of one.
    sampling = getattr(method, "sampling", None)
    lacking = not {"L", "mu"} <= set(subject.constants()) or subject.spectrum is None or sampling is not None
    try:
        method.tune(subject)
        if sampling is not None:
            sampling.room(subject)
    except BadInput as error:
        if lacking:
            return {"absent": str(error)}
        raise
    result = run_cell(Cell(optimizer, problem, BUDGET))
    if result.status not in ("finished", "converged", "reached", "diverged"):
        return {"failed": f"{result.status} at k = {result.k}: {result.reason}"}
    figures, rows = result.summary, result.trajectory
    reached = figures["iterations_to_target"]
    calls = rows["value_calls"] + rows["gradient_calls"]
    rate = figures["rate"]
    return {
        "knows_gap": not math.isnan(figures["gap_0"]),
        "iterations": BUDGET + 1 if reached is None else reached,
        "calls": int(calls[-1 if reached is None else reached]),
        "efold": nine_digits(1.0 / rate["value"]) if rate["kind"] == "linear" else None,
        "verdicts": {verdict.theorem: (verdict.outcome, verdict.tightness) for verdict in result.verdicts},
    }
