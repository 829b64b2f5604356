"""Ask folders one after another, some of which may be on a drive that does not answer.

Whoever asks such a drive for anything waits, perhaps without end. So another thread asks.
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod

from explog import stuck


class Asking(ABC):
    """Asks in a thread of its own, from `start` on; `silent` are the folders left out."""

    def __init__(self) -> None:
        self.silent: dict[str, None] = {}
        self._error: Exception | None = None
        self._at: str | None = None
        self._steps = 0
        self._given_up = False
        self._lock = threading.Lock()
        self._over = threading.Event()

    @abstractmethod
    def ask(self) -> None:
        """Ask each folder that `enter` allows."""

    def start(self, name: str) -> None:
        """Begin to ask, in a thread called NAME."""
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def enter(self, path: str | os.PathLike[str]) -> bool:
        """Tell whether to ask PATH: unless it does not answer, or nobody waits any more."""
        if stuck.is_silent(path):
            self.silent[os.fspath(path)] = None
            return False
        return self._move(os.fspath(path))

    def wait(self) -> bool:
        """Wait for the end; return False, and note which, if a folder does not answer."""
        steps = -1
        while not self._over.wait(stuck.patience() / 2):
            with self._lock:
                if self._at is not None and steps == self._steps:
                    self._given_up = True
                    stuck.note(self._at)
                    return False
                steps = self._steps
        if self._error is not None:
            raise self._error
        return True

    def _run(self) -> None:
        try:
            self.ask()
        except Exception as error:  # noqa: BLE001 - for whoever waits
            self._error = error
        self._move(None)
        self._over.set()

    def _move(self, path: str | None) -> bool:
        with self._lock:
            if self._given_up and self._at is not None:
                stuck.forget(self._at)  # it answers after all
            self._at = None if self._given_up else path
            self._steps += 1
            return not self._given_up
