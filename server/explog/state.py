"""What has to last, in files of the state folder: the index is disposable, and has none of it.

A file is a JSON object. One that cannot be read counts as empty.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import platformdirs

from explog.flock import lock
from explog.private import hide, make_folder


def state_file(name: str) -> Path:
    """Return where the state NAME is kept."""
    return Path(platformdirs.user_state_dir("explog")) / f"{name}.json"


def read_state(name: str) -> dict[str, object]:
    """Return the state NAME; an empty one if there is none, or none that can be read."""
    try:
        return must_read_state(name)
    except OSError:
        return {}


def must_read_state(name: str) -> dict[str, object]:
    """Return the state NAME as `read_state` does, but raise OSError if it cannot be read now.

    For whoever writes by it: what could not be read once is there nevertheless.
    """
    try:
        path = state_file(name)
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for its writer
            raise OSError(errno.EINVAL, "it is not a file", str(path))
        table = json.loads(path.read_text("utf-8", "surrogatepass"))
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}


def keep_state(name: str, table: Mapping[str, object]) -> None:
    """Replace the state NAME by TABLE; raise OSError if that cannot be written."""
    path = state_file(name)
    make_folder(path.parent)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass") as stream:
            json.dump(table, stream)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def change_state(name: str, change: Callable[[dict[str, object]], Mapping[str, object]]) -> None:
    """Replace the state NAME by what CHANGE makes of it; no other explog changes it meanwhile.

    Raises OSError if it cannot be written.
    """
    path = state_file(name)
    make_folder(path.parent)
    guard = path.with_suffix(".lock")
    descriptor = os.open(guard, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        hide(guard)
        _lock(descriptor, guard)
        keep_state(name, change(must_read_state(name)))
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    """Lock the file PATH, which is open; raise OSError if another explog never lets go of it."""
    try:
        lock(descriptor)
    except BlockingIOError as error:
        raise OSError(error.errno, "another explog keeps it locked", str(path)) from error
