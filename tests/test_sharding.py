"""Sharded state: the bits of Adam in every stage, on threads and in every order of workers, and nothing held twice."""

import threading
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from finite_sums import Player
from planted.bugs_sharding import HONEST
from planted.test_planted import same_run

from gdbench import registry
from gdbench.errors import BadInput
from gdbench.optimizers import _shards as shards
from gdbench.optimizers._moments import averaged
from gdbench.run import Cell, run_cell, run_pair

U = 2.0**-52
SQUARES, LOGISTIC = "least_squares[samples=48,features=7]", "logistic[samples=48,features=5]"
MLP = "mlp[inputs=3,width=5,samples=40]"
STEPS = 120


def sharded(stage, workers, more="", size=24):
    return f"sharded_adam[workers={workers},stage={stage},sampling=batches[size={size},parts={workers}]{more}]"


def columns(optimizer, problem, **more):
    return run_cell(Cell(optimizer, problem, STEPS, **more)).trajectory.columns


@pytest.mark.parametrize("stage", [1, 2, 3])
@pytest.mark.parametrize("problem", [SQUARES, LOGISTIC, MLP])
@pytest.mark.parametrize(("workers", "more"), [(2, ""), (4, ",decay=0.1,eps=0"), (3, ",schedule=cosine,beta1=0")])
def test_it_is_adam_to_the_bit(stage, problem, workers, more):
    """n is 7, 5 and 26: no number of workers divides all of them."""
    alpha = ",alpha=0.05"
    plain = columns(f"adam[sampling=batches[size=24,parts={workers}]{alpha}{more}]", problem, seed=3)
    found = columns(sharded(stage, workers, alpha + more), problem, seed=3)
    assert plain.keys() == found.keys()
    for name, column in plain.items():
        np.testing.assert_array_equal(found[name], column)


def test_as_many_workers_as_variables():
    plain, found = columns("adam[sampling=batches[size=28,parts=7]]", SQUARES), columns(sharded(3, 7, size=28), SQUARES)
    np.testing.assert_array_equal(found["f"], plain["f"])


def played(stage, workers, problem, steps=STEPS):
    """The query points, and what is left in memory, of workers one after another."""
    player = Player(registry.problem(problem), registry.optimizer(sharded(stage, workers, ",alpha=0.05")))
    path = []
    for k in range(steps):
        player.step(k)
        path.append(player.x.copy())
    return np.array(path), player.memory.copy()


class Cluster:
    """The kernels of a step for workers that somebody else calls: phase(name, worker)."""

    def __init__(self, stage, workers, problem):
        self.workers = workers
        self.player = Player(registry.problem(problem), registry.optimizer(sharded(stage, workers, ",alpha=0.05")))
        self.alpha, self.hyper, self.x = self.player.tuning.plan[0], self.player.hyper, self.player.x
        self.parameters, self.gradients, self.moments = shards.divided(self.player.memory, stage, workers)
        self.parameters[:] = self.x
        self.phases = (self.reduce, self.share, self.update, self.gather, self.publish)

    def query(self, k):
        self.player.query(k)
        self.hyper[5] = averaged(self.hyper[5], self.hyper[0], 1.0)
        self.hyper[6] = averaged(self.hyper[6], self.hyper[1], 1.0)

    def reduce(self, worker):
        shards.reduce_scatter(worker, self.workers, self.player.parts, self.gradients)

    def share(self, worker):
        shards.all_gather(worker, self.workers, self.gradients)

    def update(self, worker):
        size, root = self.alpha / self.hyper[5], np.sqrt(self.hyper[6])
        shards.update(
            *(worker, self.workers, self.parameters, self.gradients, self.moments, self.hyper, float(size), float(root))
        )

    def gather(self, worker):
        shards.all_gather(worker, self.workers, self.parameters)

    def publish(self, worker):
        shards.publish(worker, self.workers, self.parameters, self.x)


@pytest.mark.parametrize("stage", [1, 2, 3])
@pytest.mark.parametrize(("workers", "problem"), [(2, SQUARES), (4, MLP), (3, LOGISTIC)])
def test_threads_with_barriers_compute_the_same_bits(stage, workers, problem):
    path, memory = played(stage, workers, problem)
    cluster = Cluster(stage, workers, problem)
    cluster.query(0)
    for phase in cluster.phases:  # compiled here: threads must not compile
        phase(0)
    cluster = Cluster(stage, workers, problem)
    barrier, found, broken = threading.Barrier(workers), [], []

    def work(worker):
        try:
            for k in range(STEPS):
                if worker == 0:
                    cluster.query(k)
                barrier.wait(60)
                for phase in cluster.phases:
                    phase(worker)
                    barrier.wait(60)
                if worker == 0:
                    found.append(cluster.x.copy())
        except Exception as error:  # noqa: BLE001 - a thread's failure is the test's
            broken.append(error)
            barrier.abort()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not broken
    np.testing.assert_array_equal(np.array(found), path)
    np.testing.assert_array_equal(cluster.player.memory, memory)


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_the_order_of_workers_within_a_phase_is_free(stage):
    path, _ = played(stage, 3, LOGISTIC, 6)
    cluster = Cluster(stage, 3, LOGISTIC)
    for k, order in enumerate(permutations(range(3))):
        cluster.query(k)
        for turn, phase in enumerate(cluster.phases):
            for worker in (*order[turn % 3 :], *order[: turn % 3]):
                phase(worker)
        np.testing.assert_array_equal(cluster.x, path[k])


