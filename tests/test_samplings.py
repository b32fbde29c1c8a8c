"""Samplings from outside: what is refused, what replicates keep, and what every verb says of a method that samples."""

import json
import math
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from click.testing import CliRunner
from draws import asked
from subjects import EXACT, exact

import gdbench
from gdbench import registry
from gdbench.cli import main
from gdbench.ensemble import BLOCK, ROOM, run_ensemble
from gdbench.errors import BadInput
from gdbench.execute import execute
from gdbench.explain import NOTHING
from gdbench.kernel import COMPILED, step
from gdbench.packing import digest
from gdbench.run import Cell, StopFlag, run_cell, run_pair
from gdbench.sampling import Gradients
from gdbench.samplings.noise import given
from gdbench.store import Store

SQUARES = "least_squares[samples=30,features=3]"
NOISY = "gradient_descent[sampling=noise]"
CELL = Cell("sgd[alpha=0.1/L,sampling=noise]", "quadratic[dim=3]", 40, seed=7, replicates=150)
AVERAGED = replace(CELL, optimizer="sgd[alpha=0.1/L,beta=0.9,average=true,sampling=noise]")
SLOW = Cell("sgd[sampling=noise]", "quadratic[dim=3]", 100_000, replicates=20_000)
BATCHED = Cell("sgd[alpha=0.1/L,sampling=batches[size=4,order=distinct]]", SQUARES, 40, seed=7, replicates=150)


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def call(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def document(*arguments):
    answer = call(*arguments, "--json")
    return answer.exit_code, json.loads(answer.stdout)


# -- bad input ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("optimizer", "problem", "sentence"),
    [
        (
            "sgd[sampling=batches[size=31]]",
            SQUARES,
            f"size=31 is larger than the 30 samples of {SQUARES}: the largest batch is 30.",
        ),
        ("sgd", SQUARES, f"size=32 is larger than the 30 samples of {SQUARES}: the largest batch is 30."),
        ("sgd[sampling=batches[size=0]]", SQUARES, "size=0 is out of range (>= 1): the nearest valid value is 1."),
        ("sgd[sampling=batches[size=2.5]]", SQUARES, "size=2.5 of batches is not a whole number: the nearest valid"),
        ("sgd[sampling=batches[parts=0]]", SQUARES, "parts=0 is out of range (>= 1): the nearest valid value is 1."),
        (
            "sgd[sampling=batches[size=24,parts=7]]",
            SQUARES,
            "parts=7 does not divide a batch of 24: the nearest valid value is 6.",
        ),
        (
            "sgd[sampling=batches[size=8,parts=99]]",
            SQUARES,
            "parts=99 does not divide a batch of 8: the nearest valid value is 8.",
        ),
        ("sgd[sampling=batches[order=cycle]]", SQUARES, "There is no order of batches 'cycle': did you mean 'cyclic'?"),
        ("sgd", "quadratic", "quadratic has no samples for sampling=batches: take sampling=noise[sigma=0.1], or a"),
        (f"{NOISY[:-1]}[sigma=nan]]", "bowl", "sigma=nan is not a finite number: sigma must be >= 0."),
        (f"{NOISY[:-1]}[sigma=inf]]", "bowl", "sigma=inf is not a finite number: sigma must be >= 0."),
        (f"{NOISY[:-1]}[sigma=-1]]", "bowl", "sigma=-1 is out of range (>= 0): the nearest valid value is 0."),
        (f"{NOISY[:-1]}[spread=0.5]]", "bowl", "spread=0.5 is out of range (>= 1): the nearest valid value is 1."),
        (f"{NOISY[:-1]}[correlation=1]]", "bowl", "correlation=1 is out of range (>= 0 and < 1): it must lie strictly"),
        (f"{NOISY[:-1]}[sigm=1]]", "bowl", "There is no parameter of noise 'sigm': did you mean 'sigma'?"),
        ("gradient_descent[sampling=nois]", "bowl", "There is no sampling 'nois': did you mean 'noise'?"),
        ("gradient_descent[sampling=batch]", "bowl", "There is no sampling 'batch': did you mean 'batches'?"),
        ("newton[sampling=noise]", "bowl", "There is no parameter of newton 'sampling': the known ones are"),
        *(
            (
                f"{name}[sampling=noise]",
                "bowl",
                f"sampling=noise cannot be given: a step of {name} asks the problem for exact values itself.",
            )
            for name in ("backtracking", "wolfe", "adaptive_lipschitz", "nesterov_restart")
        ),
    ],
)
def test_what_cannot_be_sampled_is_said_in_one_sentence(optimizer, problem, sentence):
    answer = call("run", "-p", problem, "-o", optimizer, "-n", 5)
    said = " ".join(answer.stderr.split())
    assert answer.exit_code == 2 and answer.stdout == ""
    assert said.startswith(f"Error: {sentence}") and "\n" not in answer.stderr.strip()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-r", 0], "0 is not in the range x>=1"),
        (["--seed", -1], "-1 is not in the range 0<=x<=9223372036854775807"),
        (["--seed", 2**63], "is not in the range 0<=x<=9223372036854775807"),
        (["--seed", "1.5"], "'1.5' is not a valid integer"),
        (["-r", 10**12], "1000000000000 replicates with 3 variables are too many: the nearest valid value is"),
    ],
)
def test_replicates_and_seeds_that_cannot_be(arguments, words):
    answer = call("run", "-p", SQUARES, "-o", "sgd[sampling=noise]", "-n", 5, *arguments)
    assert answer.exit_code == 2 and words in answer.output


