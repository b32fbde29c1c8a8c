"""Speed against peers, as ratios taken in one run: `python tests/peers.py`, with the extra [test] installed (scipy).

`python tests/peers.py --only methods nesterov lbfgs` prints a part; `peers_loops` holds a loop for every method.

Times are processor times of this thread per iteration, the low quantile of interleaved repeats, BLAS on one thread. The
hand-written loops are specialised to problem and method: strict sums in order, our sums over lanes (our bits), or fused
sums in any order (fastmath: other bits on every machine, so for information only). Both sides record f, ||g||^2,
||x - x*||^2, ||x_k - x_{k-1}||^2, the step size and counts at every step. Compilation and judging are excluded where a
row does not say otherwise.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numba
import numpy as np
from peers_loops import LOOPS
from peers_loops.table import show

from gdbench import registry
from gdbench.jury import Jury
from gdbench.kernel import descend, dist2, dot
from gdbench.run import Cell

DRIVING = import_module("gdbench.run")
CHUNK = DRIVING.CHUNK
#: Sums may be reordered by hand-written code: it promises the same result on no other machine.
LOOSE = {"reassoc", "contract", "arcp", "nsz"}
#: So ill-conditioned that no iterate becomes subnormal, which would slow both sides down.
SMALL = "quadratic[dim=2,kappa=1e6]"


@dataclass(frozen=True)
class Row:
    what: str
    ours: str
    theirs: str
    ratio: str
    goal: str
    met: str


class Silent(Jury):
    """A jury that listens to nothing."""

    def __init__(self, *given: Any) -> None:
        self.given = given

    def hear(self, chunk: Any) -> None:
        pass

    def verdicts(self, trajectory: Any, status: str) -> Any:
        return {}, ()


def by_hand_diagonal(eigenvalues, x, x_star, alpha, iterations, rows):
    """Gradient descent on a diagonal quadratic, every row written."""
    moved = 0.0
    for k in range(iterations + 1):
        f = grad2 = dist2 = step2 = 0.0
        for i in range(x.shape[0]):
            slope = eigenvalues[i] * x[i]
            f += slope * x[i]
            grad2 += slope * slope
            dist2 += (x[i] - x_star[i]) * (x[i] - x_star[i])
            x[i] -= alpha * slope
            step2 += (alpha * slope) * (alpha * slope)
        row = rows[k % rows.shape[0]]
        row[0], row[1], row[2], row[3], row[4] = 0.5 * f, 0.5 * f, grad2, dist2, moved
        row[5], row[6], row[7] = alpha, 0.0, 0.0
        moved = step2
        if not (abs(f) <= 1e300) or not (grad2 < np.inf):
            return k
    return iterations


STRICT_DIAGONAL = numba.njit(error_model="numpy")(by_hand_diagonal)
LOOSE_DIAGONAL = numba.njit(fastmath=LOOSE, error_model="numpy")(by_hand_diagonal)


@numba.njit(error_model="numpy")
def lanes_diagonal(eigenvalues, x, x_star, alpha, iterations, rows):
    """As above with our sums over lanes: the same bits as our run, specialised."""
    g, last = np.empty_like(x), x.copy()
    for k in range(iterations + 1):
        for i in range(x.shape[0]):
            g[i] = eigenvalues[i] * x[i]
        f = 0.5 * dot(g, x)
        row = rows[k % rows.shape[0]]
        row[0], row[1], row[2], row[3], row[4] = f, f, dot(g, g), dist2(x, x_star), dist2(x, last)
        row[5], row[6], row[7] = alpha, 0.0, 0.0
        if not (abs(f) <= 1e300) or not (row[2] < np.inf):
            return k
        for i in range(x.shape[0]):
            last[i] = x[i]
            x[i] -= alpha * g[i]
    return iterations


@numba.njit(fastmath=LOOSE, error_model="numpy")
def by_hand_dense(matrix, x, x_star, alpha, iterations, rows):
    """Gradient descent on a dense quadratic, by BLAS."""
    moved = 0.0
    g = np.empty_like(x)
    for k in range(iterations + 1):
        np.dot(matrix, x, out=g)
        f = grad2 = dist2 = step2 = 0.0
        for i in range(x.shape[0]):
            f += g[i] * x[i]
            grad2 += g[i] * g[i]
            dist2 += (x[i] - x_star[i]) * (x[i] - x_star[i])
            x[i] -= alpha * g[i]
            step2 += (alpha * g[i]) * (alpha * g[i])
        row = rows[k % rows.shape[0]]
        row[0], row[1], row[2], row[3], row[4] = 0.5 * f, 0.5 * f, grad2, dist2, moved
        row[5], row[6], row[7] = alpha, 0.0, 0.0
        moved = step2
        if not (abs(f) <= 1e300) or not (grad2 < np.inf):
            return k
    return iterations


def lecture(grad_f: Callable[[Any], Any], x0: Any, lr: float, max_iter: int, tol: float = 0.0) -> Any:
    """The lecture's NumPy gradient descent."""
    x = x0.copy()
    history = [x.copy()]
    for _ in range(max_iter):
        g = grad_f(x)
        x = x - lr * g
        history.append(x.copy())
        if np.linalg.norm(g) < tol:
            break
    return x, history


