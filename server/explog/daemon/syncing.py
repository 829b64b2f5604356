"""Bring the index of a server up to date, and keep what spares work from look to look."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection

from explog.daemon.snapshot import Snapshot
from explog.index.commits import all_repositories
from explog.index.logs import all_logs
from explog.sync.look import is_large, sync, sync_apart
from explog.sync.memory import Memory
from explog.sync.report import LookReport, Progress
from explog.sync.since import keep_since

log = logging.getLogger(__name__)


class Syncing:
    """How an index is brought up to date, whatever index it is."""

    def __init__(self, progress: Progress) -> None:
        self._since = time.time()
        self._kept: set[str] = set()
        self._memory = Memory()
        self._progress = progress

    def configure(self, since: float) -> None:
        """Place commits made after SINCE, in seconds since 1970, as `sync` does."""
        self._since = since
        self._kept = set()

    def sync(self, now: Snapshot, patient: bool, only: Collection[str] | None) -> LookReport:
        """Bring the index of NOW up to date. PATIENT and ONLY are as in `sync`."""
        settings, index = now.settings, now.index
        if patient:  # whoever waits is to see all, also what a file system says late
            self._memory = Memory(cuts=self._memory.cuts)
        apart = False
        if index.path is not None and index.get_meta("born") is None and is_large(settings):
            apart = True
            sync_apart(settings, index.path, self._since, self._progress)
        report = sync(
            settings,
            index,
            since=self._since,
            progress=self._progress,
            patient=patient,
            memory=self._memory,
            only=only if now.looked else None,
        )
        if apart:
            # All is new to this process, though the other process has seen it.
            report.logs += (record.path for record in all_logs(index))
        return report

    def keep_since(self, now: Snapshot) -> None:
        """Keep outside the index since when hashes come by themselves."""
        repositories = [record.common_dir for record in all_repositories(now.index)]
        logs = [*map(str, now.settings.log_files())]
        if self._kept.issuperset([*repositories, *logs]):
            return
        try:
            keep_since(repositories, logs, self._since)
        except OSError as error:
            log.warning("a new index will not know since when hashes are placed: %s", error)
        self._kept.update(repositories, logs)
