"""One connection to an Emacs.

Each connection has a thread that reads it. Methods run in the threads of the lanes, and every
thread writes under the connection's lock. Every request is answered exactly once, also a request
that cannot be read and one whose result cannot be written.
"""

from __future__ import annotations

import logging
import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, cast

from explog.errors import ExplogError
from explog.rpc import wire
from explog.rpc.client import Client, closed_error
from explog.rpc.epc_types import EPCHandler
from explog.rpc.lanes import Lane, LaneName
from explog.rpc.lobby import HELLO_BYTES
from explog.rpc.registry import Application, Method
from explog.rpc.sparing import sparing

log = sparing(logging.getLogger(__name__))

_SEND_SECONDS = 60  # without progress: a suspended Emacs must not keep the threads of a lane
_CHUNK = 1 << 16


class Host(Protocol):
    """The server, as its connections see it."""

    application: Application
    lanes: Mapping[LaneName, Lane]

    def connected(self, connection: Connection) -> None:
        """Take note of a new connection."""

    def disconnected(self, connection: Connection) -> None:
        """Take note that a connection is closed."""

    def admit(self, kind: str, rest: list[Any]) -> str:
        """Return the version of a client whose first message is a good `hello`.

        Raises ExplogError.
        """

    def greeting(self) -> dict[str, object]:
        """Return the answer to `hello`."""

    def describe(self) -> list[object]:
        """Return the answer to `methods`."""

    def add_client(self, client: Client) -> None:
        """Take note of a client that said hello."""

    def remove_client(self, client: Client) -> None:
        """Take note that this client is gone."""


