"""inotify, Linux's way to tell of changes in folders: thousands of them in one thread.

watchdog has two threads for each folder, or each tree, and the whole tree of a worktree would use
up the watches that a user has.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

MODIFY, CLOSE_WRITE = 0x2, 0x8
MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x40, 0x80, 0x100, 0x200
OVERFLOW, IGNORED, IS_FOLDER = 0x4000, 0x8000, 0x40000000
_ONLY_FOLDERS = 0x01000000
_CHANGES = MODIFY | CLOSE_WRITE | MOVED_FROM | MOVED_TO | CREATE | DELETE

_LIMIT = "/proc/sys/fs/inotify/max_user_watches"
_FEWEST = 8192  # of a Linux of old
_HEADER = struct.Struct("iIII")
_READ_BYTES = 1 << 16


class Event(NamedTuple):
    """What happened to NAME in the folder of a WATCH; the watch of an overflow is -1."""

    watch: int
    mask: int
    name: str


class Inotify:
    """One instance. Raises OSError where the system has none, or the user none left."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        if not hasattr(self._libc, "inotify_init1"):
            raise OSError(errno.ENOSYS, "there is no inotify")
        self._file = self._called(self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
        self._woken, self._wake = os.pipe()

    def add(self, folder: str) -> int:
        """Watch FOLDER; return the number of the watch. Raises OSError."""
        name = os.fsencode(folder)
        mask = ctypes.c_uint32(_CHANGES | _ONLY_FOLDERS)
        return self._called(self._libc.inotify_add_watch(self._file, name, mask), folder)

    def remove(self, watch: int) -> None:
        """Watch no more."""
        self._libc.inotify_rm_watch(self._file, watch)  # it may have ended with its folder

    def events(self) -> Iterator[Event]:
        """Yield what happens, until `stop`."""
        poll = select.poll()
        poll.register(self._file, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        while self._woken not in [file for file, _event in poll.poll()]:
            with suppress(BlockingIOError):
                yield from _parsed(os.read(self._file, _READ_BYTES))

    def stop(self) -> None:
        """End `events`."""
        os.write(self._wake, b"x")

    def close(self) -> None:
        """Close what is open; nothing may be called afterwards."""
        for file in (self._file, self._woken, self._wake):
            os.close(file)

    @staticmethod
    def _called(result: int, path: str | None = None) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), path)
        return result


def _parsed(data: bytes) -> Iterator[Event]:
    offset = 0
    while offset < len(data):
        watch, mask, _cookie, size = _HEADER.unpack_from(data, offset)
        offset += _HEADER.size
        name = data[offset : offset + size].rstrip(b"\0")
        offset += size
        yield Event(watch, mask, os.fsdecode(name))


def most_watches() -> int:
    """Return how many folders all programs of a user may watch."""
    try:
        with open(_LIMIT, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return _FEWEST
