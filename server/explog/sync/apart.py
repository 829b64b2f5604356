"""Make a first index in another process, whose memory is then free again."""

from __future__ import annotations

from contextlib import closing, suppress
from multiprocessing.connection import Connection
from pathlib import Path

from explog.config import Settings
from explog.sync.processes import start
from explog.sync.report import Progress


def sync_apart(settings: Settings, index: Path, since: float, progress: Progress) -> None:
    """Sync the index at INDEX in another process, and wait for it.

    A server that runs for weeks would keep the memory that a first index takes. Whether this worked
    does not matter: the next sync does what is left to do.
    """
    process, receiver = start(_sync, settings, index, since, leaf=False)
    with closing(receiver), suppress(EOFError, OSError):  # it ended, or somebody ended it
        while True:
            progress(*receiver.recv())
    if process is not None:
        process.join()


def _sync(sender: Connection, settings: Settings, path: Path, since: float) -> None:
    from explog.index.database import open_index
    from explog.sync.look import sync

    def progress(what: str, done: int, total: int) -> None:
        sender.send((what, done, total))

    index = open_index(path)
    if index.path is not None:
        sync(settings, index, since=since, progress=progress)
    index.close()
