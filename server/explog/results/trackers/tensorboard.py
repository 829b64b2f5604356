"""Runs in a folder of TensorBoard: folders with event files, one of which bears a reference.

    e201.1-seed1/events.out.tfevents.TIME.HOST
    e201.1/version_0/events.out.tfevents...              version_0 and version_1 are two runs
    e201.1/train/events.out.tfevents...                  train/loss is a metric
    e201.1-20260105T101500-node7-4242/events.out...      the folder of a run of `explog run`

A folder inside with digits in its name is a run of its own. Any other name stands before those of
the metrics.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection
from dataclasses import dataclass, field

from explog.refs import find_references
from explog.results.folder import Entry, UnreadFileError, opened, walk
from explog.results.remembered import Remembered
from explog.results.rows import Table, Tree
from explog.results.tracked import Tracked
from explog.results.trackers.event_file import EventFile
from explog.results.trackers.run import Found, find_step, leading_reference, run_values
from explog.results.values import Number
from explog.runs.listing import read_run
from explog.runs.record import RunRecord

_EVENTS = ".tfevents."
_DEEPEST, _MOST_NAMES = 5, 100_000
# A run of `explog run` that is pinned has a worktree there.
_CODE = "code"

_lock = threading.Lock()


@dataclass(slots=True)
class _Run:
    """What is in the folders of a run: values by tag, and complaints, of the step `reference`."""

    reference: str
    record: RunRecord | None
    time: float = 0.0
    values: dict[str, Tree] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


def read_tensorboard(place: str, shown: str, idents: Collection[str]) -> Found:
    """Return the runs in the folder PLACE, called SHOWN, of steps of the experiments IDENTS."""
    search = _Search(place, idents)
    for entry in walk(place, search.enter, most=_MOST_NAMES, deepest=_DEEPEST):
        if _EVENTS in entry.name:
            search.take(entry)
    return Found([_tracked(place, shown, *one) for one in search.runs.items()])


class _Search:
    """Looks in PLACE for runs of IDENTS."""

    def __init__(self, place: str, idents: Collection[str]) -> None:
        self._place = place
        self._idents = idents
        self._records: dict[str, RunRecord | None] = {}
        self.runs: dict[str, _Run] = {}

    def enter(self, path: str) -> bool:
        """Tell whether to look into the folder PATH."""
        parent, name = os.path.split(path)
        if name == _CODE and self._record(parent) is not None:
            return False
        mentioned = [leading_reference(name), *(one.reference for one in find_references(name))]
        named = [one.experiment for one in mentioned if one is not None]
        return not named or any(ident in self._idents for ident in named)

    def take(self, entry: Entry) -> None:
        """Take in the event file ENTRY, if it is in the folder of a run that counts."""
        names = entry.path.split("/")[:-1]
        steps = (find_step([name], [], self._idents) for name in names)
        place, reference = next(((n, one) for n, one in enumerate(steps) if one), (0, None))
        own, inside = names[: place + 1], names[place + 1 :]
        record = self._record("/".join(own)) if reference else None
        if reference is None or (record is not None and record.state not in ("ok", "running")):
            return
        key = "/".join([*own, *(name for name in inside if _has_digits(name))])
        run = self.runs.setdefault(key, _Run(str(reference), record))
        before = "/".join(name for name in inside if not _has_digits(name))
        try:
            scalars, written = _read(self._place, entry)
        except UnreadFileError as error:
            run.complaints.append(f"{entry.name}: {error}")
            return
        run.time = max(run.time, written)
        for tag, value in scalars.items():
            run.values[f"{before}/{tag}" if before else tag] = value

    def _record(self, path: str) -> RunRecord | None:
        """Return the record of the run of `explog run` whose folder PATH is, if it is of one."""
        if path not in self._records:
            self._records[path] = read_run(os.path.join(self._place, path))
        return self._records[path]


def _has_digits(name: str) -> bool:
    return any(map(str.isdigit, name))


def _tracked(place: str, shown: str, key: str, run: _Run) -> Tracked:
    record = run.record
    return Tracked(
        reference=run.reference,
        ended=record is None or record.state == "ok",
        time=run.time,
        values=run_values(
            f"{shown} ({key})",
            os.path.join(place, key),
            Table(list(run.values.items())),
            Table([]),
            run.complaints,
        ),
        repository=record.repository if record else None,
        head=record.head if record else None,
        commit=(record.snapshot or record.head) if record else None,
    )


_known: Remembered[tuple[str, int], EventFile] = Remembered(5000)
"""What was read of event files, by name and inode."""


def _read(place: str, entry: Entry) -> tuple[dict[str, Number], float]:
    """Return what is in the event file ENTRY, and when it was written last."""
    with opened(entry) as (descriptor, status):
        key = os.path.join(place, entry.path), status.st_ino
        with _lock:
            known = _known.pop(key, None)
        file = known or EventFile()
        values = file.read(descriptor)
        with _lock:
            _known[key] = file
        return values, status.st_mtime
