"""The only door into the index: look at logs and repositories, and take in what changed.

Whatever did not change costs a `stat`. However many looks there were, the index holds what one look
at the end would give.
"""

from __future__ import annotations

import time
from contextlib import closing

from explog.config import Settings
from explog.index.database import Index
from explog.sync.history import HistoryLook
from explog.sync.logs import LogLook
from explog.sync.processes import few_collections
from explog.sync.report import Progress, Report


def sync(
    settings: Settings,
    index: Index,
    *,
    since: float | None = None,
    progress: Progress | None = None,
    patient: bool = True,
) -> Report:
    """Bring INDEX up to date with the logs and repositories of SETTINGS.

    The index then has as pending the steps whose claims changed: by commits made after SINCE
    (seconds since 1970; by default since the index was made) in repositories that are new, and by
    all commits in others. A log that is being written is waited for if PATIENT, and else left for
    the next look.
    """
    report = Report()
    born = _born(index)
    since = born if since is None else min(born, since)
    progress = progress or _silent
    logs = LogLook(settings, index, report, progress, patient)
    repositories = HistoryLook(settings, index, report, progress, since).look()
    with closing(repositories), closing(logs), few_collections():
        next(repositories)
        logs.prepare()
        for _repository in repositories:
            if logs.are_ready():
                logs.look()
        if not logs.looked:
            logs.look()
    return report


def sync_logs(settings: Settings, index: Index) -> Report:
    """Bring INDEX up to date with the logs of SETTINGS alone."""
    report = Report()
    LogLook(settings, index, report, _silent).look()
    return report


def _born(index: Index) -> float:
    """Return when the index was made."""
    with index.writing():
        born = index.get_meta("born")
        if born is None:
            born = str(time.time())
            index.set_meta("born", born)
    return float(born)


def _silent(_what: str, _done: int, _total: int) -> None:
    return None
