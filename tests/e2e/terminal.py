"""A program in a pseudo terminal, its screen, and the keys typed into it.

A thread reads all the while and feeds a terminal emulator, so the program never waits for a
reader and `screen()` is what a user would see at that moment.
"""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

from .keys import encode

COLUMNS, LINES = 120, 40

#: Seconds that a wait may last. A loaded machine with two cores needs about a tenth of it.
TIMEOUT = float(os.environ.get("EXPLOG_E2E_TIMEOUT", "20"))

#: Longest pause between two looks, in seconds. New output on the screen is looked at sooner.
POLL = 0.03


#: Makes the terminal on standard input the controlling one, as Emacs opens /dev/tty, then becomes
#: the program. Code between fork and exec would do the same, at the risk of a deadlock in a
#: process with threads (which Python ≥ 3.12 warns of).
_LAUNCHER = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)


class TerminalError(AssertionError):
    """Something that was waited for did not come; the message shows the whole screen."""


class Terminal:
    """A program on a screen."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        size: tuple[int, int] = (COLUMNS, LINES),
    ) -> None:
        """Start ARGV in the folder CWD with ENV as its whole environment.

        SIZE is that of the screen, in columns and lines.
        """
        columns, lines = size
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._changed = threading.Condition()
        self._trouble: list[str] = []
        self._closed = False
        self._terminal, side = pty.openpty()
        termios.tcsetwinsize(side, (lines, columns))
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _LAUNCHER, *argv],
                cwd=cwd,
                env=env,
                stdin=side,
                stdout=side,
                stderr=side,
                start_new_session=True,
            )
        finally:
            os.close(side)
        self._reader = threading.Thread(target=self._read, name="terminal reader", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process that was started; it leads a session and a process group of its own."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the program still runs."""
        return self._process.poll() is None

    # Input

    def keys(self, keys: str) -> None:
        """Press KEYS, written as Emacs writes them: ``"C-x g"``, ``"M-x"``, ``"<f5> RET"``."""
        self.send(encode(keys))

    def type(self, text: str) -> None:
        """Type TEXT letter by letter; a line end is the RET key.

        The program reacts as to a typist: Emacs fills and indents. `paste` leaves TEXT as it is.
        """
        self.send(text.replace("\n", "\r").encode())

    def paste(self, text: str) -> None:
        """Insert TEXT as the terminal's own paste does (bracketed): as it is, in one piece."""
        self.send(b"\x1b[200~" + text.encode() + b"\x1b[201~")

    def send(self, data: bytes) -> None:
        """Write DATA to the program, all of it, also where the terminal takes only a part."""
        while data:
            data = data[os.write(self._terminal, data) :]

    # Output

    def screen(self) -> str:
        """Return what the screen shows, a line each, without the blanks at the ends."""
        with self._changed:
            return "\n".join(line.rstrip() for line in self._screen.display)

    def title(self) -> str:
        """Return the title that the program has given to the window."""
        with self._changed:
            return self._screen.title

    def cells(self) -> list[list[pyte.screens.Char]]:
        """Return what the screen shows, cell by cell, with colours."""
        with self._changed:
            rows, columns = self._screen.lines, self._screen.columns
            return [[self._screen.buffer[row][n] for n in range(columns)] for row in range(rows)]

    def wait_for(self, wanted: str | re.Pattern[str], timeout: float = TIMEOUT) -> str:
        """Wait until WANTED, a text or a compiled regexp, is on the screen; return the screen."""
        pattern = re.compile(re.escape(wanted)) if isinstance(wanted, str) else wanted
        self.wait_until(
            lambda: pattern.search(self.screen()) is not None, timeout, f"screen: {pattern.pattern}"
        )
        return self.screen()

    def wait_until(
        self, condition: Callable[[], object], timeout: float = TIMEOUT, what: str = ""
    ) -> None:
        """Wait until CONDITION() is true, else raise TerminalError with WHAT and the screen."""
        deadline = time.monotonic() + timeout
        while not condition():
            if not self.alive:
                raise self.error(f"the program ended while waiting for {what or condition}")
            if time.monotonic() > deadline:
                raise self.error(f"not within {timeout:g} s: {what or condition}")
            with self._changed:
                self._changed.wait(POLL)

    def error(self, message: str) -> TerminalError:
        """Return an error with MESSAGE and all that is known about the screen."""
        rule = "-" * self._screen.columns
        trouble = "".join(f"\nterminal emulator: {line}" for line in self._trouble)
        return TerminalError(f"{message}\n{rule}\n{self.screen()}\n{rule}{trouble}")

    # End

    def close(self) -> None:
        """End the program: first as a closed window does (SIGHUP), then without asking."""
        if self._closed:
            return
        self._closed = True
        for number, patience in ((signal.SIGHUP, 2.0), (signal.SIGKILL, 5.0)):
            if self.alive:
                os.killpg(self.pid, number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(patience)
        self._reader.join(timeout=2)
        os.close(self._terminal)

    def _read(self) -> None:
        """Feed the emulator until the program closes its side."""
        while True:
            try:
                data = os.read(self._terminal, 65536)
            except OSError:  # Linux says EIO where others say end of file
                return
            if not data:
                return
            with self._changed:
                try:
                    self._stream.feed(data)
                except (TypeError, ValueError, LookupError) as error:  # a sequence unknown to pyte
                    self._trouble.append(f"{error!r} in {data[-200:]!r}")
                self._changed.notify_all()
