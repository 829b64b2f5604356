"""The locks that Emacs has on the files whose buffers are modified."""

from __future__ import annotations

import itertools
import os
import re
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

_OWNER = re.compile(r".*@(?P<host>[^@]+)\.(?P<pid>[0-9]+)(?::[0-9]+)?", re.DOTALL)
# Where people have Emacs keep its own files, in their home folder.
_EMACS_FOLDERS = (".emacs.d", ".config/emacs", ".cache/emacs", ".local/state/emacs")
_MOST_FOLDERS = 1000


def emacs_lock(path: Path, locks: Sequence[Path] = ()) -> str | None:
    """Return who holds the file in a modified Emacs buffer (`user@host.pid`), or None.

    LOCKS are where Emacs is known to lock it beside the usual place. As in Emacs itself, a lock
    that a process of this machine left behind when it died is none.
    """
    beside = path.with_name(f".#{path.name}")
    found = map(_lock_owner, itertools.chain([beside], locks, _elsewhere(path)))
    return next((owner for owner in found if owner is not None), None)


def _lock_owner(lock: Path) -> str | None:
    try:
        owner = os.readlink(lock)
    except FileNotFoundError:
        return None
    except OSError:
        # Where symbolic links are not to be had, Emacs writes a plain file.
        try:
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


def _elsewhere(path: Path) -> Iterator[Path]:
    """Yield where an Emacs may lock PATH that nobody has told us of.

    The option `lock-file-name-transforms` can name any folder, mostly one of Emacs's own or one
    beside the file. The lock bears the whole name of the file there, with `!` for `/`, or only its
    last part; the latter counts beside the file alone, where no other file can be meant.
    """
    whole = ".#" + str(path).replace("!", "!!").replace("/", "!")
    for folder in _subfolders(path.parent):
        yield folder / whole
        if not (folder / path.name).exists():
            yield folder / f".#{path.name}"
    for name in _EMACS_FOLDERS:
        own = Path.home() / name
        for folder in (own, *_subfolders(own)):
            yield folder / whole


def _subfolders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            folders = (Path(entry.path) for entry in entries if entry.is_dir())
            return list(itertools.islice(folders, _MOST_FOLDERS))
    except OSError:
        return []