REDUCE, SHARE, UPDATE, GATHER, PUBLISH = range(5)


@pytest.mark.parametrize(
    ("stage", "ahead", "same"),
    [
        *((stage, (SHARE, UPDATE, GATHER, PUBLISH), False) for stage in (1, 2, 3)),
        *((1, (SHARE,), False), (1, (GATHER,), False), (2, (GATHER,), False), (3, (GATHER, PUBLISH), False)),
        # An update reads what its own worker has reduced, a replica is published by the worker that filled it, and what
        # is sharded is not gathered row by row.
        *((stage, (UPDATE,), True) for stage in (1, 2, 3)),
        *((1, (PUBLISH,), True), (2, (PUBLISH,), True), (2, (SHARE,), True), (3, (SHARE,), True), (3, (GATHER,), True)),
    ],
)
def test_what_the_barriers_are_for(stage, ahead, same):
    """Worker 0 goes through some phases while the others are still in the one before."""
    path, memory = played(stage, 3, LOGISTIC, 30)
    cluster, found = Cluster(stage, 3, LOGISTIC), []
    turns = [(phase, worker) for phase in range(5) for worker in range(3) if worker or phase not in ahead]
    place = turns.index((ahead[0] - 1, 0)) + 1
    turns[place:place] = [(phase, 0) for phase in ahead]
    for k in range(30):
        cluster.query(k)
        for phase, worker in turns:
            cluster.phases[phase](worker)
        found.append(cluster.x.copy())
    assert same == (np.array_equal(found, path) and np.array_equal(cluster.player.memory, memory))


@pytest.mark.parametrize("stage", [1, 2, 3])
@pytest.mark.parametrize("workers", [2, 3, 4])
def test_a_worker_needs_only_what_it_holds(stage, workers):
    """Everything else is no number while it updates, and stays as it was."""
    cluster = Cluster(stage, workers, MLP)
    for k in range(3):
        cluster.query(k)
        for phase in cluster.phases:
            for worker in range(workers):
                phase(worker)
    cluster.query(3)
    for phase in cluster.phases[:2]:
        for worker in range(workers):
            phase(worker)
    memory = cluster.player.memory
    before, honest = memory.copy(), memory.copy()
    for worker in range(workers):
        cluster.update(worker)
    honest, memory[:] = memory.copy(), before
    total = 0
    for worker in range(workers):
        mine = np.zeros(memory.shape, dtype=bool)
        for view in shards.held(mine, stage, workers, worker).values():
            view[...] = True
        total += mine.sum()
        assert mine.sum() == sum(view.size for view in shards.held(memory, stage, workers, worker).values())
        memory[~mine] = np.nan
        cluster.update(worker)
        assert np.all(np.isnan(memory[~mine]))
        owned = slice(shards.begin(worker, workers, 26), shards.begin(worker + 1, workers, 26))
        for view, same in zip(
            *(shards.held(one, stage, workers, worker).values() for one in (memory, honest)), strict=True
        ):
            rows = view if view.shape[-1] < 26 else view[..., owned]
            np.testing.assert_array_equal(rows, same if view.shape[-1] < 26 else same[..., owned])
        memory[:] = before
    # Every number of memory is held, and none twice.
    assert total == memory.size


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_replicas_are_equal_after_every_step(stage):
    cluster = Cluster(stage, 4, MLP)
    for k in range(5):
        cluster.query(k)
        for phase in cluster.phases:
            for worker in range(4):
                phase(worker)
        for rows in (cluster.parameters, cluster.gradients):
            np.testing.assert_array_equal(rows, np.tile(rows[0], (len(rows), 1)))
        np.testing.assert_array_equal(cluster.x, cluster.parameters[0])


