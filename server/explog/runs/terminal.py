"""A terminal of its own for the output of a run, so that a terminal stays one for the training.

Only what the training writes goes through it. Its standard input, its session, its process group
and its controlling terminal stay the user's, so that keys, signals and job control need nothing of
us, and passwords that are typed do not come into the log.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import termios
from typing import Any

_OUTPUT = 1
_COPIED = (0, 3, 6)  # what is typed: input modes, local modes, special characters


class Terminal:
    """A pseudo-terminal whose output goes to REAL, the descriptor of the user's terminal.

    `master` is where to read, `slave` what the training writes to.
    """

    def __init__(self, real: int) -> None:
        """Make it as large as REAL, and with its settings; raise OSError if there is none left."""
        self._real = real
        self.master, self.slave = os.openpty()
        self._before = _attributes(real)
        self._changed = False
        self.resize()
        modes = _attributes(self.slave) if self._before is None else list(self._before)
        if modes is not None:
            # The user's terminal makes line ends of newlines; here this would be a second time.
            modes[_OUTPUT] &= ~termios.OPOST
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.slave, termios.TCSANOW, modes)
        self._known = _attributes(self.master)

    def resize(self) -> None:
        """Make it as large as the user's terminal is now."""
        with contextlib.suppress(OSError):
            size = fcntl.ioctl(self._real, termios.TIOCGWINSZ, b"\0" * 8)
            fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)

    def follow(self) -> None:
        """Have the user's terminal read keys as the training wants; curses sets its output so."""
        now = _attributes(self.master)
        if now is None or now == self._known or not self._is_foreground():
            return
        self._known = now
        modes = _attributes(self._real)
        if modes is not None:
            for n in _COPIED:
                modes[n] = now[n]
            self._changed = True
            _set(self._real, modes)

    def restore(self) -> None:
        """Give the user's terminal back as it was, if the training had it changed through us."""
        if self._changed and self._before is not None and self._is_foreground():
            self._changed = False
            self._known = None
            _set(self._real, self._before)

    def close(self) -> None:
        """Give the user's terminal back, and close our own."""
        self.restore()
        os.close(self.master)

    def _is_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self._real) == os.getpgrp()
        except OSError:  # it is not the controlling terminal
            return False


def _attributes(descriptor: int) -> list[Any] | None:
    try:
        return termios.tcgetattr(descriptor)
    except termios.error:
        return None


def _set(descriptor: int, modes: list[Any]) -> None:
    with contextlib.suppress(termios.error):
        termios.tcsetattr(descriptor, termios.TCSADRAIN, modes)
