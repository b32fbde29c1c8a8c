"""exp, log1p, tanh, sin and cos against mpmath, and against themselves in plain Python."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

import mpmath  # type: ignore[import-untyped]
import numpy as np
import pytest

from gdbench.kernel import maths

FUNCTIONS = {
    "exp": (maths.exp, mpmath.exp, 2e-16),
    "log1p": (maths.log1p, mpmath.log1p, 2e-16),
    "tanh": (maths.tanh, mpmath.tanh, 3.3e-16),
    "sin": (maths.sin, mpmath.sin, 2e-16),
    "cos": (maths.cos, mpmath.cos, 2e-16),
}


def _points(name: str) -> list[float]:
    draws = np.random.default_rng(3)
    tiny = 10.0 ** draws.uniform(-300, 0, 800)
    parts: dict[str, list[Any]] = {
        "exp": [draws.uniform(-708, 709, 1500), draws.uniform(-1, 1, 1500), tiny, -tiny],
        "log1p": [draws.uniform(0, 1, 2000), 10.0 ** draws.uniform(-3, 300, 1500), tiny],
        "tanh": [draws.uniform(-3, 3, 2000), draws.uniform(-0.6, 0.6, 2000), tiny, -tiny, draws.uniform(-30, 30, 500)],
        "sin": [draws.uniform(-10, 10, 2000), draws.uniform(-1e6, 1e6, 2000), np.arange(1, 1500) * (np.pi / 2), tiny],
    }
    parts["cos"] = parts["sin"]
    return [float(x) for x in np.concatenate(parts[name])]


def _bits(x: float) -> bytes:
    return b"nan" if math.isnan(x) else struct.pack("<d", x)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_close_to_mpmath(name: str) -> None:
    function, reference, allowed = FUNCTIONS[name]
    worst = 0.0
    with mpmath.workprec(160):
        for x in _points(name):
            expected = reference(mpmath.mpf(x))
            worst = max(worst, float(abs((mpmath.mpf(float(function(x))) - expected) / expected)))
    assert 0.0 < worst <= allowed


def _plain(monkeypatch: pytest.MonkeyPatch, name: str) -> Callable[[float], float]:
    """The function as plain Python, its helpers included."""
    monkeypatch.setattr(maths, "_two_to", maths.plain_two_to)
    monkeypatch.setattr(maths, "_exponent", maths.plain_exponent)
    for helper in ("_exp_parts", "_sine_at"):
        compiled: Any = getattr(maths, helper)
        monkeypatch.setattr(maths, helper, getattr(compiled, "py_func", compiled))
    function: Any = getattr(maths, name)
    return getattr(function, "py_func", function)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_compiled_and_plain_agree_to_the_bit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function: Any = FUNCTIONS[name][0]
    plain = _plain(monkeypatch, name)
    special = [0.0, 1.0, math.nan] if name == "log1p" else [0.0, -0.0, 1.0, -1.0, math.nan]
    for x in _points(name) + special:
        assert _bits(float(function(x))) == _bits(float(plain(x))), x


def test_ends() -> None:
    assert maths.exp(0.0) == 1.0 and maths.log1p(0.0) == 0.0 and maths.cos(0.0) == 1.0
    assert maths.exp(-800.0) == maths.exp(-708.0) < 4e-308
    assert maths.exp(800.0) == maths.exp(709.0) > 8e307
    assert maths.tanh(math.inf) == 1.0 and maths.tanh(-40.0) == -1.0
    assert math.copysign(1.0, maths.tanh(-0.0)) == -1.0
    for function, _, _ in FUNCTIONS.values():
        assert math.isnan(function(math.nan))
    assert math.isnan(maths.sin(math.inf)) and math.isnan(maths.cos(-math.inf))
    assert maths.exp(math.inf) == maths.exp(709.0) and maths.exp(-math.inf) == maths.exp(-708.0)
