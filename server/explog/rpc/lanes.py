"""Lanes of threads, so that a slow call never delays a fast one.

A method that answers while the user types is `fast`; one that may take longer than a moment (it
indexes, it runs git) is `slow`; one that asks another machine is on the lane `net`. The lanes share
no thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Literal

LaneName = Literal["fast", "slow", "net"]


@dataclass(frozen=True)
class Bounds:
    """How many calls of a lane run at once (`workers`), and how many more may wait."""

    workers: int
    waiting: int


BOUNDS: Mapping[LaneName, Bounds] = {
    # A fast call takes milliseconds and holds the interpreter while it runs: more than four at
    # once gain nothing. 256 wait: what Emacs can ask within a second with every buffer's hooks.
    "fast": Bounds(workers=4, waiting=256),
    # A slow call mostly waits for git, whose processes compete for the disk. With 32 waiting
    # behind 4 the last one has to wait for so long that "busy" is the better answer.
    "slow": Bounds(workers=4, waiting=32),
    # A wire that was cut is waited for some seconds. Whoever types wants the newest answer alone.
    "net": Bounds(workers=3, waiting=3),
}


class Lane:
    """Threads that run jobs in turn, no more of them than `bounds` says.

    The threads are daemons and start when first needed: a call that runs must not keep the
    process from ending, and start-up stays short.
    """

    def __init__(self, name: str, bounds: Bounds) -> None:
        self._name = name
        self._bounds = bounds
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()
        self._unfinished = 0
        self._threads = 0

    def submit(self, job: Callable[[], None]) -> bool:
        """Have `job`, which raises nothing, run; return False if the lane is full."""
        with self._lock:
            if self._unfinished >= self._bounds.workers + self._bounds.waiting:
                return False
            self._unfinished += 1
            if self._threads < min(self._unfinished, self._bounds.workers):
                self._threads += 1
                name = f"{self._name}-{self._threads}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
        self._jobs.put(job)
        return True

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                job()
            finally:
                with self._lock:
                    self._unfinished -= 1


def lanes(bounds: Mapping[LaneName, Bounds]) -> Mapping[LaneName, Lane]:
    """Return a new lane for each of `bounds`."""
    return {name: Lane(name, bound) for name, bound in bounds.items()}
