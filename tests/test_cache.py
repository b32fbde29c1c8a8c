"""The disk cache of compiled kernels: no stale callee, nothing compiled twice, old folders pruned."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gdbench.kernel
import gdbench.problems

SCRIPT = """
import numpy as np
from gdbench import registry
from gdbench.kernel import box_data, prepare
problem = registry.problem("quadratic[dim=5,rotated=true]")
oracle = prepare(problem.oracle)
print(oracle(problem.start.copy(), np.zeros(5), box_data(*problem.arrays())))
print(sum(oracle._cache_hits.values()), sum(oracle._cache_misses.values()))
"""


@pytest.fixture
def copy(tmp_path):
    """A copy of the package, problems inside it, that may be edited."""
    package = Path(gdbench.kernel.__file__).parents[1]
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, tmp_path / "gdbench", ignore=ignore)
    shutil.copytree(Path(gdbench.problems.__file__).parent, tmp_path / "gdbench" / "problems", ignore=ignore)
    return tmp_path


def run(copy):
    env = {**os.environ, "PYTHONPATH": str(copy), "GDBENCH_CACHE_DIR": str(copy / "cache")}
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=copy, env=env, capture_output=True, text=True, check=True)
    value, counts = done.stdout.splitlines()
    return float(value), counts


@pytest.mark.skipif(not gdbench.kernel.COMPILED, reason="the JIT is off: there is nothing to cache")
def test_a_changed_callee_in_another_file_is_not_served_stale(copy):
    honest, counts = run(copy)
    assert counts == "0 1"
    assert run(copy) == (honest, "1 0")
    callee = copy / "gdbench" / "kernel" / "products.py"
    text = callee.read_text()
    assert text.count("out[i] += a * row_a[i]") == 1
    callee.write_text(text.replace("out[i] += a * row_a[i]", "out[i] -= a * row_a[i]"))
    changed, counts = run(copy)
    assert counts == "0 1" and changed != honest
    callee.write_text(text)
    assert run(copy) == (honest, "1 0")


def test_old_folders_are_pruned(tmp_path, monkeypatch):
    from gdbench.kernel import cache

    monkeypatch.setenv("GDBENCH_CACHE_DIR", str(tmp_path))
    for age in range(12):
        old = tmp_path / f"{age:016x}"
        old.mkdir()
        os.utime(old, (1e9 - age, 1e9 - age))
    (tmp_path / "not a digest").mkdir()
    folder = cache.cache_folder.__wrapped__()
    assert folder.name == cache.source_digest()
    left = {entry.name for entry in tmp_path.iterdir()}
    assert left == {folder.name, "not a digest", *(f"{age:016x}" for age in range(cache.KEPT_DIGESTS - 1))}


def test_an_unwritable_place_is_replaced(tmp_path, monkeypatch):
    from gdbench.kernel import cache

    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GDBENCH_CACHE_DIR", str(tmp_path / "file"))
    folder = cache.cache_folder.__wrapped__()
    assert folder.is_dir() and tmp_path not in folder.parents
    folder.rmdir()


def test_the_problems_folder_is_no_package_of_its_own(tmp_path):
    """Under a second module name its kernels would be cached twice."""
    folder = Path(gdbench.problems.__file__).parent
    shutil.copytree(folder, tmp_path / "problems", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, "-c", "import problems.bowl"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0 and "gdbench.problems" in done.stderr.splitlines()[-1]


def test_the_source_folder_alone_says_how_to_install(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__", "problems")
    shutil.copytree(Path(gdbench.kernel.__file__).parents[1], tmp_path / "gdbench", ignore=ignored)
    script = "import sys; sys.meta_path = [f for f in sys.meta_path if 'editable' not in repr(f)]; "
    script += "from gdbench.registry import names; names('problem')"
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0 and "pip install -e" in done.stderr.splitlines()[-1]
