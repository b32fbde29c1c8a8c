"""The judge's recurrences against 50-digit arithmetic and naive sums."""

import mpmath
import numpy as np
import pytest

from gdbench.kernel import prepare
from gdbench.kernel.recurrences import decaying_sum, fista_times, modes
from gdbench.problem import Problem, Spectrum
from gdbench.theory import Facts
from gdbench.theory.exact import spectral_radius
from gdbench.theory.rounding import Rounding
from gdbench.theory.sequences import Momentum

mpmath.mp.dps = 50
EIGENVALUES = np.array([0.0, 0.04, 0.1, 0.5, 1.7, 3.9, 4.0])
COORDINATES = np.array([1.0, -2.0, 0.5, 3.0, -1.0, 0.25, 1.0])
L, MU = 4.0, 0.04
P = (1 - (MU / L) ** 0.5) / (1 + (MU / L) ** 0.5)
#: name -> alpha, beta, whether the gradient is taken ahead.
METHODS = {
    "gradient descent 1/L": (1 / L, 0.0, False),
    "gradient descent 1.9/L": (1.9 / L, 0.0, False),
    "heavy ball optimal": (4 / (L**0.5 + MU**0.5) ** 2, P * P, False),
    "heavy ball 0.9": (0.1, 0.9, False),
    "nesterov optimal": (1 / L, P, True),
    "nesterov 0.9": (1 / L, 0.9, True),
    "nesterov 0.1": (1 / L, 0.1, True),
}


def run_modes(alpha: float, betas: np.ndarray, ahead: bool, chunk: int = 10**6) -> np.ndarray:
    state = np.array([COORDINATES, COORDINATES, COORDINATES])
    out = np.empty((len(betas), 3))
    for first in range(0, len(betas), chunk):
        part = slice(first, first + chunk)
        alphas = np.full(len(betas[part]), alpha)
        rows = np.empty((3, len(alphas)))
        prepare(modes)(EIGENVALUES, alphas, betas[part].copy(), ahead, state, rows)
        out[part] = rows.T
    return out


def companion(alpha: float, beta: float, ahead: bool, eigenvalue: float):
    """The step (e_k, e_{k-1}) -> (e_{k+1}, e_k) of one mode."""
    alpha, beta, eigenvalue = mpmath.mpf(alpha), mpmath.mpf(beta), mpmath.mpf(eigenvalue)
    shrink = 1 - alpha * eigenvalue
    t = (1 + beta) * shrink if ahead else beta + shrink
    d = beta * shrink if ahead else beta
    return mpmath.matrix([[t, -d], [1, 0]])


def figures(e: list) -> list[float]:
    pairs = list(zip(map(mpmath.mpf, EIGENVALUES), e, strict=True))
    return [
        float(sum(v * x * x for v, x in pairs) / 2),
        float(sum(x * x for _, x in pairs)),
        float(sum(v * v * x * x for v, x in pairs)),
    ]


@pytest.mark.parametrize("name", METHODS)
def test_modes_equal_powers_of_the_companion_matrix(name):
    alpha, beta, ahead = METHODS[name]
    found = run_modes(alpha, np.full(200, beta), ahead)
    for k in (1, 2, 3, 17, 100, 200):
        e = []
        for eigenvalue, start in zip(EIGENVALUES, COORDINATES, strict=True):
            power = companion(alpha, beta, ahead, eigenvalue) ** k
            e.append((power[0, 0] + power[0, 1]) * mpmath.mpf(start))
        np.testing.assert_allclose(found[k - 1], figures(e), rtol=1e-14 * (10 + k))


def test_modes_follow_fista():
    momentum = Momentum("fista")
    found = run_modes(1 / L, np.concatenate([momentum(1, 40), momentum(41, 160)]), True)
    t, now, before = mpmath.mpf(1), [mpmath.mpf(c) for c in COORDINATES], [mpmath.mpf(c) for c in COORDINATES]
    beta = mpmath.mpf(0)
    for k in range(1, 201):
        ahead = [e + beta * (e - last) for e, last in zip(now, before, strict=True)]
        before, now = now, [(1 - mpmath.mpf(v) / 4) * y for v, y in zip(EIGENVALUES, ahead, strict=True)]
        t_next = (1 + mpmath.sqrt(1 + 4 * t * t)) / 2
        beta, t = (t - 1) / t_next, t_next
        if k in (1, 2, 3, 50, 200):
            np.testing.assert_allclose(found[k - 1], figures(now), rtol=1e-14 * (10 + k))


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_modes_do_not_depend_on_chunks(chunk):
    betas = np.full(100, P)
    np.testing.assert_array_equal(run_modes(1 / L, betas, True, chunk), run_modes(1 / L, betas, True))


@pytest.mark.parametrize("chunks", [[1, 1, 1, 97], [50, 50]])
@pytest.mark.parametrize("name", ["fista", "ratio"])
def test_momentum_does_not_depend_on_chunks(name, chunks):
    whole, parts, first = Momentum(name)(1, 100), Momentum(name), 1
    pieces = []
    for count in chunks:
        pieces.append(parts(first, count))
        first += count
    np.testing.assert_array_equal(np.concatenate(pieces), whole)
    assert whole[0] == 0.0
    assert whole[1] == 0.0
    assert whole[2] > 0.2


def test_the_ratio_momentum_is_j_over_j_plus_3():
    np.testing.assert_allclose(Momentum("ratio")(1, 300)[1:], [j / (j + 3) for j in range(299)], rtol=1e-15)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("rho", [0.0, 0.5, 0.99, 1.0])
def test_decaying_sum_is_the_sum_it_says(order, rho):
    terms = np.random.default_rng(3).random(60)
    out, state = np.empty(60), np.zeros(2)
    prepare(decaying_sum)(terms[:23].copy(), rho, order, state, out[:23])
    prepare(decaying_sum)(terms[23:].copy(), rho, order, state, out[23:])
    weight = (lambda i: rho**i) if order == 1 else (lambda i: (i + 1) * rho**i)
    naive = [sum(weight(k - j) * terms[j] for j in range(k + 1)) for k in range(60)]
    np.testing.assert_allclose(out, naive, rtol=1e-13)


def test_fista_times_equal_50_digits():
    out = np.empty(10_000)
    prepare(fista_times)(1.0, out)
    t = mpmath.mpf(1)
    for k in range(10_000):
        t = (1 + mpmath.sqrt(1 + 4 * t * t)) / 2
        if k < 50 or k % 1000 == 999:
            assert abs(out[k] / t - 1) < 1e-13
    assert out[-1] >= (10_000 + 2) / 2


@pytest.mark.parametrize("name", [name for name in METHODS if METHODS[name][1] > 0])
def test_spectral_radius_is_the_largest_eigenvalue_of_a_step(name):
    alpha, beta, ahead = METHODS[name]
    expected = 0.0
    for eigenvalue in EIGENVALUES[1:]:
        roots = mpmath.eig(companion(alpha, beta, ahead, eigenvalue), left=False, right=False)
        expected = max(expected, *(float(abs(root)) for root in roots))
    zeros = np.zeros(6)
    problem = Problem(
        oracle=abs,
        value=abs,
        product=abs,
        start=zeros,
        kind="quadratic",
        source="",
        spectrum=Spectrum(EIGENVALUES[1:], zeros),
        x_star=zeros,
    )
    facts = Facts(problem, {"alpha": alpha, "beta": beta}, 1.0, 1.0, 1.0, 10, Rounding(problem, 1.0))
    assert spectral_radius(facts, ahead) == pytest.approx(expected, rel=1e-7)