@pytest.mark.parametrize(("n", "workers"), [(64, 4), (65, 4), (7, 3), (10**6, 64), (5, 5), (10**4, 2)])
def test_floats_per_worker_are_those_of_the_paper(n, workers):
    """Rajbhandari et al. 2020, section 5, in numbers: one for parameters, one for gradients, K = 2 for the moments."""
    share = -(-n // workers)
    closed = {0: 4 * n, 1: 2 * n + 2 * share, 2: n + 3 * share, 3: 4 * share}
    for stage, expected in closed.items():
        found = shards.floats(n, workers, stage)
        assert sum(found.values()) == expected
        assert found["optimizer state"] == (2 * n if stage == 0 else 2 * share)
        assert found["gradients"] == (n if stage < 2 else share)
        assert found["parameters"] == (n if stage < 3 else share)


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_what_all_hold_together_is_the_memory(stage):
    optimizer, problem = registry.optimizer(sharded(stage, 4)), registry.problem(MLP)
    memory = np.zeros((optimizer.rows(problem), problem.n))
    everyone = [shards.held(memory, stage, 4, worker).values() for worker in range(4)]
    assert sum(view.size for views in everyone for view in views) == memory.size
    sizes = {0: 4 * 26, 1: 26 + 26 + 2 * 7, 2: 26 + 3 * 7, 3: 4 * 7}
    assert sum(shards.floats(26, 4, stage).values()) == sizes[stage]


def test_shards_cover_all_entries_and_differ_by_one_at_most():
    for n in range(1, 40):
        for workers in range(1, n + 1):
            ends = [int(shards.begin(worker, workers, n)) for worker in range(workers + 1)]
            sizes = np.diff(ends)
            assert (ends[0], ends[-1]) == (0, n)
            assert sizes.min() >= 1
            assert sizes.max() - sizes.min() <= 1


def test_a_run_shows_what_a_worker_holds(tmp_path):
    from click.testing import CliRunner

    from gdbench.cli import main

    summary = run_cell(Cell("sharded_adam[stage=3]", MLP, 3)).summary
    assert summary["report"] == {"floats per worker": {"parameters": 7, "gradients": 7, "optimizer state": 14}}
    assert "report" not in run_cell(Cell("adam", MLP, 3)).summary
    asked = ["run", "-o", "sharded_adam[stage=2]", "-p", MLP, "-n", "5", "--store", str(tmp_path / "s.sqlite")]
    for _ in range(2):  # run, then from the store
        answer = CliRunner().invoke(main, asked)
        assert "floats per worker: gradients 7, optimizer state 14, parameters 26" in answer.output, answer.output


@pytest.mark.parametrize("problem", [SQUARES, LOGISTIC, MLP])
@pytest.mark.parametrize("optimizer", ["sgd[alpha=0.1,beta=0.9,sampling={}]", "adam[alpha=0.01,sampling={}]"])
def test_accumulating_a_batch_in_parts_is_the_batch(problem, optimizer):
    """From synchronised states: sums of 32 terms in another order, so 1e-14 of the largest entry."""
    instance = registry.problem(problem)
    whole, parted = (
        Player(instance, registry.optimizer(optimizer.format(f"batches[size=32{parts}]"))) for parts in ("", ",parts=4")
    )
    differs = False
    for k in range(60):
        parted.put_back(whole.kept())
        whole.step(k)
        parted.step(k)
        np.testing.assert_array_equal(parted.chosen, whole.chosen)
        for one, other in ((parted.g, whole.g), (parted.x, whole.x)):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-14 * np.abs(other).max())
            differs = differs or not np.array_equal(one, other)
    assert differs


@pytest.mark.parametrize(
    ("optimizer", "problem", "said"),
    [
        ("sharded_adam[workers=8]", MLP, r"workers=8 .*write sampling=batches\[size=32,parts=8\]\.$"),
        ("sharded_adam[workers=5]", MLP, r"workers=5 .*write sampling=batches\[size=30,parts=5\]\.$"),
        (
            "sharded_adam[sampling=noise]",
            MLP,
            r"sampling=noise .*workers=4 .*write sampling=batches\[size=4,parts=4\]\.$",
        ),
        ("sharded_adam[sampling=batches[size=8]]", MLP, r"write sampling=batches\[size=8,parts=4\]\.$"),
        ("sharded_adam[sampling=batches[size=2,parts=2]]", MLP, r"write sampling=batches\[size=4,parts=4\]\.$"),
        ("sharded_adam[workers=1]", MLP, "the nearest valid value is 2"),
        ("sharded_adam[stage=4]", MLP, "the nearest valid value is 3"),
        ("sharded_adam[stage=0]", MLP, "the nearest valid value is 1"),
        (sharded(1, 8), SQUARES, r"workers=8 are more than the 7 variables of .*: the nearest valid value is 7\.$"),
        ("sharded_adam", "quadratic", "quadratic has no samples, which sharded_adam needs"),
    ],
)
def test_bad_input_is_one_sentence(optimizer, problem, said):
    with pytest.raises(BadInput, match=said):
        run_cell(Cell(optimizer, problem, 3))


def test_it_does_not_run_without_its_parts():
    method = replace(registry.optimizer("sharded_adam"), sampling=None)
    with pytest.raises(BadInput, match="reads the samples that were drawn"):
        run_pair(registry.problem(MLP), method, Cell("sharded_adam", MLP, 3))


@pytest.mark.parametrize("selector", HONEST)
def test_the_planted_steps_without_a_bug_are_its_own(selector):
    problem, optimizer = registry.problem(MLP), registry.optimizer(selector)
    same_run(problem, optimizer, HONEST[selector](optimizer))
