"""Bugs in SVRG and SAGA: bounds on expectations see what spoils convergence, the naive loop and counts the rest."""

from dataclasses import replace
from functools import partial

import numpy as np
from finite_sums import Player

from gdbench.optimizer import Optimizer
from gdbench.problem import Problem
from gdbench.run import Cell, run_pair
from planted import kernels_variance_reduction as kernels
from planted.bugs import Bug, tuned
from planted.bugs_adaptive import audited
from planted.checks import Check, status

SQUARES = "least_squares[samples=30,features=3]"
SVRG, AVERAGE, SAGA, BATCHES = "svrg[epoch=50]", "svrg[average=true,epoch=40]", "saga", "saga[sampling=batches[size=9]]"
U = 2.0**-52

svrg = partial(tuned, kernels.corrected_step, memory=4, keep=2)
saga = partial(tuned, kernels.tabled_step, memory=lambda problem: 3 + problem.samples, ahead=False)
NAIVE = audited("naive")


def violated(theorem: str) -> Check:
    """Red: the theorem is violated over 200 replicates. Green is that it holds."""

    def check(problem: Problem, optimizer: Optimizer) -> bool:
        found = run_pair(problem, optimizer, Cell(optimizer.name, problem.name, 2000, replicates=200)).verdicts
        outcome = next(verdict.outcome for verdict in found if verdict.theorem == theorem)
        assert outcome in ("violated", "holds"), outcome
        return outcome == "violated"

    return check


def counted(total: int) -> Check:
    """Red: gradients of samples in 100 updates are counted otherwise."""

    def check(problem: Problem, optimizer: Optimizer) -> bool:
        return run_pair(problem, optimizer, Cell("method", "problem", 100)).summary["gradient_calls"] != total

    return check


def leaves_its_table(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: the mean is not that of the table. Rounding: as in test_variance_reduction.py."""
    player, largest, off = Player(problem, optimizer), 0.0, 0.0
    for k in range(100):
        player.step(k)
        table = player.memory[3:]
        largest = max(largest, float(np.abs(table).max()))
        off = max(off, float(np.abs(player.memory[0] - table.mean(axis=0)).max()))
    return not off <= 8 * U * largest


def keeps_a_part_of_the_start(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: on a problem with x* = 0 and f* = 0 the iterates do not go to 0."""
    player = Player(replace(problem, vector=np.zeros(problem.samples), start=np.ones(problem.n)), optimizer)
    for k in range(20_000):
        player.step(k)
    return not float(np.linalg.norm(player.x)) < 1e-30


def of_svrg(name: str, check: Check, bug: int, optimizer: str = SVRG) -> Bug:
    return Bug(f"svrg: {name}", check, optimizer, SQUARES, in_optimizer=svrg(bug, ahead="average" in optimizer))


def of_saga(name: str, check: Check, bug: int, optimizer: str = SAGA) -> Bug:
    return Bug(f"saga: {name}", check, optimizer, SQUARES, in_optimizer=saga(bug))


BUGS = (
    of_svrg("the full gradient stays that at x_0", violated("svrg_dist"), kernels.OLD_FULL),
    of_svrg("the snapshot stays x_0", violated("svrg_dist"), kernels.OLD_SNAPSHOT),
    of_svrg("the correction has the wrong sign", violated("svrg_dist"), kernels.OPPOSITE),
    of_svrg("the correction is of the first samples", violated("svrg_dist"), kernels.FIRST_SAMPLES),
    of_svrg("no correction", violated("svrg_dist"), kernels.PLAIN),
    of_svrg("the full gradient is one of a batch", violated("svrg_dist"), kernels.FULL_OF_BATCH),
    of_svrg("the mean is of iterates 1 … epoch", NAIVE, kernels.LATE_MEAN, AVERAGE),
    of_svrg("an epoch goes on from the last iterate", NAIVE, kernels.GOES_ON, AVERAGE),
    of_svrg("an epoch is one longer", NAIVE, kernels.LONG_EPOCH),
    # 101 queries, 2 full gradients of 30, and 98 corrections.
    of_svrg("a full gradient counts as one", counted(101 + 2 * 30 + 98), kernels.COUNTS_ONE),
    of_svrg("a correction counts twice", counted(101 + 2 * 30 + 98), kernels.BATCH_AGAIN),
    of_saga("the mean is never updated", violated("saga_dist"), kernels.OLD_MEAN),
    of_saga("the mean is never updated, seen by its table", leaves_its_table, kernels.OLD_MEAN),
    of_saga("the table is written before it is used", NAIVE, kernels.WRITES_FIRST),
    of_saga("the mean is updated before it is used", NAIVE, kernels.MEAN_FIRST),
    of_saga("the correction has the wrong sign", NAIVE, kernels.AGAINST),
    of_saga("rows are written to the next sample", violated("saga_dist"), kernels.NEXT_ROW),
    of_saga("a sample drawn twice enters the mean twice", leaves_its_table, kernels.TWICE, BATCHES),
    of_saga("the mean is divided by the batch", leaves_its_table, kernels.BY_SIZE, BATCHES),
    of_saga("the table begins with zeros", NAIVE, kernels.EMPTY),
    of_saga("all rows of a batch become its mean", NAIVE, kernels.SAME_ROWS, BATCHES),
    of_saga("only the last row of a batch is written", NAIVE, kernels.LAST_ROW, BATCHES),
    of_saga("rows of a batch are summed, not averaged", status("finished"), kernels.SUMMED, BATCHES),
    of_saga("the first table is not counted", counted(101 + 30), kernels.UNCOUNTED),
    of_saga("the mean is never summed anew", keeps_a_part_of_the_start, kernels.NOT_ANEW),
)

#: Planted steps with their switch off, by the method they stand for.
HONEST = {
    SVRG: svrg(kernels.NONE, ahead=False),
    AVERAGE: svrg(kernels.NONE, ahead=True),
    SAGA: saga(kernels.NONE),
    BATCHES: saga(kernels.NONE),
}
