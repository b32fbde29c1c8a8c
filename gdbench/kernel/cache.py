"""Numba's disk cache, scoped to our kernels by a digest of the sources that each could depend on.

Numba keys a cached function on the file that defines it: a changed callee in another file is served stale (Numba issue
1833). Here a kernel's folder is named by a digest of its own file and of all files of gdbench that are reached from it
by imports, so no stale code can be found, and a change elsewhere compiles nothing anew. The locator is a private
interface of Numba; a test holds it in place.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile

from gdbench.imports import folders, follow, imports, module_file, module_name

#: How many digests of one module are kept, newest first.
KEPT_DIGESTS = 8


def package_sources() -> list[Path]:
    """The Python files of `gdbench` and `gdbench.problems`, in a fixed order."""
    return sorted({path for folder in folders().values() for path in folder.rglob("*.py")})


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    config = numba.config
    digest.update(repr((config.BOUNDSCHECK, config.OPT, config.SLP_VECTORIZE, numba.__version__)).encode())
    return digest.hexdigest()[:16]


@functools.cache
def source_digest() -> str:
    """Sixteen hex digits that change with any source file and with what changes generated code."""
    return _digest(package_sources())


def kernel_sources(file: Path) -> list[Path]:
    """A file that defines kernels and what it reaches by imports; a file outside gdbench reaches the whole kernel."""
    file = file.resolve()
    names = follow(imports(file) if module_name(file) else (*imports(file), *_kernel_modules()))
    reached = [path for name in sorted(names) if (path := module_file(name)) is not None]
    return [file, *(path for path in reached if path != file)]


def _kernel_modules() -> list[str]:
    return [f"gdbench.kernel.{path.stem}" for path in Path(__file__).parent.glob("*.py") if path.stem != "__init__"]


@functools.cache
def kernel_digest(file: str) -> str:
    """Sixteen hex digits that change with the sources that kernels of this file could depend on.

    All sources count for a file that cannot be read or parsed, such as a cell of a notebook.
    """
    try:
        return _digest(kernel_sources(Path(file)))
    except (OSError, SyntaxError, ValueError):
        return source_digest()


@functools.cache
def cache_folder(module: str = "", digest: str = "") -> Path:
    """The folder of a module and a digest (of all sources where none is named) in `$GDBENCH_CACHE_DIR`.

    Where that is not set it is the user's cache folder, and a temporary one where that cannot be written to.
    """
    wanted = os.environ.get("GDBENCH_CACHE_DIR")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    parent = (Path(wanted) if wanted else Path(base) / "gdbench" / "kernels") / module
    folder = parent / (digest or source_digest())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        folder = _temporary() / module / folder.name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    _prune(parent)
    return folder


@functools.cache
def _temporary() -> Path:
    return Path(tempfile.mkdtemp(prefix="gdbench-kernels-"))


def _prune(parent: Path) -> None:
    digests = [entry for entry in parent.iterdir() if re.fullmatch("[0-9a-f]{16}", entry.name)]
    digests.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
    for stale in digests[KEPT_DIGESTS:]:
        shutil.rmtree(stale, ignore_errors=True)


class _DigestLocator:
    """Where a function's compiled code lies: a folder per digest, a file per module, function and line."""

    def __init__(self, function: Callable[..., Any], file: str) -> None:
        self._py_file = file
        # A function with free variables may call what another file handed to it: imports do not tell.
        digest = kernel_digest(file) if function.__closure__ is None else source_digest()
        self._folder = re.sub(r"[^\w.]", "_", function.__module__), digest
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
        cache_folder(*self._folder).mkdir(parents=True, exist_ok=True)

    def get_cache_path(self) -> str:
        return str(cache_folder(*self._folder))

    def get_source_stamp(self) -> str:
        return self._stamp

    def get_disambiguator(self) -> str:
        return f"{self._place}-{self._line}"


class _DigestCacheImpl(CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes = [_DigestLocator]  # noqa: RUF012 - the name and type that Numba reads


class _KeyedFile(IndexDataCacheFile):  # type: ignore[misc]
    """Names code at random. Numba counts: of two processes at one kernel, each could then take the other's code,
    compiled for another signature, for its own.
    """

    def save(self, key: Any, data: Any) -> None:
        held = self._load_index()
        name = held.get(key) or f"{self._index_name}.{uuid.uuid4().hex}.nbc"
        self._save_data(name, data)
        self._save_index({**held, key: name})


class _DigestCache(FunctionCache):  # type: ignore[misc]
    _impl_class = _DigestCacheImpl

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        stamp = self._impl.locator.get_source_stamp()
        self._cache_file = _KeyedFile(self._cache_path, self._impl.filename_base, stamp)


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
