"""A second process beside the one that waits for the training, for two things.

It is in the same process group, and tells which signals the whole group got: Ctrl-C in a terminal,
`timeout`, `scancel`. Such a signal has reached the training by itself; a signal to our process
alone must be passed on to it. A training that saves its state at the first signal and gives up at
the second must not get one twice.

It also touches the record every half a minute, even while our process is stopped or waits for a
slow terminal, so that others see that the run is alive.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterable

HEARTBEAT_SECONDS = 30.0
_ANSWER = b"\0"
_MOST_SECONDS = 5.0


class Witness:
    """The process; `heard` asks it. It ends when we do, or at `close`."""

    def __init__(self, signals: Iterable[int], record: str) -> None:
        """Start it; it listens for SIGNALS and touches the file RECORD."""
        question, self._ask = os.pipe()
        self._news, answer = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.close(self._ask)
                os.close(self._news)
                _listen(signals, record, question, answer)
            finally:
                os._exit(0)
        os.close(question)
        os.close(answer)

    def heard(self) -> set[int]:
        """Return the signals that it got since it was asked last; none if it is gone."""
        found: set[int] = set()
        try:
            os.write(self._ask, b"?")
            while select.select([self._news], [], [], _MOST_SECONDS)[0]:
                data = os.read(self._news, 256)
                found.update(set(data) - {0})
                if not data or _ANSWER in data:
                    break
        except OSError:
            return found
        return found

    def close(self) -> None:
        """End it, and wait until it has ended."""
        os.close(self._ask)
        os.close(self._news)
        os.waitpid(self._pid, 0)


def _listen(signals: Iterable[int], record: str, question: int, answer: int) -> None:
    for number in signals:
        signal.signal(number, lambda number, _frame: os.write(answer, bytes([number])))
    # Whoever reads our output must not wait for this process.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    due = time.monotonic() + HEARTBEAT_SECONDS
    while True:
        ready = select.select([question], [], [], max(0.0, due - time.monotonic()))[0]
        if not ready:
            touch(record)
            due = time.monotonic() + HEARTBEAT_SECONDS
        elif os.read(question, 1):
            os.write(answer, _ANSWER)
        else:
            return


def touch(path: str) -> None:
    """Say by the time of the file PATH that its run is alive, by our clock."""
    now = time.time()
    with contextlib.suppress(OSError):  # its folder was removed, or a server of disks is away
        os.utime(path, (now, now))
