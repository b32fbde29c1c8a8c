"""Tracking with asv: what moves from commit to commit and what does not, broken commits, pages without a network."""

import functools
import http.server
import importlib.util
import math
import os
import re
import shutil
import subprocess
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path

import pytest
from asv.results import iter_results
from asv.util import UserError
from asv_runner.benchmarks.mark import SkipNotImplemented
from benchmarks import listing, pairs, runs, scaling, theorems

from gdbench import registry
from gdbench.errors import BadInput
from gdbench.problem import Problem
from gdbench.run import Cell, run_cell

ROOT = Path(__file__).resolve().parents[1]
#: Iterations per factor e of the gap at kappa 100, 49.7495812…, of which nine digits are kept.
EFOLD_100 = -0.5 / math.log(1.0 - 1.0 / 100.0)
HALF_A_DIGIT = 0.5e-7


# -- names and figures ---------------------------------------------------------------------------------------------


def test_discovery_imports_nothing_of_gdbench():
    script = "import sys, benchmarks.runs, benchmarks.theorems, benchmarks.scaling, benchmarks.timing\n"
    script += "print([name for name in sys.modules if name.split('.')[0] in ('gdbench', 'numba')])"
    env = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_names_read_from_files_are_those_of_the_registry():
    assert registry.names("problem") == listing.PROBLEMS
    assert registry.names("optimizer") == listing.OPTIMIZERS
    for name, ids in listing.THEOREMS.items():
        assert ids == list(registry.optimizer(name).theorems)
        assert not ids or getattr(theorems, name).params == (ids, listing.PROBLEMS)
    assert len(listing.SCALINGS) == len(scaling.params) >= 4


@pytest.fixture
def measured(monkeypatch):
    """Measures pairs of a few names."""

    def measure(optimizers, problems):
        monkeypatch.setattr(pairs, "OPTIMIZERS", optimizers)
        monkeypatch.setattr(pairs, "PROBLEMS", problems)
        return pairs.setup_cache()

    return measure


def test_figures_of_gradient_descent_at_kappa_100(measured):
    cache = measured(["gradient_descent"], ["damping"])
    pair = (cache, "gradient_descent", "damping")
    assert runs.track_efold(*pair) == pytest.approx(EFOLD_100, abs=HALF_A_DIGIT)
    assert (runs.track_iterations(*pair), runs.track_calls(*pair)) == (653, 654)
    judged = theorems.gradient_descent()
    assert judged.track_verdict(cache, "gd_sc_gap", "damping") == 1
    assert 0.4 < judged.track_tightness(cache, "gd_sc_gap", "damping") <= 1.0


def test_what_is_not_reached_counts_as_one_more_than_the_budget(measured):
    pair = (measured(["heavy_ball"], ["heavy_ball_cycle"]), "heavy_ball", "heavy_ball_cycle")
    assert (runs.track_iterations(*pair), runs.track_calls(*pair)) == (1001, 1001)
    with pytest.raises(SkipNotImplemented, match="does not fall linearly"):
        runs.track_efold(*pair)


def test_what_cannot_be_is_not_applicable(measured):
    cache = measured(["nesterov", "no_method"], ["mlp", "bowl", "no_problem"])
    with pytest.raises(SkipNotImplemented, match="mlp has no L"):
        runs.track_calls(cache, "nesterov", "mlp")
    with pytest.raises(SkipNotImplemented, match="this commit has no no_problem"):
        runs.track_calls(cache, "nesterov", "no_problem")
    with pytest.raises(SkipNotImplemented, match="this commit has no no_method"):
        runs.track_calls(cache, "no_method", "bowl")
    with pytest.raises(SkipNotImplemented, match="does not list gd_pl"):
        theorems.nesterov().track_verdict(cache, "gd_pl", "bowl")
    cache = measured(["backtracking"], ["mlp"])
    with pytest.raises(SkipNotImplemented, match="f\\* of mlp is unknown"):
        runs.track_iterations(cache, "backtracking", "mlp")
    assert runs.track_calls(cache, "backtracking", "mlp") > 1000
    assert theorems.backtracking().track_verdict(cache, "armijo_step", "mlp") == 3
    with pytest.raises(SkipNotImplemented, match="armijo_step is not held against a number"):
        theorems.backtracking().track_tightness(cache, "armijo_step", "mlp")


