"""`gdbench compare` and the metrics it reads: flips first, exit status 1 for anything worse."""

import json
import math
import sqlite3
from dataclasses import astuple, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from gdbench.cli import main
from gdbench.comparison import LESS, MORE, OUTCOMES, STATUSES, compare, load
from gdbench.execute import execute
from gdbench.metrics import COLUMNS, Metrics, from_csv, metrics, to_csv
from gdbench.run import Cell, run_cell
from gdbench.store import Store, key
from gdbench.suite import load as suite
from gdbench.verdict import OUTCOMES as ALL_OUTCOMES

COMMITTED = Path(__file__).parents[1] / "reports" / "metrics.csv"


def call(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def line(subject="bound", name="t", **fields):
    return Metrics(subject, name, "nesterov", "quadratic", "1000", "0", "0", "0", **fields)


@pytest.fixture
def written(tmp_path):
    def write(name, lines):
        path = tmp_path / name
        path.write_text(to_csv(lines))
        return path

    return write


def test_the_committed_metrics_read_back():
    lines = from_csv(COMMITTED)
    assert to_csv(lines) == COMMITTED.read_text() and compare(lines, lines) == []
    identities = [line.identity for line in lines]
    assert len(set(identities)) == len(identities)
    wanted = suite("lecture")
    assert sum(line.subject == "claim" for line in lines) == len(wanted.claims)
    assert sum(line.subject == "run" for line in lines) == len(wanted.cells)


def test_a_line_says_what_the_run_says():
    result = run_cell(Cell("gradient_descent", "quadratic[dim=2,start=bottom]"))
    run, *verdicts = metrics([result])
    assert (run.subject, run.outcome, run.k, run.iterations_to_target) == ("run", "finished", "1000", "688")
    # Half a unit in the ninth digit, the last that is kept.
    assert float(run.e_fold_iterations) == pytest.approx(-0.5 / math.log(1.0 - 1.0 / 100.0), abs=0.5e-7)
    assert (run.gradient_calls, run.value_calls) == ("1001", "0")
    tight = next(line for line in verdicts if line.name == "gd_sc_gap")
    assert (tight.subject, tight.outcome, tight.tightness) == ("bound", "attained", "1")


def test_every_outcome_and_status_has_its_place():
    from gdbench.run import STATUSES as ENDS

    assert set(OUTCOMES) == set(ALL_OUTCOMES)
    assert set(STATUSES) == {*ENDS, "timed_out"} - {"running", "stopped"}
    assert {*LESS, *MORE} < set(COLUMNS)


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        (line(outcome="holds"), line(outcome="violated"), "worse"),
        (line(outcome="attained"), line(outcome="holds"), "worse"),
        (line(outcome="inconclusive"), line(outcome="unresolvable"), "changed"),
        (line(outcome="not applicable"), line(outcome="holds"), "better"),
        (line("run", outcome="finished"), line("run", outcome="diverged"), "worse"),
        (line("run", outcome="failed"), line("run", outcome="finished"), "better"),
        (line("run", outcome="reached"), line("run", outcome="finished"), "worse"),
        (line("claim", outcome="refuted"), line("claim", outcome="confirmed"), "worse"),
        (line("run", iterations_to_target="88"), line("run", iterations_to_target="89"), "worse"),
        (line("run", iterations_to_target="88"), line("run", iterations_to_target=""), "worse"),
        (line("run", iterations_to_target=""), line("run", iterations_to_target="88"), "better"),
        (line("run", order="1"), line("run", order="0.9"), "worse"),
        (line(tightness="0.5"), line(tightness="0.500001"), "worse"),
        (line(tightness="0.5"), line(tightness="0.500000001"), "changed"),
        (line("exact", tightness="1"), line("exact", tightness="1.1"), "changed"),
        (line(resolvable="1"), line(resolvable="0.9"), "worse"),
        (line("scaling", value="0.5"), line("scaling", value="0.6"), "worse"),
        (line("figure", value="0.5"), line("figure", value="0.6"), "changed"),
        (line("run", f="1"), line("run", f="2"), "changed"),
    ],
)
def test_directions(before, after, direction):
    (change,) = compare([before], [after])
    assert change.direction == direction


def test_flips_come_first_and_the_worst_of_numbers_before_the_rest():
    before = [line("run", outcome="finished", iterations_to_target="10", k="5"), line(name="a", outcome="holds")]
    before += [line(name="b", outcome="holds", tightness="0.1"), line(name="gone", outcome="holds")]
    after = [line("run", outcome="finished", iterations_to_target="30", k="6"), line(name="new", outcome="holds")]
    after += [line(name="b", outcome="violated", tightness="2"), line(name="a", outcome="attained")]
    found = [(change.line.name, change.column, change.direction) for change in compare(before, after)]
    assert found == [
        ("b", "outcome", "worse"),
        ("gone", "line", "worse"),
        ("a", "outcome", "better"),
        ("new", "line", "changed"),
        ("t", "iterations_to_target", "worse"),
        ("t", "k", "changed"),
    ]