def contest(*players: tuple[Callable[[], Any], int], repeats: int = 15) -> list[float]:
    """Seconds per iteration of each player: the second lowest of all repeats.

    A player is a callable and the iterations it does; a float that it returns is the time that counts.
    """
    times: list[list[float]] = [[] for _ in players]
    for _ in range(repeats + 1):
        for held, (play, iterations) in zip(times, players, strict=True):
            start = time.thread_time()
            answer = play()
            spent = answer if isinstance(answer, float) else time.thread_time() - start
            held.append(spent / iterations)
    return [sorted(held[1:])[1] for held in times]


def in_time(seconds: float) -> str:
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def row(what: str, ours: float, theirs: float, goal: float | None, faster: bool = False) -> Row:
    """ratio: ours / theirs, at most goal; with `faster` theirs / ours, at least goal."""
    ratio = theirs / ours if faster else ours / theirs
    if goal is None:
        return Row(what, in_time(ours), in_time(theirs), f"{ratio:.3g}", "", "")
    met = ratio >= goal if faster else ratio <= goal
    sign = ">=" if faster else "<="
    return Row(what, in_time(ours), in_time(theirs), f"{ratio:.3g}", f"{sign} {goal:g}", "met" if met else "NOT MET")


def limit(what: str, found: float, goal: float, unit: str = "s") -> Row:
    return Row(what, f"{found:.3g} {unit}", "", "", f"< {goal:g} {unit}", "met" if found < goal else "NOT MET")


def ours(problem: str, iterations: int, jury: type[Jury] = Silent) -> Callable[[], Any]:
    """Our whole run: driver, recorder, set-up."""
    instance, optimizer = registry.problem(problem), registry.optimizer("gradient_descent")
    cell = Cell("gradient_descent", problem, iterations)

    def play() -> Any:
        held, DRIVING.Jury = DRIVING.Jury, jury
        try:
            return DRIVING.run_pair(instance, optimizer, cell)
        finally:
            DRIVING.Jury = held

    return play


def driver(problem: str, iterations: int) -> Callable[[], float]:
    """The driver alone, called as a run calls it, every row written: what the hand-written loops do."""
    play, honest = ours(problem, iterations), DRIVING.prepare

    def timed() -> float:
        spent = 0.0

        def prepare(kernel: Any) -> Any:
            compiled = honest(kernel)
            if kernel is not descend:
                return compiled

            def call(*arguments: Any) -> Any:
                nonlocal spent
                start = time.thread_time()
                end = compiled(*arguments)
                spent += time.thread_time() - start
                return end

            return call

        DRIVING.prepare = prepare
        try:
            play()
        finally:
            DRIVING.prepare = honest
        return spent

    return timed


def by_hand(loop: Callable[..., Any], problem: str, iterations: int) -> Callable[[], Any]:
    instance = registry.problem(problem)
    data = instance.matrix if "rotated" in problem else instance.vector
    rows = np.zeros((CHUNK, 8))
    assert instance.L is not None
    alpha = 1.0 / instance.L.value
    return lambda: loop(data, instance.start.copy(), instance.x_star, alpha, iterations, rows)