class Connection(EPCHandler):
    """One connection. Its methods run in the thread that reads it, except `_run` and `_send`."""

    disable_nagle_algorithm = True
    rbufsize = _CHUNK

    # EPCHandler's own versions of these methods log every argument, decode without recovery, and
    # write without a lock.

    def __init__(self, host: Host, request: Any, address: Any, sent: bytes) -> None:
        """Serve the connection until it closes; it has SENT its first message, perhaps more."""
        self.host = host
        self._sent = sent
        super().__init__(request, address, cast(Any, host))

    def setup(self) -> None:
        socketserver.StreamRequestHandler.setup(self)
        limit = struct.pack("@ll", _SEND_SECONDS, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        self._admitted = False
        self._lock = threading.Lock()
        self.client = Client(self._send)
        self.host.connected(self)

    def handle(self) -> None:
        try:
            for message in wire.frames(self._read, self._limit):
                if not self._dispatch(message):
                    return
        except wire.BrokenStreamError as error:
            log.warning("a connection is closed: %s", error)
        except OSError:
            log.debug("a connection broke", exc_info=True)

    def finish(self) -> None:
        self.hang_up()
        self.client.close()
        self.host.disconnected(self)
        if self._admitted:
            self.host.remove_client(self.client)
        with suppress(OSError):
            socketserver.StreamRequestHandler.finish(self)

    def hang_up(self) -> None:
        """Close both directions, which ends the thread that reads. For any thread."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _read(self, size: int) -> bytes:
        """Return `size` bytes, or fewer at the end of the stream."""
        parts = []
        while size and (part := self._read_some(min(size, _CHUNK))):
            parts.append(part)
            size -= len(part)
            self._acknowledge()
        return b"".join(parts)

    def _read_some(self, size: int) -> bytes:
        if self._sent:
            part, self._sent = self._sent[:size], self._sent[size:]
            return part
        return self.rfile.read1(size)

    def _acknowledge(self) -> None:
        """Acknowledge at once what was read.

        Emacs cannot turn Nagle's algorithm off: it would send a call only 40 ms later if the call
        before is not acknowledged. Linux forgets this option now and then.
        """
        if sys.platform == "linux":
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _limit(self) -> int:
        return wire.MAX_FRAME if self._admitted else HELLO_BYTES

    def _send(self, *message: Any) -> None:
        """Write the message; raises ExplogError "client-gone", or what `wire.encode` does."""
        frame = wire.encode(*message)
        try:
            with self._lock:
                self.connection.sendall(frame)
        except OSError:
            self.hang_up()  # part of the frame may be sent: nothing can follow it
            raise closed_error() from None

    def _answer(self, kind: str, uid: int, value: object) -> None:
        """Write the answer to request `uid`, or the reason why it cannot be written."""
        with suppress(ExplogError):  # the connection is closed
            try:
                self._send(kind, uid, value)
            except ExplogError as error:
                self._send("return-error", uid, {"code": error.code, "message": error.message})

    def _fail(self, uid: int, error: ExplogError, kind: str = "return-error") -> None:
        data = error.data or None
        self._answer(kind, uid, {"code": error.code, "message": error.message, "data": data})

    def _dispatch(self, message: bytes) -> bool:
        """Do what `message` asks; return False to close the connection."""
        try:
            kind, uid, rest = _parts(wire.decode(message))
        except ExplogError as error:
            return self._unreadable(message, error)
        if not self._admitted:
            return self._hello(kind, uid, rest)
        if kind == "call":
            self._call(uid, *rest)
        elif kind == "methods":
            self._answer("return", uid, self.host.describe())
        else:
            self.client.resolve(kind, uid, rest[0] if rest else [])
        return True

    def _unreadable(self, message: bytes, error: ExplogError) -> bool:
        found = wire.recover(message)
        if found is None or not self._admitted:
            raise wire.BrokenStreamError(error.message)
        kind, uid = found
        if kind in _REPLIES:
            self.client.resolve("return-error", uid, error)
        else:
            self._fail(uid, error, kind="epc-error")
        return True

    def _hello(self, kind: str, uid: int, rest: list[Any]) -> bool:
        try:
            version = self.host.admit(kind, rest)
        except ExplogError as error:
            log.warning("a connection is closed: %s", error.message)
            self._fail(uid, error)
            return False
        self._answer("return", uid, self.host.greeting())
        self._admitted = True
        self.client.version = version
        self.host.add_client(self.client)
        return True

    def _call(self, uid: int, name: wire.Symbol, args: list[object]) -> None:
        try:
            method = self.host.application.registry.find(str(name))
            job = partial(self._run, uid, method, method.check(args))
        except ExplogError as error:
            self._fail(uid, error)
            return
        if not self.host.lanes[method.lane].submit(job):
            self._fail(uid, ExplogError("busy", f"too many calls wait for {name} to run"))

    def _run(self, uid: int, method: Method[Any, Any], args: list[Any]) -> None:
        try:
            result = method.run(self.host.application.context, self.client, args)
        except ExplogError as error:
            self._fail(uid, error)
        except BaseException as error:  # SystemExit is an answer too
            known = self._explained(error)
            if known is not None:
                self._fail(uid, known)
                return
            log.exception("%s failed", method.name)
            self._fail(uid, ExplogError("internal", wire.one_line(error)))
        else:
            self._answer("return", uid, result)

    def _explained(self, error: BaseException) -> ExplogError | None:
        explain = self.host.application.on_failure
        return explain(error) if explain is not None and isinstance(error, Exception) else None


_REPLIES = ("return", "return-error", "epc-error")


def _parts(message: list[Any]) -> tuple[str, int, list[Any]]:
    """Return kind, uid and the rest of a message. Raises ExplogError "bad-message"."""
    match message:
        case [wire.Symbol() as kind, int(uid), *rest]:
            name = str(kind)
        case _:
            raise ExplogError("bad-message", "a message begins with its kind and uid")
    match name, rest:
        case "call", [wire.Symbol(), list()]:
            pass
        case "call", _:
            raise ExplogError("bad-message", "a call consists of a uid, a method and a list")
        case other, _ if other not in ("methods", *_REPLIES):
            raise ExplogError("bad-message", f"{other} is not a kind of message")
    return name, uid, rest
