"""Find the logs, some of which may be on a drive that does not answer."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from explog.asking import Asking
from explog.config import Settings
from explog.index.records import LogRecord
from explog.sync.quiet import is_as_known
from explog.sync.retries import may_be_there


@dataclass(frozen=True, slots=True)
class FoundLogs:
    """The logs, and of those that are known the unchanged ones and those that nobody can ask.

    `silent` are the files and folders that do not answer, or patterns of files there.
    """

    files: Sequence[Path]
    unchanged: frozenset[str]
    unasked: frozenset[str]
    silent: frozenset[str]


class _Search(Asking):
    """A search in a thread of its own."""

    def __init__(self, settings: Settings, known: Mapping[str, LogRecord], key: bytes) -> None:
        super().__init__()
        self.files: list[Path] = []
        self.unchanged: set[str] = set()
        self.lost: set[str] = set()
        self._settings, self._known, self._key = settings, known, key
        self.start("logs")

    def ask(self) -> None:
        self._find()
        if not self.silent and any(self.enter(one) and os.path.exists(one) for one in self.lost):
            self._find()  # a folder may just not have let itself be listed
        if not self.silent:  # else they may be there
            self.lost = {one for one in self.lost if self.enter(one) and may_be_there(one)}
            self.files += map(Path, sorted(self.lost))
        for path in self.files:
            known = self._known.get(str(path))
            if known is not None and self.enter(path) and is_as_known(path, self._key, known.stamp):
                self.unchanged.add(str(path))

    def _find(self) -> None:
        self.files = self._settings.log_files(self.enter)
        self.lost = self._known.keys() - set(map(str, self.files))


def find_logs(settings: Settings, known: Mapping[str, LogRecord], key: bytes) -> FoundLogs:
    """Return the logs of SETTINGS; KNOWN are those of the index, by path.

    Among them are known ones that are not found, and yet may be there. KEY is for `is_as_known`.
    """
    search = _Search(settings, known, key)
    while not search.wait():
        search = _Search(settings, known, key)  # without what does not answer
    silent = frozenset(search.silent)
    files = [path for path in search.files if str(path) not in silent]
    unasked = known.keys() - set(map(str, files)) if silent else ()
    return FoundLogs(files, frozenset(search.unchanged), frozenset(unasked), silent)


def no_answer(place: str) -> str:
    """Return the sentence that PLACE does not answer."""
    return f"{place}: its drive does not answer; until it does, nothing of it is read or written"
