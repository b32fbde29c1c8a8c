"""Prints how far ours and theirs are apart, and writes it to reports/parity.md: `python tests/parity/table.py`.

Differences are powers of ten that they do not exceed, from 1e-15 on: their digits belong to a machine. The growth of an
ulp is our own path's, the same bits on every machine.
"""

import math
import sys
from pathlib import Path

from extra import complaint

if complaint():
    sys.exit(complaint())

from cases import CASES, GROWTH, LIMIT, STEPS, Case, apart
from rates import BASE, PAIRS, Pair, differences

PLACE = Path(__file__).parents[2] / "reports" / "parity.md"
TEXT = f"""\
# Parity with torch, optax and scipy

`python tests/parity/table.py` writes this page; `pytest tests/parity` holds what it says.

Our kernels, run by our driver, against torch and optax in float64. Their gradients are autograd's and jax.grad's, of
models written anew. Differences are relative to the largest entry of the path.

- one step: from each of {STEPS} states of our run, velocity and moments included, with our gradient: the rule alone.
- {STEPS} steps: two runs from the start, each by gradients of its own; x, velocity, moments, nesterov's two sequences.
- an ulp grows by: what our own path makes of an ulp at its start, at most, within {STEPS} steps; at x_1 for lars and
  lamb on the logistic regression and the network, as a layer at 0 takes another first step than one an ulp away.
- held for: each single step must be within {LIMIT:.0e}, and two runs while an ulp has grown by at most {GROWTH:g}.

Two methods exceed {LIMIT:.0e} later, because their paths multiply rounding, not because the rule is another: each of
their single steps agrees. Polyak's step divides f - f* by ||g||^2 and jumps far where g is small. On the logistic
regression f - f* is within the rounding of f after 45 steps: ours stays, optax goes on by quotients of rounding errors,
and only these 45 are held one by one. Normalized steps around a minimum, on the network, change direction by far more
than x does.

## Methods

"""
SCIPY = """
## scipy

Held in the default tests: strong Wolfe steps (tests/test_line_searches.py), conjugate gradients
(tests/test_accelerated.py) and the minimisers of L-BFGS-B (tests/test_second_order.py).

## Left out

Of torch's SGD maximize: every method here descends. Of optax dampening: it has none. nesterov_convex, nesterov_ratio,
nesterov_restart, ogm, triple_momentum, perturbed, adaptive_lipschitz, barzilai_borwein: neither torch nor optax has
them with these coefficients. sign, normalized, polyak_step, lars and lamb: not in torch. adam[correction=false] and a
box: in neither. Of torch's AdaGrad and RMSprop weight_decay, of optax's Adam and RMSprop roots with eps inside, of
optax Nesterov's forms of Adam, RMSprop and LARS, and RMSprop's initial_scale and bias_correction: not here.
"""
SCHEDULES = """
## Schedules

The largest difference of two step sizes, over alpha_0. Where torch computes a step from the one before, it may lose an
ulp in each.

"""


def ceiling(value: float) -> str:
    """The smallest power of ten, 1e-15 or more, that value does not exceed."""
    exponent = max(math.ceil(math.log10(value)), -15) if value > 0.0 else -15
    return f"<= 1e{exponent:+03d}" if exponent else "<= 1"


def method_names(case: Case) -> str:
    return f"| {case.method} | {case.reference} | {case.problem} |"


def schedule_names(pair: Pair) -> str:
    return f"| {pair.ours} | {pair.reference} |"


def method_row(case: Case) -> str:
    found = apart(case)
    figures = [ceiling(found.one), ceiling(float(found.free.max())), f"{found.growth.max():.2g}"]
    return " ".join([method_names(case), " | ".join([*figures, str(found.horizon)]), "|"])


def schedule_row(pair: Pair) -> str:
    room = "1e-15 or k ulp" if pair.recursive else "1e-15"
    return f"{schedule_names(pair)} {ceiling(float(differences(pair).max()) / BASE)} | {room} | {pair.count} |"


def table() -> str:
    methods = [
        f"| method | reference | problem | one step | {STEPS} steps | an ulp grows by | held for |",
        "|---|---|---|---|---|---|---|",
        *map(method_row, CASES),
    ]
    schedules = [
        "| schedule | reference | difference | allowed | updates |",
        "|---|---|---|---|---|",
        *map(schedule_row, PAIRS),
    ]
    return TEXT + "\n".join(methods) + "\n" + SCHEDULES + "\n".join(schedules) + "\n" + SCIPY


if __name__ == "__main__":
    text = table()
    PLACE.write_text(text, encoding="utf-8")
    print(text, end="")
