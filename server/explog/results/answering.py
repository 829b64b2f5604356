"""Ask folders of runs, some of which may be on a drive that does not answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from explog.asking import Asking

_Answer = TypeVar("_Answer")


class _Questions(Asking, Generic[_Answer]):
    """Asks each of PLACES by its function."""

    def __init__(self, places: Sequence[tuple[str, Callable[[], _Answer]]]) -> None:
        super().__init__()
        self.answers: list[_Answer] = []
        self._places = places
        self.start("asking")

    def ask(self) -> None:
        for place, function in self._places:
            if self.enter(place):
                self.answers.append(function())


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
    questions = _Questions(places)
    while not questions.wait():
        questions = _Questions(places)  # without what does not answer
    return questions.answers, list(questions.silent)
