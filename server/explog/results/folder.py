"""Find and read files in a folder that others write to, as that of a run.

Nothing is followed out of the folder, and nothing in it makes a reader wait: symbolic links and
pipes are not opened, files and folders have limits.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from explog.results.contents import MOST_BYTES, too_large

MOST_ENTRIES = 10_000
"""How many names in a folder, and in those inside it, are looked at."""
DEEPEST = 8

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Opening a pipe would wait for its writer.
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
LINK = "it is a symbolic link, which is not followed"
NO_FILE = "it is no file"

Stamp = tuple[int, int, int]
"""What changes when a file does."""


class UnreadFileError(Exception):
    """A file cannot be read; the text says why, of `it`."""


class Entry(NamedTuple):
    """A name in a folder that was opened as `at`; `path` is relative to where the search began."""

    path: str
    name: str
    at: int | None


def walk(
    folder: str, enter: Callable[[str], bool], *, most: int = MOST_ENTRIES, deepest: int = DEEPEST
) -> Iterator[Entry]:
    """Yield what is in FOLDER and is no folder, by name, and then what is in its folders.

    A folder in it, whose relative path `enter` is given, is looked into if that says so. The entry
    can be read until the next one is asked for. What cannot be looked into has nothing; nor has
    FOLDER if it is a link. At most MOST names are looked at, and folders up to DEEPEST levels down.
    """
    left = [most]
    yield from _walk(folder, None, "", enter, left, deepest)


def _walk(
    name: str,
    at: int | None,
    prefix: str,
    enter: Callable[[str], bool],
    left: list[int],
    deepest: int,
) -> Iterator[Entry]:
    try:
        here = os.open(name, _FOLDER, dir_fd=at)
    except OSError:
        return
    try:
        files, folders = _listed(here, left)
        for file in files:
            yield Entry(f"{prefix}{file}", file, here)
        for inside in folders if deepest else ():
            if enter(f"{prefix}{inside}"):
                yield from _walk(inside, here, f"{prefix}{inside}/", enter, left, deepest - 1)
    finally:
        os.close(here)


def _listed(here: int, left: list[int]) -> tuple[list[str], list[str]]:
    """Return the names of files and of folders in the folder HERE, as many as are LEFT."""
    files: list[str] = []
    folders: list[str] = []
    try:
        with os.scandir(here) as entries:
            for entry in entries:
                if not left[0]:
                    break
                left[0] -= 1
                is_folder = entry.is_dir(follow_symlinks=False)
                (folders if is_folder else files).append(entry.name)
    except OSError:
        pass  # it has what was seen of it
    return sorted(files), sorted(folders)


def file_at(path: str) -> Entry:
    """Return the file at PATH, which may not be there."""
    return Entry(path, path, None)


def folders_in(path: str) -> list[str]:
    """Return the paths of the folders in the folder at PATH that are no links, by name."""
    try:
        here = os.open(path, _FOLDER)
    except OSError:
        return []
    try:
        _files, folders = _listed(here, [MOST_ENTRIES])
    finally:
        os.close(here)
    return [os.path.join(path, name) for name in folders]


@contextmanager
def opened(entry: Entry) -> Iterator[tuple[int, os.stat_result]]:
    """Yield the file ENTRY, opened, and how it is; raise UnreadFileError."""
    try:
        descriptor = os.open(entry.name, _FILE, dir_fd=entry.at)
    except OSError as error:
        raise UnreadFileError(_reason(entry, error)) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadFileError(NO_FILE)
        yield descriptor, status
    finally:
        os.close(descriptor)


def _reason(entry: Entry, error: OSError) -> str:
    try:
        mode = os.stat(entry.name, dir_fd=entry.at, follow_symlinks=False).st_mode
    except OSError:
        return str(error.strerror)
    if stat.S_ISLNK(mode):
        return LINK
    return str(error.strerror) if stat.S_ISREG(mode) else NO_FILE


def stamp(status: os.stat_result) -> Stamp:
    """Return what changes when the file with STATUS does."""
    return status.st_mtime_ns, status.st_ino, status.st_size


def read_end(descriptor: int, status: os.stat_result, most: int) -> bytes:
    """Return the last MOST bytes of the open file with STATUS; raise UnreadFileError."""
    try:
        return os.pread(descriptor, most, max(0, status.st_size - most))
    except OSError as error:
        raise UnreadFileError(str(error.strerror)) from error


def read_small(descriptor: int, status: os.stat_result) -> bytes:
    """Return the content of the open file with STATUS; raise UnreadFileError if it is too large."""
    if status.st_size > MOST_BYTES:
        raise UnreadFileError(too_large(status.st_size))
    parts: list[bytes] = []
    size = 0
    try:
        while part := os.read(descriptor, MOST_BYTES + 1 - size):
            parts.append(part)
            size += len(part)
            if size > MOST_BYTES:  # it grew
                raise UnreadFileError(too_large(size))
    except OSError as error:
        raise UnreadFileError(str(error.strerror)) from error
    return b"".join(parts)