def test_more_replicates_than_memory_holds_are_refused_before_anything_is_run():
    with pytest.raises(BadInput, match="too many"):
        run_cell(replace(SLOW, iterations=10**10, replicates=10**12), timeout=2.0)


def test_a_suite_takes_no_replicates_from_outside():
    answer = call("run", "quick", "-r", 5)
    assert answer.exit_code == 2 and "-r and --seed go with -p or -o, without SUITE." in answer.output


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": -1}, "seed=-1 is out of range: the nearest valid value is 0."),
        ({"seed": 2**63}, f"seed={2**63} is out of range: the nearest valid value is {2**63 - 1}."),
        ({"seed": 0.5}, "seed=0.5 is not a whole number: it must be 0 or more."),
        ({"replicates": 0}, "replicates=0 is out of range: the nearest valid value is 1."),
        ({"replicates": True}, "replicates=True is not a whole number: it must be 1 or more."),
        ({"replicates": 10**12}, "1000000000000 replicates with 2 variables are too many"),
    ],
)
def test_python_refuses_in_the_same_way(changes, words):
    with pytest.raises(BadInput) as caught:
        gdbench.run(NOISY, "bowl", 5, **changes)
    assert words in str(caught.value)


def test_all_optimizers_on_a_problem_without_samples():
    status, found = document("run", "-p", "rosenbrock", "-n", 3)
    row = next(run for run in found["runs"] if run["optimizer"] == "sgd")
    assert status == 1 and row["status"] == "failed"
    offer = "take sampling=noise[sigma=0.1], or a problem with samples such as least_squares."
    assert row["reason"] == f"rosenbrock has no samples for sampling=batches: {offer}"


# -- exact values -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", registry.names("optimizer"))
def test_who_asks_for_more_than_one_gradient_a_query_says_so(name):
    """What is asked beside the query is exact: no sampling may stand in the place of the oracle then."""
    optimizer = registry.optimizer(name)
    if optimizer.draws:
        assert optimizer.sampling is not None and not optimizer.asks
        return
    asked_more = False
    for problem in ("quadratic[dim=3]", "logistic[samples=30,features=3]", "rosenbrock", "huber"):
        try:
            found = run_pair(registry.problem(problem), exact(name), Cell(name, problem, 60))
        except BadInput:
            continue
        asked_more |= found.summary["value_calls"] > 0 or found.summary["gradient_calls"] > found.k + 1
    assert optimizer.asks or not asked_more


def test_a_step_that_asks_and_does_not_say_so_is_seen(monkeypatch):
    silent = replace(registry.optimizer("backtracking"), asks=False)
    monkeypatch.setattr(registry, "optimizer", lambda name: silent)
    with pytest.raises(AssertionError):
        test_who_asks_for_more_than_one_gradient_a_query_says_so("backtracking")


def test_most_methods_can_do_with_exact_gradients():
    assert "sgd" in EXACT and len(EXACT) > 20


# -- what is drawn ------------------------------------------------------------------------------------------------


