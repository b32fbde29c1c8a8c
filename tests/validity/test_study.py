"""The study on a part of its instances, and its page: nothing planted is missing from it."""

from pathlib import Path

import matrix
import mpmath
import numpy as np
import pytest
import study
from families import LOG_COSH, expm1, log_cosh, made
from instances import drawn

from gdbench.audit import certificates
from gdbench.audit.battery import checks

PAGE = Path(__file__).parents[2] / "reports" / "validity.md"


def test_no_alarm_is_false_and_every_plant_that_can_be_told_is_seen():
    found = study.Counts()
    for counts in study.block(0, 150).values():
        found.add(study.Counts(**counts))
    assert found.alarms == 0, found.alarmed
    assert found.resolvable > 0.85 * found.checks > 30_000
    attained, told, seen = found.plants["0.01"]
    assert attained >= told == seen > 10


@pytest.mark.parametrize("number", [5883, 8664])
def test_instances_that_once_raised_a_false_alarm(number):
    """f* is 500 and the gap at the start 1e-3 or less: it is known to 1e-10, and so is every bound it begins."""
    assert study.studied(drawn(number)).alarmed == []


def test_a_lowered_allowance_gives_false_alarms(monkeypatch):
    from gdbench.theory.rounding import Rounding

    for name in ("of_gap", "of_dist2", "of_grad2"):
        monkeypatch.setattr(Rounding, name, lambda self, chunk, bound, *rest: 1e-16 * bound)
    assert any(counts["alarms"] for counts in study.block(0, 100).values())


@pytest.mark.parametrize("number", range(0, 60, 3))
def test_instances_are_certified(number):
    problem = drawn(number).problem
    for certificate in (certificates.metadata, certificates.agreement, certificates.smoothness, certificates.spectrum):
        assert certificate(problem) == []


def test_functions_that_cancel_keep_their_digits():
    z = np.concatenate([10.0 ** np.random.default_rng(0).uniform(-10, 2, 400), np.linspace(0.3, 1.7, 200)])
    with mpmath.workdps(50):
        exact = [(float(mpmath.expm1(-2 * mpmath.mpf(x))), float(mpmath.log(mpmath.cosh(mpmath.mpf(x))))) for x in z]
    # Kahan's quotient and log cosh take five rounded operations each, which lose half an ulp at most.
    np.testing.assert_allclose([(expm1(-2.0 * x), log_cosh(x)) for x in z], exact, rtol=5 * 2.0**-52)


def test_an_instance_is_what_it_says():
    problem = made(LOG_COSH, 0.5, np.array([2.0]), np.array([0.1]), np.array([3.0]), np.array([4.0]), 7.0, "one")
    calls = certificates.calls(problem)
    with mpmath.workdps(30):
        exact = 7 + mpmath.mpf(0.5) / 2 + 2 * mpmath.mpf(0.1) ** 2 * mpmath.log(mpmath.cosh(1 / mpmath.mpf(0.1)))
    assert calls.value(problem.start) == pytest.approx(float(exact), rel=1e-15)


def test_the_page_holds_every_bug_and_every_check():
    text = PAGE.read_text()
    for name in [*matrix.bugs(), *matrix.equivalent()]:
        assert f"| {name} |" in text or f"- {name}:" in text
    assert f"| bug | {' | '.join([matrix.NAMED, *checks()])} |" in text
