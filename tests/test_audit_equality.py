"""Equality cases are attained by every method as it is, and by none with a planted bug."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from planted import kernels
from planted.bugs import ahead, ball, descent, scheduled, tuned

from gdbench import registry
from gdbench.audit import certificates, controls
from gdbench.audit.checks import control
from gdbench.audit.checks.equality import see
from gdbench.audit.witnesses import WITNESSES, Asked, NoCase
from gdbench.errors import BadInput
from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.rate import Rate
from gdbench.theory import theorem, theorems
from gdbench.verdict import Tally

MORE = (
    *(f"gradient_descent[alpha={alpha}]" for alpha in ("0.3/L", "1.5/L", "1.9/L", "2/(L+mu)", "0.01", "50")),
    *(f"gradient_descent[schedule={schedule}]" for schedule in ("step", "inverse", "cosine[steps=20]")),
    *("gradient_descent[alpha=2.5/L]", "ogm[horizon=1]", "ogm[horizon=7]", "ogm[horizon=5000]"),
    *("heavy_ball[beta=0.9]", "nesterov[beta=0.5]", "clipped[threshold=0.1]", "backtracking[alpha=0.2]"),
)


@pytest.fixture(scope="module")
def rows():
    return {name: see(registry.optimizer(name)) for name in (*registry.names("optimizer"), *MORE)}


def test_no_method_misses_an_equality(rows):
    assert {name: row.saw for name, row in rows.items() if row.outcome not in ("passed", "not applicable")} == {}


def test_every_tight_theorem_has_a_case_that_some_method_attains(rows):
    tight = {name for name, held in theorems().items() if held.tight}
    assert set(WITNESSES) == tight
    attained = {word for row in rows.values() for word in row.saw.partition(" attained")[0].split(", ")}
    assert tight <= attained


def test_what_has_no_case_is_named(rows):
    for name, row in rows.items():
        for held in map(theorem, registry.optimizer(name).theorems):
            scheduled_away = "schedule" in name and "varstep" not in held.id
            assert not held.tight or scheduled_away or held.id in row.saw
    assert "lower_krylov (it is attained by conjugate gradients alone)" in rows["nesterov"].saw
    assert "alpha L = 2.5 is not below 2" in rows["gradient_descent[alpha=2.5/L]"].saw
    assert "k = 5000 is beyond" in rows["ogm[horizon=5000]"].saw


GD, HB, NAG = "gradient_descent", "heavy_ball", "nesterov"


@pytest.mark.parametrize(("name", "plant"), [
    (GD, scheduled(1.001)), (GD, descent(kernels.STEP, 1.001)), (GD, descent(kernels.STEP, 0.999)),
    (GD, descent(kernels.STEP, 1.0 + 1e-7)), (GD, descent(kernels.LATE)), (GD, descent(kernels.EARLY)),
    (GD, descent(kernels.LAST)), (GD, descent(kernels.FLOAT32)), (GD, descent(kernels.SIGN)),
    (GD, descent(kernels.STALE)), (GD, descent(kernels.NOT_A_NUMBER, 1.0)),
    (HB, ball(kernels.OFF_BY_ONE)), (HB, ball(kernels.SCALED, 0.999)), (HB, ball(kernels.SWAPPED)),
    (NAG, ahead(kernels.OFF_BY_ONE)), (NAG, ahead(kernels.SCALED, 0.999)), (NAG, ahead(kernels.RECORDS_Y)),
])  # fmt: skip
def test_a_bug_is_seen(name, plant):
    assert see(plant(registry.optimizer(name))).outcome == "violated"


@pytest.mark.parametrize(("name", "plant"), [(GD, descent), (HB, ball), (NAG, ahead)])
def test_the_same_kernels_without_a_bug_are_not(name, plant):
    assert see(plant(kernels.NONE)(registry.optimizer(name))).outcome == "passed"


LONG, FLAT, SHORT, BLIND = 1, 2, 3, 4
#: ||g|| is one and the same beyond tau, which shorter steps do not reach either.
SLOPE_ONLY = ("gd_convex_grad_R2", "gd_convex_grad_gap")


@step
def other_step(k, alpha, f, state, data, calls):
    """Any method by its own step along -g, 0.1 % long or short, in float32 or without its last coordinate."""
    bug = int(state.hyper[0])
    taken = alpha * (1.001 if bug == LONG else 0.999 if bug == SHORT else 1.0)
    n = state.x.shape[0]
    for i in range(n - 1 if bug == BLIND else n):
        state.x[i] -= taken * state.g[i]
        if bug == FLAT:
            state.x[i] = np.float32(state.x[i])
    return alpha, 0, 0


@pytest.mark.parametrize("bug", [LONG, FLAT, SHORT, BLIND])
@pytest.mark.parametrize(
    "held", [name for name in WITNESSES if "alpha" in theorem(name).needs and name in registry.optimizer(GD).theorems]
)
def test_each_theorem_of_gradient_descent_sees_it_alone(held, bug):
    planted = tuned(other_step, bug, memory=1, ahead=False)(registry.optimizer(GD))
    limited = Optimizer(step=planted.step, tune=planted.tune, source="planted", theorems=(held,), memory=1)
    seen = bug in (LONG, FLAT) or held not in SLOPE_ONLY
    assert see(limited).outcome == ("violated" if seen else "passed")


def test_a_method_that_declares_nothing_is_told_so():
    silent = Optimizer(
        step=registry.optimizer(GD).step,
        tune=lambda problem: Tuning(plan=(0.25,)),
        source="planted",
        theorems=("gd_convex_tight",),
    )
    row = see(silent)
    assert (row.outcome, row.checked) == ("not applicable", 0)
    assert "gd_convex_tight (the method does not declare alpha)" in row.saw


def made(name, held, L):
    found = []
    try:
        found.extend(WITNESSES[held](Asked(registry.optimizer(name), L)))
    except (NoCase, BadInput):
        return found
    return found


CASES = [
    (f"{held}-{L:g}", case.problem)
    for name in (GD, "gradient_descent[alpha=1.5/L]", "conjugate_gradient", "ogm[horizon=7]", "polyak_step")
    for L in (4.0, 2.0**-10)
    for held in registry.optimizer(name).theorems
    if held in WITNESSES
    for case in made(name, held, L)
]


@pytest.mark.parametrize("problem", [problem for _, problem in CASES], ids=[name for name, _ in CASES])
def test_an_equality_case_is_what_it_says(problem):
    assert [complaint for certificate in certificates.ALL for complaint in certificate(problem)] == []
    assert problem.n % 8
    assert np.all(problem.start != problem.x_star)


def test_the_controls_are_red():
    row = control.see()
    assert (row.outcome, row.saw) == ("passed", f"{row.checked} of {row.checked} controls are red, as they must be")
    assert row.checked >= 12


def forgiving(monkeypatch):
    """Any allowance is a thousand times itself, and 2 % of the bound more."""
    honest = Tally.add

    def add(self, k, one):
        honest(self, k, replace(one, allowance=1000.0 * one.allowance + 0.02 * np.abs(one.bound)))

    monkeypatch.setattr(Tally, "add", add)


def nan_is_small(monkeypatch):
    honest = Tally.add

    def add(self, k, one):
        honest(self, k, replace(one, measured=np.where(np.isnan(one.measured), 0.0, one.measured)))

    monkeypatch.setattr(Tally, "add", add)


def any_rate(monkeypatch):
    monkeypatch.setattr(controls, "estimate", lambda k, gap, floor: Rate("linear", 0.1, 0.09, 0.11, 0, 100))


def no_limit(monkeypatch):
    monkeypatch.setattr(import_module("gdbench.run"), "DIVERGED_AT", np.inf)


def no_krylov(monkeypatch):
    monkeypatch.setattr("gdbench.theory.krylov.best_gaps", lambda facts: np.zeros(1))


def near_enough(monkeypatch):
    monkeypatch.setattr(import_module("gdbench.verdict"), "ATTAINED", 0.01)


def damped(monkeypatch):
    honest = controls.heavy_ball.make
    monkeypatch.setattr(controls.heavy_ball, "make", lambda: honest(beta=0.1))


def no_complaints(monkeypatch):
    monkeypatch.setattr(controls.certificates, "smoothness", lambda problem: [])


def everything_resolved(monkeypatch):
    monkeypatch.setattr(import_module("gdbench.verdict"), "RESOLVABLE", 10.0)


def rough_rates(monkeypatch):
    held = replace(controls.rate_verdict("", "", Rate("refused"), *[np.ones(1)] * 3), outcome="holds")
    monkeypatch.setattr(controls, "rate_verdict", lambda *given: held)


@pytest.mark.parametrize(("blind", "unseen"), [
    (forgiving, ["a gap 1 % high at one k", "a gap 1 % low at one k of a closed form", "a bound 1 % low"]),
    (forgiving, ["a potential 1 % high at one k"]), (nan_is_small, ["NaN in the middle"]),
    (any_rate, ["curves without a rate"]), (no_limit, ["a step of 2.1/L"]),
    (no_krylov, ["a jump to x*"]), (near_enough, ["a step 0.1 % long"]), (damped, ["heavy ball on its cycle"]),
    (no_complaints, ["wrong constants"]), (everything_resolved, ["a bound below rounding"]),
    (rough_rates, ["a rate 2 % off"]),
])  # fmt: skip
def test_a_blind_battery_is_told_by_its_controls(blind, unseen, monkeypatch):
    blind(monkeypatch)
    row = control.see()
    assert row.outcome == "violated"
    named = row.saw.partition("not seen: ")[2].split(", ")
    assert set(unseen) <= set(named)


def test_every_control_has_been_blind_once():
    marks = test_a_blind_battery_is_told_by_its_controls.pytestmark
    assert {name for mark in marks for _, names in mark.args[1] for name in names} == set(controls.CONTROLS)