def failing(_cell):
    raise BadInput("no")


def ended(cell):
    result = run_cell(Cell("backtracking", cell.problem, 5))
    return type(result)(cell, "failed", 3, "no step", result.summary, result.trajectory, result.verdicts)


@pytest.mark.parametrize(("broken", "says"), [(failing, "BadInput: no"), (ended, "failed at k = 3: no step")])
def test_a_run_that_goes_wrong_fails_in_every_figure_of_its_pair_and_in_no_other(measured, monkeypatch, broken, says):
    one = lambda cell, *rest: (broken if cell.problem == "bowl" else run_cell)(cell, *rest)  # noqa: E731
    monkeypatch.setattr(sys.modules["gdbench.run"], "run_cell", one)
    cache = measured(["backtracking"], ["bowl", "damping"])
    for figure in (runs.track_iterations, runs.track_calls, runs.track_efold):
        with pytest.raises(RuntimeError, match=re.escape(says)):
            figure(cache, "backtracking", "bowl")
    with pytest.raises(RuntimeError, match=re.escape(says)):
        theorems.backtracking().track_verdict(cache, "armijo_step", "bowl")
    assert runs.track_calls(cache, "backtracking", "damping") == 654


def test_a_refused_tuning_is_a_failure_where_the_problem_lacks_nothing(measured, monkeypatch):
    monkeypatch.setattr(Problem, "step_size", lambda *_: failing(None))
    cache = measured(["nesterov"], ["damping", "huber"])
    with pytest.raises(RuntimeError, match="BadInput: no"):
        runs.track_iterations(cache, "nesterov", "damping")
    with pytest.raises(SkipNotImplemented):
        runs.track_iterations(cache, "nesterov", "huber")


def test_exponents_over_kappa_and_an_entry_that_does_not_reach_its_target(monkeypatch):
    name, entry = next((name, entry) for name, entry in listing.SCALINGS.items() if name.startswith("nesterov on"))
    short = {**entry, "kappa": entry["kappa"][:4]}
    monkeypatch.setattr(scaling, "SCALINGS", {name: short, "cut": {**short, "iterations": 20}})
    cache = scaling.setup_cache()
    assert 0.48 <= scaling.track_exponent(cache, name) <= 0.58
    with pytest.raises(RuntimeError, match=r"kappa=16,.*finished at k = 20"):
        scaling.track_exponent(cache, "cut")


# -- commits -------------------------------------------------------------------------------------------------------

#: Commit -> the one edit by which it differs from the first: file, what it says, what it says then.
EDITS = {
    "callee": ("gdbench/kernel/products.py", "(out[i] + a * row_a[i])", "(out[i] - a * row_a[i])"),
    "data": ("problems/damping.py", "np.array([0.02, 2.0])", "np.array([0.04, 2.0])"),
    "theory": ("gdbench/theory/gradient_descent.py", "return 2.0 * L * R2 / k", "return 3.0 * L * R2 / k"),
    "comment": ("gdbench/optimizers/nesterov.py", "import math\n", "import math  # for the root\n"),
    "broken": ("gdbench/jury.py", "import math\n", "import math(\n"),
}
#: What the commits keep of the project: every pair is run in every commit, and compiled in some.
KEPT = {
    "gdbench/optimizers": ("gradient_descent", "heavy_ball", "nesterov"),
    "problems": ("bowl", "damping", "least_squares", "quadratic"),
}
SELECTED = (
    r"runs\.track_(iterations|calls|efold)\('(gradient_descent|nesterov)', '(damping|least_squares)'\)",
    r"theorems\.gradient_descent\.track_tightness\('gd_convex_(headline|proof)', 'damping'\)",
)


