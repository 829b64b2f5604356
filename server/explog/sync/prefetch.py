"""Have another process make something before it is needed, while this one does something else."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

from explog.sync.processes import start

_Item = TypeVar("_Item")
_END = b""


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
        self._made: queue.Queue[bytes | None] = queue.Queue(room)
        self._thread = threading.Thread(target=self._receive, name="prefetch", daemon=True)
        self._thread.start()

    def _receive(self) -> None:
        data: bytes | None = None
        with suppress(Exception):  # whatever went wrong, no item follows
            while data != _END:
                data = None
                data = self._receiver.recv_bytes()
                self._made.put(data)
        if data != _END:
            self._made.put(None)

    def __next__(self) -> _Item:
        """Wait for the next item and return it."""
        data = self._made.get()
        if data is None or data == _END:
            self._made.put(data)  # for the next call
            if data is None:
                raise BrokenPrefetchError
            raise StopIteration
        item: _Item = pickle.loads(data)  # noqa: S301 - made by our own process
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
        with suppress(queue.Empty):
            while True:
                self._made.get_nowait()
        self._made.put(None)


def _make(
    sender: Connection, function: Callable[..., Iterator[object]], arguments: tuple[object, ...]
) -> None:
    os.setpgid(0, 0)  # so that the git that it runs ends with it
    # The caller makes again what is missing, and is then told what is wrong.
    with suppress(Exception):
        for item in function(*arguments):
            sender.send_bytes(pickle.dumps(item, pickle.HIGHEST_PROTOCOL))
        sender.send_bytes(_END)
