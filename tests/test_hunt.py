"""The hunt: it finds the worst cases that theorems name, nothing beyond them, and the same ones each time."""

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from subjects import EXACT, exact

from gdbench import registry
from gdbench.audit import certificates
from gdbench.cli import main
from gdbench.errors import BadInput
from gdbench.hunt.binding import chosen
from gdbench.hunt.classes import CLASSES, FAMILIES, families, function_class
from gdbench.hunt.coefficients import coefficients
from gdbench.hunt.envelope import ENVELOPE
from gdbench.hunt.family import L
from gdbench.hunt.fate import fate
from gdbench.hunt.hunt import DifferentBits, hunted, judged
from gdbench.hunt.pep import Exact
from gdbench.hunt.piecewise import LINE
from gdbench.hunt.search import searched
from gdbench.hunt.trial import Track, Trial
from gdbench.kernel import step
from gdbench.theory import theorem

GD = "gradient_descent"
CONVEX = function_class("convex", None)
#: How near the search comes to a tight bound, and how far rounding may carry a ratio over it.
NEAR, OVER = 1e-6, 1e-12


def call(*arguments):
    return CliRunner().invoke(main, ["hunt", *(str(one) for one in arguments)])


def document(*arguments):
    answer = call(*arguments, "--json")
    return answer.exit_code, json.loads(answer.stdout)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def drawn(family, wanted, seed):
    draws = np.random.default_rng(seed)
    while (data := family.place(draws.uniform(size=family.size), wanted)) is None:
        pass
    return data


MEMBERS = [
    (name, kappa, family, seed)
    for name, kappa in (("convex", None), ("strongly-convex", 25.0), ("strongly-convex", 1e4), ("quadratic", 25.0))
    for family in CLASSES[name][1]
    for seed in range(6)
]


@pytest.mark.parametrize(("name", "kappa", "family", "seed"), MEMBERS)
def test_members_are_what_they_say(name, kappa, family, seed):
    wanted = function_class(name, kappa)
    data = drawn(family, wanted, seed)
    family.check(data, wanted)
    problem = family.problem(data, wanted)
    # 4 units in the last place: the start is divided by a norm that is rounded.
    assert abs(np.linalg.norm(problem.start - problem.x_star) - 1.0) <= 4.0 * certificates.EPS
    assert [complaint for check in certificates.ALL for complaint in check(problem)] == []


def test_what_is_no_member_turns_a_certificate_red():
    line, point = drawn(LINE, CONVEX, 0), drawn(ENVELOPE, CONVEX, 0)
    steep = LINE.problem({**line, "middle": np.array([1.1 * L])}, CONVEX)
    assert certificates.smoothness(steep)
    hollow = LINE.problem({**line, "slopes": line["slopes"] - 0.5 * L}, CONVEX)
    assert certificates.strong_convexity(hollow) and certificates.interpolation(hollow)
    points = point["points"].copy()
    points[1, 2] = -0.5
    assert certificates.minimum(ENVELOPE.problem({**point, "points": points}, CONVEX))
    for family, data in ((LINE, {**line, "middle": np.array([1.1 * L])}), (ENVELOPE, {**point, "points": points})):
        with pytest.raises(BadInput):
            family.check(data, CONVEX)


