"""The way of what a training writes: from it to us, and from us to where it would have gone."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from typing import NamedTuple

from explog.runs.terminal import Terminal

PIPE_BYTES = 1 << 18
_SET_PIPE_SIZE = getattr(fcntl, "F_SETPIPE_SZ", None)  # of Linux, and Python 3.10


class Channel(NamedTuple):
    """What the training writes: `source` is where we read it, `sink` where it goes on to."""

    source: int
    sink: int
    terminal: Terminal | None


def open_channel(sink: int) -> tuple[Channel, int]:
    """Return a channel to SINK, and the end of it that the training gets."""
    terminal = None
    if os.isatty(sink):
        with contextlib.suppress(OSError):  # there is none left: a pipe is better than nothing
            terminal = Terminal(sink)
    if terminal is not None:
        source, end = terminal.master, terminal.slave
    else:
        source, end = os.pipe()
        if _SET_PIPE_SIZE is not None:
            with contextlib.suppress(OSError):
                fcntl.fcntl(source, _SET_PIPE_SIZE, PIPE_BYTES)
    return Channel(source, _open_without_waiting(sink), terminal), end


def close_channel(channel: Channel) -> None:
    """Close CHANNEL, but for what the user gave us."""
    if channel.sink > 2:
        os.close(channel.sink)
    if channel.terminal is not None:
        channel.terminal.close()
    else:
        os.close(channel.source)


def place_of(descriptor: int) -> object:
    """Return what two descriptors have in common that lead to the same place; None if closed."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino, stat.S_IFMT(status.st_mode)


def _open_without_waiting(sink: int) -> int:
    """Return a descriptor for the pipe or terminal SINK that never waits; SINK, if there is none.

    To change SINK itself would change it for all that have it open.
    """
    mode = os.fstat(sink).st_mode
    if not (stat.S_ISFIFO(mode) or os.isatty(sink)):
        return sink
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        return os.open(f"/proc/self/fd/{sink}", flags)
    except OSError:
        return sink
