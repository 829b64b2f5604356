"""Which runs of trainings there are, and how they are: what the server knows without being asked.

A look costs one `stat` for each folder that may have runs and for each run that has not ended, and
reads a record only where that shows a change. Now and then everything is looked at, because a file
system may say late, or not at all, that a folder has changed, and a scheduler may start a run that
had ended once more.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from explog.config import Settings
from explog.runs.commits import duration
from explog.runs.folder import run_places, worktrees_of
from explog.runs.listing import LOST_SECONDS, FoundRun, read_run, run_folders
from explog.runs.record import RECORD, RunRecord
from explog.runs.show import one_line
from explog.stuck import is_silent

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
# How often everything is looked at.
_FULL_SECONDS = 60.0
_FIRST_LOOK_SECONDS = 3.0
# A run makes its folder, keeps its code, which may take a while, and then writes its record.
_NEW_SECONDS = 30.0

_UNFINISHED = ("running", "lost", "requeued")

Stamp: TypeAlias = tuple[int, int, int]


@dataclass(slots=True)
class _Record:
    """The record of a run as it was read last; `run` is None if it could not be read.

    `stamp` is None if it is to be read again.
    """

    stamp: Stamp | None
    run: FoundRun | None


@dataclass(slots=True)
class _Folder:
    """A folder of runs. It is listed when its `stamp` changes, and until `settled`."""

    stamp: Stamp | None = None
    settled: float = 0.0
    records: dict[str, _Record] = field(default_factory=dict)
    watched: set[str] = field(default_factory=set)
    """The runs to look at each time: they have not ended, or could not be read."""


class KnownRuns:
    """The runs in some folders; what cannot be read for a moment stays as it was."""

    def __init__(self) -> None:
        self.found: tuple[FoundRun, ...] = ()
        """All runs, the newest first, each with the state that it had at the last look."""
        self._folders: dict[str, _Folder] = {}

    def look(self, folders: Sequence[str], now: float, *, full: bool = False) -> bool:
        """Look at FOLDERS, which are real names; return whether `found` has changed.

        NOW is in seconds since 1970. If FULL, look at all records.
        """
        changed = False
        for gone in self._folders.keys() - set(folders):
            changed |= bool(self._folders.pop(gone).records)
        for path in folders:
            if not is_silent(path):
                folder = self._folders.setdefault(path, _Folder())
                changed |= _look_at(path, folder, now, full=full)
        if changed:
            self._collect()
        return changed

    def _collect(self) -> None:
        records = (one for folder in self._folders.values() for one in folder.records.values())
        found = [one.run for one in records if one.run is not None]
        found.sort(key=lambda run: (run.record.start, run.record.run), reverse=True)
        self.found = tuple(found)


def _look_at(path: str, folder: _Folder, now: float, *, full: bool) -> bool:
    """Look at the FOLDER at PATH; return whether one of its runs came, went or changed."""
    try:
        stamp = _stamp(path)
    except OSError:
        return False
    if stamp != folder.stamp:
        folder.stamp, folder.settled = stamp, time.monotonic() + _NEW_SECONDS
    missing: set[str] = set()
    if full or time.monotonic() < folder.settled:
        listed = set(run_folders(path))
        missing = folder.records.keys() - listed
        for place in listed - folder.records.keys():
            folder.records[place] = _Record(None, None)
            folder.watched.add(place)
    places = list(folder.records) if full else folder.watched | missing
    changes = [_examine(folder, place, now, full=full) for place in places]
    return any(changes)


def _examine(folder: _Folder, place: str, now: float, *, full: bool) -> bool:
    """Look at the run in PLACE; return whether what is known of it has changed."""
    known = folder.records[place]
    try:
        stamp = _stamp(os.path.join(place, RECORD))
    except OSError:
        return False
    if stamp is None:
        del folder.records[place]
        folder.watched.discard(place)
        return known.run is not None
    if stamp == known.stamp and not (full and known.run is None) and not _may_be_lost(known, now):
        return False
    record = read_run(place, now)
    if record is None:  # it is kept as it was, and tried again
        known.stamp = stamp if known.run is None else None
        folder.watched.add(place)
        return False
    folder.records[place] = _Record(stamp, FoundRun(record, place))
    (folder.watched.add if record.state in _UNFINISHED else folder.watched.discard)(place)
    return folder.records[place].run != known.run


def _may_be_lost(known: _Record, now: float) -> bool:
    """Tell whether nobody has touched the record of a KNOWN run for long, though it runs."""
    if known.run is None or known.run.record.state != "running" or known.stamp is None:
        return False
    return abs(now - known.stamp[0] / 1e9) > LOST_SECONDS


def _stamp(path: str) -> Stamp | None:
    """Return what changes when PATH does; None if it does not exist. May raise OSError."""
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


class RunWatch:
    """Looks at the runs of the repositories, in a thread of its own.

    A folder of runs may be on another machine that does not answer; hashes do not wait for it.
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        """Call TELL, in whatever thread, when other runs are known."""
        self._tell = tell
        self._known = KnownRuns()
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._settings = Settings()
        self._repositories: tuple[tuple[str, str], ...] = ()
        self._places: tuple[str, ...] = ()
        self.worktrees: dict[str, str] = {}
        """The real names of the worktrees of the repositories, and the common directory of each."""
        self.sources: dict[str, str] = {}
        """The folders that may have runs, and what each is a part of; see `_source`."""
        self._full_due = 0.0
        self._looked = threading.Event()

    @property
    def found(self) -> tuple[FoundRun, ...]:
        """The runs that are known, the newest first."""
        return self._known.found

    def serve(self, settings: Settings, repositories: Iterable[tuple[str, str]]) -> None:
        """Look from now on at the runs of REPOSITORIES, and at those that SETTINGS name.

        A repository is a worktree and its common directory.
        """
        wanted = tuple(repositories)
        if (settings.runs, wanted) != (self._settings.runs, self._repositories):
            self._settings, self._repositories = settings, wanted
            self._full_due = 0.0
            self._looked.clear()
            self._woken.set()

    def start(self) -> None:
        """Begin to look."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="runs", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._closed = True
        self._woken.set()

    def look(self) -> None:
        """Look once, and tell if other runs are known than before."""
        with self._lock:
            full = time.monotonic() >= self._full_due
            if full:
                self._full_due = time.monotonic() + _FULL_SECONDS
                self.worktrees = self._find_worktrees()
                self._places = run_places(self._settings.runs.folders, self.worktrees)
                self.sources = {place: _source(place, self.worktrees) for place in self._places}
            changed = self._known.look(self._places, time.time(), full=full)
        self._looked.set()
        if changed:
            self._tell()

    def wait_for_look(self) -> None:
        """Wait for the first look, but only as long as a drive that answers may take.

        If no thread looks, look.
        """
        if self._thread is None:
            self.look()
        else:
            self._looked.wait(_FIRST_LOOK_SECONDS)

    def _find_worktrees(self) -> dict[str, str]:
        """Return the worktrees as `worktrees_of` does; of what does not answer, those known."""
        silent = {common_dir for path, common_dir in self._repositories if is_silent(path)}
        answering = [one for one in self._repositories if one[1] not in silent]
        known = {path: owner for path, owner in self.worktrees.items() if owner in silent}
        found = worktrees_of(answering)
        return {**{os.path.realpath(path): owner for path, owner in found.items()}, **known}

    def _run(self) -> None:
        while not self._closed:
            self._woken.clear()
            try:
                self.look()
            except Exception:
                log.exception("the runs were not looked at")
            self._woken.wait(LOOK_SECONDS)


def _source(place: str, worktrees: Mapping[str, str]) -> str:
    """Return what the folder PLACE is a part of: one name for a repository with all WORKTREES.

    A folder elsewhere is a part of nothing but itself.
    """
    top = place
    while top not in worktrees:
        above = os.path.dirname(top)
        if above == top:
            return place
        top = above
    return f"{worktrees[top]}:{os.path.relpath(place, top)}"


def running_texts(found: Iterable[FoundRun], now: float) -> dict[str, str]:
    """Return {experiment: what runs for it NOW}, as `2:31 node7 and 2 more`, of runs in FOUND.

    Of those of one experiment the first counts, which is the newest.
    """
    running: dict[str, list[RunRecord]] = {}
    for one in found:
        if one.record.state == "running":
            ident = one.record.reference.removeprefix("e").partition(".")[0]
            running.setdefault(ident, []).append(one.record)
    return {ident: _running_text(records, now) for ident, records in running.items()}


def _running_text(records: list[RunRecord], now: float) -> str:
    more = f" and {len(records) - 1} more" if len(records) > 1 else ""
    took = duration(max(0.0, now - records[0].start))
    return f"{took} {one_line(records[0].host)}{more}"
