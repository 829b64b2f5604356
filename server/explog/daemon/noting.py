"""Note the ends of runs under their steps, in the buffers of an Emacs or in the files.

A note is given once: which runs have theirs is kept in the state folder, and nobody else gives
notes while one server does. What cannot be written now is tried again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from explog.config import Settings
from explog.daemon.running import RunWatch
from explog.daemon.settle import ask_editors
from explog.entries.apply import apply_changes
from explog.entries.emacs import Editor
from explog.entries.text import EntryTexts
from explog.index.database import Index
from explog.plan.ends import LAST_SECONDS, End, find_ends
from explog.plan.noted import Given, Noted, forget_sources, give, keep_sources
from explog.plan.run_notes import RunNote, RunNotesPlan, plan_run_notes, references_of
from explog.runs.listing import FoundRun

log = logging.getLogger(__name__)

# How often it is looked for arrays that are quiet, and tried again what could not be written.
_AGAIN_SECONDS = 60.0
# A run may end before we have seen the repository that it is the first one of.
_GRACE_SECONDS = 60.0
# What has no place gets none later than this after its end.
_PLACE_SECONDS = 86400.0


@dataclass(slots=True)
class _Written:
    """What became of some ends: the runs that have their note, and what to say."""

    given: dict[str, Given] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    changed: bool = False
    """Whether a log was changed."""
    again: bool = False
    """Whether something was other than planned, and is to be planned anew."""


class _Known(NamedTuple):
    """What is known of runs, as `RunWatch` has it."""

    found: tuple[FoundRun, ...]
    sources: Mapping[str, str]
    worktrees: Mapping[str, str]


class Noting:
    """Gives each run that ends its note."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._noted: Noted | None = Noted()
        self._found: object = None
        self._sources: object = None
        self._due = 0.0

    def look_again(self) -> None:
        """Try again what could not be written, as the logs have changed."""
        if self.problems:
            self._due = 0.0

    def look(
        self, settings: Settings, index: Index, editors: Sequence[Editor], runs: RunWatch
    ) -> tuple[list[str], bool]:
        """Write what is to be noted of RUNS; return what was put in files, and if logs changed.

        Nothing is written while there are no EDITORS.
        """
        # Another thread replaces them, the runs last.
        known = _Known(runs.found, runs.sources, runs.worktrees)
        try:
            if not settings.run_notes:
                self._switch_off()
            else:
                self._know_sources(known.sources)
                if editors and self._is_due(known.found):
                    return self._give(settings, index, editors, known)
        except OSError as error:
            log.warning("the ends of runs are not noted: %s", error)
            self.problems = [f"the ends of runs are not noted: {error.filename}: {error.strerror}"]
        return [], False

    def _switch_off(self) -> None:
        if self._noted is not None:
            forget_sources()
        self._noted, self._sources, self.problems = None, None, []

    def _is_due(self, found: tuple[FoundRun, ...]) -> bool:
        """Tell whether the runs FOUND are others than last time, or enough time has passed."""
        if found is self._found and time.monotonic() < self._due:
            return False
        self._found, self._due = found, time.monotonic() + _AGAIN_SECONDS
        return True

    def _know_sources(self, sources: Mapping[str, str]) -> None:
        """Have it known since when the ends of runs in SOURCES are noted."""
        if sources is not self._sources:
            names = set(sources.values())
            if self._noted is None or not names <= self._noted.since.keys():
                self._noted = keep_sources(names, time.time() - _GRACE_SECONDS)
            self._sources = sources

    def _give(
        self, settings: Settings, index: Index, editors: Sequence[Editor], known: _Known
    ) -> tuple[list[str], bool]:
        now = time.time()
        if not find_ends(known.found, self._noted or Noted(), known.sources, now):
            self.problems = []
            return [], False
        written = _Written()

        def write(others: Noted) -> Mapping[str, Given]:
            nonlocal written
            ends = find_ends(known.found, others, known.sources, now)
            written = _write(settings, index, editors, ends, others, known.worktrees)
            return written.given

        self._noted = give(write, now - LAST_SECONDS)
        self.problems = written.problems
        if written.again:
            self._due = 0.0
        return written.done, written.changed


def _write(
    settings: Settings,
    index: Index,
    editors: Sequence[Editor],
    ends: Sequence[End],
    noted: Noted,
    worktrees: Mapping[str, str],
) -> _Written:
    """Write the notes on ENDS."""
    buffers, problem = ask_editors(editors, index, references_of(ends))
    texts = EntryTexts(settings, buffers)
    planned = plan_run_notes(settings, index, texts, ends, noted.given.values(), worktrees)
    written = _Written()
    if problem is not None:
        written.problems.append(problem)
        planned.changes = [pair for pair in planned.changes if pair[0].file in buffers]
    _apply(planned, texts, written)
    for note in planned.there:
        written.given.update(note.end.given(note.kept))
    _leave(planned, worktrees, written)
    return written


def _apply(planned: RunNotesPlan, texts: EntryTexts, written: _Written) -> None:
    """Make the changes that are PLANNED, and add to WRITTEN what came of it."""
    results = apply_changes([change for change, _notes in planned.changes], texts)
    for (change, notes), result in zip(planned.changes, results, strict=True):
        if result.error is not None:
            written.problems.append(_not_written(notes, result.error.message))
            written.again |= result.error.code == "changed"
            continue
        written.changed = True
        for note in notes:
            written.given.update(note.end.given(note.kept))
            if not texts.in_buffer(change.file):  # Emacs tells of its buffers by itself
                written.done.append(note.message)


def _not_written(notes: Sequence[RunNote], why: str) -> str:
    references = ", ".join(dict.fromkeys(str(note.of) for note in notes))
    return f"{references}: the end of a run is not noted: {why}"


def _leave(planned: RunNotesPlan, worktrees: Mapping[str, str], written: _Written) -> None:
    """Add to WRITTEN what is left: said, and given up where nothing will change that.

    A run elsewhere than in WORKTREES, for an experiment that no log has, is of another log.
    """
    now = time.time()
    for left in planned.left:
        is_known = any(end.first.repository in worktrees for end in left.ends)
        if is_known or left.reason != "unknown-experiment":
            written.problems.append(left.message)
        for end in left.ends:
            if not left.reason or now - end.time > _PLACE_SECONDS:
                written.given.update(end.given())
    for end, error in planned.failures:
        written.problems.append(f"{end.reference}: the end of a run is not noted: {error.message}")
        written.again |= error.code == "changed"