class Tracked:
    """A repository of six commits that asv has run over: its folder, results by commit and cell, and what asv said."""

    def __init__(self, folder):
        self.folder = folder
        names = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "GDBENCH_CACHE_DIR")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("ASV", "GIT", "PYTHON"))}
        self.env.update({name: str(folder.parent / name.lower()) for name in names})
        who = {f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        # Figures are compared with each other only, and compiling is most of the time: optimise less.
        self.env.update(who, GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1", NUMBA_OPT="1")
        self.commits = {}
        self.said = ""

    def git(self, *words):
        command = ["git", *words]
        done = subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, name):
        self.git("add", "--all")
        date = f"2026-01-01T00:00:{len(self.commits):02}"
        self.env.update(GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)
        self.git("commit", "--quiet", "--message", name)
        self.commits[name] = self.git("rev-parse", "HEAD")

    def asv(self, *words, status=0):
        command = [sys.executable, "-m", "asv", *words]
        done = subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def cells(self, name):
        """Cell -> value of the selected cells; None where it failed."""
        found = {}
        for result in iter_results(str(self.folder / "reports" / "asv" / "results")):
            if result.commit_hash == self.commits[name]:
                for key in result.get_all_result_keys():
                    params = result.get_result_params(key)
                    values = result.get_result_value(key, params)
                    names = [f"{key}({first}, {second})" for first in params[0] for second in params[1]]
                    found.update(zip(names, values, strict=True))
        return {cell: value for cell, value in found.items() if any(re.match(text, cell) for text in SELECTED)}

    def changed(self, name):
        before, after = self.cells("base"), self.cells(name)
        return {cell for cell in before if repr(before[cell]) != repr(after[cell])}


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    it = Tracked(tmp_path_factory.mktemp("tracked") / "repository")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.split("\0"):
        if (ROOT / name).is_file():
            (it.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, it.folder / name)
    for folder, kept in KEPT.items():
        for file in (it.folder / folder).glob("[!_]*.py"):
            if file.stem not in kept:
                file.unlink()
    it.git("init", "--quiet")
    it.commit("base")
    for name, (place, old, new) in EDITS.items():
        file = it.folder / place
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1
        file.write_text(text.replace(old, new), encoding="utf-8")
        it.commit(name)
        file.write_text(text, encoding="utf-8")
    it.commit("like base")
    hashes = it.folder.parent / "hashes"
    hashes.write_text("\n".join(it.commits[name] for name in ("base", *EDITS)))
    it.asv("machine", "--yes")
    selection = [word for text in SELECTED for word in ("--bench", text)]
    it.said = it.asv("run", *selection, f"HASHFILE:{hashes}", status=2)
    it.asv("publish")
    return it


def cells_of(pattern, cells):
    return {cell for cell in cells if re.search(pattern, cell)}


def test_the_selection_is_what_is_measured(tracked):
    base = tracked.cells("base")
    assert len(base) == 14 and None not in base.values()
    assert {cell for cell, value in base.items() if math.isnan(value)} == cells_of("efold.*least_squares", base)
    assert base["runs.track_efold('gradient_descent', 'damping')"] == pytest.approx(EFOLD_100, abs=HALF_A_DIGIT)


def test_a_changed_callee_in_another_file_is_seen(tracked):
    runs_on_data = cells_of(r"track_(iterations|calls).*least_squares", tracked.cells("base"))
    assert len(runs_on_data) == 4 and tracked.changed("callee") == runs_on_data


def test_changed_problem_data_move_the_figures_of_that_problem_only(tracked):
    assert tracked.changed("data") == cells_of("damping", tracked.cells("base"))


def test_a_changed_theorem_moves_its_own_tightness_only(tracked):
    assert tracked.changed("theory") == cells_of("headline", tracked.cells("base"))
    table = tracked.asv("compare", "--factor", "1", tracked.commits["base"], tracked.commits["theory"])
    assert re.findall(r"^\| ([-+!]) .*\| (\S*headline\S*)", table, re.MULTILINE) == [
        ("-", "theorems.gradient_descent.track_tightness('gd_convex_headline',")
    ]


def test_a_comment_moves_nothing(tracked):
    assert tracked.changed("comment") == set()


def test_a_commit_that_does_not_import_is_reported_as_broken(tracked):
    broken = tracked.cells("broken")
    assert broken == dict.fromkeys(tracked.cells("base"))  # None is a failure, NaN would be "not applicable"
    assert len(re.findall(r"skipped \(setup_cache failed\)", tracked.said)) == 4
    shown = tracked.asv("show", tracked.commits["broken"])
    assert shown.count("failed") >= 4
    table = tracked.asv("compare", tracked.commits["base"], tracked.commits["broken"])
    assert len(re.findall(r"^\| ! +\| [0-9.]+ +\| failed ", table, re.MULTILINE)) == 14 - 2


def test_nothing_of_the_user_is_touched(tracked):
    assert (Path(tracked.env["HOME"]) / ".asv-machine.json").is_file()
    assert tracked.git("status", "--porcelain") == ""


# -- pages ---------------------------------------------------------------------------------------------------------


class Loaded(HTMLParser):
    """Collects what a page loads by itself; links that wait for a click are none of it."""

    def __init__(self, text):
        super().__init__()
        self.places = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag != "a" and dict(attrs).get("rel") != "alternate":
            self.places += [value for name, value in attrs if name in ("src", "href", "data", "srcset")]


def test_the_pages_load_what_lies_beside_them_and_nothing_else(tracked):
    html = tracked.folder / "reports" / "asv" / "html"
    pages = list(html.rglob("*.html"))
    loaded = [(page.parent, place) for page in pages for place in Loaded(page.read_text(encoding="utf-8")).places]
    assert len(loaded) > 15
    assert [place for folder, place in loaded if not (folder / place).is_file()] == []
    for sheet in html.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*['\"]?\s*(https?:)?//", sheet.read_text(encoding="utf-8"))
    kept = {file.split("/")[0] for file in offline().KEPT.values()}
    assert {place.name for place in html.glob("libraries/*")} == kept


def offline():
    spec = importlib.util.spec_from_file_location("offline", ROOT / "tests" / "benchmarks" / "pages" / "offline.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_library_that_is_not_kept_is_an_error():
    page = '<script src="https://cdn.example.org/new.js" integrity="x"></script>'
    with pytest.raises(UserError, match=r"loads https://cdn\.example\.org/new\.js"):
        offline().offline(page)
    assert offline().offline("<a href='https://example.org'>") == "<a href='https://example.org'>"


def test_each_library_has_its_licence():
    for folder in (ROOT / "tests" / "benchmarks" / "pages" / "libraries").iterdir():
        # A library of one file has its licence in the first lines of it.
        files = list(folder.glob("LICENSE*")) or list(folder.iterdir())
        assert len(files) == 1
        assert re.search("MIT license|Permission is hereby granted", files[0].read_text(encoding="utf-8")), folder.name


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


#: The labels of the curves whose colour is found among the pixels.
DRAWN = """() => $('#main-graph').data('plot').getData().filter(series => {
    const [r, g, b] = series.color.match(/[0-9]+/g).map(Number);
    const canvas = document.querySelector('#main-graph canvas.flot-base');
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    for (let i = 0; i < pixels.length; i += 4)
        if (pixels[i] == r && pixels[i + 1] == g && pixels[i + 2] == b && pixels[i + 3] == 255) return true;
    return false;
}).map(series => series.label.split(';')[0])"""


def test_a_browser_draws_the_pages_without_a_network(tracked, browser, tmp_path):
    handler = functools.partial(Quiet, directory=str(tracked.folder / "reports" / "asv" / "html"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = f"http://127.0.0.1:{server.server_port}/"
    asked, complaints = [], []
    try:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{home}index.html")
        page.wait_for_selector("canvas.flot-base")
        # asv's pages draw eight curves unless they are told which.
        chosen = "p-optimizer='gradient_descent'&p-optimizer='nesterov'&p-problem='damping'"
        page.goto(f"{home}index.html#runs.track_iterations?{chosen}")
        page.wait_for_selector("#main-graph canvas.flot-base")
        page.wait_for_function("$('#main-graph').data('plot').getData().length")
        page.screenshot(path=tmp_path / "graph.png")
        assert page.evaluate(DRAWN) == ["optimizer-gradient_descent", "optimizer-nesterov"]
        page.goto(f"{home}index.html#/summarylist")
        page.wait_for_selector("#summarylist-display td")
        page.goto(f"{home}index.html#/regressions")
        page.wait_for_selector("#regressions-display", state="visible")
        page.close()
    finally:
        server.shutdown()
        server.server_close()
    assert len(asked) > 20 and [url for url in asked if not url.startswith(home)] == []
    assert complaints == []
