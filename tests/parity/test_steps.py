"""Each method is its counterpart of torch and optax, one step from every state of a run and over a run of 300 steps."""

import numpy as np
import pytest
from cases import CASES, NORM, STEPS, VALUE, apart, held, ours_of

#: Methods whose paths multiply an ulp by more than cases.GROWTH, with the k up to which they have not; ours are the
#: same bits on every machine, so this is exact.
EXPANSIVE = {
    ("polyak_step", "quadratic"): 22,
    ("polyak_step", "rosenbrock"): 14,
    ("polyak_step", "logistic"): 13,
    ("normalized", "mlp"): 249,
}
#: How many of Polyak's steps are more than a quotient of rounding errors: there ours moves, and is held against theirs.
MOVED = {"quadratic": STEPS, "rosenbrock": STEPS, "logistic": 45}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_a_method_is_its_counterpart(case):
    held(case, apart(case).one, apart(case).free)
    assert apart(case).horizon == EXPANSIVE.get((case.method, case.problem), STEPS)


def test_the_paths_that_tell_no_more_are_among_the_cases():
    assert EXPANSIVE.keys() <= {(case.method, case.problem) for case in CASES}


@pytest.mark.parametrize("case", [case for case in CASES if "clipped" in case.method], ids=lambda case: case.label)
def test_thresholds_bind_at_first_and_not_at_the_end(case):
    player, bound = ours_of(case), []
    for _ in range(STEPS):
        player.step()
        g = player.g
        norm = "norm" in case.method
        bound.append(np.linalg.norm(g) > NORM[case.problem] if norm else np.max(np.abs(g)) > VALUE[case.problem])
    assert bound[0] and not bound[-1]


@pytest.mark.parametrize("case", [case for case in CASES if case.may_stay], ids=lambda case: case.label)
def test_the_steps_that_are_left_out_are_these(case):
    player, moved = ours_of(case), 0
    for _ in range(STEPS):
        player.step()
        moved += player.alpha > 0.0
    assert moved == MOVED[case.problem]
