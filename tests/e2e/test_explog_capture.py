"""New experiments, and commits that come while the user is in the middle of something."""

from __future__ import annotations

import re

import pytest

from . import magit, steps
from .emacs import Emacs
from .world import INIT, LOG, World

pytestmark = pytest.mark.e2e

RESULTS = "[e201.1] Results- XYZ without ABC"


@pytest.fixture(scope="module")
def shared_init() -> str:
    return f"{INIT}\n(require 'org-agenda)\n(global-set-key (kbd \"C-c c\") #'org-capture)\n"


def answer(emacs: Emacs, question: str, text: str = "") -> None:
    """Wait for a minibuffer QUESTION, type TEXT and RET."""
    steps.answer(emacs, question, text)


def capture(world: World, *, title: str = "Wider XYZ", by_key: bool = False) -> None:
    """Begin a capture and answer its questions, so that the first step is to be written."""
    if by_key:
        world.emacs.keys("C-c c")
        world.emacs.wait_for("[e]")
        world.emacs.keys("e")
    else:
        world.emacs.command("explog-capture")
    answer(world.emacs, r"Id \(default 203\)")
    answer(world.emacs, "Experiment: ", title)
    answer(world.emacs, "Tags", "vision")
    answer(world.emacs, "Description: ", "Does width help?")
    steps.wait_mode(world.emacs, "org-mode")
    world.emacs.wait_until(
        lambda: world.emacs.true("(bound-and-true-p org-capture-mode)"), what="the capture buffer"
    )


def finish(world: World) -> None:
    """End a capture by C-c C-c, and wait until it is saved."""
    world.emacs.keys("C-c C-c")
    world.emacs.wait_until(
        lambda: (
            not world.emacs.true(
                "(seq-some (lambda (b) (buffer-local-value 'org-capture-mode b)) (buffer-list))"
            )
        ),
        what="the capture to end",
    )
    world.same_in_buffer()


# Capture


@pytest.mark.parametrize("by_key", [False, True])
def test_capture_then_commit(world: World, by_key: bool) -> None:
    capture(world, by_key=by_key)
    world.emacs.type("Train it wider")
    finish(world)
    text = world.log.read_text(encoding="utf-8")
    assert re.fullmatch(
        re.escape(LOG)
        + r"\n\* TODO \[203\] Wider XYZ \[0?%\] +:@work:exp:vision:\n"
        + r":PROPERTIES:\n:ID:       203\n:END:\n"
        + r"\[\d{4}-\d\d-\d\d \w+ \d\d:\d\d\]\n\n- Does width help\?\n\n\*\* Notes\n\n"
        + r"\*\* TODO Experiments \[(?:/|0/1)\]\n1\. \[ \] Train it wider\n\n\*\* TODO Conclusions\n",
        text,
    )
    world.repository.edit()
    head = magit.commit(world.emacs, world.repository, "[e203.1] Results- wider")
    world.wait_line(f"1. [X] Train it wider ({world.short(head)})")
    world.said(f"e203.1 ← {world.short(head)} (project)")
    assert "** TODO Experiments [1/1]" in world.lines()
    world.same_in_buffer()


def test_an_id_in_use_is_asked_for_again(world: World) -> None:
    world.emacs.command("explog-capture")
    answer(world.emacs, "Id", "201")
    answer(world.emacs, r"201 is in use in log.org: .*ABC in XYZ", "e7")
    answer(world.emacs, r".e7. does not begin with a digit", "300a")
    world.emacs.wait_until(lambda: world.emacs.prompt().startswith("Experiment"))
    world.emacs.quit()
    assert world.log.read_text(encoding="utf-8") == LOG


def test_what_org_would_expand_stays_as_typed(world: World) -> None:
    title = "50%? of %^{X} %(kill-emacs) \\9"
    capture(world, title=title)
    world.emacs.type("Go")
    finish(world)
    assert any(line.startswith(f"* TODO [203] {title} [") for line in world.lines())
    commit = world.repository.commit("[e203.1] Results")
    world.wait_line(f"1. [X] Go ({world.short(commit)})")


