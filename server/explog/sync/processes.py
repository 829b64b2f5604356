"""Processes that work for this one."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

log = logging.getLogger(__name__)

# Not by fork: this process may have threads that hold locks.
_SPAWN = multiprocessing.get_context("spawn")
# Much is made and nearly nothing in circles: to look for those as often as usual is a tenth of it.
_BETWEEN_COLLECTIONS = 100_000


def start(
    target: Callable[..., None], *arguments: object, leaf: bool
) -> tuple[SpawnProcess | None, Connection]:
    """Run TARGET(sender, *ARGUMENTS) in another process; return that, and where it sends to.

    The process ends with this one, however that goes; it is None on a host that lets nobody make
    processes. A LEAF makes no such processes itself.
    """
    receiver, sender = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(target=_run, args=(target, sender, arguments), daemon=leaf)
    # The Ctrl-C of a terminal is not for it: to end it is for this one.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    except OSError as error:
        log.warning("no other process can be made: %s", error)
        return None, receiver
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        sender.close()
    return process, receiver


def _run(target: Callable[..., None], sender: Connection, arguments: tuple[object, ...]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with few_collections():
        target(sender, *arguments)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


_lock = threading.Lock()
# What holds outside, and something for each other one that is inside: it is the process's.
_thresholds: list[tuple[int, int, int]] = []


@contextmanager
def few_collections() -> Iterator[None]:
    """Look for circular garbage seldom meanwhile."""
    with _lock:
        _thresholds.append(gc.get_threshold())
        gc.set_threshold(_BETWEEN_COLLECTIONS)
    try:
        yield
    finally:
        with _lock:
            outside = _thresholds[0]
            _thresholds.pop()
            if not _thresholds:
                gc.set_threshold(*outside)
