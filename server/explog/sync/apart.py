"""Sync in another process what would leave this one swollen."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

from explog.config import Settings
from explog.sync.processes import deaf, end_with_parent
from explog.sync.report import Progress


def sync_apart(settings: Settings, index: Path, since: float, progress: Progress) -> None:
    """Sync the index at INDEX in another process, and wait for it.

    What a first index takes in memory is then not kept by a server that runs for weeks. Whether
    it worked, the next sync tells: it finds nothing left to do, or does it.
    """
    spawn = multiprocessing.get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    with deaf():
        process = spawn.Process(target=_run, args=(settings, index, since, sender))
        process.start()
    sender.close()
    try:
        while True:
            progress(*receiver.recv())
    except EOFError:
        process.join()
    finally:
        receiver.close()


def _run(settings: Settings, index: Path, since: float, sender: Connection) -> None:
    from explog.index.sqlite import open_store
    from explog.sync.look import sync

    end_with_parent()

    def progress(what: str, done: int, total: int) -> None:
        sender.send((what, done, total))

    store = open_store(index)
    if store.path is not None:
        sync(settings, store, since=since, progress=progress)
    store.close()