def speeds() -> list[Row]:
    """Per iteration, against hand-written loops and the lecture's."""
    found = []
    cells = [
        ("diagonal n = 2", SMALL, 1_000_000, 2.0, 15),
        ("diagonal n = 100", "quadratic[dim=100,kappa=1e6]", 100_000, 1.3, 15),
        ("dense n = 1000", "quadratic[dim=1000,kappa=1e6,rotated=true]", 200, 1.1, 9),
    ]
    peers = {"strict": STRICT_DIAGONAL, "over our lanes": lanes_diagonal, "fastmath": LOOSE_DIAGONAL}
    for name, problem, iterations, goal, repeats in cells:
        loops = {"with BLAS": by_hand_dense} if "dense" in name else peers
        players = [(by_hand(loop, problem, iterations), iterations) for loop in loops.values()]
        mine = [(driver(problem, iterations), iterations), (ours(problem, iterations), iterations)]
        alone, whole, *others = contest(*mine, *players, repeats=repeats)
        for peer, other in zip(loops, others, strict=True):
            wanted = goal if peer in ("strict", "with BLAS") else None
            found.append(row(f"{name}: driver / hand-written loop, {peer}", alone, other, wanted))
        found.append(row(f"{name}: whole run, not judged / best loop", whole, min(others), None))
    loop = (lambda: lecture(lambda x: np.array([0.02 * x[0], 2.0 * x[1]]), np.array([10.0, 1.0]), 0.5, 2_000), 2_000)
    both = contest((ours(SMALL, 1_000_000), 1_000_000), loop, repeats=25)
    found.append(row("n = 2: the lecture's NumPy loop / whole run, not judged", *both, 150.0, faster=True))
    dense, count = "quadratic[dim=100,kappa=1e6,rotated=true]", 20_000
    judged, bare = contest((ours(dense, count, Jury), count), (ours(dense, count), count), repeats=9)
    found.append(row("dense n = 100: judging / running", judged - bare, bare, 1.0))
    return found


def child(*arguments: str, **environment: str) -> float:
    """Wall seconds of a Python process in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        places = {**os.environ, **environment}
        subprocess.run([sys.executable, *arguments], cwd=folder, env=places, check=False, capture_output=True)
        return time.perf_counter() - start


MEMORY = """
import resource
from gdbench.run import Cell, run_cell
run_cell(Cell("gradient_descent", "damping", {iterations}))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(iterations: int) -> float:
    """Peak memory of a run in a process of its own, in MB."""
    command = [sys.executable, "-c", MEMORY.format(iterations=iterations)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / 1024


COMMAND = "from gdbench.cli import main; main()"


def whole_commands() -> list[Row]:
    """Start, memory, and what a user waits for."""
    found = []
    found.append(limit("gdbench --help", min(child("-c", COMMAND, "--help") for _ in range(7)), 0.15))
    grown = peak(10_000_000) - peak(10_000)
    found.append(limit("memory of 1e7 iterations above that of 1e4", grown, 20.0, "MB"))
    verdict = "from gdbench.run import *; run_cell(Cell('gradient_descent', 'quadratic', 1000))"
    with tempfile.TemporaryDirectory() as cache:
        found.append(limit("first verdict, cold cache", child("-c", verdict, GDBENCH_CACHE_DIR=cache), 10.0))
        found.append(limit("first verdict, warm cache", child("-c", verdict, GDBENCH_CACHE_DIR=cache), 10.0))
    with tempfile.TemporaryDirectory() as cache:
        for state, goal in (("cold", 30.0), ("warm", 5.0)):
            seconds = child("-c", COMMAND, "run", GDBENCH_CACHE_DIR=cache)
            found.append(limit(f"default suite, {state} cache", seconds, goal))
    return found


def show_rows(found: list[Row]) -> None:
    rows = [Row("what", "ours", "theirs", "ratio", "goal", ""), *found]
    fields = list(Row.__dataclass_fields__)
    widths = [max(len(getattr(one, name)) for one in rows) for name in fields]
    for one in rows:
        print("  ".join(getattr(one, name).ljust(width) for name, width in zip(fields, widths, strict=True)).rstrip())


def main() -> None:
    parser = argparse.ArgumentParser(description="Speeds as ratios to hand-written loops, taken in one run.")
    parser.add_argument("--only", choices=("methods", "runs", "commands"), help="one part; all three without it")
    parser.add_argument("methods", nargs="*", metavar="METHOD", help=f"of the part methods: {', '.join(LOOPS)}")
    given = parser.parse_args()
    unknown = [name for name in given.methods if name not in LOOPS]
    if unknown:
        parser.error(f"there is no loop for {unknown[0]}: take one of {', '.join(LOOPS)}")
    if given.methods or given.only in (None, "methods"):
        show(given.methods or LOOPS)
    if not given.methods:
        parts = {"runs": speeds, "commands": whole_commands}
        for name, part in parts.items():
            if given.only in (None, name):
                print()
                show_rows(part())
        print(f"\npeak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
