"""The server's life beside Emacs: it comes back, it goes, and it never holds up a key."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import pytest

from support.waiting import wait_until

from . import magit
from .conftest import EmacsFactory
from .emacs import Emacs
from .home import explog_init, lisp
from .repository import Repository
from .world import INIT, LOG, World

pytestmark = pytest.mark.e2e

RESULTS = "[e201.1] Results- XYZ without ABC"

#: What explog has in Emacs while it is on: processes, hooks, timers, keys.
TRACES = """
(list (seq-filter (lambda (name) (string-prefix-p "explog" name))
                  (mapcar #'process-name (process-list)))
      (seq-filter (lambda (hook) (and (boundp hook) (listp (symbol-value hook))
                                      (string-match-p "explog" (format "%s" (symbol-value hook)))))
                  '(vc-checkin-hook git-commit-post-finish-hook magit-post-commit-hook
                    magit-post-refresh-hook after-save-hook after-revert-hook kill-buffer-hook kill-emacs-hook
                    emacs-startup-hook org-capture-mode-hook find-file-hook post-command-hook))
      (seq-filter (lambda (timer) (string-prefix-p "explog" (format "%s" (timer--function timer))))
                  (append timer-list timer-idle-list))
      (string-match-p "explog" (format "%s %s" org-capture-templates org-agenda-custom-commands))
      (mapcan #'get-variable-watchers '(explog-logs explog-repositories org-todo-keywords)))
"""
NO_TRACES = "(nil nil nil nil nil)"


@pytest.fixture(scope="module")
def shared_init() -> str:
    return f"{INIT}\n(require 'org-agenda)\n(require 'org-capture)\n(require 'magit)\n"


def server_pid(emacs: Emacs) -> int:
    """Wait for a server that is ready, and return its process."""
    emacs.wait_until(lambda: emacs.true("(explog-server-ready-p)"), what="a server")
    return int(emacs.eval("(plist-get (explog-server-greeting) :pid)"))


def kill_server(emacs: Emacs, age: float = 0) -> int:
    """Kill the server as if it were AGE seconds old, wait until Emacs knows, return what it was."""
    pid = server_pid(emacs)
    emacs.eval(f"(cl-decf (explog-rpc-since explog-server-current) {age})")
    os.kill(pid, signal.SIGKILL)
    emacs.wait_until(lambda: not emacs.true("(explog-server-ready-p)"), what="Emacs to see it")
    return pid


# Death


def test_a_killed_server_comes_back(world: World) -> None:
    world.visit()
    old = kill_server(world.emacs, age=3.2)
    world.expect(1, world.repository.commit(RESULTS), ticked=True)
    assert server_pid(world.emacs) != old
    kill_server(world.emacs)  # one that dies young is not started again
    world.emacs.wait_until(
        lambda: "M-x explog-restart tries again" in world.messages(), what="what to do about it"
    )
    assert world.messages().count("The explog server stopped (killed)") == 1
    commit = world.repository.commit("[e201.2] Results")
    world.emacs.command("explog-restart")
    world.expect(2, commit, ticked=True, cookie="[2/3]")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["/no/such/program"], "/no/such/program"),
        ([sys.executable, "-c", "raise SystemExit('no such module')"], "no such module"),
        ([sys.executable, "-c", "print('Hello!', flush=True); input()"], "Hello!"),
    ],
)
def test_a_broken_command(world: World, command: list[str], words: str) -> None:
    world.emacs.eval(
        f"(setq e2e-good explog-server-command explog-server-command '{lisp(command)})"
    )
    world.emacs.command("explog-restart")
    world.emacs.wait_until(lambda: words in world.messages(), what=f"a message with {words}")
    world.repository.edit()
    magit.commit(world.emacs, world.repository, RESULTS)
    world.emacs.settle()
    assert world.messages().count("The explog server") == 1
    assert world.log.read_text(encoding="utf-8") == LOG
    world.emacs.eval("(setq explog-server-command e2e-good)")
    world.emacs.command("explog-restart")
    world.expect(1, world.repository.head, ticked=True)


# Off


def test_nothing_is_left_when_it_is_off(world: World) -> None:
    assert world.emacs.eval(TRACES) != NO_TRACES
    pid = server_pid(world.emacs)
    world.emacs.command("explog-mode")
    world.emacs.wait_until(
        lambda: world.emacs.eval(TRACES) == NO_TRACES, what="explog to be gone", timeout=5
    )
    world.emacs.wait_until(lambda: not Path(f"/proc/{pid}").exists(), what="the server to end")
    world.repository.edit()
    head = magit.commit(world.emacs, world.repository, RESULTS)
    world.emacs.settle()
    assert world.log.read_text(encoding="utf-8") == LOG
    assert world.emacs.eval(TRACES) == NO_TRACES
    world.emacs.command("explog-mode")
    world.prove()
    assert world.line(1, head, ticked=True) in world.lines()  # made up for


# The end of Emacs


def test_emacs_is_killed(emacs: EmacsFactory, tmp_path: Path) -> None:
    one = emacs(INIT)
    World(one, tmp_path)
    os.kill(one.pid, signal.SIGKILL)
    assert one.survivors(timeout=2) == {}


@pytest.mark.parametrize("keys", ["C-x C-c", "M-x"])
def test_emacs_ends_without_a_question(emacs: EmacsFactory, tmp_path: Path, keys: str) -> None:
    one = emacs(INIT)
    World(one, tmp_path).visit()
    one.keys(keys)
    if keys == "M-x":
        one.type("kill-emacs\n")
    wait_until(lambda: not one.alive, "the end of Emacs", seconds=5)
    assert one.survivors(timeout=2) == {}


# The beginning


@pytest.mark.parametrize("deleted", [False, True], ids=["index kept", "index deleted"])
def test_commits_before_the_server_is_ready_and_while_emacs_is_away(
    emacs: EmacsFactory, tmp_path: Path, deleted: bool
) -> None:
    log, repository = tmp_path / "log.org", Repository(tmp_path / "project")
    log.write_text(LOG, encoding="utf-8")
    init, cache = explog_init([log], [repository.path]), tmp_path / "cache"
    folders = {"XDG_CACHE_HOME": str(cache), "XDG_STATE_HOME": str(tmp_path / "state")}

    def wait(emacs: Emacs, line: str) -> None:
        emacs.wait_until(lambda: line in log.read_text("utf-8").splitlines(), what=line)

    one = emacs(init, env=folders)
    first = repository.commit(RESULTS, date=datetime.now(UTC))
    wait(one, f"1. [X] Test XYZ without ABC ({first[:7]})")
    one.close()
    second = repository.commit("[e201.2] Results", date=datetime.now(UTC))
    if deleted:
        shutil.rmtree(cache)
    two = emacs(init, env=folders)
    wait(two, f"2. [X] Test XYZ with ABC ({second[:7]})")
    wait(two, f"3. [X] Test both ({repository.commit('[e201.3] Results')[:7]})")


# Typing

RECORD = """
(progn (setq e2e-typed nil)
       (add-hook 'post-self-insert-hook
                 (lambda () (push (cons last-command-event (float-time)) e2e-typed))))
"""


def typed(emacs: Emacs) -> str:
    """Return the letters that were inserted one by one, in the order of their times."""
    assert emacs.true("(apply #'>= (mapcar #'cdr e2e-typed))")
    return emacs.string("(apply #'string (mapcar #'car (reverse e2e-typed)))")


def type_slowly(emacs: Emacs, text: str) -> None:
    """Type TEXT at the pace of a key held down."""
    for letter in text:
        emacs.type(letter)
        time.sleep(0.005)  # this is the pace


def test_typing_goes_on(world: World) -> None:
    text = "".join(islice(cycle("abcdefghijklmnopqrstuvwxyz0123456789"), 200))
    world.visit()
    world.emacs.keys("M->")
    world.emacs.settle()
    world.emacs.eval(RECORD)
    type_slowly(world.emacs, text[:40])
    first = world.repository.commit(RESULTS)
    type_slowly(world.emacs, text[40:80])
    world.emacs.eval("(explog-restart)")
    type_slowly(world.emacs, text[80:160])
    second = world.repository.commit("[e201.2] Results")
    type_slowly(world.emacs, text[160:])
    for step, commit in ((1, first), (2, second)):
        world.said(f"e201.{step} ← {world.short(commit)} (project)")
    assert "(not saved, as the buffer has other changes)" in world.messages()
    world.emacs.settle()
    assert typed(world.emacs) == text
    assert world.buffer().splitlines()[-1] == text
    world.emacs.keys("C-x C-s")
    for step, commit in ((1, first), (2, second)):
        world.wait_line(world.line(step, commit, ticked=True))
    world.same_in_buffer()
    assert world.lines()[-1] == text
