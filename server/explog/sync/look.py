"""The only door into the index: look at logs and repositories, and take in what changed.

What did not change costs a `stat`. What an index holds after any history of looks is what it
would hold after one look at the end.
"""

from __future__ import annotations

import time
from contextlib import closing

from explog.config import Settings
from explog.index.store import Store
from explog.sync.history import HistoryLook
from explog.sync.logs import LogLook
from explog.sync.processes import few_collections
from explog.sync.report import Progress, Report


def sync(
    settings: Settings,
    store: Store,
    *,
    since: float | None = None,
    progress: Progress | None = None,
    patient: bool = True,
) -> Report:
    """Bring STORE up to date with the logs and repositories of SETTINGS.

    Steps that commits made after SINCE (seconds since 1970; else since the index was made) come
    to claim or cease to claim are left in the store as pending. Commits of a repository that was
    known are pending whatever their date. A log that is being written is waited for if PATIENT, and
    else left for the next look.
    """
    report = Report()
    born = _born(store)
    since = born if since is None else min(born, since)
    progress = progress or _silent
    logs = LogLook(settings, store, report, progress, patient)
    repositories = HistoryLook(settings, store, report, progress, since).look()
    with closing(repositories), closing(logs), few_collections():
        next(repositories)
        logs.prepare()
        for _repository in repositories:
            if logs.are_ready():
                logs.look()
        if not logs.looked:
            logs.look()
    return report


def sync_logs(settings: Settings, store: Store) -> Report:
    """Bring STORE up to date with the logs of SETTINGS alone."""
    report = Report()
    LogLook(settings, store, report, _silent).look()
    return report


def _born(store: Store) -> float:
    """Return when the index was made."""
    with store.writing():
        born = store.get_meta("born")
        if born is None:
            born = str(time.time())
            store.set_meta("born", born)
    return float(born)


def _silent(_what: str, _done: int, _total: int) -> None:
    return None
