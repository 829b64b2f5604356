"""The lobby: connections whose first message has not come yet, all in one thread.

Whoever knows the port can connect. Until a connection has sent its first message, whole and within
the limits, it costs a file and a few bytes. There is a bound to how many wait; beyond it the one
that has waited longest goes, so that an Emacs, which says hello at once, always gets in.
"""

from __future__ import annotations

import logging
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from explog.rpc import wire
from explog.rpc.sparing import sparing

log = sparing(logging.getLogger(__name__))

HELLO_BYTES = 4096
_HELLO_SECONDS = 5.0
_MOST = 64
_PAUSE_SECONDS = 0.1

Admit = Callable[[socket.socket, Any, bytes], None]
"""Takes a connection, its address, and what it has sent: a message and perhaps more."""


@dataclass(slots=True)
class _Stranger:
    socket: socket.socket
    address: Any
    until: float
    sent: bytes = b""


class Lobby:
    """Accepts connections of LISTENER, and hands those that sent a message to ADMIT."""

    def __init__(self, listener: socket.socket, admit: Admit) -> None:
        self._listener = listener
        self._admit = admit
        self._strangers: dict[socket.socket, _Stranger] = {}  # the one that came first is first
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)

    def close(self) -> None:
        """Close the connections that have not sent their first message."""
        for stranger in list(self._strangers.values()):
            self._drop(stranger)
        self._selector.close()

    def step(self) -> None:
        """Wait until something happens, and deal with it."""
        first = next(iter(self._strangers.values()), None)
        seconds = None if first is None else max(0.0, first.until - time.monotonic())
        for key, _events in self._selector.select(seconds):
            if key.fileobj is self._listener:
                self._accept()
            elif (stranger := self._strangers.get(key.data)) is not None:
                self._read(stranger)
        now = time.monotonic()
        for stranger in [one for one in self._strangers.values() if one.until <= now]:
            self._drop(stranger, f"no hello within {_HELLO_SECONDS:g} s")

    def _accept(self) -> None:
        if len(self._strangers) >= _MOST:
            self._drop_first()
        try:
            request, address = self._listener.accept()
        except OSError:  # as when no file may be opened any more
            if self._strangers:
                self._drop_first()
            else:
                time.sleep(_PAUSE_SECONDS)
            return
        request.setblocking(False)
        until = time.monotonic() + _HELLO_SECONDS
        self._strangers[request] = _Stranger(request, address, until)
        self._selector.register(request, selectors.EVENT_READ, request)

    def _read(self, stranger: _Stranger) -> None:
        try:
            data = stranger.socket.recv(wire.HEADER + HELLO_BYTES - len(stranger.sent))
        except BlockingIOError:
            return
        except OSError:
            self._drop(stranger)
            return
        stranger.sent += data
        try:
            size = wire.frame_size(stranger.sent, HELLO_BYTES)
        except wire.BrokenStreamError as error:
            self._drop(stranger, str(error))
            return
        if size is not None and len(stranger.sent) >= wire.HEADER + size:
            self._hand_over(stranger)
        elif not data:
            self._drop(stranger, "it ended before its first message did" if stranger.sent else "")

    def _hand_over(self, stranger: _Stranger) -> None:
        self._forget(stranger)
        stranger.socket.setblocking(True)
        self._admit(stranger.socket, stranger.address, stranger.sent)

    def _drop_first(self) -> None:
        self._drop(next(iter(self._strangers.values())), "too many others say no hello")

    def _drop(self, stranger: _Stranger, why: str = "") -> None:
        self._forget(stranger)
        if why:
            log.warning("a connection is closed: %s", why)
        with suppress(OSError):
            stranger.socket.shutdown(socket.SHUT_RDWR)
        stranger.socket.close()

    def _forget(self, stranger: _Stranger) -> None:
        del self._strangers[stranger.socket]
        self._selector.unregister(stranger.socket)
