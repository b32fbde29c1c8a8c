import json
import math
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from gdbench import registry
from gdbench.cli import VERBS, main
from gdbench.packing import VERDICT_FIELDS

GD = "gradient_descent"
PAIR = ["run", "-p", "bowl", "-o", GD, "-n", "20"]


def call(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def document(*arguments):
    def refuse(text):
        raise AssertionError(f"{text} is not strict JSON")

    answer = call(*arguments, "--json")
    return answer.exit_code, json.loads(answer.stdout, parse_constant=refuse)


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".gdbench" / "results.sqlite"


def test_a_pair_is_run_judged_and_stored(store):
    answer = call(*PAIR)
    assert answer.exit_code == 0, answer.output
    assert "gradient_descent on bowl: finished at k = 20" in answer.stdout
    assert "gd_sc_gap" in answer.stdout and "(0 cells from the store, 1 run)" in answer.stdout
    assert max(map(len, answer.stdout.splitlines())) <= 120
    assert store.exists()
    assert "(1 cell from the store, 0 run)" in call(*PAIR).stdout
    assert "(0 cells from the store, 1 run)" in call(*PAIR, "--no-cache").stdout


def test_a_divergence_is_named_with_its_k_and_exits_1():
    answer = call("run", "-o", "gradient_descent[alpha=2.1/L]", "-p", "quadratic[kappa=10]")
    assert answer.exit_code == 1
    assert "diverged at k = 135" in answer.stdout


def test_every_pair_of_those_given():
    status, answer = document("run", "-p", "bowl", "-p", "quadratic[dim=3]", "-o", GD, "-o", "nesterov", "-n", 30)
    assert status == 0 and len(answer["runs"]) == 4
    status, answer = document("run", "-p", "bowl", "-n", 5)
    assert len(answer["runs"]) == len(registry.names("optimizer"))
    assert {row["iterations"] for row in answer["runs"]} == {5}


def test_the_document_of_a_run():
    status, answer = document(*PAIR)
    assert status == 0
    assert list(answer) == ["schema", "verb", "runs", "verdicts", "claims"]
    assert (answer["schema"], answer["verb"]) == (1, "run")
    run, verdict = answer["runs"][0], answer["verdicts"][0]
    assert {"optimizer", "problem", "iterations", "seed", "status", "k", "as_expected", "summary"} <= run.keys()
    assert {*VERDICT_FIELDS, "expected", "as_expected", "cause", "why"} == verdict.keys()
    assert document(*PAIR) == (status, answer)


def test_a_suite_and_a_part_of_it():
    status, answer = document("run", "quick")
    assert status == 0 and all(row["as_expected"] for row in answer["runs"] + answer["verdicts"])
    assert all(row["outcome"] == row["expected"] for row in answer["verdicts"])
    status, part = document("run", "quick", "-o", "nesterov")
    assert status == 0 and [row["optimizer"] for row in part["runs"]] == ["nesterov"]


def test_what_is_not_as_expected_is_spelled_out(tmp_path):
    cell = f'[[cells]]\noptimizer = "{GD}"\nproblem = "bowl"\niterations = 9\nstatus = "diverged"\n'
    (tmp_path / "mine.toml").write_text(cell + 'attained = ["gd_pl"]')
    answer = call("run", "mine.toml")
    assert answer.exit_code == 1
    assert "gradient_descent on bowl finished at k = 9, expected diverged" in answer.stdout
    assert "not as expected (" in answer.stdout.splitlines()[-1]


NOT_JUDGED = "for one step size, not judged with a schedule:"
MEASURED = "no theorem applies: measured only"


@pytest.mark.parametrize("name", ["heavy_ball", "nesterov", "nesterov_convex", "nesterov_ratio", "momentum_buffer"])
def test_momentum_with_a_schedule_says_that_its_theorems_do_not_judge_it(name):
    theorems = [one for one in registry.optimizer(name).theorems if not one.startswith("lower_")]
    answer = call("run", "-p", "quadratic", "-o", f"{name}[schedule=inverse]", "-n", 20)
    assert answer.exit_code == 0, answer.output
    said = " ".join(answer.stdout.partition(NOT_JUDGED)[2].split())
    assert said.startswith(", ".join(theorems))
    assert NOT_JUDGED not in call("run", "-p", "quadratic", "-o", name, "-n", 20).stdout
    no_mu = "heavy_ball[alpha=0.0001,beta=0.5,schedule=inverse]"
    assert MEASURED in " ".join(call("run", "-p", "rosenbrock", "-o", no_mu, "-n", 5).stdout.split())


@pytest.mark.parametrize("many", [False, True])
def test_a_run_that_no_theorem_is_about_is_measured_only(many):
    others = [one for name in ("bowl", "damping", "quadratic", "saddle") for one in ("-p", name)] if many else []
    answer = call("run", "-p", "huber", *others, "-o", "clipped[by=value]", "-n", 5)
    assert answer.exit_code == 0
    assert answer.stdout.count(MEASURED) == (5 if many else 1)
    assert MEASURED not in call("run", "-p", "huber", "-o", GD, "-n", 5).stdout


def test_where_the_gradient_vanishes_is_said():
    """Two steps of a half along y end in the saddle itself: normalising does not divide by 0."""
    status, answer = document("run", "-p", "saddle", "-o", "normalized[alpha=0.5]", "-n", 9)
    run = answer["runs"][0]
    assert (status, run["status"], run["k"], run["summary"]["f"]) == (0, "finished", 9, 0.25)
    said = call("run", "-p", "saddle", "-o", "normalized[alpha=0.5]", "-n", 9).stdout
    assert "finished at k = 9: the gradient is 0 there" in said


FLAT = ("quadratic[kappa=inf,spectrum=linear]", "huber", "saddle", "monkey_saddle", "plateau")


@pytest.mark.parametrize("problem", FLAT)
def test_newton_on_a_singular_or_indefinite_hessian_descends(problem):
    status, answer = document("run", "-p", problem, "-o", "newton", "-n", 20)
    run = answer["runs"][0]
    assert (status, run["status"]) == (0, "finished")
    assert math.isfinite(run["summary"]["f"]) and run["summary"]["increases"] == 0
    assert {row["outcome"] for row in answer["verdicts"]} <= {"holds", "attained", "not applicable", "unresolvable"}
    assert all(row["reason"] for row in answer["verdicts"] if row["outcome"] == "not applicable")


def test_replicates_of_deterministic_methods_are_one_run():
    answer = call(*PAIR, "-r", 3, "--seed", 7)
    assert answer.exit_code == 0 and "1 run," in answer.stdout
    assert "deterministic" in answer.stderr and answer.stderr.count("\n") == 1


@pytest.mark.parametrize("kind", ["problems", "optimizers", "schedules", "theorems", "suites"])
def test_list(kind):
    answer = call("list", kind)
    assert answer.exit_code == 0 and max(map(len, answer.stdout.splitlines())) <= 120
    status, rows = document("list", kind)
    assert status == 0 and rows["verb"] == "list" and len(answer.stdout) > 10
    first = {"theorems": "id"}.get(kind, "name")
    assert all(row[first] in answer.stdout for row in rows[kind])


@pytest.mark.parametrize(
    ("name", "words"),
    {
        "quadratic[kappa=10]": ["L", "exact", "largest eigenvalue", "kappa", "number >= 1", "log_uniform"],
        "gradient_descent": ["alpha", "1/L", "gd_convex_tight", "Cauchy 1847"],
        "gd_convex_tight": ["f(x_k) - f*", "tight", "Drori"],
        "momentum_buffer[decay=0.1]": ["alpha      1/L", "dampening", "measured only", "Sutskever"],
        "cosine[steps=5]": ["From `steps` on it stays", "stands still", "Loshchilov", "whole number >= 1"],
        "warmup_linear": ["From `steps` on alpha is 0", "stands still"],
        "warmup_cosine": ["From `steps` on it stays at that share"],
        "one_cycle": ["where it stays from k = `steps` - 1 on"],
        "milestones": ["After the last of them it stays"],
        "inverse": ["sum of steps:", "grows without bound", "stays finite"],
        "newton": ["Where the Hessian is singular or indefinite"],
        "quick": ["rosenbrock", "25"],
    }.items(),
)
def test_info(name, words):
    answer = call("info", name)
    assert answer.exit_code == 0
    assert [word for word in words if word not in answer.stdout] == []
    status, facts = document("info", name)
    assert status == 0 and facts["name"] == name


def test_bound():
    values = ["L=1", "R2=1", "alpha=1"]
    expected = 1 / 42
    orders = [
        ["--set", *values],
        ["--set", "alpha=1", "--set", "L=1", "R2=1"],
        [v for one in values for v in ("--set", one)],
    ]
    for given in orders:
        status, answer = document("bound", "gd_convex_tight", "-k", 10, *given)
        assert status == 0 and answer["bound"] == pytest.approx(expected, rel=1e-15)
    assert call("bound", "--set", *values, "gd_convex_tight", "-k", 10).stdout == f"{expected!r}\n"


def test_export_is_tidy_ordered_and_the_same_bytes(tmp_path):
    pd = pytest.importorskip("pandas")
    call("run", "-p", "quadratic", "-p", "bowl", "-o", GD, "-n", 5)
    assert call("export", "--csv", "a.csv").exit_code == 0
    call("run", "-p", "quadratic", "-p", "bowl", "-o", GD, "-n", 5, "--no-cache")
    assert call("export", "--csv", "b.csv").exit_code == 0
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    table = pd.read_csv("a.csv")
    assert table["k"].tolist() == [*range(6), *range(6)]
    assert table["problem"].tolist() == ["bowl"] * 6 + ["quadratic"] * 6
    assert table["x0"].notna().sum() == 6 and table["f"].notna().all()
    assert sorted(one.name for one in tmp_path.iterdir()) == [".gdbench", "a.csv", "b.csv"]


def test_export_to_parquet_needs_pyarrow(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    call(*PAIR)
    answer = call("export", "--parquet", "a.parquet")
    assert answer.exit_code == 2 and "gdbench[parquet]" in answer.stderr


def test_export_to_parquet(tmp_path):
    pytest.importorskip("pyarrow", reason="the extra [parquet] is not installed")
    import pandas as pd

    call(*PAIR)
    call("export", "--csv", "a.csv", "--parquet", "a.parquet")
    pd.testing.assert_frame_equal(
        pd.read_parquet("a.parquet").dropna(axis=1, how="all"),
        pd.read_csv("a.csv").dropna(axis=1, how="all"),
        check_dtype=False,
    )


BAD = {
    "rnu": ("'rnu'", "'run'"),
    "run qick": ("'qick'", "'quick'"),
    "run nowhere.toml": ("nowhere.toml", "no such file"),
    "run -p bowll": ("'bowll'", "'bowl'"),
    "run -o gradient_decent": ("'gradient_decent'", "'gradient_descent'"),
    "run -p quadratic[kapa=10]": ("'kapa'", "'kappa'"),
    "run -p quadratic[kappa=0.5]": ("kappa=0.5", "nearest valid value is 1"),
    "run -p quadratic[kappa=nan]": ("kappa=nan", ">= 1"),
    "run -p quadratic[kappa=-inf]": ("kappa=-inf", ">= 1"),
    "run -p quadratic[dim=0]": ("dim=0", "nearest valid value is 1"),
    "run -p quadratic[dim=2.5]": ("dim=2.5", "whole number"),
    "run -p quadratic[seed=-1]": ("seed=-1", "nearest valid value is 0"),
    "run -p quadratic[kappa=10": ("'quadratic[kappa=10'", "name[param=value,…]"),
    "run -p quadratic[kappa=2,kappa=3]": ("kappa", "give it once"),
    "run -p quadratic[start=botom]": ("'botom'", "'bottom'"),
    "run -o gradient_descent[alpha=1/Q] -p bowl": ("1/Q", "1/L"),
    "run -o gradient_descent[alpha=__import__('os')] -p bowl": ("__import__", "1/L"),
    "run -o gradient_descent[alpha=-1] -p bowl": ("'-1'", "> 0"),
    "run -o gradient_descent[alpha=1e999] -p bowl": ("1e999", "finite"),
    "run -o gradient_descent[alpha=nan] -p bowl": ("'nan'", "1/L"),
    "run -o gradient_descent[alpha=Infinity] -p bowl": ("'Infinity'", "1/L"),
    "run -o gradient_descent[alpha=0] -p bowl": ("'0'", "> 0"),
    "run -o gradient_descent[alpha=1/0] -p bowl": ("'1/0'", "finite"),
    "run -o gradient_descent[alpha=1/l] -p bowl": ("'1/l'", "1/L"),
    "run -o gradient_descent[alpha=optimal] -p bowl": ("optimal", "1/L"),
    "run -o heavy_ball[beta=1] -p bowl": ("beta=1", "strictly below 1"),
    "run -o heavy_ball[beta=-0.1] -p bowl": ("beta=-0.1", "nearest valid value is 0"),
    "run -o nesterov[beta=1.5] -p bowl": ("beta=1.5", "strictly below 1"),
    "run -o nesterov[beta=Infinity] -p bowl": ("beta=inf", "< 1"),
    "run -o heavy_ball[beta=optimum] -p bowl": ("beta=optimum", "optimal"),
    "run -o momentum_buffer[beta=nan] -p bowl": ("beta=nan", "< 1"),
    "run -o momentum_buffer[dampening=1] -p bowl": ("dampening=1", "strictly below 1"),
    "run -o momentum_buffer[dampening=0.1,nesterov=true] -p bowl": ("dampening=0.1", "nearest valid value is 0"),
    "run -o momentum_buffer[decay=-1] -p bowl": ("decay=-1", "nearest valid value is 0"),
    "run -o clipped[threshold=0] -p bowl": ("threshold=0", "strictly above 0"),
    "run -o clipped[threshold=-1] -p bowl": ("threshold=-1", "strictly above 0"),
    "run -o clipped[threshold=nan] -p bowl": ("threshold=nan", "> 0"),
    "run -o clipped[threshold=inf] -p bowl": ("threshold=inf", "> 0"),
    "run -o clipped[by=nrom] -p bowl": ("'nrom'", "'norm'"),
    f"run -o lbfgs[memory={10**400}] -p bowl": ("memory=1000", "nearest valid value is 1000"),
    f"run -p quadratic[seed={10**400}]": ("seed=1000", f"nearest valid value is {2**63 - 1}"),
    "run -o gradient_descent[schedule=cosin] -p bowl": ("'cosin'", "'cosine'"),
    "run -o gradient_descent[schedule=cosine[step=5]] -p bowl": ("'step'", "'steps'"),
    "run -o gradient_descent[schedule=cosine[steps=0]] -p bowl": ("steps=0", "nearest valid value is 1"),
    "run -o gradient_descent[schedule=cosine[steps=1e3]] -p bowl": ("steps=1e3", "nearest valid value is 1000"),
    "run -o gradient_descent[schedule=warmup_linear[warmup=0]] -p bowl": ("warmup=0", "nearest valid value is 1"),
    "run -o gradient_descent[schedule=warmup_cosine[warmup=9,steps=9]] -p bowl": ("warmup=9", "valid value is 8"),
    "run -o gradient_descent[schdule=cosine] -p bowl": ("'schdule'", "'schedule'"),
    "run -o newton[schedule=cosine] -p bowl": ("'schedule'", "c, factor"),
    "run -o conjugate_gradient[schedule=cosine] -p bowl": ("schedule=cosine", "takes no parameters"),
    "run -o conjugate_gradient -p rosenbrock": ("rosenbrock", "lbfgs or newton"),
    "run -o polyak_step -p mlp": ("no exact f*", "adaptive_lipschitz"),
    "run -o gradient_descent -p mlp": ("mlp has no L", "as numbers"),
    "run -o heavy_ball -p logistic[l2=0]": ("no mu", "as numbers"),
    "run -o triple_momentum -p rosenbrock": ("no mu", "as numbers"),
    "run -p bowl -n 0": ("0", "x>=1"),
    "run -p bowl -n -5": ("-5", "x>=1"),
    "run -p bowl -n ten": ("'ten'", "integer"),
    "run -p bowl -j 0": ("0", "x>=1"),
    "run -p bowl -r 0": ("0", "x>=1"),
    "run -p bowl --seed -1": ("-1", f"0<=x<={2**63 - 1}"),
    f"run -p bowl --seed {2**63}": (f"{2**63}", f"0<=x<={2**63 - 1}"),
    "run -p bowl --timeout 0": ("--timeout 0", "60"),
    "run -p bowl --timeout nan": ("nan", "60"),
    "run -p bowl --tol -1": ("--tol -1", ">= 0"),
    "run quick -n 5": ("-n", "-p or -o"),
    "run quick -p mlp": ("mlp", "info quick"),
    "run -p bowl --store .": ("folder", "results.sqlite"),
    "run -p bowl --store file.txt": ("file.txt", "not a store"),
    "run -p bowl --store file.txt/results.sqlite": ("file.txt/results.sqlite", "not a directory"),
    "run --sede 3": ("--sede", "--seed"),
    "list problem": ("'problem'", "'problems'"),
    "info quadratics": ("'quadratics'", "'quadratic'"),
    "info cosin": ("'cosin'", "'cosine'"),
    "info cosine[steps=0]": ("steps=0", "nearest valid value is 1"),
    "info gd_sc_gpa": ("'gd_sc_gpa'", "'gd_sc_gap'"),
    "bound gd_sc_gpa -k 1": ("'gd_sc_gpa'", "'gd_sc_gap'"),
    "bound gd_convex_tight -k 0 --set L=1": ("0", "x>=1"),
    "bound gd_convex_tight -k 1 --set L=1 R2=1": ("alpha=…", "L, R2, alpha"),
    "bound gd_convex_tight -k 1 --set L=1 R2=1 alpa=1": ("'alpa'", "'alpha'"),
    "bound gd_convex_tight -k 1 --set L=one": ("'L=one'", "L=1"),
    "bound gd_convex_tight -k 1 --set L=nan": ("'L=nan'", "L=1"),
    "bound gd_convex_tight -k 1 --set L=-1": ("'L=-1'", "L=1"),
    "bound gd_convex_tight -k 1 --set L=1 L=2": ("L", "once"),
    "bound gd_sc_gap -k 1 --set L=1 mu=2 alpha=1 gap_0=1": ("mu=2", "mu=1"),
    "bound gd_descent -k 1": ("gd_descent", "closed form"),
    "bound gd_convex_tight gd_pl -k 1": ("'gd_pl'", "one theorem"),
    "export": ("--csv", "--parquet"),
    "export --csv . --store results.sqlite": ("file . ", "directory"),
    "export --csv a.csv --store missing.sqlite": ("missing.sqlite", "gdbench run"),
}


@pytest.mark.parametrize("line", BAD)
def test_bad_input_is_one_sentence_and_touches_nothing(tmp_path, line):
    (tmp_path / "file.txt").write_text("not a store\n")
    call(*PAIR, "--store", "results.sqlite")
    content = {one: one.read_bytes() for one in tmp_path.iterdir()}
    store = [] if "--store" in line or not line.startswith("run") else ["--store", "results.sqlite"]
    answer = call(*line.split(), *store)
    assert answer.exit_code == 2, answer.output
    assert isinstance(answer.exception, SystemExit) and answer.stdout == ""
    last = answer.stderr.splitlines()[-1]
    assert last.startswith("Error: ") and "Traceback" not in answer.stderr
    assert all(one.startswith(("Usage: ", "Try ", "Error: ")) or not one for one in answer.stderr.splitlines())
    assert [word for word in BAD[line] if word not in last] == []
    assert {one: one.read_bytes() for one in tmp_path.iterdir()} == content


def test_help_is_quick_and_imports_nothing_heavy():
    script = "import sys; from gdbench.cli import main; main(['--help'], standalone_mode=False); "
    script += (
        "print([one for one in ('numpy', 'numba', 'pandas', 'sqlite3', 'matplotlib', 'tqdm') if one in sys.modules])"
    )
    start = time.perf_counter()
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert time.perf_counter() - start < 2.0  # 0.12 s on a quiet machine
    assert answer.stdout.splitlines()[-1] == "[]"
    assert all(f"  {verb} " in answer.stdout for verb in VERBS)


def test_version():
    assert call("--version").stdout.startswith("gdbench 0.")
