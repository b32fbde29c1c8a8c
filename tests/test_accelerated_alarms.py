"""Random cells on which every theorem of accelerated, Krylov and second-order methods must hold: an alarm is false."""

import random

import pytest
from test_no_false_alarms import problem as any_problem

from gdbench.errors import BadInput
from gdbench.run import Cell, run_cell

METHODS = (
    *("nesterov_ratio", "nesterov_ratio[alpha={a:.4f}/L]", "ogm[horizon={n}]", "ogm[horizon={n}]", "triple_momentum"),
    *("nesterov_restart", "nesterov_restart[test=function]", "conjugate_gradient", "conjugate_gradient"),
    *("lbfgs", "lbfgs[memory={m}]", "lbfgs[c1=0.1,c2=0.5]", "newton", "newton[c=0.3,factor={f:.2f}]"),
    *("gradient_descent[alpha={g:.4f}/L]", "heavy_ball", "heavy_ball[alpha={a:.4f}/L,beta={b:.3f}]", "nesterov"),
    "gradient_descent[schedule=cosine[steps=200]]",
)


def problem(draws: random.Random, seed: int) -> str:
    if draws.random() < 0.08:
        return f"nesterov_worst[horizon={draws.choice([1, 3, 20, 150])}]"
    return any_problem(draws, seed)


def method(draws: random.Random) -> str:
    return draws.choice(METHODS).format(
        a=draws.uniform(0.05, 1.0),
        b=draws.uniform(0.0, 0.99),
        f=draws.uniform(0.1, 0.9),
        g=draws.uniform(0.05, 2.2),
        m=draws.choice([1, 2, 5, 20]),
        n=draws.choice([1, 2, 7, 30, 400]),
    )


@pytest.mark.parametrize("block", range(4))
def test_no_theorem_is_violated(block):
    draws = random.Random(1000 + block)
    judged = 0
    for seed in range(100):
        cell = Cell(method(draws), problem(draws, seed), draws.choice([30, 300, 1500]))
        try:
            result = run_cell(cell)
        except BadInput:
            continue
        assert result.status in ("finished", "diverged"), (cell, result.reason)
        judged += len(result.verdicts)
        alarms = [verdict for verdict in result.verdicts if verdict.outcome == "violated"]
        assert not alarms, alarms
    assert judged > 150
