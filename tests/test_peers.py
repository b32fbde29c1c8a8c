"""Every method takes the steps of a loop written by hand for it alone, with as many products: `python tests/peers.py`
then compares like with like.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from peers_loops import LOOPS
from peers_loops.agreement import apart, differences
from peers_loops.drive import Walk, by_hand, dense, driver

from gdbench import registry

#: Away from saddles `perturbed` is gradient descent.
SAME = {frozenset({"perturbed", "gradient_descent"})}
PAIRS = [(mine, other) for mine in LOOPS for other in LOOPS if mine != other and {mine, other} not in SAME]


@cache
def ours(selector: str, n: int, kappa: float, steps: int, record: bool) -> Walk:
    loop = replace(LOOPS[selector], kappa=kappa)
    return driver(selector, dense(n, loop), steps, record).walk()


@cache
def theirs(selector: str, n: int, kappa: float, steps: int, record: bool) -> Walk:
    loop = replace(LOOPS[selector], kappa=kappa, steps=steps)
    return by_hand(loop, dense(n, loop), record).walk()


def test_loops_are_of_methods_that_there_are() -> None:
    """A method without a loop is named by the table: `python tests/peers.py`."""
    for selector in LOOPS:
        registry.optimizer(selector).tune(registry.problem("quadratic[rotated=true]"))


@pytest.mark.parametrize("record", [True, False])
@pytest.mark.parametrize("n", [10, 20, 100])
@pytest.mark.parametrize("selector", LOOPS)
def test_method_and_loop_take_the_same_steps(selector: str, n: int, record: bool) -> None:
    cell = (selector, n, LOOPS[selector].kappa, LOOPS[selector].steps, record)
    assert apart(ours(*cell), theirs(*cell), record) == ""


@pytest.mark.parametrize(("mine", "other"), PAIRS)
def test_the_loop_of_another_method_does_not_pass(mine: str, other: str) -> None:
    where = (20, LOOPS[mine].kappa, min(LOOPS[mine].steps, LOOPS[other].steps), True)
    found = differences(ours(mine, *where), theirs(other, *where), record=True)
    # The closest two are the two sequences of Nesterov's method, 3e-3 apart.
    assert max(found.values()) > 1e-3


@pytest.mark.parametrize("selector", ["gradient_descent", "nesterov", "heavy_ball", "triple_momentum"])
def test_a_step_size_that_is_off_in_its_tenth_digit_does_not_pass(selector: str) -> None:
    loop = LOOPS[selector]
    problem = dense(20, loop)
    assert problem.L is not None
    off = replace(problem, L=replace(problem.L, value=problem.L.value * (1 + 1e-10)))
    mine = ours(selector, 20, loop.kappa, loop.steps, True)
    assert "alpha" in apart(mine, by_hand(loop, off, True).walk(), record=True)
