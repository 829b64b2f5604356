"""The daemon: it keeps the index up to date, and settles what is pending.

It looks whenever the doorbell rings, first at what rang, and now and then at everything. What a
look finds pending is written into the buffers of the connected Emacs, or into the files.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from explog.config import Settings
from explog.daemon.doorbell import Doorbell, Rung
from explog.daemon.flagging import Flagging
from explog.daemon.healing import Healing
from explog.daemon.notify import GRACE_SECONDS, Notifier
from explog.daemon.noting import Noting
from explog.daemon.pace import Pace
from explog.daemon.publishing import Publishing
from explog.daemon.reading import Reading
from explog.daemon.running import RunWatch
from explog.daemon.settling import Settling
from explog.daemon.snapshot import Snapshot
from explog.daemon.syncing import Syncing
from explog.daemon.tidy import Tidying
from explog.daemon.watches import LOGS
from explog.entries.emacs import EmacsEditor
from explog.errors import ExplogError
from explog.git.process import end_all
from explog.index.commits import all_repositories
from explog.index.database import Index
from explog.rpc.client import Client
from explog.stuck import is_silent
from explog.sync.report import LookReport

log = logging.getLogger(__name__)

# A damaged index is made anew in a look; where that cannot be written, it is kept in memory.
_MOST_RECOVERIES = 2
# How long to wait between two steps of tidying up.
_TIDY_SECONDS = 0.1
# How long to wait, when the process is to end, until a look has ended.
_CLOSE_SECONDS = 0.3


class Daemon:
    """Looks at the logs and repositories of one Emacs; does nothing before `configure`."""

    def __init__(self, *, background: bool = True) -> None:
        """Unless BACKGROUND, look only when `look` is called."""
        self.bell = Doorbell()
        self._background = background
        self._snapshot: Snapshot | None = None
        self._given: Settings | None = None
        self._door = threading.RLock()
        self._editors: list[EmacsEditor] = []
        self._editors_lock = threading.Lock()
        self._notifier = Notifier()
        self._flagging = Flagging()
        self._settling = Settling()
        self._tidying = Tidying()
        self._syncing = Syncing(self._progress)
        self.pace = Pace()
        self.healing = Healing()
        self._reading = Reading()
        self.runs = RunWatch(self._runs_changed)
        self._noting = Noting()
        self.publishing = Publishing(self.snapshot, self._published)
        self._watching = False
        self._news = False
        self._log_half_written = False
        self._thread: threading.Thread | None = None
        self._closed = False

    # For the methods

    def client_ready(self, client: Client) -> None:
        """Serve CLIENT, an Emacs that said hello."""
        with self._editors_lock:
            self._editors = [*self.editors, EmacsEditor(client)]
        self._notifier.add(client)
        self._settling.retry = True
        self.bell.ring()

    @property
    def editors(self) -> list[EmacsEditor]:
        """The connected Emacsen, whose buffers may visit logs."""
        return [editor for editor in self._editors if not editor.client.closed]

    def configure(self, settings: Settings, since: float) -> None:
        """Serve SETTINGS from now on; SINCE as in `explog.sync.look.sync`."""
        with self._door:
            if settings != self._given:
                self._given = settings
                self._open(settings)
            self._syncing.configure(since)
            self._watching = False
        if self._background and self._thread is None:
            thread = threading.Thread(target=self._run, name="look", daemon=True)
            thread.start()
            self._thread = thread  # which `close` joins
            self.runs.start()
        self.bell.ring()

    def snapshot(self) -> Snapshot:
        """Return what is known now. Raises ExplogError `not-configured`."""
        if self._snapshot is None:
            raise ExplogError("not-configured", "no log and no repository is configured yet")
        return self._snapshot

    @contextmanager
    def synced(self) -> Iterator[Snapshot]:
        """Look, and yield what is known then; nobody else looks until the block ends."""
        with self._door:
            self.look(patient=True)
            yield self.snapshot()

    def look(
        self, rang: bool = True, *, patient: bool = False, only: Collection[str] | None = None
    ) -> None:
        """Sync, settle what is pending, and say what is new.

        RANG says that the doorbell rang. A log that is being written is waited for if PATIENT. Of
        repositories, ONLY those are looked at, by their common directories; all if it is None.
        """
        with self._door:
            if self._snapshot is None:
                return
            for left in reversed(range(_MOST_RECOVERIES + 1)):
                try:
                    self._look(rang, patient, only)
                    self.healing.look_ended(None)
                    return
                except Exception as error:
                    self._settling.retry = True  # what was taken in is not settled yet
                    if not (left and self._recover(error)):
                        raise

    def method_failed(self, error: Exception) -> ExplogError | None:
        """Take note that a method raised ERROR; return what to say if the index is to blame."""
        if self._snapshot is None:
            return None
        self.bell.ring()
        return self.healing.suspect(self._snapshot.index, error)

    def close(self) -> None:
        """Stop looking; wait a moment for a look that is under way."""
        self._closed = True
        self.runs.close()
        self.publishing.close()
        self.bell.close()
        end_all()
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)

    def _runs_changed(self) -> None:
        self._notifier.changed()
        self.bell.ring(LOGS)  # the next look notes what ended

    def _published(self) -> None:
        self.bell.ring(LOGS)  # the next look tells the problem

    # The thread that looks

    def _run(self) -> None:
        rung, sweep = Rung(everything=True), False
        while not self._closed:
            busy = tidying = failed = False
            try:
                if rung.owners:  # nobody is to wait for a look at all the others
                    self.look(only=rung.repositories)
                if rung.everything or sweep:
                    self.look(rung.everything)
                busy = self._behind(self._read_values)
                tidying = not busy and self._behind(lambda now: self._tidying.step(now.index))
            except Exception as error:  # noqa: BLE001 - the next look may succeed
                self.healing.look_ended(error)
                self.pace.swept(None)
                failed = True
            soon = self._notifier.waiting or self._log_half_written
            seconds = GRACE_SECONDS if soon else self.pace.left()
            seconds = 0.0 if busy else _TIDY_SECONDS if tidying else seconds
            rung = self.bell.wait(seconds)
            if failed:
                rung = rung._replace(everything=True)
            sweep = soon or self.pace.left() == 0

    def _behind(self, step: Callable[[Snapshot], bool]) -> bool:
        """Do a STEP of what nobody waits for as for a hash; return whether more is left."""
        with self._door:
            if self._snapshot is None:
                return False
            try:
                return step(self._snapshot)
            except Exception as error:
                if not self._recover(error):
                    raise
                return False

    # All below is called with the door locked.

    def _read_values(self, now: Snapshot) -> bool:
        """Read the values of some results commits."""
        left = self._reading.step(now.settings, now.index)
        if self._reading.ended():
            self._publish(anew=True)
            self._news = True
            self.bell.ring(LOGS)
        return left

    def _recover(self, error: Exception) -> bool:
        """Use another index if ERROR comes from the one in use; return whether that is so."""
        index = self.healing.instead_of(self.snapshot().index, error)
        if index is not None:
            self._use(self.snapshot().settings, index)
        return index is not None

    def _examine_index(self) -> None:
        """Use another index if the file was removed, or failed a method, or can be used again."""
        settings, index = self.snapshot().settings, self.snapshot().index
        if not index.is_in_place():
            self._open(settings)
            return
        other = self.healing.better_than(index, settings)
        if other is not None:
            self._use(settings, other)

    def _look(self, rang: bool, patient: bool, only: Collection[str] | None) -> None:
        self._examine_index()
        if only:
            self.bell.watch_again(only)
        begun = time.process_time()
        report = self._sync(patient=patient, only=only)
        if only is None:
            self.pace.swept(None if report.changed else time.process_time() - begun)
        if rang or report.changed:
            self._tidying.postpone()
        if not self._watching:
            # Before anything is written, as the server may be ended any time.
            self._syncing.keep_since(self.snapshot())
        if report.changed or self._settling.due(rang) or self._notifier.waiting:
            self._settle(only)
        if report.changed or report.refs_changed or not self._watching:
            self._publish()
        if not self._watching:
            self._watch()
        elif report.changed:
            self.bell.watch_again([*report.moved, *([LOGS] if report.logs else [])])
        if rang or report.changed:
            self._noting.look_again()
        self._note_runs()
        snapshot = self.snapshot()
        if self._flagging.look(snapshot.settings, snapshot.index):
            self.bell.ring(LOGS)  # nothing has changed: the next look is to be a short one
        self._notify()

    def _open(self, settings: Settings) -> None:
        self._use(*self.healing.open(settings))

    def _use(self, settings: Settings, index: Index) -> None:
        # The old index is not closed, as a search may be reading it: it closes itself.
        self._snapshot = Snapshot(settings, index)
        self._flagging = Flagging()
        self._tidying.require()
        self._reading.require()
        self._news = True
        self._watching = False

    def _replace(self, **changes: Any) -> Snapshot:
        """Have `snapshot` return another one, with CHANGES to its fields, from now on."""
        self._snapshot = replace(self.snapshot(), **changes)
        return self._snapshot

    def _sync(self, *, patient: bool = False, only: Collection[str] | None = None) -> LookReport:
        """Bring the index up to date."""
        snapshot = self.snapshot()
        try:
            report = self._syncing.sync(snapshot, patient, only)
        finally:
            self._replace(progress="")
        self._flagging.note(report, snapshot.index)
        self._replace(looked=True, problems=tuple(report.problems))
        self._log_half_written = report.unsettled
        if report.changed:
            self._news = True
            self._watching = self._watching and not report.came
            self._tidying.require()
        if report.repositories:
            self._reading.require()
        return report

    def _progress(self, what: str, done: int, total: int) -> None:
        self._replace(progress=f"{what} {100 * done // max(1, total)}%")

    def _settle(self, only: Collection[str] | None) -> None:
        def sync_again() -> None:
            self._sync(only=only)

        self._settling.settle(self.snapshot, lambda: self.editors, self._notifier.tell, sync_again)

    def _note_runs(self) -> None:
        """Note the ends of runs; without a connected Emacs, nothing is written, as in `_settle`."""
        snapshot, editors = self.snapshot(), self.editors
        done, changed = self._noting.look(snapshot.settings, snapshot.index, editors, self.runs)
        for message in done:
            self._notifier.tell(message)
        if changed:
            self._sync(only=())  # take in what was written

    def _publish(self, *, anew: bool = False) -> None:
        if self._background:
            self.publishing.ring(anew=anew)

    def _watch(self) -> None:
        snapshot = self.snapshot()
        records = all_repositories(snapshot.index)
        common_dirs = [Path(one.common_dir) for one in records if not is_silent(one.path)]
        self.bell.watch(common_dirs, snapshot.settings.log_files())
        self.runs.serve(snapshot.settings, [(one.path, one.common_dir) for one in records])
        self._watching = True

    def _notify(self) -> None:
        """Tell each Emacs what is new to it: flags, changes, problems."""
        self._notifier.show_flags(self._flagging.flags)
        if self._news:
            self._notifier.changed()
        self._news = False
        unread = [problem.message for problem in self.snapshot().problems]
        bad = self.snapshot().settings.problems
        messages = [*bad, *self._settling.problems, *self._noting.problems]
        messages += filter(None, [self.publishing.problem])
        messages += [*unread, *self._flagging.messages]
        self._notifier.show_problems(messages, complete=self._flagging.complete)
