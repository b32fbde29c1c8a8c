"""`gdbench report`: fresh, byte for byte the same, complete, and one sentence where it cannot be written."""

import csv
import fcntl
import os
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from gdbench.cli import main
from gdbench.execute import execute
from gdbench.report.build import build
from gdbench.report.columns import short
from gdbench.report.compact import dense, gathered
from gdbench.report.inapplicable import inapplicable
from gdbench.report.markdown import escaped
from gdbench.report.notation import symbols
from gdbench.store import Store
from gdbench.suite import load
from gdbench.verdict import OUTCOMES

CELLS = len(load("lecture").cells)
COMMITTED = Path(__file__).parents[1] / "reports"
SVG = "{http://www.w3.org/2000/svg}"


def call(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


@pytest.fixture
def store(lecture):
    return lecture


def test_the_committed_report_is_fresh(files):
    there = {path.relative_to(COMMITTED).as_posix() for path in COMMITTED.rglob("*") if path.is_file()}
    # tests/parity/table.py writes parity.md, and tests/validity/report.py validity.md: tests beside them hold these.
    assert {name for name in there if not name.startswith("asv/")} - {"parity.md", "validity.md"} == set(files)
    stale = [name for name, text in files.items() if (COMMITTED / name).read_text(encoding="utf-8") != text]
    assert stale == [], "`gdbench run && gdbench report` writes them anew"


def test_the_same_bytes_in_any_folder(store, files, tmp_path):
    for folder in ("here", "over/there"):
        answer = call("report", "--store", store, "--output", tmp_path / folder)
        assert answer.exit_code == 0, answer.output
        assert f"{len(files)} files" in answer.stdout
        written = {path.relative_to(tmp_path / folder).as_posix() for path in (tmp_path / folder).rglob("*.*")}
        assert written == set(files)
        for name, text in files.items():
            assert (tmp_path / folder / name).read_bytes() == text.encode()


def _pair(row):
    return f"| `{row['optimizer']}` | `{row['problem']}`"


def test_all_claims_verdicts_and_runs_are_in_the_text(record, files):
    text = files["convergence.md"]
    rows = record.rows
    assert text.index("## Claims") < text.index("## Figures") < text.index("## Verdicts")
    lines = text.splitlines()
    for row in rows.claims:
        said = f"| {row['section']} | {escaped(symbols(row['says']))} | {escaped(symbols(row['figure']))} |"
        assert f"{said} {row['status']} |" in lines
    table = [line for line in lines if line.startswith("| `")]
    broken = [row for row in rows.runs if row["status"] in ("diverged", "failed", "timed_out")]
    assert len(broken) == sum(row.status == "diverged" for row in record.suite.rows)
    lacking = [row for row in rows.verdicts if row["outcome"] == "not applicable"]
    groups = {(row["optimizer"], row["problem"], row["reason"]) for row in lacking}
    assert len(table) == len(rows.verdicts) - len(lacking) + len(groups) + len(rows.runs) + len(broken)
    for outcome in OUTCOMES:
        count = sum(row["outcome"] == outcome for row in rows.verdicts)
        assert f"| {outcome} | {count} |" in text
    for row in rows.verdicts:
        if row["outcome"] != "not applicable":
            assert any(line.startswith(f"{_pair(row)} | {row['outcome']} |") for line in table)


def test_every_theorem_that_does_not_apply_is_in_the_text_with_its_run_and_reason(record, files):
    _, table = files["convergence.md"].split("\n## Not applicable\n")
    cells = [line.strip("|").split(" | ") for line in table.splitlines() if line.startswith("| `")]
    said = sorted((*(cell.strip() for cell in (optimizer, problem, reason)), theorem)
                  for optimizer, problem, theorems, reason in cells for theorem in theorems.split(", "))  # fmt: skip
    lacking = [row for row in record.rows.verdicts if row["outcome"] == "not applicable"]
    assert len(lacking) > 100 and said == sorted(
        (f"`{row['optimizer']}`", f"`{row['problem']}`", escaped(symbols(row["reason"])), escaped(row["theorem"]))
        for row in lacking
    )


def test_an_unexpected_not_applicable_stands_in_a_row_of_its_own(record):
    rows = record.rows.verdicts
    lacking = [row for row in rows if row["outcome"] == "not applicable"]
    same = next(row for row in lacking if sum(_why(row) == _why(one) for one in lacking) > 2)
    spoiled = [{**row, "as_expected": False, "expected": "holds"} if row is same else row for row in rows]
    before, after = inapplicable(rows), inapplicable(spoiled)
    (alone,) = (row for row in after if not row.as_expected)
    assert alone.theorems == (same["theorem"],) and len(after) == len(before) + 1
    assert sum(len(row.theorems) for row in after) == len(lacking)
    files = build(replace(record, rows=replace(record.rows, verdicts=spoiled)))
    assert f"| {escaped(same['theorem'])} (!) | {escaped(symbols(same['reason']))} |" in files["convergence.md"]
    assert f"<td>{same['theorem']} <b>(not as expected)</b><td>" in files["index.html"]


def _why(row):
    return row["optimizer"], row["problem"], row["reason"]


def test_tables_have_as_many_cells_as_their_heads(files):
    width = None
    for line in files["convergence.md"].splitlines():
        cells = line.replace("\\|", "").count("|")
        if not line.startswith("|"):
            width = None
        elif width is None:
            width = cells
        assert width is None or cells == width, line


def test_every_figure_has_a_text_and_a_table(files):
    names = {name[8:-4] for name in files if name.endswith(".svg")}
    assert len(names) >= 10
    for name in names:
        root = ET.fromstring(files[f"figures/{name}.svg"])
        assert root.get("role") == "img"
        title, description = root.find(f"{SVG}title").text, root.find(f"{SVG}desc").text
        assert len(title) > 10 and any(letter.isdigit() for letter in description)
        ids = [one.get("id") for one in root.iter() if one.get("id")]
        assert len(ids) == len(set(ids))
        table = list(csv.reader(files[f"figures/{name}.csv"].splitlines()))
        assert table[0] == ["panel", "series", "x", "y"] and len(table) > 3
        assert all(np.isfinite(float(value)) for row in table[1:] for value in row[2:])
        assert f"](figures/{name}.svg)" in files["convergence.md"]


@pytest.mark.parametrize(
    ("name", "lower", "upper"),
    [
        ("gap-convex", "measured", "tight bound"),
        ("gap-convex", "tight bound", "lecture's bound"),
        ("gap-strongly-convex", "measured", "tight bound"),
        ("gap-strongly-convex", "tight bound", "lecture's bound"),
        ("gradient-nonconvex", "measured", "tight bound"),
        ("gradient-nonconvex", "tight bound", "lecture's bound"),
    ],
)
def test_measured_below_tight_below_the_lectures(files, name, lower, upper):
    curves = {}
    for _, series, x, y in list(csv.reader(files[f"figures/{name}.csv"].splitlines()))[1:]:
        curves.setdefault(series, {})[x] = float(y)
    low, high = curves[lower], curves[upper]
    assert low.keys() == high.keys() and all(low[x] <= high[x] * (1 + 1e-5) for x in low)


def test_a_run_that_failed_keeps_its_row_and_its_figure_says_so(record):
    def fail(result):
        if result.cell.problem != "heavy_ball_cycle":
            return result
        columns = replace(result.trajectory, columns={"k": np.zeros(0)})
        return replace(result, status="failed", reason="it broke | <b>", trajectory=columns, verdicts=(), summary={})

    from gdbench import evaluate

    results = {cell: fail(result) for cell, result in record.results.items()}
    rows = evaluate.suite(record.suite, list(results.values()))
    files = build(replace(record, results=results, rows=rows))
    assert "figures/heavy-ball-cycle.svg" not in files
    text = files["convergence.md"]
    assert "The figure “cycle” cannot be drawn" in text and "## Not as expected" in text
    assert text.count("it broke \\| \\<b\\>") >= 3
    failed = [line for line in files["metrics.csv"].splitlines() if ",failed," in line]
    cells = [cell for cell in results if cell.problem == "heavy_ball_cycle"]
    assert len(failed) == len(cells) and all(",heavy_ball_cycle," in line for line in failed)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("f(x_k) - f* <= L R^2/(2 k)", "f(xₖ) − f⋆ ≤ L R²/(2 k)"),
        ("beta = ((sqrt kappa - 1)/(sqrt kappa + 1))^2", "β = ((√κ − 1)/(√κ + 1))²"),
        ("||g|| < 1e-6 on gradient_descent[alpha=1/L,mu=2]", "‖g‖ < 1e-6 on gradient_descent[alpha=1/L,mu=2]"),
        ("e_{k+1} at alpha_k and t_{k-1}^2", "eₖ₊₁ at αₖ and tₖ₋₁²"),
        ("eps^-1.006 and (1 - a)^(2k)", "ε^-1.006 and (1 − a)^(2k)"),
        ("formula, mucus, alphabet", "formula, mucus, alphabet"),
    ],
)
def test_formulas_are_set_in_symbols(text, shown):
    assert symbols(text) == shown


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, ".5"), (-0.25, "-.25"), (25.0, "25"), (1000.0, "1e3"), (1.2344e-5, "1234e-8"), (0.0, "0"), (np.nan, "")],
)
def test_numbers_of_curves_are_short(value, text):
    assert short(value, 4) == text