def test_an_aborted_capture_leaves_nothing(world: World) -> None:
    capture(world)
    world.emacs.type("Never mind")
    world.emacs.keys("C-c C-k")
    world.prove()
    assert "203" not in world.log.read_text(encoding="utf-8")


# In the middle of something


def test_a_commit_while_another_experiment_is_captured(world: World) -> None:
    capture(world)
    world.emacs.type("Train ")
    commit = world.repository.commit(RESULTS)
    world.said(f"e201.1 ← {world.short(commit)} (project) (not saved, as the buffer")
    world.emacs.type("it wider")
    world.emacs.settle()
    assert world.emacs.true('(looking-back "^1. . . Train it wider" (line-beginning-position))')
    finish(world)
    assert world.line(1, commit, ticked=True) in world.lines()
    assert "1. [ ] Train it wider" in world.lines()
    world.prove()


def test_a_commit_to_the_experiment_that_is_captured(world: World) -> None:
    capture(world)
    world.emacs.type("Train it wider")
    world.emacs.settle()
    commit = world.repository.commit("[e203.1] Results")
    world.said(f"e203.1 ← {world.short(commit)} (project) (not saved")
    finish(world)
    world.wait_line(f"1. [X] Train it wider ({world.short(commit)})")


def test_an_indirect_buffer_on_the_log(world: World) -> None:
    world.visit()
    world.emacs.keys("C-x 4 c")
    steps.search(world.emacs, "Deeper")
    world.emacs.keys("C-x n s")
    world.emacs.settle()
    before = world.emacs.string("(buffer-string)")
    world.expect(1, world.repository.commit(RESULTS), ticked=True, cookie="[1/3]")
    assert world.emacs.string("(buffer-string)") == before
    assert world.emacs.true('(looking-back "Deeper" (line-beginning-position))')
    world.emacs.keys("C-x k RET C-x 1")
    world.emacs.settle()


def test_emacs_is_busy(world: World) -> None:
    world.visit()
    world.emacs.keys("M-:")
    answer(
        world.emacs, "Eval: ", "(let ((end (+ (float-time) 2))) (while (< (float-time) end)) 'done)"
    )
    commit = world.repository.commit(RESULTS)
    world.emacs.keys("M->")
    world.emacs.type("typed meanwhile")
    world.emacs.keys("C-x C-s")
    world.expect(1, commit, ticked=True)
    assert world.lines()[-1] == "typed meanwhile"


def test_a_question_stands(world: World) -> None:
    world.visit()
    world.emacs.keys("M-x")
    world.emacs.wait_until(lambda: world.emacs.prompt().startswith("M-x"))
    world.emacs.type("forw")
    world.expect(1, world.repository.commit(RESULTS), ticked=True)
    world.emacs.type("ard")
    world.emacs.settle()
    assert world.emacs.prompt() == "M-x forward"
    world.emacs.quit()


def test_a_search_goes_on(world: World) -> None:
    world.visit()
    world.emacs.keys("M-< C-s")
    world.emacs.type("Test")
    world.expect(1, world.repository.commit(RESULTS), ticked=True)
    world.emacs.type(" both")
    world.emacs.settle()
    assert world.emacs.true("(and isearch-mode isearch-success)")
    world.emacs.keys("RET")
    world.emacs.settle()
    assert world.emacs.string("(thing-at-point 'line t)") == "3. [ ] Test both\n"


def test_a_replacement_goes_on(world: World) -> None:
    world.visit()
    world.emacs.keys("M-< M-%")
    answer(world.emacs, "Query replace: ", "XYZ")
    answer(world.emacs, "Query replace XYZ with: ", "UVW")
    world.emacs.wait_for("Query replacing XYZ with UVW")
    commit = world.repository.commit(RESULTS)
    world.wait_line(world.line(1, commit, ticked=True))
    world.emacs.keys("!")
    world.emacs.settle()
    world.emacs.keys("C-x C-s")
    world.wait_line(f"1. [X] Test UVW without ABC ({world.short(commit)})")
    assert "XYZ" not in world.log.read_text(encoding="utf-8")
    world.same_in_buffer()
