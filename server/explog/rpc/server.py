"""The server that Emacs talks to: EPC over loopback, behind a token.

`serve` runs it as a process that ends when its stdin does: Emacs is gone then, however it went.
"""

from __future__ import annotations

import hmac
import logging
import os
import re
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO, TextIO, cast

from explog.errors import ExplogError
from explog.rpc import wire
from explog.rpc.connection import Client, Handler
from explog.rpc.registry import Registry, lanes
from explog.rpc.untyped import EPCServer

log = logging.getLogger(__name__)

_EXIT_SECONDS = 0.8
_SWITCH_SECONDS = 0.0005  # a fast call takes turns with a slow one that computes: 5 ms each else


class BridgeServer(EPCServer):
    """Listens on a free port of the loopback. `clients` are those that said hello."""

    clients: list[Client]
    request_queue_size = 64

    def __init__(
        self,
        registry: Registry,
        token: str,
        *,
        version: str = "",
        on_client_ready: Callable[[Client], None] | None = None,
    ) -> None:
        """Listen. `on_client_ready` is called for each client, in a thread of its own."""
        self.registry = registry
        self.lanes = lanes(registry.bounds)
        self.handlers: set[Handler] = set()
        self._token = token.encode()
        self._version = version
        self._on_client_ready = on_client_ready
        self._stopping = False
        super().__init__(("127.0.0.1", 0), Handler)

    def run(self) -> None:
        """Accept connections until `stop`."""
        while not self._stopping:
            self.handle_request()

    def stop(self) -> None:
        """End `run` and close all connections; from any thread."""
        self._stopping = True
        with suppress(OSError):  # wakes `run`, which waits for a connection without polling
            host, port = cast("tuple[str, int]", self.server_address)
            socket.create_connection((host, port), timeout=1).close()
        for handler in list(self.handlers):
            handler.hang_up()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Read a connection in a thread of its own."""
        arguments = (request, client_address)
        threading.Thread(target=self._connection, args=arguments, daemon=True).start()

    def _connection(self, request: Any, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError:  # it was gone before it began
            log.debug("a connection broke", exc_info=True)
        except Exception:
            log.exception("a connection failed")
        finally:
            self.shutdown_request(request)

    def handle_client_connect(self, client: Client) -> None:
        """Called by `add_client`, in the thread that reads the connection."""
        if self._on_client_ready is not None:
            threading.Thread(target=self._client_ready, args=(client,), daemon=True).start()

    def handle_client_disconnect(self, client: Client) -> None:
        """Called by `remove_client`."""

    def _client_ready(self, client: Client) -> None:
        try:
            if self._on_client_ready is not None:
                self._on_client_ready(client)
        except ExplogError as error:
            log.warning("greeting a client: %s", error)
        except Exception:
            log.exception("greeting a client")

    # The answers that are the server's own

    def admit(self, kind: str, rest: list[Any]) -> str:
        """Return the client's version if `rest` is a `hello` with the token and our protocol.

        Raises ExplogError "unauthenticated" or "protocol-mismatch" (data: protocol).
        """
        match kind, rest:
            case "call", [wire.Symbol() as name, [str(token), int(protocol), str(version)]]:
                good = hmac.compare_digest(token.encode("utf-8", "replace"), self._token)
                if str(name) != "hello" or not good:
                    raise _unauthenticated()
            case _:
                raise _unauthenticated()
        if protocol != wire.PROTOCOL:
            message = f"Emacs speaks protocol {protocol}, the server {wire.PROTOCOL}"
            raise ExplogError("protocol-mismatch", message, protocol=wire.PROTOCOL)
        return version

    def greeting(self) -> dict[str, object]:
        """Return the answer to `hello`."""
        python = sys.version.partition(" ")[0]
        return {
            "server": self._version,
            "protocol": wire.PROTOCOL,
            "pid": os.getpid(),
            "python": python,
        }

    def describe(self) -> list[object]:
        """Return the answer to `methods`: (NAME ARGUMENTS DOC) of each."""
        return [(wire.Symbol(method.name), [], method.doc) for method in self.registry]


def _unauthenticated() -> ExplogError:
    return ExplogError("unauthenticated", "the first call must be hello, with the token")


def serve(
    registry: Registry,
    *,
    stdin: BinaryIO,
    stdout: TextIO,
    version: str = "",
    on_ready: Callable[[BridgeServer], None] | None = None,
    on_client_ready: Callable[[Client], None] | None = None,
) -> int:
    """Serve `registry` until the end of `stdin` or SIGTERM; return the exit status.

    The first line of `stdin` is the token, at least 64 hexadecimal digits, else the status is 2.
    The port is printed to `stdout` as one line, then `on_ready` is called in this thread. From
    the end of `stdin` on the process has less than a second to end by itself; then it is ended,
    whatever its threads do.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    token = _read_token(stdin.fileno())
    if token is None:
        print(
            "explog serve: the first line on stdin must be a token of 64 hexadecimal digits"
            " (Emacs starts this command; by hand use the others)",
            file=sys.stderr,
        )
        return 2
    server = BridgeServer(registry, token, version=version, on_client_ready=on_client_ready)
    ended = _watch(stdin.fileno())
    sys.setswitchinterval(_SWITCH_SECONDS)
    threading.Thread(target=server.run, daemon=True).start()
    server.print_port(stdout)
    if on_ready is not None:
        on_ready(server)
    ended.wait()
    server.stop()
    return 0


def _read_token(stdin: int) -> str | None:
    """Return the token, None if there is none; take no byte after its line."""
    line = b""
    while not line.endswith(b"\n") and len(line) < 1024:
        byte = os.read(stdin, 1)
        if not byte:
            break
        line += byte
    return line.strip().decode() if re.fullmatch(rb"[0-9a-fA-F]{64,}\s*\n", line) else None


def _watch(stdin: int) -> threading.Event:
    """Return an event that is set at the end of `stdin`, or at SIGTERM or SIGINT.

    A while later the process ends, should it still be there.
    """
    ended = threading.Event()
    asleep, wake = os.pipe()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            # Setting the event here could deadlock with the main thread that waits for it.
            signal.signal(number, lambda *_: os.write(wake, b".") and None)

    def watch() -> None:
        while True:
            readable, _, _ = select.select([stdin, asleep], [], [])
            if asleep in readable or not os.read(stdin, _CHUNK):
                break
        ended.set()
        time.sleep(_EXIT_SECONDS)
        os._exit(0)

    threading.Thread(target=watch, name="stdin", daemon=True).start()
    return ended


_CHUNK = 1 << 16
