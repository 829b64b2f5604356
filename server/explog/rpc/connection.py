"""One connection: what Emacs asks, and what is asked of Emacs.

Each connection has a thread that reads; methods run in the lanes of `registry`; whoever has
something to say writes it under the connection's lock. Every request is answered exactly once,
even one that cannot be read and one whose result cannot be written.
"""

from __future__ import annotations

import logging
import socket
import socketserver
import struct
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from explog.errors import ExplogError
from explog.rpc import wire
from explog.rpc.untyped import BaseRemoteError, EPCCallManager, EPCHandler

if TYPE_CHECKING:
    from explog.rpc.server import BridgeServer

log = logging.getLogger(__name__)

_HELLO_BYTES = 4096
_HELLO_SECONDS = 5.0
_SEND_SECONDS = 60  # with no byte taken: a suspended Emacs must not keep the threads of a lane
_CHUNK = 1 << 16


class Client:
    """The Emacs at the other end of a connection."""

    def __init__(self, send: Callable[..., None]) -> None:
        self.version = ""
        """What it said in `hello`."""
        self.closed = False
        """True once the connection is gone; it does not come back."""
        self._send = send
        self._calls = EPCCallManager()

    def call(self, method: str, *args: object, timeout: float) -> object:
        """Call what Emacs has defined as `method`, wait for `timeout` seconds, return its value.

        For the threads that run methods, and any other but the one that reads the connection.
        Raises ExplogError: "timeout", "client-gone", or the code that Emacs gave.
        """
        box: SimpleQueue[tuple[bool, Any]] = SimpleQueue()
        uid = self._calls.get_uid()
        self._calls.callbacks[uid] = (
            lambda value: box.put((True, value)),
            lambda error: box.put((False, error)),
        )
        try:
            if self.closed:  # asked after the callbacks are in place: `close` may be under way
                raise _gone()
            self._send("call", uid, wire.Symbol(method), list(args))
            good, value = box.get(timeout=timeout)
        except Empty:
            message = f"Emacs did not answer {method} within {timeout:g} s"
            raise ExplogError("timeout", message) from None
        finally:
            self._calls.callbacks.pop(uid, None)
        if good:
            return value
        raise _error_of(value)

    def notify(self, method: str, *args: object) -> None:
        """Call what Emacs has defined as `method`, and do not wait: its answer is ignored.

        Raises ExplogError "client-gone".
        """
        self._send("call", self._calls.get_uid(), wire.Symbol(method), list(args))

    def settle(self, kind: str, uid: int, value: object) -> None:
        """Hand the reply `value` to the call that waits for it; ignore one that nobody awaits."""
        with suppress(BaseRemoteError):
            if kind == "return":
                self._calls.handle_return(uid, value)
            else:
                self._calls.handle_return_error(uid, value)

    def close(self) -> None:
        """Fail every call that waits."""
        self.closed = True
        for uid in list(self._calls.callbacks):
            self.settle("return-error", uid, _gone())


def _gone() -> ExplogError:
    return ExplogError("client-gone", "the connection to Emacs is closed")


def _error_of(error: Exception) -> ExplogError:
    """Return what a call raises for epc's `error`, whose argument is what came over the wire."""
    value = error.args[0]
    if isinstance(value, ExplogError):
        return value
    parts = wire.plist(value)
    message = str(parts.get("message") or value)
    return ExplogError(str(parts.get("code", "emacs-error")), message, data=parts.get("data"))


