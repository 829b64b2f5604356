"""Where the runs of other programs are looked for, and by which reader.

It costs a `stat` for each name in each worktree where there is nothing, and nothing before a table
is asked for.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

from explog.config import Settings
from explog.index.database import Index
from explog.results.answering import ask_each, no_answer
from explog.results.folder import folders_in
from explog.results.own_runs import worktrees_of_all
from explog.results.tracked import Tracked
from explog.results.trackers.mlflow_database import read_database
from explog.results.trackers.mlflow_folder import META, read_mlruns
from explog.results.trackers.run import Found
from explog.results.trackers.tensorboard import read_tensorboard
from explog.results.trackers.wandb import RUN, read_wandb

_Reader: TypeAlias = Callable[[str, str, Collection[str]], Found]
# Those of the first one count most.
_READERS: tuple[_Reader, ...] = (read_database, read_mlruns, read_wandb, read_tensorboard)


class _Place(NamedTuple):
    """A file or folder, what it is called in tables, and the worktree that it is of, if of one."""

    path: str
    shown: str
    top: str | None


class TrackerRuns:
    """The runs in the places that SETTINGS name, in all worktrees that INDEX knows."""

    def __init__(self, settings: Settings, index: Index) -> None:
        self._settings = settings
        self._index = index
        self.troubles: list[str] = []

    def read(self, idents: Collection[str]) -> Sequence[Sequence[Tracked]]:
        """Return the runs of steps of the experiments IDENTS that have not failed, by reader."""
        places = self._places() if idents and self._settings.trackers else ()
        answers, silent = ask_each([(one.path, partial(_read, one, idents)) for one in places])
        self.troubles = [no_answer(path) for path in silent]
        runs: dict[_Reader, list[Tracked]] = {reader: [] for reader in _READERS}
        # By links, several worktrees may have one folder.
        once = {path: (reader, found) for path, reader, found in filter(None, answers)}
        for reader, found in once.values():
            self.troubles += found.troubles
            runs[reader] += found.runs
        return [some for some in runs.values() if some]

    def _places(self) -> Iterator[_Place]:
        named = [os.path.expanduser(name) for name in self._settings.trackers]
        for name in filter(os.path.isabs, named):
            yield _Place(name, name, None)
        for top, _repository in worktrees_of_all(self._index):
            for name in named:
                if not os.path.isabs(name):
                    yield _Place(os.path.join(top, name), name, top)


def _read(place: _Place, idents: Collection[str]) -> tuple[str, _Reader, Found] | None:
    """Return the real name of PLACE, its reader, and what that finds of IDENTS, or None."""
    if not os.path.lexists(place.path):
        return None
    path = os.path.realpath(place.path)
    reader = _reader(path)
    if reader is None:
        return None
    found = reader(path, place.shown, idents)
    runs = [run._replace(repository=run.repository or place.top) for run in found.runs]
    return path, reader, Found(runs, found.troubles)


def _reader(path: str) -> _Reader | None:
    """Return what reads PATH: a file is a database; what a folder is, its folders tell."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return None
    if stat.S_ISREG(mode):
        return read_database
    if not stat.S_ISDIR(mode):
        return None
    for folder in folders_in(path):
        if os.path.lexists(os.path.join(folder, META)):
            return read_mlruns
        if RUN.fullmatch(os.path.basename(folder)):
            return read_wandb
    return read_tensorboard
