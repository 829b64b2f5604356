"""A server with toy methods, for the tests of both sides: `toy_server.py [MODE] serve`.

Modes: `quiet` does not print its port, `broken` raises before it serves, `noisy` warns on stderr
first, `young` exits a moment after the first client is there, `newer` speaks another protocol,
`chatty` prints something else where its port should be.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from random import Random
from typing import Any

from explog.errors import ExplogError
from explog.rpc import wire
from explog.rpc.client import Client
from explog.rpc.lanes import Bounds, LaneName
from explog.rpc.registry import Application, Method, Registry, method
from explog.rpc.server import serve

SLOW_WORKERS = 2
SLOW_WAITING = 2

BOUNDS: dict[LaneName, Bounds] = {
    "fast": Bounds(workers=4, waiting=256),
    "slow": Bounds(SLOW_WORKERS, SLOW_WAITING),
}
gates: dict[str, threading.Event] = {}


@method("noop", lane="fast")
def noop(_context: object, _client: Client) -> None:
    """Do nothing."""


class _Unchecked(Method[Any, Any]):
    """A method that takes any number of any arguments."""

    def check(self, args: list[object]) -> list[Any]:
        return args


def _echo(_context: object, _client: Client, *args: object) -> list[object]:
    """Return the arguments."""
    return list(args)


echo = _Unchecked("echo", "fast", _echo)


@method("connections", lane="fast")
def connections(_context: object, _client: Client) -> int:
    """Return how many connections are read."""
    return sum("(_connect)" in thread.name for thread in threading.enumerate())


@method("slow", lane="slow")
def slow(_context: object, _client: Client, seconds: float) -> str:
    """Take this many seconds."""
    time.sleep(seconds)  # this is what it is for
    return "slept"


@method("wait", lane="slow")
def wait(_context: object, _client: Client, gate: str) -> str:
    """Return when `open` has been called for the gate."""
    gates.setdefault(gate, threading.Event()).wait(30)
    return gate


@method("open", lane="fast")
def open_gate(_context: object, _client: Client, gate: str) -> None:
    """Let `wait` return."""
    gates.setdefault(gate, threading.Event()).set()


@method("cling", lane="fast")
def cling(_context: object, _client: Client, seconds: float) -> None:
    """Start a thread that Python would wait for at its end."""
    threading.Thread(target=time.sleep, args=(seconds,), daemon=False).start()


@method("spin", lane="slow")
def spin(_context: object, _client: Client, seconds: float) -> int:
    """Keep the interpreter busy."""
    end, turns = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        turns += 1
    return turns


@method("boom", lane="fast")
def boom(_context: object, _client: Client, how: str = "error") -> None:
    """Raise."""
    match how:
        case "explog":
            raise ExplogError("toy", "as asked", line=7, names=["a", "b"])
        case "exit":
            raise SystemExit(3)
        case "lines":
            raise ValueError("one\ntwo\nthree")
    raise ZeroDivisionError("division by zero")


@method("unencodable", lane="fast")
def unencodable(_context: object, _client: Client) -> object:
    """Return what has no Lisp form."""
    return [object()]


@method("big", lane="fast")
def big(_context: object, _client: Client, size: int, mark: str = "x") -> str:
    """Return SIZE times the character MARK."""
    return mark * size


@method("rows", lane="fast")
def rows(_context: object, _client: Client, count: int) -> dict[str, object]:
    """Return search hits as they are, in bulk."""
    snippet = "the loss falls faster than before, but the validation set disagrees with that"
    file, date = "/home/researcher/notes/experiments.org", "2024-05-01T12:00:00"
    hits = [
        ["step", f"{n}", f"{n}.1", f'Try "décay" {n}', snippet, file, n, None, "83d45cd", date]
        for n in range(count)
    ]
    return {"total": count, "hits": wire.Bulk(hits)}


def _adversaries(seed: int) -> list[str]:
    """Return 300 strings that are hard to get across; no two bytes of theirs make up UTF-8."""
    random = Random(seed)
    alphabet = [*map(chr, range(0x21)), *"\"\\[]{}();#?'`,.|", "null", "nil", "[null", "\x7f"]
    alphabet += ["é", "\u0085", "\u2028", "\ufeff", "\uffff", "漢", "\U0001f600", "\U0010ffff"]
    alphabet += ["\udcff", "\udcfe", "\udc80", "\\377", "\\u0041", "\\\n", "a", "0"]
    return ["".join(random.choices(alphabet, k=random.randrange(12))) for _ in range(300)]


@method("adversaries", lane="fast")
def adversaries(_context: object, _client: Client, seed: int) -> object:
    """Return the same strings twice: as a list and in bulk."""
    strings = _adversaries(seed)
    return [strings, wire.Bulk(strings)]


@method("differences", lane="fast")
def differences(
    _context: object, _client: Client, seed: int, strings: list[object]
) -> list[object]:
    """Return those of the adversaries that did not come back as they went."""
    pairs = zip(_adversaries(seed), strings, strict=True)
    return [[repr(sent), repr(came)] for sent, came in pairs if sent != came]


@method("pid", lane="fast")
def pid(_context: object, _client: Client) -> int:
    """Return the process id."""
    return os.getpid()


@method("die", lane="fast")
def die(_context: object, _client: Client, status: int = 9) -> None:
    """End without a word but one."""
    os.write(2, b"toy: dying as asked\n")
    os._exit(status)


@method("warn", lane="fast")
def warn(_context: object, _client: Client, text: str) -> None:
    """Write to stderr."""
    print(text, file=sys.stderr, flush=True)


@method("call-back", lane="slow")
def call_back(
    _context: object, client: Client, method: str, args: list[object], timeout: float = 5
) -> object:
    """Call Emacs, and tell how it went."""
    try:
        return {"value": client.call(method, *args, timeout=timeout)}
    except ExplogError as error:
        return {"code": error.code, "message": error.message}


@method("version", lane="fast")
def version(_context: object, client: Client) -> str:
    """Return what the client said of itself."""
    return client.version


def _die_young(client: Client) -> None:
    time.sleep(0.2)  # Emacs is to know that we are ready; it tells us nothing of that
    die(None, client)


def main(mode: str) -> int:
    """Serve."""
    match mode:
        case "quiet":
            sys.stdin.read()
        case "broken":
            raise ModuleNotFoundError("No module named 'nowhere'")
        case "noisy":
            print("DeprecationWarning: a warning\n" * 3, file=sys.stderr)
        case "chatty":
            print("Hello!", flush=True)
        case "newer":
            wire.PROTOCOL += 1
    application = Application(
        Registry(value for value in list(globals().values()) if isinstance(value, Method)),
        version="toy",
        bounds=BOUNDS,
        on_client_ready=_die_young if mode == "young" else None,
    )
    return serve(application, stdin=sys.stdin.buffer, stdout=sys.stdout)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