def test_a_certificate_is_interpolated():
    """Values and gradients of another function of the class, sampled where its own formula says."""
    mu, draws = 0.5, np.random.default_rng(3)
    wanted = function_class("strongly-convex", L / mu)
    x = draws.standard_normal((5, 2))
    a, bend = np.array([0.6, 0.8]), L - mu
    # mu/2 ||x||^2 + bend (sqrt(1 + (a x)^2) - 1): its slope along a grows by at most bend.
    root = np.sqrt(1.0 + (x @ a) ** 2)
    f = 0.5 * mu * np.sum(x * x, axis=1) + bend * (root - 1.0)
    s = bend * ((x @ a) / root)[:, np.newaxis] * a
    heights = f - 0.5 * mu * np.sum(x * x, axis=1) - np.sum(s * s, axis=1) / (2.0 * bend)
    points = np.concatenate([np.zeros((1, 3)), np.column_stack([x - s / bend, heights])])
    problem = ENVELOPE.problem({"start": np.array([1.0, 0.0]), "points": points}, wanted)
    run = certificates.calls(problem)
    for i in range(5):
        value, gradient = run.oracle(x[i])
        assert value == pytest.approx(f[i], rel=1e-12)
        assert gradient == pytest.approx(mu * x[i] + s[i], rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("alpha", ["1/L", "1.5/L"])
@pytest.mark.parametrize("k", [1, 2, 3, 5, 8, 10])
def test_the_tight_bound_of_gradient_descent_is_found(alpha, k):
    found = searched(
        LINE, CONVEX, Track(registry.optimizer(f"{GD}[alpha={alpha}]"), k), theorem("gd_convex_tight"), 2500, 0
    )
    assert found.violations == 0
    assert 1.0 - NEAR <= found.trial.ratio <= 1.0 + OVER


@pytest.mark.parametrize(
    ("optimizer", "expected", "kappa", "k"),
    [(GD, "gd_sc_gap", 10, 5), ("nesterov", "nag_quad_gap", 100, 10), ("heavy_ball", "hb_quad_gap", 25, 10)],
)
def test_tight_bounds_on_quadratics_are_found(optimizer, expected, kappa, k):
    status, answer = document(optimizer, "--class", "quadratic", "--kappa", kappa, "-k", k, "--budget", 2000)
    assert status == 0
    assert answer["theorem"] == expected
    assert 1.0 - NEAR <= answer["ratio"] <= 1.0 + OVER
    assert all(row["violations"] == 0 for row in answer["families"])


ROWS = csv.DictReader((Path(__file__).parent / "data" / "pep.csv").read_text(encoding="utf-8").splitlines())
FISTA = [row for row in ROWS if row["method"] == "fista_x" and int(row["k"]) <= 5]


@pytest.mark.parametrize("row", FISTA, ids=lambda row: row["k"])
def test_fista_comes_to_its_exact_worst_case_below_a_loose_bound(row):
    k = int(row["k"])
    method, held = registry.optimizer("nesterov_convex"), theorem("nag_fista")
    found = searched(LINE, CONVEX, Track(method, k), held, 3000, 0)
    exact = float(row["tau"]) / held.bound(np.array([float(k)]), {"L": 1.0, "R2": 1.0})[0]
    # 2e-5: the accuracy of pep.csv, see test_pep. Worst cases up to k = 5 are one-dimensional.
    assert found.trial.ratio == pytest.approx(exact, rel=2e-5)
    assert exact < 0.9


@pytest.mark.parametrize("k", [10, 30])
def test_heavy_ball_is_found_not_to_converge(k, folder):
    status, answer = document("heavy_ball", "--class", "strongly-convex", "--kappa", 25, "-k", k)
    assert status == 0
    assert answer["theorem"] is None
    lost = answer["stray"] or answer
    assert lost["fate"] in ("cycles", "wanders")
    status, again = document("--replay", folder / ".gdbench" / "hunt.json")
    assert status == 0 and again["same"] and again["fate"] == lost["fate"]
    assert again["measured"] == lost["measured"]


@step
def steps_too_far(k, alpha, f, state, data, calls):
    for i in range(state.x.shape[0]):
        state.x[i] -= 2.2 * alpha * state.g[i]
    return alpha, 0, 0


def test_a_planted_step_violates_the_bound_it_declares():
    planted = replace(registry.optimizer(GD), step=steps_too_far, name="planted")
    catch = hunted(planted, CONVEX, 10, theorem("gd_convex_tight"), budget=1500)
    assert catch.violations > 0 and catch.judged.violated
    assert next(one for one in catch.judged.verdicts if one.theorem == "gd_convex_tight").outcome == "violated"


def test_too_long_a_step_is_found_to_diverge():
    status, answer = document(f"{GD}[alpha=2.2/L]", "--class", "convex", "-k", 10, "--budget", 1000)
    assert (status, answer["theorem"], answer["fate"]) == (0, None, "diverges")


def test_the_command_exits_with_1_where_a_theorem_is_violated(monkeypatch):
    planted = replace(registry.optimizer(GD), step=steps_too_far)
    monkeypatch.setattr(registry, "optimizer", lambda name: planted)
    answer = call(GD, "--class", "convex", "-k", 5, "--budget", 500)
    assert answer.exit_code == 1
    assert "VIOLATED gd_convex_tight" in answer.stdout


def test_the_same_seed_finds_the_same_bits(folder):
    hunt = (GD, "--class", "strongly-convex", "--kappa", 7, "-k", 4, "--budget", 600)
    one, two, other = (call(*hunt, "--seed", seed, "--json") for seed in (3, 3, 4))
    assert one.stdout == two.stdout != other.stdout
    text = call(*hunt)
    assert text.exit_code == 0, text.output
    assert "gd_sc_gap" in text.stdout and "--replay .gdbench/hunt.json" in text.stdout
    again = call("--replay", ".gdbench/hunt.json")
    assert again.exit_code == 0 and "the same bits" in again.stdout


def test_a_replay_that_differs_is_said(folder):
    assert call(GD, "--class", "convex", "-k", 3, "--budget", 200, "--out", "found.json").exit_code == 0
    path = folder / "found.json"
    held = json.loads(path.read_text())
    path.write_text(json.dumps({**held, "measured": held["measured"] * (1.0 + 1e-15)}))
    answer = call("--replay", path)
    assert answer.exit_code == 1 and "the file says" in answer.stdout


@pytest.mark.parametrize("name", EXACT)
def test_the_search_sees_the_run_that_run_pair_makes(name):
    """Every method, on a member of every family: `judged` raises where one bit differs."""
    made, method = 0, exact(name)
    for problem in families(function_class("strongly-convex", 10.0)).values():
        try:
            method.tune(problem)
        except BadInput:
            assert name == "conjugate_gradient"
            continue
        made += judged(method, None, problem, 12).trial.k > 0
    assert made > 0 or name == "conjugate_gradient"


@pytest.mark.parametrize("name", ["sgd", f"{GD}[sampling=noise]", "nesterov[sampling=batches[size=3]]"])
def test_a_method_that_samples_is_not_hunted(name, tmp_path):
    answer = call(name, "--class", "convex", "-k", 5)
    assert answer.exit_code == 2 and "Traceback" not in answer.output
    assert f"{name} samples its gradients: a hunt needs a method whose gradients are exact." in answer.output
    path = tmp_path / "found.json"
    assert call(GD, "--class", "convex", "-k", 3, "--budget", 100, "--out", path).exit_code == 0
    path.write_text(json.dumps({**json.loads(path.read_text()), "optimizer": name}))
    again = call("--replay", path)
    assert again.exit_code == 2 and f"{name} samples its gradients" in again.output


def test_another_run_than_that_of_run_pair_is_noticed(monkeypatch):
    run = Track.run

    def off(track, problem):
        found = run(track, problem)
        found.rows[-1, 0] *= 1.0 + 1e-15
        return found

    monkeypatch.setattr(Track, "run", off)
    with pytest.raises(DifferentBits):
        judged(registry.optimizer(GD), None, families(CONVEX)[LINE], 12)


@pytest.mark.parametrize(
    ("selector", "kappa", "kind"),
    [
        (GD, 10.0, "converges"),
        (GD, 1e5, "open"),
        (f"{GD}[alpha=1.999999/L]", 10.0, "open"),
        ("heavy_ball[alpha=1/L,beta=0.999]", 10.0, "converges"),
        ("heavy_ball[alpha=1/L,beta=0.9999]", 10.0, "open"),
        (f"{GD}[alpha=2/L]", 10.0, "cycles"),
        (f"{GD}[alpha=2.01/L]", 10.0, "diverges"),
    ],
)
def test_the_long_run(selector, kappa, kind):
    """On quadratics, where each is known; slow methods are not called lost."""
    wanted = function_class("quadratic", kappa)
    problem = FAMILIES["quadratic"].problem({"eigenvalues": np.array([wanted.mu, L]), "start": np.ones(2)}, wanted)
    assert fate(registry.optimizer(selector), problem).kind == kind


def test_nothing_that_knows_a_worst_case_is_imported():
    script = f"""
import sys
from click.testing import CliRunner
from gdbench.cli import main
assert CliRunner().invoke(main, ["hunt", "{GD}", "--class", "convex", "-k", "3", "--budget", "200"]).exit_code == 0
print(*(name for name in sys.modules if name.startswith("gdbench.problems.") or name in ("PEPit", "cvxpy")))
"""
    answer = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["gdbench.problems.quadratic"]


BAD = [
    ([GD, "--class", "convx", "-k", 3], "did you mean 'convex'?"),
    (["gradient_decent", "--class", "convex", "-k", 3], f"did you mean '{GD}'?"),
    ([GD, "--class", "convex", "-k", 3, "--theorem", "gd_convex_tigt"], "did you mean 'gd_convex_tight'?"),
    ([GD, "--class", "convex", "-k", 3, "--theorem", "gd_sc_gap"], "is not strongly convex"),
    ([GD, "--class", "convex", "-k", 3, "--theorem", "nag_fista"], "it is about another method"),
    (["heavy_ball", "--class", "strongly-convex", "-k", 3, "--theorem", "hb_quad_gap"], "is not a quadratic"),
    (["heavy_ball", "--class", "convex", "-k", 3], "has no mu"),
    ([GD, "--class", "quadratic", "-k", 3, "--kappa", 0.5], "the nearest valid value is 1"),
    ([GD, "--class", "quadratic", "-k", 3, "--kappa", "nan"], "the nearest valid value is 1"),
    ([GD, "--class", "convex", "-k", 3, "--kappa", 10], "leave --kappa out"),
    ([GD, "--class", "convex", "-k", 0], "0 is not in the range"),
    ([GD, "--class", "convex", "-k", -2], "-2 is not in the range"),
    ([GD, "--class", "convex", "-k", 3, "--budget", 5], "5 is not in the range"),
    ([GD, "--class", "convex"], "Say -k"),
    ([GD, "-k", 3], "Say --class"),
    ([], "Name an optimizer"),
    ([GD, "--replay", "x.json"], f"leave {GD} out"),
    (["--replay", "x.json", "-k", 3], "leave -k out"),
    (["--replay", "x.json"], "cannot be read"),
    ([GD, "--class", "convex", "-k", 60, "--pep"], "the nearest valid value is 30"),
    (["barzilai_borwein", "--class", "convex", "-k", 3, "--pep"], "its steps depend on"),
    (["newton", "--class", "strongly-convex", "-k", 3, "--pep"], "PEPit cannot express"),
]


@pytest.mark.parametrize(
    ("arguments", "says"), BAD, ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else ""
)
def test_bad_input_is_one_sentence(arguments, says):
    answer = call(*arguments)
    assert answer.exit_code == 2, answer.output
    assert says in answer.stderr
    assert "Traceback" not in answer.stderr


BROKEN = {
    "no json": ("{", "is not JSON"),
    "another schema": ({"schema": 7}, "no instance of schema"),
    "no family": ({"family": "lin"}, "did you mean 'line'?"),
    "a slope above L": ({"slopes": [[[5.0, 0.0], [1.0, 1.0]]]}, "lies outside the class: the nearest is 4"),
    "knots that fall": ({"knots": [[[0.5, 0.2], [0.3, 0.4]]]}, "must rise"),
    "a word for a number": ({"start": ["a"]}, "must be arrays of numbers"),
    "a shape": ({"middle": [1.0, 2.0]}, "must be 1 finite numbers"),
    "no k": ({"k": 0}, "the nearest valid value is 1"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused(name, folder):
    change, says = BROKEN[name]
    data = {"start": [1.0], "middle": [4.0], "knots": [[[0.1, 0.2], [0.3, 0.4]]], "slopes": [[[0.0, 0.0], [1.0, 1.0]]]}
    whole = {"schema": 1, "optimizer": GD, "function_class": "convex", "kappa": None, "k": 3, "theorem": None}
    whole |= {"family": "line", "measured": 1.0, "bound": 2.0, "data": data}
    if isinstance(change, dict):
        whole = {**whole, **{key: value for key, value in change.items() if key in whole}}
        whole["data"] = {**data, **{key: value for key, value in change.items() if key in data}}
    (folder / "x.json").write_text(change if isinstance(change, str) else json.dumps(whole))
    answer = call("--replay", "x.json")
    assert answer.exit_code == 2 and says in answer.stderr, answer.output


def test_coefficients_are_those_of_the_method():
    """Gradient descent's are alpha below the diagonal; heavy ball's are sums of powers of beta."""
    problem = next(iter(families(CONVEX).values()))
    plain = coefficients(registry.optimizer(f"{GD}[alpha=1/L]"), problem, 3)
    assert plain.queries == pytest.approx(np.tril(np.full((4, 4), 0.25), k=-1))
    ball = coefficients(registry.optimizer("heavy_ball[alpha=1/L,beta=0.5]"), problem, 3)
    assert ball.judged == pytest.approx([0.25 * 1.75, 0.25 * 1.5, 0.25, 0.0])
    for name in ("barzilai_borwein", "clipped", "normalized", "sign", "polyak_step", "backtracking", "lbfgs", "newton"):
        with pytest.raises(BadInput, match="PEPit cannot express"):
            coefficients(registry.optimizer(name), problem, 3)


@pytest.mark.parametrize(("found", "exact", "agrees"), [(0.9, 0.9, True), (0.91, 0.9, False), (0.9, 1.01, False)])
def test_found_above_exact_and_exact_above_the_bound_are_noticed(found, exact, agrees):
    trial = Trial(found, found, 1.0, 5, 1)
    assert Exact(exact, bounded=True).agrees(trial) == agrees
    assert ("NOT AS IT MUST BE" in Exact(exact, bounded=True).sentence(trial)) != agrees
    assert Exact(exact, bounded=False).agrees(trial) == (found <= exact)


def test_without_pepit_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "PEPit", None)
    answer = call(GD, "--class", "convex", "-k", 2, "--pep", "--budget", 100)
    assert answer.exit_code == 2 and "gdbench[pep]" in answer.stderr


@pytest.mark.parametrize(
    ("optimizer", "arguments", "low"),
    [
        (GD, ["--class", "convex", "-k", 4], 0.9999),
        ("nesterov", ["--class", "strongly-convex", "--kappa", 25, "-k", 3], 0.9999),
        ("heavy_ball", ["--class", "quadratic", "--kappa", 25, "-k", 3], 0.9999),
        ("heavy_ball", ["--class", "strongly-convex", "--kappa", 25, "-k", 3], 0.5),
    ],
)
def test_found_is_at_most_exact_and_exact_at_most_the_bound(optimizer, arguments, low):
    pytest.importorskip("PEPit", reason="needs gdbench[pep]")
    status, answer = document(optimizer, *arguments, "--pep", "--budget", 3000)
    assert status == 0
    assert low * answer["exact"]["ratio"] <= answer["ratio"] <= answer["exact"]["ratio"] + answer["exact"]["accuracy"]
    assert answer["theorem"] is None or answer["exact"]["ratio"] <= 1.0 + answer["exact"]["accuracy"]


def test_the_sharpest_theorem_of_the_class_is_taken():
    wanted = function_class("strongly-convex", 25.0)
    assert chosen(registry.optimizer(GD), CONVEX, 5, None).id == "gd_convex_tight"
    assert chosen(registry.optimizer(GD), wanted, 5, None).id == "gd_sc_gap"
    assert chosen(registry.optimizer("nesterov"), wanted, 5, None).id == "nag_sc"
    assert chosen(registry.optimizer("ogm[horizon=5]"), CONVEX, 5, None).id == "ogm"
    assert chosen(registry.optimizer("heavy_ball"), wanted, 5, None) is None
