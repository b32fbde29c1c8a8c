"""A violation explains itself: planted causes are named, and every kernel of the registry runs in 50 digits."""

from dataclasses import replace

import pytest

from gdbench import registry
from gdbench.explain import Inquiry
from gdbench.kernel import step
from gdbench.run import Cell, run_pair


@step
def too_long(k, alpha, f, state, data, calls):
    """Gradient descent with 2.5 times the step that it says it takes."""
    for i in range(state.x.shape[0]):
        state.x[i] -= 2.5 * alpha * state.g[i]
    return alpha, 0, 0


def violations(problem, optimizer, iterations=60, **more):
    """The violated verdicts of a run by theorem, with their explanations."""
    cell = Cell(optimizer.name, problem.name, iterations)
    inquiry = Inquiry(problem, optimizer, cell, **more)
    found = run_pair(problem, optimizer, cell).verdicts
    return {one.theorem: inquiry.explain(one) for one in found if one.outcome == "violated"}


def test_a_wrong_step_is_no_rounding():
    optimizer = replace(registry.optimizer("gradient_descent"), step=too_long)
    found = violations(registry.problem("quadratic[dim=5]"), optimizer)
    assert {one.cause for one in found.values()} == {"iterates"}
    tight = found["gd_convex_tight"]
    # The run is in its first step: three roundings of 2^-53 separate it from 50 digits.
    for name in ("points", "repeated"):
        assert tight.figures[f"measured_{name}"] == pytest.approx(tight.figures["measured"], rel=1e-15)
    assert tight.k == 1 and "constants or the theorem are wrong" in tight.detail
    assert "to the last bit" in tight.detail and "as declared" not in tight.detail
