"""The server as a process, on real sockets: what it answers, whom it lets in, how it ends."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from explog.rpc import wire
from explog.rpc.wire import Symbol
from support.waiting import wait_until

ROOT = Path(__file__).parents[2]
TOY = Path(__file__).with_name("toy_server.py")
TOKEN = "0123456789abcdef" * 4
LONG = 60.0  # seconds: what takes so long does not come
MEGABYTES_3 = 3 * 1024 * 1024


def frame(message: bytes) -> bytes:
    return b"%06x%b\n" % (len(message) + 1, message)


class Peer:
    """One connection to the server, by hand."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LONG)
        self.file = self.socket.makefile("rb")
        self.uid = 0

    def write(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send(self, method: str, *args: object) -> int:
        """Ask for a call and return its uid."""
        self.uid += 1
        self.write(wire.encode("call", self.uid, Symbol(method), list(args)))
        return self.uid

    def read(self) -> list[Any]:
        """Return the next message: [kind, uid, value]."""
        head = self.file.read(6)
        if not head:
            raise EOFError
        kind, uid, *rest = wire.decode(self.file.read(int(head, 16)))
        return [str(kind), uid, *rest]

    def call(self, method: str, *args: object) -> object:
        uid = self.send(method, *args)
        kind, answered, value = self.read()
        assert answered == uid
        return value if kind == "return" else wire.plist(value) | {"kind": kind}

    def hello(self, token: str = TOKEN, protocol: int = wire.PROTOCOL) -> object:
        return self.call("hello", token, protocol, "test 1")

    def at_end(self) -> bool:
        """Whether the server has closed the connection, with nothing left to read."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class Server:
    """The toy server as a process."""

    def __init__(self, log: Path, *args: str) -> None:
        self.log = log
        path = os.pathsep.join([str(ROOT / "server"), os.environ.get("PYTHONPATH", "")])
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, str(TOY), *args, "serve"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, "PYTHONPATH": path},
            )
        self.peers: list[Peer] = []

    def start(self, token: str = TOKEN) -> Server:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(token.encode() + b"\n")
        self.process.stdin.flush()
        self.port = int(self.process.stdout.readline())
        return self

    def stranger(self) -> Peer:
        """Return a connection that has not said hello."""
        self.peers.append(Peer(self.port))
        return self.peers[-1]

    def peer(self) -> Peer:
        peer = self.stranger()
        peer.hello()
        return peer

    def stop(self) -> int:
        """Close stdin, and return the status."""
        for peer in self.peers:
            peer.close()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        return self.process.wait(LONG)

    def logged(self) -> str:
        return self.log.read_text()


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*args: str) -> Server:
        servers.append(Server(tmp_path / f"stderr-{len(servers)}", *args))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.process.kill()
        server.stop()


@pytest.fixture
def server(new_server: Callable[..., Server]) -> Iterator[Server]:
    started = new_server().start()
    yield started
    assert started.stop() == 0


# Whom it lets in


def test_hello_tells_who_answers(server: Server) -> None:
    peer = server.stranger()
    greeting = wire.plist(peer.hello())
    assert greeting == {
        "server": "toy",
        "build": "",
        "protocol": wire.PROTOCOL,
        "pid": server.process.pid,
        "python": ".".join(map(str, sys.version_info[:3])),
    }
    assert peer.call("version") == "test 1"


@pytest.mark.parametrize(
    "request_",
    [
        (b"call", Symbol("noop"), []),
        (b"call", Symbol("hello"), []),
        (b"call", Symbol("hello"), [TOKEN, wire.PROTOCOL]),
        (b"call", Symbol("hello"), ["f" * 64, wire.PROTOCOL, ""]),
        (b"call", Symbol("hello"), ["", wire.PROTOCOL, ""]),
        (b"call", Symbol("hello"), ["\udcff", wire.PROTOCOL, ""]),
        (b"call", Symbol("hello"), [[], wire.PROTOCOL, ""]),
        (b"call", Symbol("echo"), [TOKEN, wire.PROTOCOL, ""]),
        (b"methods",),
    ],
)
def test_without_the_token_nothing_is_answered(server: Server, request_: tuple[Any, ...]) -> None:
    peer = server.stranger()
    kind, *rest = request_
    peer.write(wire.encode(kind.decode(), 5, *rest))
    answer, uid, value = peer.read()
    assert (answer, uid) == ("return-error", 5)
    assert wire.plist(value)["code"] == "unauthenticated"
    assert peer.at_end()
    assert server.peer().call("noop") == []


def test_another_protocol_is_refused_by_name(server: Server) -> None:
    peer = server.stranger()
    error = peer.hello(protocol=wire.PROTOCOL + 1)
    assert isinstance(error, dict)
    assert error["code"] == "protocol-mismatch"
    assert wire.plist(error["data"]) == {"protocol": wire.PROTOCOL}
    assert peer.at_end()


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x00" * 20,
        b"001001(call 1 hello (",  # longer than a hello may be
        b"000010(call 1 hello (((",  # cannot be read
        b"000004(a)\n",
        b"000010(call",
    ],
)
def test_garbage_before_hello_closes_with_one_line(server: Server, garbage: bytes) -> None:
    peer = server.stranger()
    peer.write(garbage)
    with suppress(OSError):  # it may be closed already
        peer.socket.shutdown(socket.SHUT_WR)
    assert peer.at_end()
    assert server.peer().call("noop") == []
    assert server.logged().count("\n") == 1
    assert "Traceback" not in server.logged()


def test_a_long_message_before_hello_is_not_awaited(server: Server) -> None:
    peer = server.stranger()
    peer.write(b"001001(call 1 hello (")
    assert peer.at_end()
    assert "4096 are allowed" in server.logged()


def test_silence_before_hello_closes(server: Server) -> None:
    """Also if a byte comes now and then; after hello one may be silent for as long as one likes."""
    friend, stranger = server.peer(), server.stranger()
    stranger.socket.settimeout(1)
    begun = time.monotonic()
    stranger.write(b"000fff(")
    while time.monotonic() - begun < LONG:
        stranger.write(b" ")
        try:
            assert stranger.socket.recv(1) == b""
        except TimeoutError:
            continue
        except ConnectionResetError:
            pass
        break
    assert 4 <= time.monotonic() - begun < LONG
    assert "no hello" in server.logged()
    assert friend.call("noop") == []


@pytest.mark.skipif(sys.platform != "linux", reason="it needs /proc")
def test_strangers_cost_next_to_nothing_and_keep_nobody_out(server: Server) -> None:
    """Hundreds that say nothing, or a little, or that send all that is allowed and nonsense."""
    friend, pid = server.peer(), server.process.pid
    friend.call("slow", 0)
    nonsense = frame(b"(call 1 hello (" + b"1" * 4070 + b"a))")
    files, threads, begun = counts(pid, "fd"), counts(pid, "task"), cpu_seconds(pid)
    threads += 2 + 4  # for two more peers, and for the workers of the fast lane
    for number in range(300):
        stranger = server.stranger()
        with suppress(OSError):
            stranger.write([b"", b"000fff(", nonsense[:-1]][number % 3])
    late = server.peer()
    assert late.call("noop") == friend.call("noop") == []
    assert counts(pid, "task") <= threads
    assert counts(pid, "fd") <= files + 70
    for _ in range(100):
        server.stranger().write(nonsense)
    assert server.peer().call("noop") == friend.call("noop") == []
    wait_until(lambda: counts(pid, "task") <= threads, "the end of all strangers")
    assert cpu_seconds(pid) - begun < 2
    assert server.logged().count("\n") <= 40  # not a line for each


def counts(pid: int, what: str) -> int:
    """Return how many files (fd) or threads (task) the process PID has."""
    return len(os.listdir(f"/proc/{pid}/{what}"))


@pytest.mark.parametrize("token", ["", "\n", "abc\n", "0" * 63 + "\n", "g" * 64 + "\n", "0" * 64])
def test_without_a_token_on_stdin_it_does_not_serve(
    new_server: Callable[..., Server], token: str
) -> None:
    server = new_server()
    output, _ = server.process.communicate(token.encode(), timeout=LONG)
    assert (server.process.returncode, output) == (2, b"")
    assert "token" in server.logged()
    assert server.logged().count("\n") == 1


# What it answers


def test_values_go_there_and_back(server: Server) -> None:
    peer = server.peer()
    value = ['é\u2028\x00"\\', 1, -2.5, [], [True, ["x"]], Symbol(":key")]
    assert peer.call("echo", *value) == value


def test_an_error_has_code_message_and_data(server: Server) -> None:
    error = server.peer().call("boom", "explog")
    assert isinstance(error, dict)
    assert (error["kind"], error["code"], error["message"]) == ("return-error", "toy", "as asked")
    assert wire.plist(error["data"]) == {"line": 7, "names": ["a", "b"]}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["error"], "ZeroDivisionError: division by zero"),
        (["lines"], "ValueError: one two three"),
        (["exit"], "SystemExit: 3"),
    ],
)
def test_an_exception_is_internal_and_its_traceback_logged(
    server: Server, args: list[object], message: str
) -> None:
    peer = server.peer()
    error = peer.call("boom", *args)
    assert isinstance(error, dict)
    assert (error["code"], error["message"]) == ("internal", message)
    assert peer.call("noop") == []
    assert "Traceback" in server.logged()


@pytest.mark.parametrize(
    ("method", "args", "code"),
    [
        ("nowhere", [], "unknown-method"),
        ("__init__", [], "unknown-method"),
        ("hello", [TOKEN, wire.PROTOCOL, ""], "unknown-method"),  # once is enough
        ("noop", [1], "bad-arguments"),
        ("slow", [], "bad-arguments"),
        ("boom", ["a", "b"], "bad-arguments"),
        ("unencodable", [], "unencodable"),
        ("big", [wire.MAX_FRAME], "reply-too-large"),
    ],
)
def test_what_cannot_be_done_is_answered(
    server: Server, method: str, args: list[object], code: str
) -> None:
    peer = server.peer()
    error = peer.call(method, *args)
    assert isinstance(error, dict)
    assert (error["kind"], error["code"]) == ("return-error", code)
    assert peer.call("noop") == []


@pytest.mark.parametrize(
    "message",
    [
        b'(call 41 echo ("unclosed))',
        b"(call 41 echo ((((",
        b"(call 41 echo)",
        b"(call 41 echo 3)",
        b"(call 41 3 ())",
        b"(shout 41 echo ())",
        b"(call 41 echo () more)",
    ],
)
def test_an_unreadable_request_is_answered(server: Server, message: bytes) -> None:
    peer = server.peer()
    peer.write(frame(message))
    kind, uid, value = peer.read()
    assert (kind, uid) == ("epc-error", 41)
    assert wire.plist(value)["code"] == "bad-message"
    assert peer.call("noop") == []


@pytest.mark.parametrize("number", [b"1" * 5000, b"-" + b"9" * 100_000, b"1" * 25, b"1e999"])
def test_a_number_beyond_all_bounds_is_a_bad_argument(server: Server, number: bytes) -> None:
    peer = server.peer()
    peer.write(frame(b"(call 41 slow (" + number + b"))"))
    kind, uid, value = peer.read()
    assert (kind, uid) == ("return-error", 41)
    error = wire.plist(value)
    assert error["code"] == "bad-arguments"
    assert str(error["message"]).startswith("slow: seconds must be ")
    assert len(str(error["message"])) < 200


@pytest.mark.parametrize("garbage", [b"no frame", b"000004(a)\n", b"00000a(((((((((\n"])
def test_garbage_after_hello_closes_that_connection_alone(server: Server, garbage: bytes) -> None:
    peer, other = server.peer(), server.peer()
    peer.write(garbage)
    assert peer.at_end()
    assert other.call("noop") == []
    assert server.logged().count("\n") == 1


def test_methods_are_listed(server: Server) -> None:
    peer = server.peer()
    peer.write(wire.encode("methods", 9))
    kind, uid, methods = peer.read()
    assert (kind, uid) == ("return", 9)
    assert [Symbol("noop"), [], "Do nothing."] in methods


# Many calls at once


@pytest.mark.parametrize("connections", [1, 10])
def test_large_replies_do_not_mix(server: Server, connections: int) -> None:
    peers = [server.peer() for _ in range(connections)]
    marks = "abcdefgh"
    for peer in peers:
        for mark in marks:
            peer.send("big", MEGABYTES_3, mark)
    failures: list[object] = []

    def read(peer: Peer) -> None:
        try:
            answers = [peer.read() for _ in marks]
            for kind, uid, text in answers:
                assert kind == "return"
                assert text == marks[uid - 2] * MEGABYTES_3  # hello was 1
            assert len({uid for _, uid, _ in answers}) == len(marks)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=read, args=(peer,)) for peer in peers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert failures == []
    assert not any(thread.is_alive() for thread in threads)


def test_slow_calls_do_not_delay_fast_ones(server: Server) -> None:
    """As many slow calls as there may be wait until all the fast ones are answered."""
    peer = server.peer()
    slow = [peer.send("wait", "gate"), peer.send("wait", "gate")]
    fast = [peer.send("echo", n) for n in range(200)]
    assert sorted(peer.read()[1] for _ in fast) == fast
    peer.send("open", "gate")
    assert sorted(peer.read()[1] for _ in range(3)) == [*slow, peer.uid]


def test_a_call_beyond_the_bound_is_answered_busy_at_once(server: Server) -> None:
    peer = server.peer()
    waiting = [peer.send("wait", "gate") for _ in range(4)]  # two run, two wait
    error = peer.call("wait", "gate")
    assert isinstance(error, dict)
    assert error["code"] == "busy"
    peer.send("open", "gate")
    assert sorted(peer.read()[1] for _ in range(5)) == [*waiting, peer.uid]
    assert peer.call("wait", "gate") == "gate"


# Calls to the client


def test_a_method_can_call_the_client(server: Server) -> None:
    peer = server.peer()
    outer = peer.send("call-back", "greet", ["you", 1])
    kind, uid, method, args = peer.read()
    assert (kind, method, args) == ("call", Symbol("greet"), ["you", 1])
    assert peer.call("echo", "meanwhile") == ["meanwhile"]
    peer.write(wire.encode("return", uid, "hello you"))
    answer = peer.read()
    assert answer[:2] == ["return", outer]
    assert wire.plist(answer[2]) == {"value": "hello you"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda uid: wire.encode("return-error", uid, {"code": "mine", "message": "m"}), "mine"),
        (lambda uid: wire.encode("return-error", uid, "text"), "emacs-error"),
        (lambda uid: wire.encode("epc-error", uid, []), "emacs-error"),
        (lambda uid: frame(b'(return %d "unclosed' % uid), "bad-message"),
        (lambda uid: wire.encode("return", uid + 500, 1), "timeout"),
    ],
)  # fmt: skip
def test_a_call_to_the_client_that_fails(
    server: Server, answer: Callable[[int], bytes], code: str
) -> None:
    peer = server.peer()
    timeout = 0.3 if code == "timeout" else LONG
    outer = peer.send("call-back", "greet", [], timeout)
    _, uid, *_ = peer.read()
    peer.write(answer(uid))
    got = peer.read()
    assert got[:2] == ["return", outer]
    assert wire.plist(got[2])["code"] == code
    peer.write(wire.encode("return", uid, Symbol("hello")))  # late
    assert peer.call("noop") == []


def test_a_call_to_a_client_that_goes_fails_at_once(server: Server) -> None:
    """Both workers of the slow lane wait for a client that is gone, and are free again."""
    peer, other = server.peer(), server.peer()
    for _ in range(2):
        peer.send("call-back", "greet", [], LONG * 10)
        peer.read()
    peer.close()
    assert other.call("slow", 0) == "slept"


# Clients that vanish


def test_clients_that_die_leave_no_trace(server: Server) -> None:
    """In the middle of a reply, of a frame, before an answer; reset or closed."""
    reset = struct.pack("ii", 1, 0)
    observer = server.peer()
    before = observer.call("connections")
    for ending in ("close", "reset"):
        for last in ("big", "half", "slow"):
            peer = server.peer()
            if last == "big":
                for _ in range(4):
                    peer.send("big", MEGABYTES_3)
                peer.file.read(1000)
            elif last == "half":
                peer.write(b"00ffff(call 3 echo (")
            else:
                peer.send("slow", 0.1)
            if ending == "reset":
                peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            peer.close()
    wait_until(lambda: observer.call("connections") == before, "the end of all connections")
    assert server.peer().call("noop") == []
    assert server.peer().call("slow", 0) == "slept"
    assert "Traceback" not in server.logged()
    assert "Error" not in server.logged()


@pytest.mark.skipif(sys.platform != "linux", reason="it needs /proc and prlimit")
def test_without_file_descriptors_it_waits_instead_of_spinning(server: Server) -> None:
    peer = server.peer()
    pid = server.process.pid
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = set(map(int, os.listdir(f"/proc/{pid}/fd")))
    free = next(number for number in itertools.count() if number not in used)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free, limits[1]))
    late = server.stranger()  # the kernel accepts it, the server cannot
    begun = cpu_seconds(pid)
    time.sleep(1)
    assert cpu_seconds(pid) - begun < 0.1
    assert peer.call("noop") == []
    resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
    assert wire.plist(late.hello())["server"] == "toy"


def cpu_seconds(pid: int) -> float:
    """Return how long the process PID has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# How it ends


@pytest.mark.parametrize("how", ["stdin", "SIGTERM"])
def test_it_ends_though_slow_calls_run(new_server: Callable[..., Server], how: str) -> None:
    server = new_server().start()
    peer = server.peer()
    peer.send("spin", LONG)
    peer.send("wait", "gate")
    peer.send("cling", LONG)
    peer.read()
    begun = time.monotonic()
    if how == "stdin":
        assert server.process.stdin is not None
        server.process.stdin.close()
    else:
        server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(LONG) == 0
    assert time.monotonic() - begun < LONG / 6
    assert peer.at_end()
    assert server.logged() == ""


def test_warnings_on_stderr_do_not_matter(new_server: Callable[..., Server]) -> None:
    server = new_server("noisy").start()
    assert server.peer().call("noop") == []
    assert "DeprecationWarning" in server.logged()


def test_epc_itself_keeps_quiet(tmp_path: Path) -> None:
    """It adds a handler for stderr when it is imported, and imports xmlrpc."""
    program = (
        "import sys, logging, explog.rpc.server\n"
        "assert not logging.getLogger('epc').handlers\n"
        "assert 'xmlrpc.server' not in sys.modules\n"
        "assert 'SimpleXMLRPCServer' not in sys.modules\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "server")}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, cwd=tmp_path)
