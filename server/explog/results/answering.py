"""Ask folders, some of which may be on a drive that does not answer: nobody waits for that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from explog.git import stuck

_Answer = TypeVar("_Answer")


class _Asking(Generic[_Answer]):
    """Asks each of PLACES by its function, in a thread of its own."""

    def __init__(self, places: Sequence[tuple[str, Callable[[], _Answer]]]) -> None:
        self.answers: list[_Answer] = []
        self.silent: dict[str, None] = {}
        self.error: Exception | None = None
        self.asked = 0
        self._places = places
        self._at: str | None = None
        self._given_up = False
        self._lock = threading.Lock()
        self._over = threading.Event()
        threading.Thread(target=self._run, name="asking", daemon=True).start()

    def _run(self) -> None:
        try:
            for place, ask in self._places:
                if stuck.is_silent(place):
                    self.silent[place] = None
                elif not self._enter(place):
                    return
                else:
                    self.answers.append(ask())
        except Exception as error:  # noqa: BLE001 - for whoever waits
            self.error = error
        finally:
            self._enter(None)
            self._over.set()

    def _enter(self, place: str | None) -> bool:
        with self._lock:
            if self._given_up and self._at is not None:
                stuck.forget(self._at)  # it answers after all
            self._at = place
            self.asked += 1
            return not self._given_up

    def wait(self) -> bool:
        """Wait for all answers; return False, and note which, if a place does not answer."""
        asked = -1
        while not self._over.wait(stuck.patience() / 2):
            with self._lock:
                if self._at is not None and asked == self.asked:
                    self._given_up = True
                    stuck.note(self._at)
                    return False
                asked = self.asked
        if self.error is not None:
            raise self.error
        return True


def no_answer(path: str) -> str:
    """Return the sentence that the folder at PATH does not answer."""
    return f"{path}: it does not answer, so its runs are left out"


def ask_each(
    places: Sequence[tuple[str, Callable[[], _Answer]]],
) -> tuple[list[_Answer], list[str]]:
    """Return what the functions return, in their order, and the folders that do not answer.

    Each function is given with the folder that it asks.
    """
    if not places:
        return [], []
    asking = _Asking(places)
    while not asking.wait():
        asking = _Asking(places)  # without what does not answer
    return asking.answers, list(asking.silent)
