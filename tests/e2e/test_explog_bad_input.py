"""What goes wrong outside explog: a message says what, nothing is lost, and the next commit lands."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from .conftest import EmacsFactory
from .home import lisp
from .repository import FILE, Repository
from .test_explog_server import server_pid
from .world import INIT, LOG, World

pytestmark = pytest.mark.e2e

RESULTS = "[e201.1] Results- XYZ without ABC"
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture(scope="module")
def shared_init() -> str:
    return INIT


def unchanged(world: World) -> None:
    """See that the log is as it was made."""
    assert world.log.read_text(encoding="utf-8") == LOG


# The log


@pytest.mark.parametrize("how", ["missing", "a folder", "a loop", "no permission"])
def test_a_log_that_cannot_be_read(world: World, how: str) -> None:
    away = world.log.rename(world.folder / "away")
    if how == "a folder":
        world.log.mkdir()
        (world.log / "inside.txt").touch()
    elif how == "a loop":
        world.log.symlink_to(world.log)
    elif how == "no permission":
        if os.geteuid() == 0:
            pytest.skip("root may read anything")
        world.log.touch(mode=0o000)
    commit = world.repository.commit(RESULTS)
    world.said(re.compile(r"\[e201\.1\]|e201\.1:"))
    if how != "a folder":  # which is a folder of no logs
        # What may pass, as too many links may, leaves the experiment known: its step is named, too.
        world.said(str(world.log), times=2 if how == "a loop" else 1)
    assert away.read_text(encoding="utf-8") == LOG
    if how == "a folder":
        shutil.rmtree(world.log)
    world.log.unlink(missing_ok=True)
    away.rename(world.log)
    world.expect(1, commit, ticked=True)
    world.prove()


@pytest.mark.parametrize("visited", [True, False])
def test_a_read_only_log(world: World, visited: bool) -> None:
    world.log.chmod(0o444)
    if visited:
        world.visit()
    commit = world.repository.commit(RESULTS)
    world.said(re.compile(r"e201\.1: .*log\.org.* is read-only"))
    unchanged(world)
    world.log.chmod(0o644)
    if visited:
        world.emacs.keys("C-x C-q")
        world.emacs.settle()
    world.prove()
    world.expect(1, commit, ticked=True, cookie="[2/3]")


def test_a_read_only_buffer(world: World) -> None:
    world.visit()
    world.emacs.keys("C-x C-q")
    world.emacs.settle()
    commit = world.repository.commit(RESULTS)
    world.said("e201.1: the buffer log.org is read-only")
    unchanged(world)
    world.emacs.keys("C-x C-q")
    world.emacs.settle()
    world.prove()
    world.expect(1, commit, ticked=True, cookie="[2/3]")


def test_a_log_that_changed_on_disk_is_read_again(world: World) -> None:
    world.visit()
    world.log.write_text(f"{LOG}- theirs\n", encoding="utf-8")
    world.emacs.wait_until(lambda: "- theirs" in world.buffer(), what="the log to be read again")
    world.expect(1, world.repository.commit(RESULTS), ticked=True, cookie="[1/3]")
    assert "- theirs" in world.lines()


@pytest.mark.parametrize("typed", [True, False])
def test_a_log_that_changed_on_disk(world: World, typed: bool) -> None:
    world.visit()
    world.emacs.eval("(setq explog-revert-logs nil)")
    if typed:
        world.emacs.keys("M->")
        world.emacs.type("mine")
        world.emacs.settle()
    text = f"{LOG}- theirs\n"
    world.log.write_text(text, encoding="utf-8")
    before = world.buffer()
    commit = world.repository.commit(RESULTS)
    world.said("e201.1: log.org changed on disk; revert its buffer")
    assert world.log.read_text(encoding="utf-8") == text
    assert world.buffer() == before
    world.emacs.command("revert-buffer")
    world.emacs.wait_until(lambda: re.search("Revert|reread", world.emacs.prompt()))
    world.emacs.type("yes\n")
    world.expect(1, commit, ticked=True, cookie="[1/3]")
    assert "- theirs" in world.lines()
    world.prove()
    world.emacs.eval("(setq explog-revert-logs t)")


def test_a_log_that_another_emacs_edits(world: World, emacs: EmacsFactory) -> None:
    other = emacs()
    other.find_file(world.log)
    other.keys("M->")
    other.type("- theirs")
    other.settle()
    commit = world.repository.commit(RESULTS)
    world.said(re.compile(rf"e201\.1: .*log\.org.*another Emacs \(.*\.{other.pid}\b"))
    unchanged(world)
    other.keys("C-x C-s")
    other.settle()
    world.expect(1, commit, ticked=True)
    assert "- theirs" in world.lines()
    world.prove()


# Repositories


def test_a_repository_that_vanishes(world: World) -> None:
    other = Repository(world.folder / "other")
    world.watch([world.log], [world.repository.path, other.path])
    first = other.commit(RESULTS)
    world.wait_line(world.line(1, first, ticked=True))
    shutil.rmtree(other.path)
    world.said(f"{other.path}: there is no such folder")
    world.prove()
    assert world.line(1, first, ticked=True) in world.lines()  # nothing better is known


@ROOT
def test_a_repository_of_another_user(world: World) -> None:
    other = Repository(world.folder / "other")
    other.commit("[e201.2] Results")
    for path in (other.path, *other.path.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    world.emacs.eval(
        f"(setq explog-repositories '({lisp(world.repository.path)} {lisp(other.path)}))"
    )
    world.said(re.compile(rf"{re.escape(str(other.path))}.*belongs to another user"))
    world.prove()
    assert world.line(2, None) in world.lines()


@pytest.mark.parametrize("visited", [True, False])
def test_a_log_in_the_repository_that_is_rebased(world: World, visited: bool) -> None:
    repository = world.repository
    repository.branch("side")
    repository.commit("Aside", file="side.txt")
    repository.switch("main")
    repository.commit(RESULTS, file="trial.txt")
    world.log = repository.write("log.org", LOG)
    repository.commit("Keep the log here")
    world.watch([world.log], [repository.path])
    if visited:
        world.visit()
    repository.run("rebase", "--quiet", "--exec", "sleep 1", "side", "main")  # not disturbed
    commit = repository.run("rev-parse", "HEAD^")
    world.wait_line(world.line(1, commit, ticked=True))
    assert f"{world.log}: it waits for git" in world.messages()
    world.prove()


def test_a_latin_1_message(world: World) -> None:
    git = ["git", "-C", str(world.repository.path)]
    subprocess.run([*git, "config", "i18n.commitEncoding", "latin-1"], check=True)
    message = f"{RESULTS} größer\n\n[e201.2] Größe\n"
    subprocess.run(
        [*git, "commit", "-q", "--allow-empty", "-F-"], input=message.encode("latin-1"), check=True
    )
    world.expect(1, world.repository.head, ticked=True)
    world.expect(2, world.repository.head)
    world.prove()


def test_a_message_of_5_mb(world: World, tmp_path: Path) -> None:
    file = tmp_path / "message"
    file.write_text(RESULTS + "\n\n" + "[e201.2] and [e999.9]\n" * 240_000, encoding="utf-8")
    assert file.stat().st_size > 5_000_000
    world.repository.run("commit", "--quiet", "--allow-empty", "--file", str(file))
    world.expect(1, world.repository.head, ticked=True)
    world.prove()


# The port


def frame(message: str) -> bytes:
    """Return MESSAGE as EPC sends it."""
    return f"{len(message) + 1:06x}{message}\n".encode()


@pytest.mark.parametrize(
    "data",
    [
        frame('(call 1 hello ("%s" 1 "a guess"))' % ("0" * 64)),
        frame("(call 1 noop ())"),
        frame("(methods 1)"),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"ffffff" + b"(" * 100_000,
        b"\x00\xff" * 5000,
        b"",
    ],
)
def test_strangers_at_the_port(world: World, data: bytes) -> None:
    world.visit()
    port = int(
        world.emacs.eval("(process-contact (explog-rpc-socket explog-server-current) :service)")
    )
    pid = server_pid(world.emacs)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as stranger:
        stranger.sendall(data)
        if not data:
            stranger.shutdown(socket.SHUT_WR)
        world.expect(1, world.repository.commit(RESULTS, file=FILE), ticked=True)
        answer = b""
        try:
            while chunk := stranger.recv(1 << 16):
                answer += chunk
        except ConnectionError:
            pass
    assert b"return " not in answer
    assert server_pid(world.emacs) == pid
    world.prove()
