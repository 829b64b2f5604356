"""Start processes that work for this one, and have one make items before they are needed."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import pickle
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

_Item = TypeVar("_Item")

# Not by fork: this process may have threads that hold locks.
_SPAWN = multiprocessing.get_context("spawn")


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
        # The tracker is a process as well, and Python 3.11 starts it with Ctrl-C unblocked.
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

    A terminal sends Ctrl-C to those as well, but this process ends them. To block the signal is not
    enough here: another thread may get it, and the main one is told. That would end the start half
    way, and leave a process that waits to be told what to do.
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
    target(sender, *arguments)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class BrokenPrefetchError(Exception):
    """The other process could not be started, or ended too early: the caller makes the rest."""


class Prefetch(Iterator[_Item], Generic[_Item]):
    """What FUNCTION(*ARGUMENTS) yields in another process, up to ROOM items before they are taken.

    Items are pickled on their way: plain tuples are many times as fast as named ones. Raises
    BrokenPrefetchError if FUNCTION raises anything.
    """

    def __init__(
        self, room: int, function: Callable[..., Iterator[_Item]], *arguments: object
    ) -> None:
        self._process, self._receiver = start(_make, function, arguments, leaf=True)
        self._made: queue.Queue[bytes | type[Exception]] = queue.Queue(room)
        self._thread = threading.Thread(target=self._receive, name="prefetch", daemon=True)
        self._thread.start()

    def _receive(self) -> None:
        """Put the items, pickled, into the queue, and then what the next call is to raise."""
        end: type[Exception] = BrokenPrefetchError
        with suppress(Exception):
            while data := self._receiver.recv_bytes():
                self._made.put(data)
            end = StopIteration
        self._made.put(end)

    def __next__(self) -> _Item:
        """Wait for the next item and return it."""
        made = self._made.get()
        if not isinstance(made, bytes):
            self._made.put(made)  # for the next call
            raise made
        item: _Item = pickle.loads(made)  # noqa: S301 - made by our own process
        return item

    def is_ready(self) -> bool:
        """Tell whether all items are made, or as many as there is room for."""
        return self._made.full() or not self._thread.is_alive()

    def close(self) -> None:
        """End the process, whatever it is doing."""
        process = self._process
        if process is not None and process.is_alive() and process.pid is not None:
            with suppress(OSError):  # it leads no group yet, or has just ended
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.join()
        while self._thread.is_alive():  # it may wait for room
            with suppress(queue.Empty):
                self._made.get(timeout=0.01)
        self._receiver.close()
        self._made = queue.Queue()
        self._made.put(BrokenPrefetchError)


def _make(
    sender: Connection, function: Callable[..., Iterator[object]], arguments: tuple[object, ...]
) -> None:
    os.setpgid(0, 0)  # so that the git that it runs ends with it
    gc.disable()  # nearly nothing that is read refers to itself, and the process soon ends
    # The caller makes what is missing itself, and so learns what is wrong.
    with suppress(Exception):
        for item in function(*arguments):
            sender.send_bytes(pickle.dumps(item, pickle.HIGHEST_PROTOCOL))
        sender.send_bytes(b"")
