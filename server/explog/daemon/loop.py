"""What the server does by itself: it keeps the index fresh, and settles what is pending.

It looks whenever the doorbell rings, and once in a sweep; what a look finds pending is settled in
the buffers of the Emacs that is connected, or in the files.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from explog import __version__
from explog.config import Settings
from explog.daemon.doorbell import Doorbell
from explog.daemon.flagging import Flagging
from explog.daemon.notify import GRACE_SECONDS, Notifier
from explog.daemon.settle import forget_settled, settle
from explog.entries.emacs import EmacsEditor
from explog.errors import ExplogError
from explog.index.sqlite import SqliteStore, memory_store, open_store
from explog.sync.apart import sync_apart
from explog.sync.look import sync
from explog.sync.report import Report

if TYPE_CHECKING:
    from explog.rpc.connection import Client

log = logging.getLogger(__name__)

# A look at unchanged repositories costs 70 µs for each; this catches what no doorbell rings for.
SWEEP_SECONDS = 2.0
_MOST_ROUNDS = 5
# How long nothing happens before the index is tidied up, and between two pieces of that.
_IDLE_SECONDS = 30.0
_TIDY_SECONDS = 0.1
# What could not be done is tried again as soon as something happens, or else after this long.
_RETRY_SECONDS = 10.0


class Service:
    """The index of one Emacs's settings, kept fresh; nothing happens before `configure`."""

    def __init__(self) -> None:
        self.bell = Doorbell()
        self.settings: Settings | None = None
        self.store: SqliteStore | None = None
        self.report = Report()
        self.progress = ""
        self.looked = False
        """Whether the index has been brought up to date since it is this one."""
        self.editors: list[EmacsEditor] = []
        self._since = time.time()
        self._door = threading.RLock()
        self._notifier = Notifier()
        self._unsettled: list[str] = []
        self._retry = False
        self._unsaved = False
        self._settled = 0.0
        self._watching = False
        self._news = False
        self._untidy = True
        self._busy = time.monotonic()
        self._flagging = Flagging()
        self._thread: threading.Thread | None = None
        self._closed = False

    def client_ready(self, client: Client) -> None:
        """Take in an Emacs that said hello."""
        self.editors.append(EmacsEditor(client))
        self._notifier.add(client)
        self._retry = True
        self.bell.ring()

    def configure(self, settings: Settings, since: float) -> None:
        """Serve SETTINGS from now on; SINCE as in `explog.sync.look.sync`."""
        with self._door:
            if settings != self.settings:
                # The old one is not closed, as a search may be under way in it: it closes itself.
                self.store = open_store(settings.index_path())
                self.settings = settings
                self.looked = False
                self._untidy = True
                self._flagging = Flagging()
                if self.store.problem:
                    log.warning("%s", self.store.problem)
            self._since = since
            self._watching = False
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="look", daemon=True)
            self._thread.start()
        self.bell.ring()

    def _run(self) -> None:
        rang = True
        while not self._closed:
            tidying = False
            try:
                self.look(rang)
                tidying = self._tidy()
                failed = False
            except Exception:
                log.exception("a look failed")
                failed = self._retry = True  # what it took in is not settled yet
            soon = self._notifier.waiting or self.report.unsettled
            seconds = GRACE_SECONDS if soon else SWEEP_SECONDS
            rang = self.bell.wait(_TIDY_SECONDS if tidying else seconds) or failed

    def look(self, rang: bool = True, *, patient: bool = False) -> None:
        """Sync, settle what is pending, and watch what there is to watch.

        A log that is being written is waited for if PATIENT.
        """
        with self._door:
            if self.settings is None or self.store is None:
                return
            self.report = self._sync(self.settings, patient=patient)
            changed = self.report.changed
            self._untidy = self._untidy or changed
            if rang or changed:
                self._busy = time.monotonic()
            self._news = self._news or changed or not self.looked
            self.looked = True
            self.editors = [editor for editor in self.editors if not editor.client.closed]
            due = self._retry and time.monotonic() - self._settled >= _RETRY_SECONDS
            called = rang and (self._retry or self._unsaved)
            if changed or called or due or self._notifier.waiting:
                self._settle(self.settings, self.store)
            if changed or not self._watching:
                self._watch(self.settings, self.store)
            if self._flagging.look(self.settings, self.store):
                self.bell.ring()
            self._notifier.show_flags(self._flagging.flags)
            self._tell_news()
            self._show_problems()

    def _tidy(self) -> bool:
        """Tidy up a little of the index if nothing happens; tell whether there is more."""
        with self._door:
            idle = time.monotonic() - self._busy >= _IDLE_SECONDS
            if self.store is None or not self._untidy or not idle:
                return False
            try:
                self._untidy = self.store.tidy()
            except sqlite3.DatabaseError as error:  # the disk is full, or the file damaged
                log.warning("the index is not tidied up: %s", error)
                self._untidy = False
            return self._untidy

    @contextmanager
    def brought_up_to_date(self) -> Iterator[tuple[Settings, SqliteStore]]:
        """Look, and keep everyone from looking during what is done inside, on the index given."""
        with self._door:
            self.look(patient=True)
            store = self.ready_store()
            yield self.settings or Settings(), store

    def _sync(self, settings: Settings, *, patient: bool = False) -> Report:
        """Sync; where the disk is full or cannot be written, go on in memory."""
        store = self.ready_store()
        try:
            if store.path is not None and store.get_meta("born") is None:
                sync_apart(settings, store.path, self._since, self._progress)
                report = self._sync_here(settings, store, patient=patient)
                # All is new to this process, though the other one has seen it.
                report.logs += (record.path for record in store.logs())
                return report
            return self._sync_here(settings, store, patient=patient)
        except sqlite3.OperationalError as error:
            if store.path is None:
                raise
            log.warning("%s", error)
            self.store = memory_store(store.path, error)
            return self._sync_here(settings, self.store, patient=patient)
        finally:
            self.progress = ""

    def _sync_here(self, settings: Settings, store: SqliteStore, *, patient: bool) -> Report:
        report = sync(settings, store, since=self._since, progress=self._progress, patient=patient)
        self._flagging.note(report, store)
        return report

    def _progress(self, what: str, done: int, total: int) -> None:
        self.progress = f"{what} {100 * done // max(1, total)}%"

    def _settle(self, settings: Settings, store: SqliteStore) -> None:
        for _ in range(_MOST_ROUNDS):
            settled = settle(settings, store, self.editors)
            for text in settled.done:
                self._notifier.tell(text)
            if not settled.done:
                break
            # This takes in what was written, and a commit that came meanwhile; settle that too.
            self.report = self._sync(settings)
        self._unsaved = forget_settled(settings, store)
        self._settled = time.monotonic()
        self._retry = settled.retry
        self._unsettled = settled.problems

    def _tell_news(self) -> None:
        """Tell each Emacs that what it knows of experiments may be old, if so."""
        if self._news or self.report.changed:
            self._notifier.changed()
        self._news = False

    def _show_problems(self) -> None:
        unread = [problem.message for problem in self.report.problems]
        messages = [*self._unsettled, *unread, *self._flagging.texts]
        self._notifier.show_problems(messages, complete=self._flagging.whole)

    def _watch(self, settings: Settings, store: SqliteStore) -> None:
        common_dirs = [record.common_dir for record in store.repositories()]
        self.bell.watch(map(Path, common_dirs), settings.log_files())
        self._watching = True

    def ready_store(self) -> SqliteStore:
        """Return the index; raise ExplogError `not-configured` before there is one."""
        if self.store is None:
            raise ExplogError("not-configured", "there is no log and no repository to look at")
        return self.store

    def close(self) -> None:
        """Stop looking."""
        self._closed = True
        self.bell.close()

    def status(self) -> dict[str, object]:
        """Return what is served: counts, problems, where the index is."""
        store = self.store
        if store is None:
            return {"version": __version__, "configured": False}
        return {
            "version": __version__,
            "configured": True,
            "index": str(store.path or ""),
            "index_problem": store.problem,
            "counts": asdict(store.counts()),
            "progress": self.progress,
            "pending": len(store.pending()),
            "problems": [asdict(problem) for problem in self.report.problems],
        }
