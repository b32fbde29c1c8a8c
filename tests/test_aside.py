"""The second process that compiles: it leaves code in the cache, ends with its parent, and changes no result."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from numba.core.caching import IndexDataCacheFile

from gdbench.kernel import COMPILED
from gdbench.kernel.cache import _KeyedFile

pytestmark = pytest.mark.skipif(not COMPILED, reason="the JIT is off: there is nothing to compile")

WORK = "from gdbench.aside import work; work()"
FOUND = """
from gdbench import registry
from gdbench.kernel import prepare
kernel = prepare(registry.optimizer("sign").step)
print(sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values()))
"""
RUNS = """
import sys
import gdbench.aside as aside
from gdbench.execute import execute
from gdbench.packing import digest
from gdbench.run import Cell
started, start = [], aside._start
aside._start = lambda cells: started.append(start(cells)) or started[-1]
methods = ("gradient_descent", "sign", "heavy_ball", "polyak_step", "normalized", "clipped")
outcome = execute([Cell(name, "bowl", 30) for name in methods], jobs=int(sys.argv[1]))
print(len(started), all(process.returncode is not None for process in started))
print(*[digest(result) for result in outcome.results])
"""


def python(code, cache, given="", *arguments):
    env = {**os.environ, "GDBENCH_CACHE_DIR": str(cache)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=env, input=given, capture_output=True, text=True, check=True, timeout=300).stdout


@pytest.mark.parametrize(("parent", "hits"), [(os.getpid(), "1 0\n"), (1 << 22, "0 1\n")], ids=["alive", "gone"])
def test_it_fills_the_cache_as_long_as_its_parent_lives(parent, hits, tmp_path):
    pairs = [("no_such_method", "bowl"), ("sign", "bowl")]
    assert python(WORK, tmp_path, json.dumps([parent, pairs])) == ""
    assert python(FOUND, tmp_path) == hits


def test_it_is_called_where_much_is_to_be_compiled_is_gone_afterwards_and_changes_no_result(tmp_path):
    cold = python(RUNS, tmp_path / "two", "", "2").splitlines()
    warm = python(RUNS, tmp_path / "two", "", "2").splitlines()
    alone = python(RUNS, tmp_path / "one", "", "1").splitlines()
    assert (cold[0], warm[0], alone[0]) == ("1 True", "0 True", "0 True")
    assert cold[1] == warm[1] == alone[1]


@pytest.mark.parametrize(("kind", "own"), [(_KeyedFile, "first"), (IndexDataCacheFile, "second")])
def test_two_processes_at_one_kernel_do_not_take_each_others_code(kind, own, tmp_path, monkeypatch):
    """The second has read the index before the first wrote it, and the first writes last. Numba's own file fails."""
    file = kind(str(tmp_path), "kernel", "stamp")
    with monkeypatch.context() as patch:
        patch.setattr(file, "_load_index", dict)
        file.save("signature of the first", "first")
        index = (tmp_path / "kernel.nbi").read_bytes()
        file.save("signature of the second", "second")
    (tmp_path / "kernel.nbi").write_bytes(index)
    assert file.load("signature of the first") == own
