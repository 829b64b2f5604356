"""Start processes that work for this one."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

log = logging.getLogger(__name__)

# Not by fork: this process may have threads that hold locks.
_SPAWN = multiprocessing.get_context("spawn")
# Nearly nothing that sync makes refers to itself: to look for that as often as usual takes a tenth
# of its time.
_BETWEEN_COLLECTIONS = 100_000


def start(
    target: Callable[..., None], *arguments: object, leaf: bool
) -> tuple[SpawnProcess | None, Connection]:
    """Run TARGET(sender, *ARGUMENTS) in another process; return that, and where it sends to.

    The process ends with this one, however this one ends. It is None on a host that lets nobody
    start processes. A LEAF starts no processes of this kind itself.
    """
    receiver, sender = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(target=_run, args=(target, sender, arguments), daemon=leaf)
    try:
        # A process as well; at its start, Python 3.11 lets Ctrl-C through, whatever was so before.
        resource_tracker.ensure_running()
        with _interrupts_held_back():
            process.start()
    except OSError as error:
        log.warning("no other process can be made: %s", error)
        return None, receiver
    finally:
        sender.close()
    return process, receiver


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Hold Ctrl-C back until the end of the block, and for good from processes started in it.

    They inherit that it is blocked: a terminal sends it to all, but to end them is for us. Here
    another thread may take it, of which the main one is told: amid the start, that would leave a
    process to which nobody says what to do.
    """
    in_main = threading.current_thread() is threading.main_thread()
    held: list[int] = []
    handler = None
    if in_main:
        handler = signal.signal(signal.SIGINT, lambda number, _frame: held.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
        if held:
            signal.raise_signal(signal.SIGINT)


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
# The thresholds of each block that is entered; the first are those outside of all. They belong to
# the process, so that blocks of several threads overlap.
_thresholds: list[tuple[int, int, int]] = []


@contextmanager
def few_collections() -> Iterator[None]:
    """Look for circular garbage seldom until the block ends."""
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
