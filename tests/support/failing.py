"""Have any one of the file calls that Python makes fail, as on a full or a failing disk.

What SQLite and git do by themselves is not seen.
"""

from __future__ import annotations

import builtins
import errno
import fcntl
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

_EVENTS = {
    "os.rename": "rename",
    "os.remove": "unlink",
    "os.mkdir": "mkdir",
    "os.chmod": "chmod",
    "os.chown": "chown",
    "os.listdir": "list",
    "os.scandir": "list",
    "subprocess.Popen": "spawn",
}
ERRORS = {
    "open": errno.EMFILE,
    "creat": errno.ENOSPC,
    "read": errno.EIO,
    "write": errno.ENOSPC,
    "fsync": errno.EIO,
    "rename": errno.EROFS,
    "unlink": errno.EACCES,
    "mkdir": errno.EACCES,
    "chmod": errno.EPERM,
    "chown": errno.EPERM,
    "list": errno.EIO,
    "stat": errno.EACCES,
    "flock": errno.ENOLCK,
    "spawn": errno.EMFILE,
}


@dataclass
class Failures:
    """Counts the calls whose path begins with FOLDER; the one numbered NUMBER of a KIND fails."""

    folder: str
    kind: str = ""
    number: int | None = None
    """None for every one."""
    calls: list[tuple[str, str]] = field(default_factory=list)
    """What was called: (kind, path)."""

    def call(self, kind: str, path: object) -> None:
        """Take note of a call; raise OSError if it is the one that fails."""
        name = os.fspath(path) if isinstance(path, str | bytes | os.PathLike) else path
        if isinstance(name, int):
            name = _name(name)
        if isinstance(name, bytes):
            name = os.fsdecode(name)
        if kind != "spawn" and not (isinstance(name, str) and name.startswith(self.folder)):
            return
        self.calls.append((kind, str(name)))
        if kind == self.kind and self.number in (None, self.count(kind)):
            raise OSError(ERRORS[kind], os.strerror(ERRORS[kind]), name)

    def count(self, kind: str) -> int:
        """Return how many calls of KIND were made."""
        return sum(called == kind for called, _path in self.calls)


_active: list[Failures] = []


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if not _active:
        return
    failures = _active[-1]
    if event == "open":
        path, _mode, flags = args
        failures.call("creat" if flags & os.O_CREAT else "open", path)
    elif event in _EVENTS:
        failures.call(_EVENTS[event], args[0])


def _name(descriptor: int) -> str:
    try:
        return _readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""


_readlink = os.readlink
_installed: list[bool] = []


class _Raw(io.FileIO):
    """A file whose reads and writes may fail."""

    def write(self, data: Any) -> int:
        if _active:
            _active[-1].call("write", self.fileno())
        return super().write(data) or 0

    def readall(self) -> bytes:
        if _active:
            _active[-1].call("read", self.fileno())
        return super().readall()

    def readinto(self, buffer: Any) -> int | None:
        if _active:
            _active[-1].call("read", self.fileno())
        return super().readinto(buffer)


@contextmanager
def failing(folder: Path, kind: str = "", number: int | None = None) -> Iterator[Failures]:
    """Have the call NUMBER of a KIND below FOLDER fail in the block, counted from 1, or each."""
    if not _installed:
        sys.addaudithook(_audit)
        _installed.append(True)
    failures = Failures(str(folder), kind, number)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(io, "open", _open)
        patch.setattr(os, "fdopen", _open)
        patch.setattr(builtins, "open", _open)
        for module, name in ((os, "fsync"), (os, "stat"), (fcntl, "flock")):
            patch.setattr(module, name, _before(name, getattr(module, name)))
        _active.append(failures)
        try:
            yield failures
        finally:
            _active.pop()


def _before(kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def called(path: Any, *args: Any, **more: Any) -> Any:
        if _active:
            _active[-1].call(kind, path)
        return function(path, *args, **more)

    return called


_real_open = io.open


def _open(file: Any, mode: str = "r", buffering: int = -1, *args: Any, **more: Any) -> Any:
    """Open FILE as `open` does, with a raw file that may fail."""
    if not _active or buffering != -1 or more.get("opener") or set(mode) & set("a+x"):
        return _real_open(file, mode, buffering, *args, **more)
    raw = _Raw(file, mode.replace("b", "").replace("t", ""), closefd=more.pop("closefd", True))
    buffered: Any = io.BufferedWriter(raw) if "w" in mode else io.BufferedReader(raw)
    return buffered if "b" in mode else io.TextIOWrapper(buffered, *args, **more)
