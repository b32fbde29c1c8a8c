"""Files of a report on disk: all of them or none, by one writer at a time, whole at every moment."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from gdbench.errors import BadInput


@contextmanager
def writing(folder: Path) -> Iterator[Callable[[Mapping[str, str]], list[Path]]]:
    """The folder, held before files are made for it, and what puts files, named relative to it, into it.

    Each is written beside its place and moved there once all are complete. Files of other names are left alone.
    """
    with _one_sentence(folder):
        _make(folder)
        with _alone(folder):
            yield partial(_put, folder)


@contextmanager
def _one_sentence(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        text = (error.strerror or str(error)).lower()
        raise BadInput(f"The report cannot be written to {folder} ({text}): give another --output.") from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise BadInput(f"The output {folder} is a file: give a folder, such as {folder.parent / 'reports'}.") from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder itself, so that no lock file is left in it."""
    try:
        import fcntl
    except ImportError:  # a system without such locks
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            busy = f"Another report is being written to {folder}"
            raise BadInput(f"{busy}: wait for it, or give another --output.") from error
        yield
    finally:
        os.close(handle)


def _put(folder: Path, files: Mapping[str, str]) -> list[Path]:
    drafts: list[tuple[Path, Path]] = []
    try:
        for name, text in files.items():
            place = folder / name
            place.parent.mkdir(exist_ok=True)
            draft = place.with_name(f".{place.name}.{os.getpid()}")
            drafts.append((draft, place))
            if place.is_dir():
                raise IsADirectoryError(errno.EISDIR, f"{place} is a directory")
            draft.write_text(text, encoding="utf-8", newline="\n")
        for draft, place in drafts:
            draft.replace(place)
    finally:
        for draft, _ in drafts:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
    return [place for _, place in drafts]
