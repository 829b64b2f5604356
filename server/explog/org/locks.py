"""The locks that Emacs has on the files whose buffers are modified."""

from __future__ import annotations

import itertools
import os
import re
import socket
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_OWNER = re.compile(r".*@(?P<host>[^@]+)\.(?P<pid>[0-9]+)(?::[0-9]+)?", re.DOTALL)
# Where people have Emacs keep its own files, in their home folder.
_EMACS_FOLDERS = (".emacs.d", ".config/emacs", ".cache/emacs", ".local/state/emacs")
_MOST_FOLDERS = 1000
_OCTAL = re.compile(rb"\\([0-7]{3})")  # how blanks are written in the list of drives


def lock_places(path: Path, locks: Sequence[Path] = ()) -> list[Path]:
    """Return where an Emacs may lock the file at PATH, or the one that it is a link to.

    LOCKS are where Emacs is known to lock it beside the usual place.
    """
    files = list(dict.fromkeys([path, Path(os.path.realpath(path))]))
    beside = [file.with_name(f".#{file.name}") for file in files]
    return [*beside, *locks, *_elsewhere(files)]


def lock_owner(places: Iterable[Path]) -> str | None:
    """Return who holds a lock at one of PLACES (`user@host.pid`), or None.

    As in Emacs itself, a lock that a process of this machine left behind when it died is none.
    """
    return next((owner for owner in map(_owner, places) if owner is not None), None)


def _owner(lock: Path) -> str | None:
    try:
        owner = os.readlink(lock)
    except FileNotFoundError:
        return None
    except OSError:
        # Where symbolic links are not to be had, Emacs writes a plain file.
        try:
            if not stat.S_ISREG(lock.stat().st_mode):  # opening a pipe would wait for its writer
                return None
            owner = lock.read_text("utf-8", "replace").strip()
        except OSError:
            return None
    return None if _is_dead(owner) else owner


def _is_dead(owner: str) -> bool:
    match = _OWNER.fullmatch(owner)
    if match is None or match["host"] != socket.gethostname():
        return False
    try:
        os.kill(int(match["pid"]), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _elsewhere(files: Sequence[Path]) -> Iterator[Path]:
    """Yield where an Emacs may lock one of FILES that nobody has told us of.

    The option `lock-file-name-transforms` can name any folder, mostly one of Emacs's own or one
    beside the file. The lock bears the whole name of the file there, with `!` for `/`, or only its
    last part; the latter counts beside the file alone, where no other file can be meant.
    """
    whole = {file: ".#" + str(file).replace("!", "!!").replace("/", "!") for file in files}
    for file in files:
        for folder in _subfolders(file.parent):
            yield folder / whole[file]
            if not (folder / file.name).exists():
                yield folder / f".#{file.name}"
    for name in _EMACS_FOLDERS:
        own = Path.home() / name
        for folder in (own, *_subfolders(own)):
            yield from (folder / lock for lock in whole.values())


def _subfolders(folder: Path) -> list[Path]:
    """Return the folders in FOLDER, but for drives: one that hangs would hold up whoever asks."""
    drives = _mount_points()
    real = os.path.realpath(folder)
    try:
        with os.scandir(folder) as entries:
            there = (e for e in entries if os.path.join(real, e.name) not in drives and e.is_dir())
            return [Path(entry.path) for entry in itertools.islice(there, _MOST_FOLDERS)]
    except OSError:
        return []


def _mount_points() -> set[str]:
    """Return where drives are mounted, as far as that can be told."""
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return set()
    names = (line.split(b" ")[4] for line in lines)
    return {os.fsdecode(_OCTAL.sub(lambda code: bytes([int(code[1], 8)]), name)) for name in names}