def test_an_estimate_of_f_is_that_of_the_samples():
    """In plain Python: the mean over the batch; with noise in the gradient, f itself."""
    problem = registry.problem(SQUARES)
    rows, targets = problem.rows * math.sqrt(30), problem.vector * math.sqrt(30)

    def loss(x, chosen):
        return float(np.mean((rows[chosen] @ x - targets[chosen]) ** 2) / 2)

    def batch(x, chosen):
        return rows[chosen].T @ (rows[chosen] @ x - targets[chosen]) / len(chosen)

    whole = list(range(30))
    given = Gradients(lambda x: loss(x, whole), lambda x: batch(x, whole), loss, batch, 30)
    x = problem.start
    for text, value in (
        ("batches[size=5]", lambda loop, k: loss(x, loop.chosen(k))),
        ("noise", lambda loop, k: loss(x, whole)),
    ):
        sampling = registry.sampling(text)
        loop, (_, gradients) = sampling.naive(given, 3, 1), asked(sampling, problem, 6, seed=3, replicate=1)
        run = run_pair(problem, replace(registry.optimizer("sgd"), sampling=sampling), Cell("a", "b", 0, seed=3))
        assert run.trajectory["f_query"][0] == pytest.approx(value(sampling.naive(given, 3, 0), 0), rel=1e-13)
        for k in range(6):
            assert loop.value(k, x) == value(loop, k)
            np.testing.assert_allclose(loop.estimate(k, x), gradients[k], rtol=1e-12, atol=1e-13)


def test_noise_of_a_given_factor_is_that_of_its_plain_form():
    problem = registry.problem(SQUARES)
    nothing = Gradients(lambda x: 0.0, np.zeros_like, lambda x, chosen: 0.0, lambda x, chosen: 0.0 * x, 30)
    for factor in (np.array([[0.5, 1.0, 2.0]]), np.linalg.cholesky(np.array([[4.0, 1, 0], [1, 2, 1], [0, 1, 9]]))):
        sampling = given(factor)
        _, gradients = asked(sampling, problem, 8, seed=3, replicate=1)
        _, silent = asked(given(np.zeros((1, 3))), problem, 8)
        drawn = [sampling.naive(nothing, 3, 1).estimate(k, problem.start) for k in range(8)]
        np.testing.assert_allclose(gradients - silent, drawn, rtol=1e-12, atol=1e-14)
        assert sampling.by_coordinate and np.ptp(gradients) > 0.1


@pytest.mark.parametrize("order", ["replacement", "distinct", "reshuffled", "cyclic"])
def test_a_batch_in_parts_is_the_batch(order):
    """The same samples, added in pairs of parts: up to the rounding of some thirty terms."""
    problem = registry.problem(SQUARES)
    samples, whole = asked(registry.sampling(f"batches[size=24,order={order}]"), problem, 20)
    for parts in (2, 3, 8, 24):
        again, gradients = asked(registry.sampling(f"batches[size=24,order={order},parts={parts}]"), problem, 20)
        np.testing.assert_array_equal(samples, again)
        np.testing.assert_allclose(gradients, whole, rtol=1e-13, atol=1e-15)


# -- replicates ---------------------------------------------------------------------------------------------------


def ensemble(cell, threads=None, count=None):
    problem, optimizer = registry.problem(cell.problem), registry.optimizer(cell.optimizer)
    run_cell(replace(cell, replicates=1))  # compiled in this thread
    tuning, control = optimizer.tune(problem), np.zeros(6, dtype=np.int64)
    given = (problem, optimizer, tuning, cell.iterations, count or cell.replicates, control)
    return run_ensemble(*given, seed=cell.seed, threads=threads)


@pytest.mark.parametrize("cell", [CELL, AVERAGED, BATCHED])
def test_replicates_are_the_same_bits_on_any_number_of_threads(cell):
    one, *others = (ensemble(cell, threads) for threads in (1, 2, 3))
    assert one.count == 150 > 2 * BLOCK
    for other in others:
        assert other.f.tobytes() == one.f.tobytes() and other.x.tobytes() == one.x.tobytes()
    assert len({row.tobytes() for row in one.x[:, 0]}) == 150


@pytest.mark.parametrize("cell", [CELL, AVERAGED, BATCHED])
def test_a_replicate_does_not_depend_on_how_many_there_are(cell, monkeypatch):
    """Nor on its neighbours in a block: the first is the run itself, and the rest begin as it did."""
    many = ensemble(cell)
    np.testing.assert_array_equal(ensemble(cell, count=70).x, many.x[:70])
    monkeypatch.setattr("gdbench.ensemble.BLOCK", 1)
    np.testing.assert_array_equal(ensemble(cell, count=10).x, many.x[:10])
    run = run_cell(cell).trajectory
    for c, k in enumerate(many.k):
        assert many.f[0, c] == run["f"][k]
        np.testing.assert_array_equal(many.x[0, c], [run[f"x{i}"][k] for i in range(3)])


@pytest.mark.skipif(not COMPILED, reason="there is nothing to compare with")
@pytest.mark.parametrize("cell", [CELL, BATCHED], ids=["noise", "batches"])
def test_replicates_are_the_same_bits_in_plain_python(cell):
    small = replace(cell, iterations=6, replicates=3)
    script = (
        "import sys, json; from gdbench.run import Cell, run_cell; from gdbench.packing import digest, settled; "
        f"print(digest(settled(run_cell({small!r}))))"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-P", "-c", script],
            env={**os.environ, "NUMBA_DISABLE_JIT": flag},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for flag in ("0", "1")
    ]
    assert outputs[0] == outputs[1] and len(outputs[0].strip()) == 64


