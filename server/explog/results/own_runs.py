"""What stands in the folders of the runs of `explog run`: a source of results."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import TypeAlias

from explog.config import Settings
from explog.grammar import ID_PATTERN, STEP_PATTERN
from explog.index.commits import all_repositories
from explog.index.database import Index
from explog.refs import Reference, is_id, is_step, parse_step
from explog.results.answering import ask_each, no_answer
from explog.results.run_folder import RunFolderReader
from explog.results.tracked import Tracked
from explog.runs.folder import run_places, worktrees_of
from explog.runs.listing import FoundRun, find_runs
from explog.stuck import is_silent

_COUNTING = ("ok", "running")
_MOST_RUNS = 1000
# `e201.1-20260105T101500-node7-4242`, as `explog.runs.folder` makes it.
_NAME = re.compile(rf"e({ID_PATTERN})(?:\.{STEP_PATTERN})?-[0-9]{{8}}T[0-9]{{6}}-")


FindRuns: TypeAlias = Callable[[Collection[str]], Iterable[FoundRun]]
"""Returns the runs that are known, the newest first, at least those of some experiments."""


def runs_of(settings: Settings, index: Index, idents: Collection[str]) -> list[FoundRun]:
    """Return the runs of the experiments IDENTS in the folders of all repositories, newest first.

    The name of a run's folder begins with its reference; where it does not, the record is read.
    """

    def may_be_wanted(folder: str) -> bool:
        match = _NAME.match(os.path.basename(folder))
        return match is None or match[1] in idents

    places = [path for path, _repository in worktrees_of_all(index)]
    folders = run_places(settings.runs.folders, places)
    return find_runs((one for one in folders if not is_silent(one)), wanted=may_be_wanted)


def no_runs(_idents: Collection[str]) -> Iterable[FoundRun]:
    """Return that no runs are known."""
    return ()


def worktrees_of_all(index: Index) -> list[tuple[str, str]]:
    """Return the worktrees of all repositories, each with the path of its repository."""
    return [
        (path, one.path)
        for one in all_repositories(index)
        for path in worktrees_of([(one.path, one.common_dir)])
    ]


class OwnRuns:
    """The runs that FIND finds, whose files SETTINGS name."""

    def __init__(self, settings: Settings, find: FindRuns) -> None:
        self._settings = settings
        self._find = find
        self.troubles: list[str] = []

    def read(self, idents: Collection[str]) -> Sequence[Sequence[Tracked]]:
        """Return the runs of steps of the experiments IDENTS that ended well, or still run."""
        chosen = self._chosen(idents)
        if not chosen:
            return []
        reader = _Reader(self._settings)
        asked = [(os.path.dirname(one.folder), partial(reader.read, one)) for one in chosen]
        answers, silent = ask_each(asked)
        self.troubles = [no_answer(path) for path in silent]
        return [answers]

    def _chosen(self, idents: Collection[str]) -> list[FoundRun]:
        """Return the runs of IDENTS that count, of each step the newest ones."""
        counts: dict[Reference, int] = {}
        chosen: list[FoundRun] = []
        for one in self._find(idents):
            reference = read_reference(one.record.reference)
            if one.record.state in _COUNTING and reference and reference.experiment in idents:
                counts[reference] = counts.get(reference, 0) + 1
                if counts[reference] <= _MOST_RUNS:
                    chosen.append(one)
        return chosen


def read_reference(text: str) -> Reference | None:
    """Return the reference of a step that TEXT is, as `e201.1`; None if it is none."""
    ident, _dot, step = text.removeprefix("e").partition(".")
    return Reference(ident, parse_step(step)) if is_step(step) and is_id(ident) else None


class _Reader:
    """Reads the folders of runs."""

    def __init__(self, settings: Settings) -> None:
        self._folders = RunFolderReader(settings)
        self._tops: dict[str, str] = {}

    def read(self, run: FoundRun) -> Tracked:
        """Return what is in the folder of RUN."""
        record = run.record
        return Tracked(
            reference=str(read_reference(record.reference)),
            ended=record.state == "ok",
            time=record.start if record.end is None else record.end,
            values=self._folders.read(run.folder, self._shown(run)),
            repository=record.repository,
            head=record.head,
            commit=record.snapshot or record.head,
        )

    def _shown(self, run: FoundRun) -> str:
        """Return the folder of RUN as a table shows it: relative to the worktree, if in that."""
        name = run.record.repository
        if name is None:
            return run.folder
        if name not in self._tops:
            self._tops[name] = os.path.join(os.path.realpath(name), "")
        return run.folder.removeprefix(self._tops[name])
