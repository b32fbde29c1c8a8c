"""Prints digests of all problems' arrays, for `test_bits`.

With the word `steps` also of gradient steps on each, with `runs` of these and of every method's trajectories.
"""

from __future__ import annotations

import hashlib
import json
import sys

import numpy as np

from gdbench import registry
from gdbench.errors import BadInput
from gdbench.kernel import box_data, prepare
from gdbench.problem import Problem
from gdbench.run import Cell, run_cell

SMALL = {
    "quadratic": "quadratic[kappa=30,dim=9,rotated=true]",
    "rosenbrock": "rosenbrock[dim=11]",
    "least_squares": "least_squares[samples=30,features=5]",
    "logistic": "logistic[samples=30,features=5]",
    "mlp": "mlp[inputs=3,width=3,samples=21]",
}
MORE = ["quadratic", "quadratic[spectrum=linear]", "logistic[samples=30,features=5,l2=0]"]


def arrays(problem: Problem) -> str:
    """A digest of everything that a run starts from, the constants included."""
    digest = hashlib.sha256()
    for array in (*problem.arrays(), problem.start, problem.x_star):
        digest.update(b"none" if array is None else array.tobytes())
    for constant in (problem.L, problem.mu, problem.pl, problem.f_star, problem.L_sample):
        digest.update(b"none" if constant is None else constant.value.hex().encode())
    if problem.spectrum is not None:
        digest.update(problem.spectrum.eigenvalues.tobytes() + problem.spectrum.coordinates.tobytes())
    return digest.hexdigest()[:16]


def steps(problem: Problem) -> str:
    """A digest of x and f along 25 gradient steps."""
    digest = hashlib.sha256()
    oracle = prepare(problem.oracle)
    data = box_data(*problem.arrays())
    x, g = problem.start.copy(), np.zeros(problem.n)
    alpha = 0.1 if problem.L is None else 0.5 / problem.L.value
    for _ in range(25):
        digest.update(float(oracle(x, g, data)).hex().encode() + x.tobytes())
        x = x - alpha * g
    return digest.hexdigest()[:16]


def trajectory(optimizer: str, problem: str) -> str:
    """A digest of all columns of 60 iterations and of the outcomes of their verdicts, or what the problem lacks."""
    try:
        result = run_cell(Cell(optimizer, problem, iterations=60))
    except BadInput as lacks:
        return str(lacks)
    digest = hashlib.sha256(result.status.encode())
    for name, column in result.trajectory.columns.items():
        digest.update(name.encode() + column.tobytes())
    digest.update(repr([(verdict.theorem, verdict.outcome) for verdict in result.verdicts]).encode())
    return digest.hexdigest()[:16]


def main() -> None:
    found = {}
    selectors = [SMALL.get(name, name) for name in registry.names("problem")]
    for selector in selectors + MORE:
        found[f"{selector} arrays"] = arrays(registry.problem(selector))
    if "steps" in sys.argv or "runs" in sys.argv:
        for selector in selectors:
            found[f"{selector} steps"] = steps(registry.problem(selector))
    if "runs" in sys.argv:
        for optimizer in registry.names("optimizer"):
            for selector in selectors:
                found[f"{optimizer} on {selector}"] = trajectory(optimizer, selector)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
