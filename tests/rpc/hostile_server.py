"""A server that says hello like explog's, and then sends whatever bytes it is told to.

Emacs calls `reply` with the text to answer with, or `send` with a text to send as a frame of its own.
What Emacs sends back is kept; `received` returns it.
"""

from __future__ import annotations

import os
import socket
import sys
import threading

from explog.rpc import wire


def _frame(message: str) -> bytes:
    body = message.encode("utf-8", "surrogateescape")
    return b"%06x%b\n" % (len(body) + 1, body)


def _serve(connection: socket.socket) -> None:
    received = ""
    for data in wire.frames(connection.makefile("rb").read, lambda: wire.MAX_FRAME):
        if sys.platform == "linux":  # or Emacs waits 40 ms before it sends the next call
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        kind, uid, *rest = wire.decode(data)
        method, args = map(_plain, rest) if len(rest) == 2 else ("", [])
        match str(kind), method, args:
            case "call", "hello", _:
                connection.sendall(_frame(f'(return {uid} (:server "toy" :build ""))'))
            case "call", "reply", [text]:
                connection.sendall(_frame(f"(return {uid} {text})"))
            case "call", "fail", [text]:
                connection.sendall(_frame(f"(return-error {uid} {text})"))
            case "call", "send", [text]:
                connection.sendall(_frame(str(text)) + _frame(f"(return {uid} t)"))
            case "call", "received", _:
                connection.sendall(wire.encode("return", int(str(uid)), received))
            case "call", _, _:
                pass  # it is never answered
            case _:
                received = data.decode("utf-8", "surrogateescape")


def _plain(value: object) -> object:
    return str(value) if isinstance(value, wire.Symbol) else value


def main() -> None:
    """Serve one Emacs until it is gone."""
    sys.stdin.readline()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection,), daemon=True).start()
        sys.stdin.read()
        os._exit(0)


if __name__ == "__main__":
    main()
