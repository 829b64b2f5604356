"""Links of org to experiments in a real Emacs: stored, inserted, followed and exported by keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import magit, steps
from .emacs import Emacs
from .home import lisp
from .world import INIT, World

pytestmark = pytest.mark.e2e

STEP = "[[exp:201.1][e201.1 ABC in XYZ model: Test XYZ without ABC]]"


@pytest.fixture(scope="module")
def shared_init() -> str:
    keywords = '((sequence "TODO" "INPROGRESS" "|" "DONE"))'
    # Without org, Emacs 28 has no command `org-store-link'.
    return f"{INIT}(require 'org)\n(setq org-todo-keywords '{keywords})\n"


@pytest.fixture
def world(world: World) -> Iterator[World]:
    world.wait_counts(experiments=2)
    yield world
    if world.emacs.alive and not world.emacs.spoiled:
        world.emacs.keys("C-x 1")
        world.emacs.settle()


def journal(world: World, text: str) -> Path:
    """Make an org file beside the log, with TEXT, and visit it."""
    path = world.folder / "journal.org"
    path.write_text(text, encoding="utf-8")
    world.emacs.find_file(path)
    world.emacs.keys("M->")
    world.emacs.settle()
    return path


def line(emacs: Emacs) -> str:
    emacs.settle()
    return emacs.string("(buffer-substring-no-properties (line-beginning-position) (point))")


def store(emacs: Emacs) -> None:
    emacs.command("org-store-link")
    emacs.settle()


def insert(emacs: Emacs) -> None:
    """Insert the link that was stored last: C-c C-l, and RET for link and description."""
    emacs.keys("C-c C-l")
    emacs.wait_until(lambda: "ink" in emacs.prompt(), what="the question for a link")
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.prompt().startswith("Desc"), what="its description")
    emacs.keys("RET")
    emacs.settle()


def face(emacs: Emacs, text: str) -> str:
    return emacs.eval(
        "(save-excursion (goto-char (point-min))"
        f" (search-forward {lisp(text)}) (get-text-property (1- (point)) 'face))"
    )


def test_a_step_is_stored_inserted_and_followed(world: World) -> None:
    emacs = world.emacs
    world.visit()
    steps.search(emacs, "without ABC")
    store(emacs)
    journal(world, "today ")
    insert(emacs)
    assert line(emacs) == f"today {STEP}"
    emacs.keys("C-b C-c C-o")
    emacs.wait_until(lambda: emacs.current_buffer() == "log.org", what="the log")
    emacs.settle()
    assert emacs.string("(thing-at-point 'line t)") == "1. [ ] Test XYZ without ABC\n"


def test_a_reference_in_magit_is_stored(world: World) -> None:
    emacs = world.emacs
    world.repository.edit()
    magit.commit(emacs, world.repository, "[e201.1] Train")
    steps.status(emacs, world.repository)
    steps.search(emacs, "[e201.1]")
    emacs.keys("C-b C-b")
    store(emacs)
    journal(world, "")
    insert(emacs)
    assert line(emacs) == STEP


def test_a_link_is_completed(world: World) -> None:
    emacs = world.emacs
    journal(world, "")
    emacs.keys("C-c C-l")
    emacs.wait_until(lambda: "ink" in emacs.prompt(), what="the question for a link")
    emacs.type("exp:")
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.prompt().startswith("Link to exp"), what="the experiment")
    emacs.type("Deeper")
    emacs.keys("TAB RET")
    emacs.wait_until(lambda: emacs.prompt().startswith("Step of"), what="the step")
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.prompt().startswith("Desc"), what="the description")
    emacs.keys("RET")
    proposed = emacs.true('(version<= "9.6" (org-version))')  # before, org asks nobody for it
    assert line(emacs) == f"[[exp:202]{'[e202 Deeper XYZ model]' if proposed else ''}]"


def test_links_look_like_what_is_known(world: World) -> None:
    emacs = world.emacs
    journal(world, "[[exp:201.1]] [[exp:999]] [[exp:203]]\n")
    emacs.wait_until(lambda: face(emacs, "999") == "explog-link-unknown", what="unknown 999")
    emacs.wait_until(lambda: face(emacs, "203") == "explog-link-unknown", what="unknown 203")
    assert face(emacs, "201") == "org-link"
    with world.log.open("a", encoding="utf-8") as stream:
        stream.write("\n* TODO [203] New :exp:\n")
    emacs.wait_until(lambda: face(emacs, "203") == "org-link", what="203 to be known")


def test_export(world: World) -> None:
    emacs = world.emacs
    path = journal(world, "See [[exp:201.1]] and [[exp:202][mine]].\n")
    emacs.wait_until(lambda: face(emacs, "201") == "org-link", what="the link")
    emacs.command("org-md-export-to-markdown")
    exported = path.with_suffix(".md")
    emacs.wait_until(exported.exists, what="the exported file")
    emacs.settle()  # it is being written
    assert "See e201.1 ABC in XYZ model: Test XYZ without ABC and mine." in exported.read_text(
        "utf-8"
    )


def test_off_takes_it_back(world: World) -> None:
    emacs = world.emacs
    journal(world, "[[exp:201.1]]\n")
    emacs.wait_until(lambda: face(emacs, "201") == "org-link", what="the link")
    emacs.command("explog-mode")
    emacs.wait_until(lambda: not emacs.true("explog-mode"), what="the mode off")
    assert not emacs.true('(assoc "exp" org-link-parameters)')
    emacs.command("explog-mode")
    emacs.wait_until(lambda: emacs.true('(assoc "exp" org-link-parameters)'), what="the type")
