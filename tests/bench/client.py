"""A server of ours, and enough of a client to start it, ask it and look at its memory."""

from __future__ import annotations

import re
import secrets
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.workshop import BenchError, Workshop
from explog.rpc import wire

_SECONDS = 300


class Server:
    """`explog serve`, ready; `port_ms` and `ready_ms` say how long that took."""

    def __init__(self, shop: Workshop) -> None:
        """Start it, connect and say hello."""
        token = secrets.token_hex(32)
        begun = time.perf_counter()
        self._process = subprocess.Popen(
            [shop.explog, "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=shop.environment,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._stdin.write(f"{token}\n")
        self._stdin.flush()
        port = int(self._stdout.readline())
        self.port_ms = 1e3 * (time.perf_counter() - begun)
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
        self._file = self._socket.makefile("rb")
        self._uid = 0
        self.call("hello", token, wire.PROTOCOL, "bench")
        self.ready_ms = 1e3 * (time.perf_counter() - begun)

    def call(self, method: str, *arguments: object) -> Any:
        """Call METHOD and return what it returns."""
        self._uid += 1
        request = wire.encode("call", self._uid, wire.Symbol(method), list(arguments))
        self._socket.sendall(request)
        for data in wire.frames(self._file.read, lambda: wire.MAX_FRAME):
            symbol, uid, *rest = wire.decode(data)
            kind = str(symbol)
            if kind == "return" and uid == self._uid:
                return rest[0]
            if uid == self._uid and kind != "call":
                raise BenchError(f"{method}: {rest}")
        raise BenchError(f"{method}: the server hung up")

    def wait_indexed(self, commits: int) -> None:
        """Wait until it knows COMMITS commits and the logs."""
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            status = wire.plist(self.call("status"))
            counts = wire.plist(status.get("counts"))
            if (counts.get("commits"), status.get("progress")) == (commits, "") and counts.get(
                "experiments"
            ):
                time.sleep(1)
                return
            time.sleep(0.02)
        raise BenchError("the server did not index the world in time")

    def memory(self) -> dict[str, float]:
        """Return its memory in MB: VmRSS now, VmHWM at most."""
        text = Path(f"/proc/{self._process.pid}/status").read_text()
        return {name: int(kb) / 1024 for name, kb in re.findall(r"(Vm\w+):\s+(\d+) kB", text)}

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self._socket.close()
        self._stdin.close()
        self._process.wait(timeout=10)
        self._stdout.close()
