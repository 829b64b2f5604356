"""What stands in the folder of a run: files of metrics and of parameters, as a commit has them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence

from explog.config import Settings
from explog.globs import Globs, part_regexp
from explog.results.combine import FileRows
from explog.results.files import observed
from explog.results.folder import Entry, Stamp, UnreadFileError, opened, read_small, stamp, walk
from explog.results.parameters import shared
from explog.results.reader import read_file
from explog.results.remembered import Remembered
from explog.results.rows import Read, cleaned
from explog.results.values import FILES, Trouble, Values
from explog.runs.record import RECORD

# A folder with more is a collection of data.
_MOST_FILES = 50

_read: Remembered[tuple[str, Stamp, bool], Read] = Remembered(2000)
"""What was read of files, while they stay as they are."""


class RunFolderReader:
    """Reads the files in the folders of runs that SETTINGS name."""

    def __init__(self, settings: Settings) -> None:
        self._kinds = (Globs(settings.metrics), False), (Globs(settings.parameters), True)
        self._enter = entering([one for globs, _lists in self._kinds for one in globs.patterns])

    def read(self, folder: str, shown: str) -> Values:
        """Return what is in FOLDER, which is called SHOWN in sources.

        What stands in its files of parameters goes with each of the samples.
        """
        found: tuple[list[FileRows], list[FileRows]] = [], []
        complaints: list[tuple[str, str]] = []
        for entry in walk(folder, self._enter):
            for (globs, lists), rows in zip(self._kinds, found, strict=True):
                place = globs.place(entry.path)
                if place is None or entry.path == RECORD or len(rows) == _MOST_FILES:
                    continue
                read = _content(folder, entry, lists=lists)
                complaints += ((entry.path, complaint) for complaint in read.complaints)
                rows.append(FileRows(entry.path, place, read.rows))
        samples, disagreeing = observed(sorted(found[0], key=lambda one: one.path))
        parameters, conflicting = shared(sorted(found[1], key=lambda one: (one.place, one.path)))
        complaints += ((FILES, complaint) for complaint in (*disagreeing, *conflicting))
        own = parameters[0].parameters if parameters else {}
        return Values(
            tuple(
                one._replace(
                    source=cleaned(f"{shown}/{one.source}"), parameters={**own, **one.parameters}
                )
                for one in samples
            ),
            tuple(_trouble(folder, path, complaint) for path, complaint in complaints),
        )


def _content(folder: str, entry: Entry, *, lists: bool) -> Read:
    try:
        with opened(entry) as (descriptor, status):
            key = os.path.join(folder, entry.path), stamp(status), lists
            found = _read.get(key)
            if found is None:
                found = read_file(entry.path, read_small(descriptor, status), lists=lists)
                _read[key] = found
            return found
    except UnreadFileError as error:
        return Read((), (str(error),))


def _trouble(folder: str, path: str, complaint: str) -> Trouble:
    name = f"the files in {folder}" if path == FILES else os.path.join(folder, path)
    return Trouble(path, f"{cleaned(name)}: {complaint}")


def entering(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Return what tells of a folder whether it may have files that one of PATTERNS matches."""
    parts = [pattern.split("/")[:-1] for pattern in patterns]

    def enter(path: str) -> bool:
        names = path.split("/")
        return any(_leads(one, names) for one in parts)

    return enter


def _leads(pattern: Sequence[str], names: Sequence[str]) -> bool:
    """Tell whether what PATTERN, parts of one, matches may be in the folder with NAMES."""
    for place, name in enumerate(names):
        if place >= len(pattern):
            return False
        if "**" in pattern[place]:
            return True
        if part_regexp(pattern[place]).fullmatch(name) is None:
            return False
    return True


# `runs/e201.1-20260105T101500-node7-4242/metrics.json`; of other programs, `mlruns (NAME)`.
_RUN = re.compile(r"(-)[0-9]{8}T[0-9]{6}-[^/]*|(?<= )(\().*\)$")


def shortened_name(source: str) -> str | None:
    """Return SOURCE, with a star for what tells runs of a step apart; None if it is of no run."""
    shape, times = _RUN.subn(lambda match: "-*" if match[1] else "(*)", source, count=1)
    return shape if times else None
