"""The disk cache of compiled kernels: no stale callee, nothing compiled twice, old folders pruned."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import CodeType

import pytest

import gdbench.imports
import gdbench.kernel
import gdbench.problems
from gdbench import registry
from gdbench.kernel import cache, driver, recurrences

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


@pytest.mark.skipif(not gdbench.kernel.COMPILED, reason="the JIT is off: there is nothing to cache")
def test_what_a_kernel_does_not_import_compiles_nothing_anew(copy):
    value, _ = run(copy)
    places = ("suites/quick.toml", "report/plot.py", "verbs/words.py", "theory/momentum.py", "problems/bowl.py")
    for place in places:
        with (copy / "gdbench" / place).open("a", encoding="utf-8") as file:
            file.write("\n# edited\n")
    assert run(copy) == (value, "1 0")


PLUG_IN = """
import sys
import numpy as np
from gdbench.kernel import box_data, prepare, value
from gdbench.problems.probe import shift
from gdbench.registry import problem
@value
def shifted(x, data):
    return shift(x)
plain = problem("quadratic[dim=5]")
print(prepare(shifted)(plain.start.copy(), box_data(*plain.arrays())))
print(sum(shifted._cache_hits.values()), sum(shifted._cache_misses.values()))
"""


@pytest.mark.skipif(not gdbench.kernel.COMPILED, reason="the JIT is off: there is nothing to cache")
def test_a_file_outside_sees_its_callees_inside_change_through_two_imports(copy):
    (copy / "plug_in.py").write_text(PLUG_IN)
    problems = copy / "gdbench" / "problems"
    (problems / "probe.py").write_text("if True:\n    from ._probe import shift\n")
    (problems / "_probe.py").write_text(
        "from gdbench.kernel import helper\n@helper\ndef shift(x):\n    return x.shape[0] + 0.5\n"
    )

    def plugged():
        env = {**os.environ, "PYTHONPATH": str(copy), "GDBENCH_CACHE_DIR": str(copy / "cache")}
        command = [sys.executable, "plug_in.py"]
        return subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, check=True).stdout.split()

    assert [plugged(), plugged()] == [["5.5", "0", "1"], ["5.5", "1", "0"]]
    callee = problems / "_probe.py"
    callee.write_text(callee.read_text().replace("0.5", "0.25"))
    assert plugged() == ["5.25", "0", "1"]


def called(function):
    """What a kernel's code names and Numba would compile into it or call: kernels and intrinsics."""
    function = getattr(function, "py_func", getattr(function, "_defn", function))
    waiting, names = [function.__code__], set()
    while waiting:
        code = waiting.pop()
        names.update(code.co_names)
        waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    values = [function.__globals__.get(name) for name in names]
    return [value for value in values if hasattr(value, "py_func") or hasattr(value, "_defn")]


def file_of(function):
    return Path(getattr(function, "py_func", getattr(function, "_defn", function)).__code__.co_filename).resolve()


def kernels():
    for what in ("problem", "optimizer"):
        for name in registry.names(what):
            yield from vars(registry.module(what, name)).values()
    for module in (gdbench.kernel.contract, driver, recurrences):
        yield from vars(module).values()


@pytest.mark.skipif(not gdbench.kernel.COMPILED, reason="the JIT is off: kernels are plain functions")
def test_a_digest_covers_every_file_whose_code_ends_up_in_a_kernel():
    waiting = [kernel for kernel in kernels() if hasattr(kernel, "py_func")]
    seen, pairs = set(), set()
    for kernel in waiting:
        reached = [kernel]
        for function in reached:
            reached += [callee for callee in called(function) if callee not in reached]
        seen.add(file_of(kernel).name)
        pairs |= {(file_of(kernel), file_of(callee)) for callee in reached}
    assert {"quadratic.py", "mlp.py", "backtracking.py", "driver.py", "recurrences.py"} <= seen
    assert {"lanes.py", "maths.py", "products.py"} <= {callee.name for _, callee in pairs}
    missed = [(file.name, callee.name) for file, callee in pairs if callee not in cache.kernel_sources(file)]
    assert missed == []


