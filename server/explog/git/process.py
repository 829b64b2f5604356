"""A git that runs: its output as it comes, and a limit to the time for which it may do nothing.

It waits without end where a file of the repository is a pipe, where its disk is a network drive
that hangs, or where somebody stopped it. What works, however long that takes, is not interrupted.
"""

from __future__ import annotations

import io
import os
import select
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

from explog.stuck import PATIENCE, NoAnswerError

# How many seconds git may take where nothing tells whether it works.
_BLIND_PATIENCE = 120.0
_TICK = 0.5
_KILLED_SECONDS = 1.0
_CHUNK = 1 << 16

Pipes = tuple[IO[bytes], IO[bytes]]

_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()


def end_all() -> None:
    """End every git that runs: nobody will wait for its answer."""
    with _lock:
        some = list(_running)
    for process in some:
        process.kill()


class Output(io.RawIOBase):
    """What a git prints. Reading raises NoAnswerError after PATIENCE seconds of nothing."""

    def __init__(self, process: subprocess.Popen[bytes], patience: float = PATIENCE) -> None:
        super().__init__()
        self._process = process
        self._patience = patience
        self._stdout, self._stderr = cast("Pipes", (process.stdout, process.stderr))
        self._poll = select.poll()
        self._poll.register(self._stdout, select.POLLIN)
        # Unless its complaints are taken off it, git waits for us while we wait for it.
        self._poll.register(self._stderr, select.POLLIN)
        self.complaints: list[bytes] = []
        self._complained = False
        with _lock:
            _running.add(process)

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # io gives one
        """Wait until something can be read, put it into BUFFER, and return its length."""
        # Not by `os.read`, which makes room for as much as would fit: git prints 8 kB at a time.
        return os.readv(self._printing(), [buffer])

    def readall(self) -> bytes:
        """Return all that git prints."""
        parts: list[bytes] = []
        while part := os.read(self._printing(), _CHUNK):
            parts.append(part)
        return b"".join(parts)

    def _printing(self) -> int:
        """Wait until git has printed something, or will print no more; return where to read it."""
        stdout, stderr = self._stdout.fileno(), self._stderr.fileno()
        while True:
            ready = self._wait(self._poll)
            if stderr in ready:
                self._complain()
            if stdout in ready:
                return stdout

    def _complain(self) -> None:
        """Take what git complains of."""
        said = os.read(self._stderr.fileno(), _CHUNK)
        self.complaints.append(said)
        if not said:
            self._poll.unregister(self._stderr)
            self._complained = True

    def end(self) -> int:
        """Wait until git has ended, and return its status."""
        self._poll.unregister(self._stdout)
        self._stdout.close()
        while not self._complained:
            self._wait(self._poll)
            self._complain()
        self._wait_for_end()
        return self._process.wait()

    def _wait_for_end(self) -> None:
        if self._process.poll() is not None:
            return
        if not hasattr(os, "pidfd_open"):
            try:
                self._process.wait(_BLIND_PATIENCE)
            except subprocess.TimeoutExpired:
                raise NoAnswerError from None
            return
        ended = os.pidfd_open(self._process.pid)
        try:
            poll = select.poll()
            poll.register(ended, select.POLLIN)
            self._wait(poll)
        finally:
            os.close(ended)

    def _wait(self, poll: select.poll) -> list[int]:
        """Wait until POLL has something, and return of which files; raise NoAnswerError."""
        idle, work = 0.0, None
        while not (ready := poll.poll(_TICK * 1000)):
            now = _work(self._process.pid)
            # Counted, not measured: a terminal may stop both of us for hours.
            idle, work = (0.0 if now != work else idle + _TICK), now
            if idle >= (self._patience if now is not None else _BLIND_PATIENCE):
                raise NoAnswerError
        return [file for file, _event in ready]

    def close(self) -> None:
        """End git if it has not ended, and let go of it."""
        if self.closed:
            return
        super().close()
        with _lock:
            _running.discard(self._process)
        if self._process.poll() is None:
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):  # what hangs in its disk ends with that
                self._process.wait(_KILLED_SECONDS)
        self._stdout.close()
        self._stderr.close()


def _work(pid: int) -> tuple[str, ...] | None:
    """Return what grows while the process works, None where that cannot be told."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    words = text.rpartition(")")[2].split()
    return (*words[7:11], *words[11:13])  # page faults; time in the processor
