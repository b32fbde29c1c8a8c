"""Speed of sampled and adaptive methods against peers, as ratios taken in one run: `python tests/peers_sampled.py`.

With the extra [parity] installed (torch, optax). Times are processor times per step, the second lowest of interleaved
repeats, one thread each; those of replicates on one and two threads are wall times. f is recorded by none but the
hand-written Adam loop, which records what our driver does. Compilation is excluded everywhere.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numba
import numpy as np
import optax
import torch
from peers import Row, contest, row, show_rows
from peers_loops.drive import driver

from gdbench import registry
from gdbench.ensemble import run_ensemble
from gdbench.kernel import COLUMNS
from gdbench.problem import Problem, Spectrum
from gdbench.run import compile_pair

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(1)
DATA, SIZE, ALPHA = "least_squares[samples=1000,features=20]", 32, 0.01
WIDE = 100_000


def samples() -> tuple[np.ndarray, np.ndarray]:
    """The rows and targets as f(x) = mean of (a_i . x - y_i)^2 / 2 has them."""
    problem = registry.problem(DATA)
    root = np.sqrt(problem.samples)
    return problem.rows * root, problem.vector * root


def our_batches(steps: int) -> Callable[[], Any]:
    problem, optimizer = registry.problem(DATA), registry.optimizer(f"sgd[alpha={ALPHA},sampling=batches[size={SIZE}]]")
    compile_pair(problem, optimizer)
    tuning, control = optimizer.tune(problem), np.zeros(1, dtype=np.int64)

    def play() -> float:
        # One replicate: the thread that runs it is the pool's, so that its wall time is taken.
        start = time.perf_counter()
        run_ensemble(problem, optimizer, tuning, steps, 1, control, threads=1)
        return time.perf_counter() - start

    return play


def torch_batches(steps: int) -> Callable[[], Any]:
    rows, targets = (torch.tensor(array) for array in samples())

    def play() -> None:
        x = torch.zeros(20, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([x], lr=ALPHA)
        generator = torch.Generator().manual_seed(0)
        for _ in range(steps):
            chosen = torch.randint(len(targets), (SIZE,), generator=generator)
            optimizer.zero_grad()
            loss = 0.5 * ((rows[chosen] @ x - targets[chosen]) ** 2).mean()
            loss.backward()
            optimizer.step()

    return play


def optax_batches(steps: int) -> Callable[[], Any]:
    rows, targets = (jnp.asarray(array) for array in samples())
    rule = optax.sgd(ALPHA)

    def loss(x: Any, chosen: Any) -> Any:
        return 0.5 * jnp.mean((rows[chosen] @ x - targets[chosen]) ** 2)

    def advance(carried: Any, key: Any) -> Any:
        x, state = carried
        chosen = jax.random.randint(key, (SIZE,), 0, len(targets))
        updates, state = rule.update(jax.grad(loss)(x, chosen), state, x)
        return (optax.apply_updates(x, updates), state), None

    @jax.jit
    def whole(x: Any, keys: Any) -> Any:
        return jax.lax.scan(advance, (x, rule.init(x)), keys)[0][0]

    start, keys = jnp.zeros(20), jax.random.split(jax.random.key(0), steps)
    whole(start, keys).block_until_ready()

    def play() -> float:
        # XLA computes on threads of its own: wall time, with one of them allowed.
        begun = time.perf_counter()
        whole(start, keys).block_until_ready()
        return time.perf_counter() - begun

    return play


def wide() -> Problem:
    """A diagonal quadratic of 100,000 variables, more than the selector makes."""
    small = registry.problem("quadratic[dim=100]")
    eigenvalues = np.linspace(small.mu.value, small.L.value, WIDE)
    x = np.full(WIDE, 0.5)
    return replace(
        small,
        start=x,
        vector=eigenvalues,
        x_star=np.zeros(WIDE),
        spectrum=Spectrum(eigenvalues, x),
        scratch=np.zeros(WIDE),
        terms=WIDE,
    )


@numba.njit(error_model="numpy")
def adam_by_hand(eigenvalues, x, alpha, beta1, beta2, eps, steps, rows):
    """Adam on a diagonal quadratic, every row written, strict sums in order, powers by multiplication."""
    n = x.shape[0]
    m, v = np.zeros(n), np.zeros(n)
    power1 = power2 = 1.0
    moved = 0.0
    for k in range(steps + 1):
        f = grad2 = dist2 = step2 = 0.0
        power1 *= beta1
        power2 *= beta2
        size, root = alpha / (1.0 - power1), np.sqrt(1.0 - power2)
        for i in range(n):
            g = eigenvalues[i] * x[i]
            f += g * x[i]
            grad2 += g * g
            dist2 += x[i] * x[i]
            m[i] = beta1 * m[i] + (1.0 - beta1) * g
            v[i] = beta2 * v[i] + (1.0 - beta2) * g * g
            change = size * m[i] / (np.sqrt(v[i]) / root + eps)
            x[i] -= change
            step2 += change * change
        row = rows[k]
        row[0], row[1], row[2], row[3], row[4], row[5] = 0.5 * f, 0.5 * f, grad2, dist2, moved, alpha
        moved = step2


def adam(steps: int) -> list[Row]:
    problem = wide()
    player = driver("adam[alpha=0.001]", problem, steps, record=True)
    rows = np.zeros((steps + 1, len(COLUMNS)))

    def by_hand() -> None:
        adam_by_hand(problem.vector, problem.start.copy(), 0.001, 0.9, 0.999, 1e-8, steps, rows)

    mine, other = contest((lambda: player.again(1), steps), (by_hand, steps), repeats=9)
    return [row(f"Adam, n = {WIDE}: driver / hand-written loop", mine, other, 1.3)]


def batches(steps: int = 20_000) -> list[Row]:
    players = ((our_batches(steps), steps), (torch_batches(1_000), 1_000), (optax_batches(steps), steps))
    mine, eager, scan = contest(*players, repeats=9)
    what = f"mini-batch least squares 1000 x 20, batch {SIZE}"
    return [
        row(f"{what}: torch eager / ours", mine, eager, 100.0, faster=True),
        row(f"{what}: optax scan / ours", mine, scan, 2.0, faster=True),
    ]


def threads(count: int = 1_000, steps: int = 10_000) -> list[Row]:
    problem, optimizer = registry.problem("quadratic[dim=3]"), registry.optimizer("sgd[sampling=noise]")
    compile_pair(problem, optimizer)
    tuning, control = optimizer.tune(problem), np.zeros(1, dtype=np.int64)

    def on(many: int) -> Callable[[], float]:
        def play() -> float:
            start = time.perf_counter()
            run_ensemble(problem, optimizer, tuning, steps, count, control, threads=many)
            return time.perf_counter() - start

        return play

    two, one = contest((on(2), count * steps), (on(1), count * steps), repeats=4)
    return [row(f"{count} replicates x {steps} steps: one thread / two", two, one, 1.8, faster=True)]


if __name__ == "__main__":
    show_rows([*batches(), *adam(100), *threads()])
