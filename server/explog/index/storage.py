"""The file of an index: whose it is, how it is made, and how it is removed.

Whoever names a file for the index may have named another of his files. So nothing is removed or
written that does not say that it is an index of explog. SQLite keeps more files beside it, whose
names are its own and a suffix.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import sys
from pathlib import Path

from explog.config import is_default_index, not_an_index
from explog.private import hide, make_file, make_folder

APPLICATION_ID = int.from_bytes(b"expl", "big")
"""What SQLite keeps in the file for whoever wants to know which program made it."""

PAGE_BYTES = 16_384
"""With pages four times as large as usual, a first index is written in a tenth less time."""

# Beside the header of SQLite: https://sqlite.org/fileformat.html
_HEADER = re.compile(rb"SQLite format 3\0.{52}(.{4})", re.DOTALL)
_HEADER_BYTES = 72
# The tables of an index that was made before APPLICATION_ID was written into it.
_TABLES = {"meta", "repositories", "commits", "claims", "logs", "sections", "experiments", "steps"}

# How the files begin that SQLite makes beside a database.
_WAL = re.compile(rb"\x37\x7f\x06[\x82\x83].{4}" + PAGE_BYTES.to_bytes(4, "big"), re.DOTALL)
_SHARED_MEMORY = re.compile(re.escape((3_007_000).to_bytes(4, sys.byteorder)) + rb"|\0{4}")
_JOURNAL = re.compile(rb"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7|\0{8}")
_BESIDE = {"-wal": _WAL, "-shm": _SHARED_MEMORY, "-journal": _JOURNAL}


def make(path: Path) -> None:
    """Make an empty file at PATH unless there is a file, and have it hidden from other users.

    Raises OSError.
    """
    make_folder(path.parent)
    make_file(path)
    for one in _files(path):
        with contextlib.suppress(PermissionError):  # it belongs to somebody else
            hide(one)


def remove(path: Path) -> None:
    """Remove the index at PATH, which `check_place` has looked at."""
    for one in _files(path):
        one.unlink(missing_ok=True)


def _files(path: Path) -> list[Path]:
    return [path, *(Path(f"{path}{suffix}") for suffix in _BESIDE)]


def check_place(path: Path) -> None:
    """Raise ExplogError `not-an-index` if an index at PATH would destroy another file.

    PATH is free of symbolic links. Not for a file that this process has open as its index: its
    bytes may be damaged, and to open and close it would end the locks that SQLite has on it.
    Raises OSError.
    """
    beside = {Path(f"{path}{suffix}"): begins for suffix, begins in _BESIDE.items()}
    for one in (path, *beside):
        if one.is_symlink() or (one.exists() and not one.is_file()):
            raise not_an_index(one, "it is a folder" if one.is_dir() else "it is not a file")
    if is_default_index(path):
        return
    if not _is_empty(path):
        if not _is_ours(path):
            raise not_an_index(path, "it is not an index of explog, and stays as it is")
        return
    for one, begins in beside.items():  # SQLite overwrites them where there is no database
        if not _is_empty(one) and not begins.match(_head(one)):
            raise not_an_index(one, "an index beside it would overwrite it")


def _is_empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEADER_BYTES)


def _is_ours(path: Path) -> bool:
    header = _HEADER.match(_head(path))
    if header is None:
        return False
    return int.from_bytes(header[1], "big") in (0, APPLICATION_ID) and (
        header[1] != b"\0\0\0\0" or _has_our_tables(path)
    )


def _has_our_tables(path: Path) -> bool:
    # Read as it is, without a lock, and without the files beside it.
    name = f"{path.as_uri()}?mode=ro&immutable=1"
    try:
        with contextlib.closing(sqlite3.connect(name, uri=True)) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return _TABLES.issubset(row[0] for row in rows)
    except sqlite3.Error:
        return False