class Handler(EPCHandler):
    """One connection. Its methods run in the connection's thread, but for `_run` and `_send`."""

    server: BridgeServer
    disable_nagle_algorithm = True
    rbufsize = _CHUNK

    # What EPCHandler has of these logs every argument, decodes without recovery, and writes
    # without a lock.

    def setup(self) -> None:
        socketserver.StreamRequestHandler.setup(self)
        limit = struct.pack("@ll", _SEND_SECONDS, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        self._hello_until: float | None = time.monotonic() + _HELLO_SECONDS
        self._lock = threading.Lock()
        self.client = Client(self._send)
        self.server.handlers.add(self)

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
        self.server.handlers.discard(self)
        if self._hello_until is None:
            self.server.remove_client(self.client)
        with suppress(OSError):
            socketserver.StreamRequestHandler.finish(self)

    def hang_up(self) -> None:
        """Close both directions, from any thread; the reader then ends."""
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
        if self._hello_until is None:
            return self.rfile.read1(size)
        try:
            self.connection.settimeout(max(0.001, self._hello_until - time.monotonic()))
            return self.rfile.read1(size)
        except TimeoutError:
            raise wire.BrokenStreamError(f"no hello within {_HELLO_SECONDS:g} s") from None

    def _acknowledge(self) -> None:
        """Acknowledge what was read at once, which Linux undoes now and then.

        Emacs cannot turn Nagle's algorithm off: a call made while another one is unanswered
        would leave it only after 40 ms.
        """
        if sys.platform == "linux":
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _limit(self) -> int:
        return wire.MAX_FRAME if self._hello_until is None else _HELLO_BYTES

    def _send(self, *message: Any) -> None:
        """Write the message; raises ExplogError "client-gone", or what `wire.encode` does."""
        frame = wire.encode(*message)
        try:
            with self._lock:
                self.connection.sendall(frame)
        except OSError:
            self.hang_up()  # a part may have gone out: nothing can follow it
            raise _gone() from None

    def _answer(self, kind: str, uid: int, value: object) -> None:
        """Write the answer to request `uid`, or the reason why it cannot be written."""
        with suppress(ExplogError):  # the client is gone
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
        if self._hello_until is not None:
            return self._hello(kind, uid, rest)
        if kind == "call":
            self._call(uid, *rest)
        elif kind == "methods":
            self._answer("return", uid, self.server.describe())
        else:
            self.client.settle(kind, uid, rest[0] if rest else [])
        return True

    def _unreadable(self, message: bytes, error: ExplogError) -> bool:
        found = wire.recover(message)
        if found is None or self._hello_until is not None:
            raise wire.BrokenStreamError(error.message)
        kind, uid = found
        if kind in _REPLIES:
            self.client.settle("return-error", uid, error)
        else:
            self._fail(uid, error, kind="epc-error")
        return True

    def _hello(self, kind: str, uid: int, rest: list[Any]) -> bool:
        try:
            version = self.server.admit(kind, rest)
        except ExplogError as error:
            log.warning("a connection is closed: %s", error.message)
            self._fail(uid, error)
            return False
        self._answer("return", uid, self.server.greeting())
        self._hello_until = None
        self.connection.settimeout(None)
        self.client.version = version
        self.server.add_client(self.client)
        return True

    def _call(self, uid: int, name: wire.Symbol, args: list[object]) -> None:
        try:
            method = self.server.registry.find(str(name))
            method.check(args)
        except ExplogError as error:
            self._fail(uid, error)
            return
        job = partial(self._run, uid, method.function, args)
        if not self.server.lanes[method.lane].submit(job):
            self._fail(uid, ExplogError("busy", f"too many calls are waiting to run {name}"))

    def _run(self, uid: int, function: Callable[..., object], args: list[object]) -> None:
        try:
            result = function(self.client, *args)
        except ExplogError as error:
            self._fail(uid, error)
        except BaseException as error:  # SystemExit is an answer too
            log.exception("%s failed", function.__name__)
            self._fail(uid, ExplogError("internal", wire.one_line(error)))
        else:
            self._answer("return", uid, result)


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
            raise ExplogError("bad-message", "a call has a uid, a method and a list")
        case other, _ if other not in ("methods", *_REPLIES):
            raise ExplogError("bad-message", f"there is no message {other}")
    return name, uid, rest
