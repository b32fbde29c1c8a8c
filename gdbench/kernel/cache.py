"""Numba's disk cache, scoped to our kernels by a digest of all sources they could depend on.

Numba keys a cached function on the file that defines it: a changed callee in another file is served stale (Numba issue
1833). Here each set of sources gets a folder of its own, so no stale code can be found. The locator is a private
interface of Numba; a test holds it in place.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache

KEPT_DIGESTS = 8


def package_sources() -> list[Path]:
    """The Python files of `gdbench` and `gdbench.problems`, in a fixed order."""
    root = Path(__file__).resolve().parents[1]
    folders = {root}
    spec = find_spec("gdbench.problems")
    if spec is not None and spec.submodule_search_locations:
        folders.update(Path(place).resolve() for place in spec.submodule_search_locations)
    return sorted({path for folder in folders for path in folder.rglob("*.py")})


@functools.cache
def source_digest() -> str:
    """Sixteen hex digits that change with any source file and with what changes generated code."""
    digest = hashlib.sha256()
    for path in package_sources():
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    config = numba.config
    digest.update(repr((config.BOUNDSCHECK, config.OPT, config.SLP_VECTORIZE, numba.__version__)).encode())
    return digest.hexdigest()[:16]


@functools.cache
def cache_folder() -> Path:
    """`$GDBENCH_CACHE_DIR`, else the user's cache folder, else a temporary one; the digest names the last part."""
    wanted = os.environ.get("GDBENCH_CACHE_DIR")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    parent = Path(wanted) if wanted else Path(base) / "gdbench" / "kernels"
    folder = parent / source_digest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="gdbench-kernels-"))
    _prune(parent)
    return folder


def _prune(parent: Path) -> None:
    folders = [entry for entry in parent.iterdir() if entry.is_dir() and len(entry.name) == len(source_digest())]
    folders.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
    for stale in folders[KEPT_DIGESTS:]:
        shutil.rmtree(stale, ignore_errors=True)


class _DigestLocator:
    """Where a function's compiled code lies: a folder per digest, a file per module, function and line."""

    def __init__(self, function: Callable[..., Any], file: str) -> None:
        self._py_file = file
        self._place = hashlib.sha256(str(Path(file).resolve()).encode()).hexdigest()[:8]
        self._line = function.__code__.co_firstlineno
        try:
            self._stamp = hashlib.sha256(Path(file).read_bytes()).hexdigest()
        except OSError:
            self._stamp = hashlib.sha256(function.__code__.co_code).hexdigest()

    @classmethod
    def from_function(cls, function: Callable[..., Any], file: str) -> _DigestLocator:
        return cls(function, file)

    def ensure_cache_path(self) -> None:
        cache_folder().mkdir(parents=True, exist_ok=True)

    def get_cache_path(self) -> str:
        return str(cache_folder())

    def get_source_stamp(self) -> str:
        return self._stamp

    def get_disambiguator(self) -> str:
        return f"{self._place}-{self._line}"


class _DigestCacheImpl(CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes = [_DigestLocator]  # noqa: RUF012 - the name and type that Numba reads


class _DigestCache(FunctionCache):  # type: ignore[misc]
    _impl_class = _DigestCacheImpl


class _LazyCache:
    """Builds the real cache on first use: marking a kernel must not touch the disk."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._real: Any = None

    def __getattr__(self, name: str) -> Any:
        if self._real is None:
            self._real = _DigestCache(self._function)
        return getattr(self._real, name)


def attach_cache(dispatcher: Any) -> Any:
    """Give a Numba dispatcher our disk cache; a plain function (JIT off) passes unchanged."""
    if hasattr(dispatcher, "py_func"):
        dispatcher._cache = _LazyCache(dispatcher.py_func)  # noqa: SLF001 - Numba has no other way in
    return dispatcher