IMPORTS = {
    "import gdbench.a": {"gdbench/__init__.py", "gdbench/a.py"},
    "import gdbench.b.c as d": {"gdbench/b/c.py", "gdbench/e.py"},
    "import gdbench.b.c": {"gdbench/__init__.py", "gdbench/b/__init__.py", "gdbench/b/c.py", "gdbench/e.py"},
    "from gdbench.a import f": {"gdbench/a.py"},
    "from gdbench import a": {"gdbench/__init__.py", "gdbench/a.py"},
    "from gdbench.b import c, f": {"gdbench/b/__init__.py", "gdbench/b/c.py", "gdbench/e.py"},
    "from .a import f": {"gdbench/a.py"},
    "from . import a": {"gdbench/__init__.py", "gdbench/a.py"},
    "from .b.c import g": {"gdbench/b/c.py", "gdbench/e.py"},
    "from gdbench.problems.p import f": {"elsewhere/p.py", "elsewhere/q.py"},
    "if False:\n    from gdbench.a import f": {"gdbench/a.py"},
    "try:\n    import numpy\nexcept ImportError:\n    from gdbench.a import f": {"gdbench/a.py"},
    "def late():\n    from gdbench.a import f": {"gdbench/a.py"},
    "import numpy, gdbenchmark, gdbench.absent as d": set(),
}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A package of its own in the place of gdbench, its problems elsewhere."""
    files = {
        "gdbench/__init__.py": "",
        "gdbench/a.py": "",
        "gdbench/b/__init__.py": "",
        "gdbench/b/c.py": "from ..e import f",
        "gdbench/e.py": "import gdbench.me as me",  # a circle
        "gdbench/unrelated.py": "from gdbench.a import f",
        "elsewhere/__init__.py": "",
        "elsewhere/p.py": "from .q import f",
        "elsewhere/q.py": "",
    }
    for place, text in files.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(text)
    found = {"gdbench": tmp_path / "gdbench", "gdbench.problems": tmp_path / "elsewhere"}
    monkeypatch.setattr(gdbench.imports, "folders", lambda: found)
    for cached in (gdbench.imports.module_file, gdbench.imports.imports):
        cached.cache_clear()
    yield tmp_path
    for cached in (gdbench.imports.module_file, gdbench.imports.imports):
        cached.cache_clear()


@pytest.mark.parametrize("text", IMPORTS)
def test_every_way_to_import_is_followed(tree, text):
    file = tree / "gdbench" / "me.py"
    file.write_text(text)
    assert {path.relative_to(tree).as_posix() for path in cache.kernel_sources(file)} == {
        "gdbench/me.py",
        *IMPORTS[text],
    }


def test_a_file_outside_depends_on_the_whole_kernel_and_on_what_it_imports(tmp_path):
    file = tmp_path / "outside.py"
    file.write_text("from gdbench.problems.bowl import make")
    names = {path.name for path in cache.kernel_sources(file)}
    kernel = {path.name for path in Path(cache.__file__).parent.glob("*.py")} - {"__init__.py"}
    assert names >= {*kernel, "outside.py", "bowl.py", "quadratic.py", "exactly.py"}
    assert not names & {"huber.py", "registry.py", "run.py"}


@pytest.mark.parametrize("text", [None, "def broken(:"])
def test_all_sources_count_where_a_file_cannot_be_followed(tmp_path, text):
    file = tmp_path / "cell.py"
    if text is not None:
        file.write_text(text)
    assert cache.kernel_digest(str(file)) == cache.source_digest()


def test_all_sources_count_for_a_kernel_that_is_handed_its_callees():
    def scaled(factor):
        return lambda x: factor * x

    digests = [cache._DigestLocator(function, __file__)._folder[1] for function in (scaled(2.0), scaled)]
    assert digests == [cache.source_digest(), cache.kernel_digest(__file__)]
    assert digests[0] != digests[1]


def test_old_digests_of_one_module_are_pruned_and_no_other_ones(tmp_path, monkeypatch):
    monkeypatch.setenv("GDBENCH_CACHE_DIR", str(tmp_path))
    modules = [f"gdbench.module{i:02}" for i in range(12)]  # names as long as a digest
    for module in (*modules, "another"):
        for age in range(12):
            old = tmp_path / module / f"{age:016x}"
            old.mkdir(parents=True)
            os.utime(old, (1e9 - age, 1e9 - age))
    assert cache.cache_folder.__wrapped__("another", "f" * 16) == tmp_path / "another" / ("f" * 16)
    cache.cache_folder.__wrapped__()
    assert {len(list((tmp_path / module).iterdir())) for module in modules} == {12}
    left = {entry.name for entry in (tmp_path / "another").iterdir()}
    assert left == {"f" * 16, *(f"{age:016x}" for age in range(cache.KEPT_DIGESTS - 1))}


def test_old_folders_are_pruned(tmp_path, monkeypatch):
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
