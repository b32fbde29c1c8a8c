"""Steps that vary: exact paths of sign, normalised and clipped descent, saddles left, and no false alarm."""

import numpy as np
import pytest

from gdbench import registry
from gdbench.errors import BadInput
from gdbench.run import Cell, run_cell

QUAD = "quadratic[kappa=50,dim=3,start=ones]"


def rows(optimizer, problem, iterations=200):
    return run_cell(Cell(optimizer, problem, iterations)).trajectory


def naive(step, problem, iterations):
    """x_k of a loop in NumPy on a diagonal quadratic."""
    made = registry.problem(problem)
    x, found = made.start.copy(), [made.start.copy()]
    for _ in range(iterations):
        x = x - step(made.vector * x)
        found.append(x.copy())
    return np.array(found)


@pytest.mark.parametrize(
    ("optimizer", "step"),
    {
        "sign[alpha=0.03]": lambda g: 0.03 * np.sign(g),
        "normalized[alpha=0.03]": lambda g: 0.03 * g / np.linalg.norm(g),
        "clipped[alpha=0.5/L,threshold=0.7]": lambda g: 0.5 / 4 * g * min(1.0, 0.7 / np.linalg.norm(g)),
        "clipped[alpha=0.5/L,threshold=0.4,by=value]": lambda g: 0.5 / 4 * np.clip(g, -0.4, 0.4),
    }.items(),
)
def test_iterates_are_those_of_a_plain_loop(optimizer, step):
    assert registry.problem(QUAD).L.value == 4.0
    found = rows(optimizer, QUAD)
    path = np.column_stack([found[f"x{i}"] for i in range(3)])
    np.testing.assert_allclose(path, naive(step, QUAD, 200), rtol=0, atol=1e-13)


def test_a_vanishing_gradient_is_no_failure():
    for optimizer in ("sign", "normalized", "clipped", "clipped[by=value]"):
        found = run_cell(Cell(optimizer, "quadratic[kappa=1,dim=1,start=ones]", 5))
        assert found.status == "finished"
    stays = run_cell(Cell("normalized", "heavy_ball_cycle", 10_000))
    assert stays.status == "finished" and np.isfinite(stays.summary["f"])


def test_a_clipped_step_has_the_length_of_its_threshold():
    found = rows("clipped[threshold=0.25]", QUAD, 50)
    length = found["alpha"][:-1] * np.sqrt(found["grad2"][:-1])
    clipped = np.sqrt(found["grad2"][:-1]) > 0.25
    assert clipped[0] and not clipped[-1]
    np.testing.assert_allclose(length[clipped], 0.25 / 4, rtol=1e-14)
    np.testing.assert_array_equal(found["alpha"][:-1][~clipped], 0.25)


def test_varying_steps_attain_the_product_of_their_contractions():
    for schedule in ("cosine[steps=100]", "inverse", "exponential", "one_cycle[steps=80]"):
        result = run_cell(Cell(f"gradient_descent[schedule={schedule}]", "quadratic[dim=2,start=bottom]", 120))
        outcomes = {verdict.theorem: verdict.outcome for verdict in result.verdicts}
        assert outcomes["gd_sc_varstep"] == "attained"
    clipped = run_cell(Cell("clipped[threshold=0.001]", "quadratic[dim=2,start=bottom]", 120))
    assert {v.theorem: v.outcome for v in clipped.verdicts}["gd_sc_varstep"] == "attained"


def test_perturbation_is_the_same_for_the_same_seed_and_rare():
    found = [rows(f"perturbed[threshold=10,wait=20,seed={seed}]", QUAD, 100) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(found[0]["x0"], found[1]["x0"])
    assert not np.array_equal(found[0]["x0"], found[2]["x0"])
    jumps = np.flatnonzero(found[0]["alpha"][:-1] == 0.0)
    assert jumps[0] == 0 and set(np.diff(jumps)) == {20}
    lengths = np.sqrt(found[0]["step2"][jumps + 1])
    assert np.all(lengths <= 1e-2 * (1 + 1e-12)) and np.all(lengths > 0)


@pytest.mark.parametrize("optimizer", ["sign[alpha=0.02]", "normalized[alpha=0.02]", "clipped[threshold=0.3]",
                                       "clipped[alpha=1.9/L,threshold=2]"])  # fmt: skip
@pytest.mark.parametrize("problem", ["quadratic", "quadratic[rotated=true,kappa=1e4]", "least_squares", "logistic",
                                     "huber", "damping", "sine_bowl"])  # fmt: skip
def test_no_false_alarms(optimizer, problem):
    result = run_cell(Cell(optimizer, problem, 3000))
    assert [v.theorem for v in result.verdicts if v.outcome == "violated"] == []


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ("clipped[threshold=0]", "threshold=0 is out of range"),
        ("clipped[by=nrom]", "did you mean 'norm'"),
        ("perturbed[radius=-1]", "radius=-1 is out of range"),
        ("perturbed[wait=0]", "wait=0 is out of range"),
    ],
)
def test_bad_input(selector, words):
    with pytest.raises(BadInput, match=words):
        registry.optimizer(selector)


def test_a_step_size_of_zero_is_refused():
    for name in ("sign", "normalized", "clipped"):
        with pytest.raises(BadInput, match="must be finite and > 0"):
            run_cell(Cell(f"{name}[alpha=0]", "bowl", 1))
