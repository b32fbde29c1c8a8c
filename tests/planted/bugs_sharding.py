"""Bugs in sharded state: the bits of Adam see all that moves an iterate, closed forms what is said of memory."""

from dataclasses import replace

import numpy as np

from gdbench import registry
from gdbench.optimizer import Optimizer
from gdbench.optimizers import _shards
from gdbench.problem import Problem
from gdbench.run import Cell, run_pair
from planted import kernels_sharding as kernels
from planted.bugs import Bug, PlantOptimizer, tuned
from planted.bugs_adaptive import audited

#: 26 variables: 4 workers own 6, 7, 6 and 7 of them.
MLP = "mlp[inputs=3,width=5,samples=40]"
STAGES = {stage: f"sharded_adam[alpha=0.05,stage={stage}]" for stage in (1, 2, 3)}


def leaves_adam(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: some bit of 50 updates is not that of Adam with the same sampling."""
    same = replace(registry.optimizer("adam[alpha=0.05]"), sampling=optimizer.sampling)
    found, plain = (run_pair(problem, one, Cell(one.name, problem.name, 50)).trajectory for one in (optimizer, same))
    return not np.array_equal(found["f"], plain["f"], equal_nan=True)


def misreports(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: what a run says of stage 2 is not n + 3 n/P."""
    report = run_pair(problem, optimizer, Cell(optimizer.name, problem.name, 2)).summary["report"]
    return bool(sum(report["floats per worker"].values()) != 26 + 3 * 7)


def planted(bug: int) -> PlantOptimizer:
    def plant(optimizer: Optimizer) -> Optimizer:
        return tuned(kernels.sharded_step, bug, memory=optimizer.memory, ahead=False, keep=9)(optimizer)

    return plant


def bug(name: str, code: int, stage: int = 2, check=leaves_adam) -> Bug:
    return Bug(f"sharded_adam: {name}", check, STAGES[stage], MLP, in_optimizer=planted(code))


def replicated_moments(monkeypatch) -> None:
    """Every worker is said to hold all moments."""
    honest = _shards.held

    def held(memory, stage, workers, worker):
        return {**honest(memory, stage, workers, worker), "optimizer state": memory[-2:]}

    monkeypatch.setattr(_shards, "held", held)


def smallest_shard(monkeypatch) -> None:
    """n // P for the worker that holds most."""

    def floats(n, workers, stage):
        return {"parameters": n, "gradients": n // workers, "optimizer state": 2 * (n // workers)}

    monkeypatch.setattr("gdbench.optimizers.sharded_adam.floats", floats)


BUGS = (
    bug("shards are off by one", kernels.SHIFTED),
    bug("the last shard is never updated", kernels.NO_LAST),
    bug("the remainder of n/P has no owner", kernels.NO_REMAINDER, 3),
    bug("neighbours update one entry both", kernels.OVERLAPPING, 3),
    bug("parts are added in turn, not in pairs", kernels.IN_TURN),
    bug("gradients are summed, not averaged", kernels.SUMMED),
    bug("gradients are summed, seen by the naive loop", kernels.SUMMED, check=audited("naive")),
    bug("a worker follows its own part", kernels.OWN_PART, 3),
    bug("the last part is left out", kernels.ALL_BUT_ONE),
    bug("gradients are reduced once", kernels.NO_REDUCE_AFTER),
    bug("all-gather before the update", kernels.GATHERS_FIRST),
    bug("all-gather before the update, gradients replicated", kernels.GATHERS_FIRST, 1),
    bug("no barrier between update and all-gather", kernels.NO_BARRIER),
    bug("no barrier between update and all-gather, all sharded", kernels.NO_BARRIER, 3),
    bug("no all-gather", kernels.NO_GATHER, 1),
    bug("shards are gathered from the next worker", kernels.OTHER_OWNER),
    bug("replicas do not begin at x_0", kernels.EMPTY_REPLICAS),
    bug("shards do not begin at x_0", kernels.EMPTY_REPLICAS, 3),
    bug("every worker advances one common count", kernels.SUMS_OF_EACH, 1),
    Bug("sharded_adam: moments are said to be replicated", misreports, STAGES[2], MLP, patch=replicated_moments),
    Bug("sharded_adam: the remainder is not counted", misreports, STAGES[2], MLP, patch=smallest_shard),
)

#: Planted steps with their switch off, by the method they stand for.
HONEST = {selector: planted(kernels.NONE) for selector in STAGES.values()}
