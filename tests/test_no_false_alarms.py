"""Random problems, methods and parameters of which every theorem that applies must hold: an alarm would be false."""

import random

import pytest

from gdbench import registry
from gdbench.errors import BadInput
from gdbench.run import Cell, run_cell

METHODS = (
    "gradient_descent",
    "gradient_descent[alpha={a:.6f}/L]",
    "gradient_descent[alpha=2/(L+mu)]",
    "heavy_ball",
    "heavy_ball[alpha={s:.4f}/L,beta={b:.3f}]",
    "nesterov",
    "nesterov[beta={b:.3f}]",
    "nesterov_convex",
    "backtracking",
    "backtracking[alpha={i},factor={f:.2f},c={c:.3f}]",
)


def problem(draws: random.Random, seed: int) -> str:
    kappa = 10 ** draws.uniform(0.01, 4.5)
    features = draws.choice([1, 2, 5, 9])
    spectrum = draws.choice(["linear", "log_uniform", "two_point"])
    start = draws.choice(["random", "ones", "top", "bottom", "line_search"])
    family = f"kappa={kappa:.4f},seed={seed},start={start}"
    regression = f"samples={20 * features + 1},features={features},seed={seed}"
    return draws.choice(
        [
            f"quadratic[{family},dim={draws.choice([2, 3, 7, 20])},spectrum={spectrum}]",
            f"quadratic[{family},dim={draws.choice([2, 5, 13])},rotated=true]",
            f"least_squares[{regression},noise={draws.choice([0.01, 1, 10])}]",
            f"logistic[samples=40,features=3,l2={draws.choice([1e-4, 1e-2, 1])},seed={seed}]",
            f"logistic[samples=60,features=2,l2=0,seed={seed}]",
            f"huber[horizon={draws.choice([1, 3, 10, 77])}]",
            f"huber_strongly_convex[kappa={kappa + 0.1:.4f},horizon={draws.choice([1, 3, 10, 77])}]",
            draws.choice(["heavy_ball_cycle", "sine_bowl", "rosenbrock", "rosenbrock[dim=5]"]),
        ]
    )


def method(draws: random.Random) -> str:
    return draws.choice(METHODS).format(
        a=draws.uniform(0.02, 1.99),
        s=draws.uniform(0.01, 1.0),
        b=draws.uniform(0.0, 0.99),
        i=draws.choice(["10", "1/L", "0.3", "100/L"]),
        f=draws.uniform(0.1, 0.9),
        c=draws.uniform(0.001, 0.9),
    )


@pytest.mark.parametrize("block", range(4))
def test_no_theorem_is_violated(block):
    draws = random.Random(block)
    judged = 0
    for seed in range(60):
        cell = Cell(method(draws), problem(draws, seed), draws.choice([30, 300, 1500]))
        try:
            result = run_cell(cell)
        except BadInput:
            continue
        judged += len(result.verdicts)
        alarms = [verdict for verdict in result.verdicts if verdict.outcome == "violated"]
        assert not alarms, alarms
    assert judged > 300


@pytest.mark.parametrize("cell", [
    ("heavy_ball", "least_squares[samples=21,features=1,noise=10,seed=154]"),
    ("gradient_descent[alpha=1.275968/L]", "least_squares[samples=21,features=1,noise=1,seed=1158]"),
    ("gradient_descent[alpha=2/(L+mu)]", "least_squares[samples=19,features=9,noise=0.01,seed=758]"),
    ("gradient_descent", "least_squares[samples=5,features=2,noise=0.01,seed=2020]"),
    ("gradient_descent", "least_squares[samples=21,features=1,noise=10,seed=1505]"),
    ("nesterov", "least_squares[samples=21,features=1,noise=10,seed=4076]"),
    (
        "gradient_descent[alpha=2/(L+mu)]",
        "quadratic[kappa=20358.7826,dim=3,spectrum=two_point,rotated=true,seed=789,start=line_search]",
    ),
])  # fmt: skip
def test_cells_that_once_raised_a_false_alarm(cell):
    """mu and L that differ by rounding only; sums and products that nearly cancel."""
    assert all(verdict.outcome != "violated" for verdict in run_cell(Cell(*cell, 400)).verdicts)


@pytest.mark.parametrize("problem", ["logistic[l2=0,samples=5,features=9]", "logistic[samples=1,features=1,l2=0]"])
@pytest.mark.parametrize("optimizer", registry.names("optimizer"))
def test_rounding_is_allowed_for_where_no_minimiser_is_known(optimizer, problem):
    """L is known and x* is not: the allowance is relative to a bound of ||x_k||, and leaves something to see."""
    try:
        result = run_cell(Cell(optimizer, problem, 300))
    except BadInput:
        return
    told = [verdict for verdict in result.verdicts if verdict.outcome != "not applicable"]
    assert all(verdict.outcome in ("holds", "attained", "unresolvable") for verdict in told), told
    for verdict in told:
        if verdict.theorem in ("armijo_nonconvex", "armijo_progress", "wolfe_step", "wolfe_zoutendijk"):
            assert verdict.outcome == "holds" and verdict.resolvable > 0.0
