"""The server that Emacs talks to: EPC over loopback, behind a token.

`serve` runs it as a process that ends when its stdin ends, which happens however Emacs ends.
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
from contextlib import closing, suppress
from typing import Any, BinaryIO, TextIO, cast

from explog.errors import ExplogError
from explog.rpc import wire
from explog.rpc.client import Client
from explog.rpc.connection import Connection
from explog.rpc.epc_types import EPCServer
from explog.rpc.lanes import lanes
from explog.rpc.lobby import Lobby
from explog.rpc.registry import Application

log = logging.getLogger(__name__)

_EXIT_SECONDS = 0.8
_SWITCH_SECONDS = 0.0005  # by default a fast call waits 5 ms for a slow one that computes


class Server(EPCServer):
    """Listens on a free port of the loopback. `clients` are those that said hello."""

    clients: list[Client]
    request_queue_size = 64

    def __init__(self, application: Application, token: str) -> None:
        """Listen for clients that know TOKEN."""
        self.application = application
        self.lanes = lanes(application.bounds)
        self._connections: set[Connection] = set()
        self._token = token.encode()
        self._stopping = False
        super().__init__(("127.0.0.1", 0), cast(Any, Connection))

    def run(self) -> None:
        """Accept connections until `stop`."""
        with closing(Lobby(self.socket, self._admit)) as lobby:
            while not self._stopping:
                lobby.step()

    def stop(self) -> None:
        """End `run` and close all connections; from any thread."""
        self._stopping = True
        with suppress(OSError):  # wakes `run`, which waits for a connection without polling
            host, port = cast("tuple[str, int]", self.server_address)
            socket.create_connection((host, port), timeout=1).close()
        for connection in list(self._connections):
            connection.hang_up()
        self.server_close()

    def _admit(self, request: Any, address: Any, sent: bytes) -> None:
        """Read a connection, which has SENT its first message, in a thread of its own."""
        arguments = (request, address, sent)
        try:
            threading.Thread(target=self._connect, args=arguments, daemon=True).start()
        except RuntimeError:  # there may be no more threads
            log.warning("a connection is closed: no thread is left for it")
            self.shutdown_request(request)

    def _connect(self, request: Any, address: Any, sent: bytes) -> None:
        try:
            Connection(self, request, address, sent)
        except OSError:  # it was gone before it began
            log.debug("a connection broke", exc_info=True)
        except Exception:
            log.exception("a connection failed")
        finally:
            self.shutdown_request(request)

    def connected(self, connection: Connection) -> None:
        """Close CONNECTION when the server stops."""
        self._connections.add(connection)

    def disconnected(self, connection: Connection) -> None:
        """Forget CONNECTION, which is closed."""
        self._connections.discard(connection)

    def handle_client_connect(self, client: Client) -> None:
        """Greet CLIENT. `add_client` calls this in the thread that reads the connection."""
        greet = self.application.on_client_ready
        if greet is not None:
            threading.Thread(target=self._greet, args=(greet, client), daemon=True).start()

    def handle_client_disconnect(self, client: Client) -> None:
        """Do nothing. `remove_client` calls this."""

    def _greet(self, greet: Callable[[Client], None], client: Client) -> None:
        try:
            greet(client)
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
            "server": self.application.version,
            "build": self.application.build(),
            "protocol": wire.PROTOCOL,
            "pid": os.getpid(),
            "python": python,
        }

    def describe(self) -> list[object]:
        """Return the answer to `methods`: (NAME ARGUMENTS DOC) of each."""
        return [(wire.Symbol(method.name), [], method.doc) for method in self.application.registry]


def _unauthenticated() -> ExplogError:
    return ExplogError("unauthenticated", "the first call must be hello, with the token")


def serve(application: Application, *, stdin: BinaryIO, stdout: TextIO) -> int:
    """Serve APPLICATION until STDIN ends or SIGTERM comes; return the exit status.

    The first line of STDIN is the token, at least 64 hexadecimal digits; without it the status is
    2. The port is printed to STDOUT as one line. From the end of STDIN on the process has less than
    a second to end by itself; after that it ends at once, whatever its threads do.
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
    server = Server(application, token)
    ended = _watch(stdin.fileno())
    sys.setswitchinterval(_SWITCH_SECONDS)
    threading.Thread(target=server.run, daemon=True).start()
    server.print_port(stdout)
    ended.wait()
    server.stop()
    return 0


def _read_token(stdin: int) -> str | None:
    """Return the token, or None without one; read no byte beyond its line."""
    line = b""
    while not line.endswith(b"\n") and len(line) < 1024:
        byte = os.read(stdin, 1)
        if not byte:
            break
        line += byte
    return line.strip().decode() if re.fullmatch(rb"[0-9a-fA-F]{64,}\s*\n", line) else None


def _watch(stdin: int) -> threading.Event:
    """Return an event that is set at the end of STDIN, or at SIGTERM or SIGINT.

    `_EXIT_SECONDS` later the process ends, whatever it does.
    """
    ended = threading.Event()
    asleep, wake = os.pipe()
    if threading.current_thread() is threading.main_thread():
        # A handler in Python runs when the main thread does: it waits, and may not be woken.
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)

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