def test_short_numbers_are_the_rounded_numbers():
    numbers = np.random.default_rng(0)
    for value in (numbers.uniform(-1, 1, 2000) * 10.0 ** numbers.integers(-300, 15, 2000)).tolist():
        for digits in (1, 4, 9):
            assert float(short(value, digits)) == float(f"{value:.{digits}g}")


def _corners(path):
    """Where a path of lines goes, from absolute or relative commands."""
    at, found = np.zeros(2), []
    for command, numbers in re.findall(r"([MLlz])([^MLlz]*)", path):
        for step in np.array(re.findall(r"-?\d*\.?\d+", numbers), dtype=float).reshape(-1, 2):
            at = at + step if command == "l" else step
            found.append(at)
    return np.array(found)


def test_a_compact_path_goes_where_the_path_went(files):
    for name in (name for name in files if name.endswith(".svg")):
        paths = [path for path in re.findall(r' d="([^"]*)"', files[name]) if "C" not in path and "L" in path]
        assert paths
        for path in paths:
            before, after = _corners(path), _corners(dense(path))
            # Half a tenth is what rounding to tenths moves; 1e-9 is for the last bits of sums of steps.
            assert before.shape == after.shape and np.abs(before - after).max() <= 0.05 + 1e-9, name


def test_points_gathered_in_one_element_stand_where_they_stood():
    point = '<use href="#a" x="{}" y="{}" class="s1"/>'
    other = '<use href="#b" x="1" y="1" class="s1"/>'
    shown = gathered(f"{point.format(1, 2)}{point.format(-3.5, 4)}{other}{point.format(5, 6)}")
    assert 'points="1,2 -3.5,4"' in shown and shown.count("<polyline") == 1
    assert shown.endswith(f"{other}{point.format(5, 6)}"), "a single point stays as it is"
    (name,) = re.findall('<marker id="([^"]+)"', shown)
    assert all(f'marker-{place}="url(#{name})"' in shown for place in ("start", "mid", "end"))