@pytest.mark.parametrize("jobs", [1, 3])
def test_cells_with_replicates_are_stored_once_and_come_back(tmp_path, jobs):
    cells = [CELL, replace(CELL, seed=8), replace(CELL, replicates=120), BATCHED]
    with Store(tmp_path / "store.sqlite") as store:
        first = execute(cells, store, jobs=jobs)
        again = execute(cells, store, jobs=jobs)
    assert (first.ran, again.loaded) == (4, 4)
    marks = [digest(result) for result in first.results]
    assert marks == [digest(result) for result in again.results] and len(set(marks)) == 4
    assert [result.summary["replicates"]["count"] for result in first.results] == [150, 150, 120, 150]


@pytest.mark.parametrize("jobs", [1, 3])
def test_replicates_take_no_more_threads_than_jobs(jobs, monkeypatch):
    asked_for = []
    module = import_module("gdbench.ensemble")

    class Pool(ThreadPoolExecutor):
        def __init__(self, threads):
            asked_for.append(threads)
            super().__init__(threads)

    monkeypatch.setattr(module, "ThreadPoolExecutor", Pool)
    execute([CELL], jobs=jobs)
    assert asked_for == [jobs]


def test_4000_replicates_stay_within_the_room(tmp_path):
    """The room is all that is held; what is judged by adds a few copies of one checkpoint."""
    cell = replace(CELL, replicates=4000, iterations=100)
    run_cell(replace(cell, replicates=100))
    tracemalloc.start()
    held = ensemble(cell)
    base = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    result = run_cell(cell)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    numbers = 4000 * len(held.k) * (held.x.shape[2] + 1)
    assert numbers * 8 <= base < numbers * 8 + 2**21
    assert numbers <= ROOM and peak < base + 2 * numbers * 8 + 2**21
    assert result.summary["replicates"]["count"] == 4000
    assert len(json.dumps(result.summary["replicates"])) < 2000  # what is stored: means, not replicates


def test_a_timeout_among_replicates_keeps_the_rows_of_the_first():
    result = run_cell(SLOW, timeout=1.0)
    assert (result.status, result.reason, result.k) == ("timed_out", "no end within 1 s", 100_000)
    assert result.trajectory["k"][-1] == 100_000 and "replicates" not in result.summary
    outcomes = {verdict.theorem: verdict.outcome for verdict in result.verdicts}
    assert outcomes.pop("sgd_quad_exact") == "unresolvable"
    assert set(outcomes.values()) <= {"unresolvable", "not applicable"}


def test_a_flag_ends_replicates():
    import threading

    flag = StopFlag()
    timer = threading.Timer(0.5, flag.raise_flag)
    timer.start()
    start = time.perf_counter()
    result = run_cell(SLOW, flag)
    timer.join()
    assert result.status == "stopped" and time.perf_counter() - start < 20.0


CTRL_C = ["run", "-p", "quadratic[dim=3]", "-o", "sgd[sampling=noise]", "-n", "100000", "-r", "20000"]


