"""The only door into the index: look at logs and repositories, and take in what changed.

Whatever did not change costs a `stat`. However many looks there were, the index holds what one look
at the end would give.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from explog.config import Settings
from explog.garbage import few_collections
from explog.git.repository import packed_bytes
from explog.index.database import Index, open_index
from explog.sync.finding import find_logs
from explog.sync.history import HistoryLook, roots_of
from explog.sync.logs import LogLook
from explog.sync.memory import Memory
from explog.sync.report import LookReport, Progress
from explog.sync.survey import survey

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def sync(
    settings: Settings,
    index: Index,
    *,
    since: float | None = None,
    progress: Progress | None = None,
    patient: bool = True,
    memory: Memory | None = None,
    only: Collection[str] | None = None,
) -> LookReport:
    """Bring INDEX up to date with the logs and repositories of SETTINGS.

    The index then has as pending the steps whose claims changed: by commits made after SINCE
    (seconds since 1970; by default since the index was made) in repositories that are new, and by
    all commits in others. A log that is being written is waited for if PATIENT, and else left for
    the next look. MEMORY is kept from look to look, and spares work where nothing changed. Of
    repositories only those with the common dirs ONLY are looked at, unless it is None.
    """
    report = LookReport()
    born = _born(index)
    since = born if since is None else min(born, since)
    progress = progress or _silent
    memory = memory or Memory()
    logs = LogLook(settings, index, report, progress, patient, memory)
    repositories = HistoryLook(settings, index, report, progress, since, memory, only).look()
    with closing(repositories), closing(logs), few_collections():
        next(repositories)
        logs.prepare()
        for _repository in repositories:
            if logs.are_ready():
                logs.look()
        if not logs.looked:
            logs.look()
    return report


def is_large(settings: Settings) -> bool:
    """Tell whether the logs or repositories of SETTINGS are long, so that an index takes memory.

    That of a few short ones is made before another process has started.
    """
    from explog.sync import reading, sections

    logs = 0
    for path in find_logs(settings, {}, b"").files:
        with suppress(OSError):  # `sync` reports it
            logs += path.stat().st_size
    if logs >= sections.LONG_BYTES:
        return True
    return sum(map(packed_bytes, survey(roots_of(settings)).found.values())) >= reading.LONG_BYTES


def sync_apart(settings: Settings, index: Path, since: float, progress: Progress) -> None:
    """Sync the index at INDEX in another process, and wait for it.

    A server that runs for weeks would keep the memory that a first index takes. Whether this worked
    does not matter: the next sync does what is left to do.
    """
    from explog.sync.prefetch import start

    process, receiver = start(_sync, settings, index, since, leaf=False)
    with closing(receiver), suppress(EOFError, OSError):  # it ended, or somebody ended it
        while True:
            progress(*receiver.recv())
    if process is not None:
        process.join()


def _sync(sender: Connection, settings: Settings, path: Path, since: float) -> None:
    def progress(what: str, done: int, total: int) -> None:
        sender.send((what, done, total))

    # Whatever fails here fails in the next sync, too, which says so.
    with suppress(Exception), closing(open_index(path)) as index:
        if index.path is not None:
            sync(settings, index, since=since, progress=progress)


def sync_logs(settings: Settings, index: Index) -> LookReport:
    """Bring INDEX up to date with the logs of SETTINGS alone."""
    report = LookReport()
    LogLook(settings, index, report, _silent).look()
    return report


def _born(index: Index) -> float:
    """Return when the index was made."""
    born = index.get_meta("born")
    if born is None:
        with index.writing():
            # Read again under the lock: another explog may have been here meanwhile.
            born = index.get_meta("born") or str(time.time())
            index.set_meta("born", born)
    return float(born)


def _silent(_what: str, _done: int, _total: int) -> None:
    return None
