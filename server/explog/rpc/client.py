"""The Emacs at the other end of a connection, and what may be asked of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from explog.errors import ExplogError
from explog.rpc import wire
from explog.rpc.epc_types import BaseRemoteError, EPCCallManager

T = TypeVar("T")


class Client:
    """The Emacs at the other end of a connection."""

    def __init__(self, send: Callable[..., None]) -> None:
        self.version = ""
        """The version of explog that it has, as `hello` told."""
        self.closed = False
        """True once the connection is closed; it is never opened again."""
        self._send = send
        self._calls = EPCCallManager()

    def call(self, method: str, *args: object, timeout: float) -> object:
        """Call what Emacs has defined as `method` and return its value, within `timeout` seconds.

        Not for the thread that reads the connection.
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
                raise closed_error()
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
        """Call what Emacs has defined as `method`, and ignore its answer.

        Raises ExplogError "client-gone".
        """
        self._send("call", self._calls.get_uid(), wire.Symbol(method), list(args))

    def resolve(self, kind: str, uid: int, value: object) -> None:
        """Give the reply `value` to the call that waits for it, if one still does."""
        with suppress(BaseRemoteError):
            if kind == "return":
                self._calls.handle_return(uid, value)
            else:
                self._calls.handle_return_error(uid, value)

    def close(self) -> None:
        """Fail every call that waits."""
        self.closed = True
        for uid in list(self._calls.callbacks):
            self.resolve("return-error", uid, closed_error())


class PerClient(Generic[T]):
    """A value for each client: made when it is first needed, and dropped with the client."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._values: WeakKeyDictionary[Client, T] = WeakKeyDictionary()

    def __getitem__(self, client: Client) -> T:
        with self._lock:
            if client not in self._values:
                self._values[client] = self._make()
            return self._values[client]


def closed_error() -> ExplogError:
    """Return what a call raises when the connection is closed."""
    return ExplogError("client-gone", "the connection to Emacs is closed")


def _error_of(error: Exception) -> ExplogError:
    """Return what a call raises for epc's `error`, whose argument is what came over the wire."""
    value = error.args[0]
    if isinstance(value, ExplogError):
        return value
    parts = wire.plist(value)
    message = str(parts.get("message") or value)
    return ExplogError(str(parts.get("code", "emacs-error")), message, data=parts.get("data"))