def test_ctrl_c_among_replicates_stores_what_was_finished(tmp_path):
    run_cell(replace(SLOW, iterations=10, replicates=1))
    store = tmp_path / "store.sqlite"
    quick = ["run", "-p", "quadratic[dim=3]", "-o", "sgd[sampling=noise]", "-n", "20", "-r", "100"]
    command = [sys.executable, "-P", "-m", "gdbench"]
    assert subprocess.run([*command, *quick, "--store", store], capture_output=True, check=False).returncode == 0
    process = subprocess.Popen([*command, *CTRL_C, "--store", store], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    open_store = store.with_name(f"{store.name}-wal")
    while not open_store.exists():
        assert process.poll() is None
        time.sleep(0.1)
    time.sleep(3.0)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and b"Traceback" not in said
    with Store(store, write=False) as results:
        assert [one.cell.replicates for one in results.results()] == [100]


# -- verbs and Python ---------------------------------------------------------------------------------------------


def test_seeds_and_replicates_reach_the_cells():
    arguments = ("run", "-p", "quadratic[dim=3]", "-o", "sgd[sampling=noise]", "-n", 20)
    status, found = document(*arguments, "--seed", 5, "-r", 110)
    run = found["runs"][0]
    assert status == 0 and (run["seed"], run["replicates"]) == (5, 110)
    assert run["summary"]["replicates"]["count"] == 110
    same = document(*arguments, "--seed", 5, "-r", 110, "--no-cache")[1]["runs"][0]
    other = document(*arguments, "--seed", 6, "-r", 110)[1]["runs"][0]
    assert same["summary"] == run["summary"] != other["summary"]


def test_what_a_deterministic_method_makes_of_them_is_said_once():
    answer = call("run", "-p", "bowl", "-p", "huber", "-o", "gradient_descent", "-n", 5, "-r", 50, "--seed", 3)
    assert answer.exit_code == 0
    assert answer.stderr.count("deterministic") == 1
    status, found = document("run", "-p", "bowl", "-o", "gradient_descent", "-o", NOISY, "-n", 5, "-r", 50)
    assert status == 0
    assert {run["optimizer"]: run["replicates"] for run in found["runs"]} == {"gradient_descent": 1, NOISY: 50}


def test_an_export_has_columns_for_them(tmp_path):
    assert call("run", "-p", "bowl", "-o", NOISY, "-n", 5, "-r", 50, "--seed", 3).exit_code == 0
    assert call("export", "--csv", "table.csv").exit_code == 0
    header, *rows = (tmp_path / "table.csv").read_text().splitlines()
    columns = dict(zip(header.split(","), zip(*(row.split(",") for row in rows), strict=True), strict=True))
    assert set(columns["replicates"]) == {"50"} and set(columns["seed"]) == {"3"} and len(rows) == 6


def test_parquet_has_columns_for_them(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    assert call("run", "-p", "bowl", "-o", NOISY, "-n", 5, "-r", 50, "--seed", 2**63 - 1).exit_code == 0
    assert call("export", "--parquet", "table.parquet").exit_code == 0
    table = parquet.read_table(tmp_path / "table.parquet")
    assert str(table.schema.field("replicates").type) == str(table.schema.field("seed").type) == "int64"
    assert set(table["replicates"].to_pylist()) == {50} and set(table["seed"].to_pylist()) == {2**63 - 1}


def test_python_runs_take_them():
    found = gdbench.run("sgd[sampling=noise]", "quadratic[dim=3]", 20, seed=5, replicates=110)
    assert found.summary["replicates"]["count"] == 110
    assert found.summary == gdbench.run("sgd[sampling=noise]", "quadratic[dim=3]", 20, seed=5, replicates=110).summary
    verdict = found.verdicts.set_index("theorem").loc["sgd_quad_exact"]
    assert verdict["outcome"] == "holds" and "110 replicates" in verdict["reason"]
    assert "replicates" not in gdbench.run("gradient_descent", "bowl", 5, seed=5, replicates=110).summary


@step
def longer(k, alpha, f, state, data, calls):
    """A step of 1.2 times the one it reports."""
    for i in range(state.x.shape[0]):
        state.x[i] -= 1.2 * alpha * state.g[i]
    return alpha, 0, 0


def test_a_violation_of_a_sampled_run_is_not_explained():
    wrong = replace(registry.optimizer("sgd[alpha=0.1/L,sampling=noise]"), step=longer)
    verdicts = gdbench.run(wrong, "quadratic[dim=3]", 20, replicates=200).verdicts.set_index("theorem")
    row = verdicts.loc["sgd_quad_exact"]
    assert (row["outcome"], row["cause"]) == ("violated", "not explained")
    assert row["why"] == import_module("gdbench.explain.cause").SAMPLED
    right = gdbench.run("sgd[alpha=0.1/L,sampling=noise]", "quadratic[dim=3]", 20, replicates=200).verdicts
    assert right.set_index("theorem").loc["sgd_quad_exact", list(NOTHING)].tolist() == list(NOTHING.values())


def test_info_and_list_tell_of_samplings():
    status, found = document("info", "batches[size=8]")
    assert status == 0 and (found["what"], found["name"]) == ("sampling", "batches[size=8]")
    assert [one["name"] for one in found["parameters"]] == ["size", "order", "parts"]
    said = call("info", "noise").stdout
    assert "draws:   a number for each coordinate" in said and "number >= 0 and < 1" in said
    assert "gradients:  sampled: batches" in call("info", "sgd").stdout
    plain = call("info", "gradient_descent").stdout
    assert "gradients:  exact" in plain and "none" in plain and "None" not in plain
    assert [row["name"] for row in document("list", "samplings")[1]["samplings"]] == ["batches", "noise"]
    answer = call("info", "batchs")
    assert answer.exit_code == 2 and "did you mean 'batches'?" in answer.output
    assert "samples:    200" in call("info", "least_squares").stdout
