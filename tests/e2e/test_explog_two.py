"""Two Emacsen with explog on one log: neither prompts, and neither loses anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import EmacsFactory
from .emacs import Emacs
from .home import explog_init, lisp
from .world import INIT, STEPS, World

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def shared_init() -> str:
    return INIT


@pytest.fixture
def other(world: World, emacs: EmacsFactory) -> Emacs:
    """Return a second Emacs, which serves the same log and repository and visits the log."""
    second = emacs(explog_init([world.log], [world.repository.path]))
    second.wait_until(lambda: second.true("(explog-server-ready-p)"), what="a server")
    second.find_file(world.log)
    world.visit()
    return second


def quiet(*all_of_them: Emacs) -> None:
    """See that no Emacs asks anything."""
    for one in all_of_them:
        one.settle()
        assert one.prompt() == ""


def wait_clean(emacs: Emacs, log: Path) -> None:
    """Wait until EMACS has nothing unsaved in the buffer of LOG, which is like the file."""
    clean = (
        f"(with-current-buffer (get-file-buffer {lisp(log)})"
        " (and (not (buffer-modified-p)) (verify-visited-file-modtime)))"
    )
    emacs.wait_until(lambda: emacs.true(clean), what="a buffer like the file")


def test_both_visit_the_log(world: World, other: Emacs) -> None:
    commits = [world.repository.commit(f"[e201.{n}] Results", file=f"{n}") for n in STEPS]
    for n, commit in enumerate(commits, 1):
        world.wait_line(world.line(n, commit, ticked=True))
    quiet(world.emacs, other)
    for one in (world.emacs, other):
        wait_clean(one, world.log)
        assert one.buffer_text(world.log) == world.log.read_text(encoding="utf-8")


def test_what_is_not_saved_stays(world: World, other: Emacs) -> None:
    other.keys("M->")
    other.type("half a thought")
    commit = world.repository.commit("[e201.1] Results")
    other.wait_until(
        lambda: "e201.1" in other.buffer_text("*Messages*"), what="the other Emacs to say something"
    )
    quiet(world.emacs, other)
    assert "half a thought" in other.buffer_text(world.log)
    other.find_file(world.log)
    other.keys("C-x C-s")
    other.settle()
    assert "half a thought" in world.log.read_text(encoding="utf-8")
    world.wait_line(world.line(1, commit, ticked=True))
    quiet(other)