def test_the_command(written):
    before = written("a.csv", [line("run", outcome="finished", iterations_to_target="88"), line(outcome="attained")])
    after = written("b.csv", [line("run", outcome="finished", iterations_to_target="110"), line(outcome="violated")])
    answer = call("compare", before, after)
    assert answer.exit_code == 1
    assert answer.stdout.index("attained -> violated") < answer.stdout.index("88 -> 110  x 1.25")
    assert answer.stdout.splitlines()[-1] == "1 outcome worse, 1 number worse."
    document = json.loads(call("compare", before, after, "--json").stdout)
    assert (document["verb"], document["worse"], len(document["changes"])) == ("compare", 2, 2)
    assert document["changes"][0]["line"]["name"] == "t" and document["changes"][1]["factor"] == 1.25
    same = call("compare", before, before)
    assert (same.exit_code, same.stdout) == (0, "Nothing changed.\n")
    assert call("compare", after, before).exit_code == 0, "better is no failure"


def test_long_parts_are_cut_unless_all_is_asked_for(written):
    before = written("a.csv", [line(name=f"t{i}", outcome="holds") for i in range(30)])
    after = written("b.csv", [line(name=f"t{i}", outcome="violated") for i in range(30)])
    answer = call("compare", before, after).stdout
    assert answer.count("-> violated") == 20 and "and 10 more: --all lists them" in answer
    assert call("compare", before, after, "--all").stdout.count("-> violated") == 30


def test_stores(tmp_path):
    cells = suite("quick").cells
    for name in ("a", "b"):
        with Store(tmp_path / f"{name}.sqlite") as store:
            execute(cells, store)
    stores = (tmp_path / "a.sqlite", tmp_path / "b.sqlite")
    assert call("compare", *stores).stdout == "Nothing changed.\n"
    lines = load(stores[0])
    assert {line.subject for line in lines} >= {"run", "bound", "exact", "rate"}
    slower = [replace(line, iterations_to_target="1000") if line.iterations_to_target else line for line in lines]
    (tmp_path / "slower.csv").write_text(to_csv(slower))
    assert call("compare", stores[0], tmp_path / "slower.csv").exit_code == 1


def test_a_whole_store_says_what_the_committed_metrics_say(lecture, tmp_path):
    with Store(lecture, write=False) as results, Store(tmp_path / "lecture.sqlite") as alone:
        keys = [key(cell) for cell in suite("lecture").cells]
        alone.write([(name, results.load(name), 0.0) for name in keys])
    assert compare(from_csv(COMMITTED), load(tmp_path / "lecture.sqlite")) == []


def test_results_of_methods_that_are_gone_are_compared_all_the_same(tmp_path):
    with Store(tmp_path / "a.sqlite") as store:
        execute([Cell("gradient_descent", "bowl", 9)], store)
    with sqlite3.connect(tmp_path / "a.sqlite") as database:
        database.execute("UPDATE runs SET optimizer = 'of_yore'")
    lines = load(tmp_path / "a.sqlite")
    assert lines[0].optimizer == "of_yore"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no metrics.csv of gdbench"),
        ("a,b,c\n1,2,3\n", "no metrics.csv of gdbench"),
        (",".join(COLUMNS[:-1]) + "\n", "another schema (it lacks value)"),
        (",".join([*COLUMNS, "colour"]) + "\n", "another schema (it also has colour)"),
        (",".join(reversed(COLUMNS)) + "\n", "in another order"),
        (",".join(COLUMNS) + "\nrun,,x\n", "Line 2"),
    ],
)
def test_a_file_of_another_schema(tmp_path, text, words):
    path = tmp_path / "metrics.csv"
    path.write_text(text)
    answer = call("compare", COMMITTED, path)
    assert answer.exit_code == 2 and words in answer.stderr and answer.stderr.count("\n") == 1


def test_what_is_no_file_at_all(tmp_path):
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    Store(tmp_path / "empty.sqlite").close()
    for name, words in {
        "none": "There is no",
        ".": "is a folder",
        "bytes": "cannot be read",
        "empty.sqlite": "is empty",
    }.items():
        answer = call("compare", COMMITTED, tmp_path / name)
        assert answer.exit_code == 2 and words in answer.stderr and answer.stderr.count("\n") == 1, answer.output


def test_astuple_is_the_order_of_the_columns():
    assert len(astuple(line())) == len(COLUMNS)


def test_a_slower_nesterov_is_named(written, monkeypatch):
    """beta = (sqrt kappa - 3)/(sqrt kappa + 1), a slip of one character."""
    from gdbench.optimizers import nesterov

    def slip(problem):
        L, mu = problem.require("L", "mu")
        return (L**0.5 - 3 * mu**0.5) / (L**0.5 + mu**0.5)

    cell = Cell("nesterov", "quadratic[dim=2,start=bottom]")
    before = written("before.csv", metrics([run_cell(cell)]))
    monkeypatch.setattr(nesterov, "_optimal_momentum", slip)
    after = written("after.csv", metrics([run_cell(cell)]))
    answer = call("compare", before, after)
    assert answer.exit_code == 1
    assert "nag_quad_gap" in answer.stdout and "attained -> not applicable" in answer.stdout
    assert "88 -> 242" in answer.stdout and "x 2.75" in answer.stdout
