"""The same bits from every code generator, SIMD level and BLAS: problems and short runs, each in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).with_name("bits.py")
KEPT_OUT = ("NUMBA_DISABLE_JIT", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_BOUNDSCHECK", "GLIBC_TUNABLES")

CODE = {
    "host": {},
    "generic": {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""},
    "plain": {"NUMBA_DISABLE_JIT": "1"},
}
#: Between the two in what it has for arithmetic; its code is made for the problems alone, where the sums are.
BETWEEN = {"haswell": {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ""}}


def _simd() -> str:
    """What NumPy dispatches to on this machine."""
    extensions = np.show_config(mode="dicts")["SIMD Extensions"]
    return " ".join(extensions.get("found", []))


DATA = {
    "nehalem": {"OPENBLAS_CORETYPE": "Nehalem"},
    "haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    "no simd": {"NPY_DISABLE_CPU_FEATURES": _simd()},
    "no fma": {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2,-AVX2_Usable,-FMA_Usable"},
}

#: Seconds after which a process hangs; compiling everything takes a minute of one core, and cores may be shared.
HUNG = 1200
Digests = dict[str, str]


def _collect(cases: dict[str, dict[str, str]], words: list[str], folder: Path) -> dict[str, Digests]:
    """The digests of each case, two processes at a time.

    Code for another processor has its own cache: Numba's is not safe where two compile a kernel differently at once.
    """

    def one(name: str) -> Digests:
        kept = {key: text for key, text in os.environ.items() if key not in KEPT_OUT}
        if "NUMBA_CPU_NAME" in cases[name]:
            kept["GDBENCH_CACHE_DIR"] = str(folder / name)
        command = [sys.executable, str(SCRIPT), *words]
        ran = subprocess.run(command, env=kept | cases[name], capture_output=True, text=True, check=False, timeout=HUNG)
        assert ran.returncode == 0, ran.stderr
        found: Digests = json.loads(ran.stdout)
        return found

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(cases, pool.map(one, cases), strict=True))


@pytest.fixture(scope="module")
def by_code(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Digests]:
    return _collect(CODE, ["runs"], tmp_path_factory.mktemp("code"))


@pytest.mark.parametrize("name", [name for name in CODE if name != "host"])
def test_code_generators_agree(name: str, by_code: dict[str, Digests]) -> None:
    assert any(key.endswith(" steps") for key in by_code["host"])
    assert sum(" on " in key for key in by_code["host"]) >= 60
    assert _different(by_code[name], by_code["host"]) == []


def test_a_processor_between_agrees(by_code: dict[str, Digests], tmp_path: Path) -> None:
    found = _collect(BETWEEN, ["steps"], tmp_path)["haswell"]
    assert any(key.endswith(" steps") for key in found)
    assert _different(found, by_code["host"]) == []


def test_problem_data_do_not_depend_on_libraries(by_code: dict[str, Digests], tmp_path: Path) -> None:
    digests = _collect(DATA, [], tmp_path)
    assert {name: _different(found, by_code["host"]) for name, found in digests.items()} == {name: [] for name in DATA}


def _different(found: Digests, expected: Digests) -> list[str]:
    return [key for key, digest in found.items() if digest != expected[key]]


#: Digests of libm and of NumPy's exp, which do depend on the machine's level.
LIBM = """
import hashlib, math, numpy as np
x = np.linspace(0, 9, 20001)
found = [np.exp(x).tolist(), [math.exp(y) for y in x], [math.sin(y) for y in x]]
print(hashlib.sha256(repr(found).encode()).hexdigest())
"""


def _libm(extra: dict[str, str]) -> str:
    command = [sys.executable, "-c", LIBM]
    return subprocess.run(command, env=os.environ | extra, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif("X86_V3" not in _simd(), reason="without AVX2 and FMA there is nothing to switch off")
def test_the_switches_reach_the_libraries() -> None:
    assert _libm({}) != _libm(DATA["no fma"])