def refused(answer, *words):
    assert answer.exit_code == 2, answer.output
    assert answer.stderr.startswith("Error: ") and answer.stderr.count("\n") == 1
    for word in words:
        assert word in answer.stderr


def test_a_store_without_the_suite(tmp_path):
    empty = tmp_path / "empty.sqlite"
    Store(empty).close()
    answer = call("report", "--store", empty, "--output", tmp_path / "r")
    refused(answer, f"lacks {CELLS} of the {CELLS} runs", "gdbench run lecture")
    with Store(tmp_path / "quick.sqlite") as results:
        execute(load("quick").cells, results)
    refused(call("report", "--store", tmp_path / "quick.sqlite", "--output", tmp_path / "r"), f"of the {CELLS} runs")
    refused(call("report", "--store", tmp_path / "none.sqlite", "--output", tmp_path / "r"), "no store")
    assert not (tmp_path / "r").exists()


def test_a_store_of_other_sources(store, tmp_path, monkeypatch):
    from importlib import import_module

    monkeypatch.setattr(import_module("gdbench.report.record"), "key", lambda cell: f"other {cell}")
    answer = call("report", "--store", store, "--output", tmp_path)
    refused(answer, f"{CELLS} of these were run by other sources")


def test_an_output_that_cannot_be_written(store, tmp_path):
    (tmp_path / "file").write_text("mine")
    refused(call("report", "--store", store, "--output", tmp_path / "file"), "is a file", "reports")
    refused(call("report", "--store", store, "--output", tmp_path / "file" / "below"), "not a directory")
    refused(call("report", "--store", store, "--output", "/proc/report"), "/proc/report")
    assert (tmp_path / "file").read_text() == "mine"
    (tmp_path / "out" / "metrics.csv").mkdir(parents=True)
    (tmp_path / "out" / "convergence.md").write_text("before")
    refused(call("report", "--store", store, "--output", tmp_path / "out"), "directory")
    assert (tmp_path / "out" / "convergence.md").read_text() == "before", "all files or none"
    assert [path.name for path in (tmp_path / "out").rglob(".*")] == []


def test_two_reports_at_once(store, tmp_path):
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    refused(call("report", "--store", store, "--output", tmp_path), "Another report", "wait")
    os.close(handle)
    assert call("report", "--store", store, "--output", tmp_path).exit_code == 0
