"""Restarts right after commits: who visits the log writes it, and nobody is asked anything."""

from __future__ import annotations

import os
import random
from functools import partial
from pathlib import Path

import pytest

from .conftest import EmacsFactory
from .emacs import Emacs
from .home import explog_init, lisp
from .repository import Repository

pytestmark = pytest.mark.e2e

#: How many; more of them for a night.
RESTARTS = int(os.environ.get("EXPLOG_RESTARTS", "20"))
EXPERIMENTS = 8
LOG = "".join(
    f"* TODO [{n}] Title {n} :exp:\n** Experiments\n1. [ ] step 1\n2. [ ] step 2\n3. [ ] step 3\n"
    for n in range(1, EXPERIMENTS + 1)
)


def test_a_restart_after_a_commit(
    emacs: EmacsFactory, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("restart")
    log, repository = folder / "log.org", Repository(folder / "project")
    log.write_text(LOG, encoding="utf-8")
    one = emacs(explog_init([log], [repository.path]))
    one.find_file(log)
    chance = random.Random(13)
    expected: dict[tuple[int, int], str] = {}
    for turn in range(RESTARTS):
        wait_ready(one)
        ident, step = chance.randint(1, EXPERIMENTS), chance.randint(1, 3)
        commit = repository.commit(f"[e{ident}.{step}] Results", file=f"{turn}")
        pause = chance.uniform(0, 0.12)  # the server is at any point of its work
        one.eval(f"(progn (sleep-for {pause:.3f}) (explog-restart) t)")
        expected[ident, step] = f"{step}. [X] step {step} ({commit[:7]})"
        check_in_step(one, log)
    for line in expected.values():
        one.wait_until(partial(holds, log, line), what=line)
    check_in_step(one, log)
    one.settle()
    assert one.prompt() == ""
    assert one.buffer_text(log) == log.read_text(encoding="utf-8")
    assert one.buffer_text("*explog stderr*") == ""


def holds(log: Path, line: str) -> bool:
    """Return whether LOG has the text LINE."""
    return line in log.read_text(encoding="utf-8")


def wait_ready(emacs: Emacs) -> None:
    """Wait until the server is ready."""
    emacs.wait_until(lambda: emacs.true("(explog-server-ready-p)"), what="a server")


def check_in_step(emacs: Emacs, log: Path) -> None:
    """Check that the file is as the Emacs that visits it has left it."""
    state = "(list (buffer-modified-p) (verify-visited-file-modtime))"
    assert emacs.eval(f"(with-current-buffer (get-file-buffer {lisp(log)}) {state})") == "(nil t)"
