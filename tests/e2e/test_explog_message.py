"""The message of a commit in a real Emacs: completion, marks, and the step worked on last."""

from __future__ import annotations

import pytest

from . import magit, steps
from .emacs import Emacs
from .home import lisp
from .world import INIT, World

pytestmark = pytest.mark.e2e

COMPLETIONS = "*Completions*"
#: The text in the buffer that looks wrong, in order.
MARKED = """
(mapcar (lambda (overlay) (buffer-substring-no-properties (overlay-start overlay)
                                                          (overlay-end overlay)))
        (sort (seq-filter (lambda (overlay)
                            (eq (overlay-get overlay 'face) 'explog-message-wrong))
                          (overlays-in (point-min) (point-max)))
              (lambda (one other) (< (overlay-start one) (overlay-start other)))))
"""


@pytest.fixture(scope="module")
def shared_init() -> str:
    return INIT


@pytest.fixture
def world(world: World) -> World:
    world.wait_counts(experiments=2)
    return world


def begin(world: World) -> Emacs:
    """Change a file, stage it, and open the message of a commit: c c."""
    world.repository.edit()
    magit.stage(world.emacs, world.repository)
    world.emacs.keys("c c")
    steps.wait_editor(world.emacs)
    known(world.emacs)
    return world.emacs


def known(emacs: Emacs) -> None:
    """Wait until what was asked for when the buffer was made has come."""
    emacs.wait_until(
        lambda: emacs.true(
            "(and (listp explog-message-last--recent)"
            """ (not (memq (explog-cache-get "202") '(nil unknown))))"""
        ),
        what="what is known of experiments",
    )


def end(world: World) -> str:
    """Finish the message, and return the new HEAD."""
    before = world.repository.head
    steps.finish(world.emacs)
    return steps.moved(world.emacs, world.repository, before)


def subject(emacs: Emacs) -> str:
    """Return the first line of the message."""
    emacs.settle()
    return emacs.string(
        "(save-excursion (goto-char (point-min))"
        " (let ((inhibit-field-text-motion t))"  # vc's header is a field
        " (buffer-substring-no-properties (point) (line-end-position))))"
    )


def wait_marked(emacs: Emacs, *wanted: str) -> None:
    emacs.wait_until(
        lambda: emacs.eval(MARKED) == (lisp(wanted) if wanted else "nil"),
        what=f"{wanted} to be marked",
    )


# Completion


def test_experiments_and_steps_are_completed(world: World) -> None:
    emacs = begin(world)
    emacs.type("[e2")
    emacs.keys("C-M-i")  # as far as all go
    assert subject(emacs) == "[e20"
    emacs.keys("C-M-i")
    emacs.wait_for("[e202.1]  [ ] Train it")
    emacs.wait_for("[e202]  INPROGRESS Deeper XYZ model [0/1]")
    emacs.wait_for("[e201]  TODO ABC in XYZ model [0/3]")
    offered = emacs.buffer_text(COMPLETIONS)
    assert offered.index("[e202]") < offered.index("[e202.1]") < offered.index("[e201]")
    emacs.type("1.")
    emacs.keys("C-M-i")
    emacs.wait_for("[e201.3]  [ ] Test both")
    emacs.type("2")
    emacs.keys("C-M-i")
    assert subject(emacs) == "[e201.2]"
    emacs.type(" Results- with ABC")
    world.expect(2, end(world), ticked=True)


def test_a_bracket_that_was_there_stays_the_only_one(world: World) -> None:
    emacs = begin(world)
    emacs.eval("(electric-pair-local-mode 1)")
    emacs.type("[e202.")
    emacs.settle()
    assert subject(emacs) == "[e202.]"
    emacs.keys("C-M-i")
    assert subject(emacs) == "[e202.1]"
    emacs.type(" Train")
    assert world.repository.message(end(world)) == "[e202.1] Train"


def test_elsewhere_the_key_is_what_it_was(world: World) -> None:
    emacs = begin(world)
    other = emacs.eval('(let (explog-message-mode) (key-binding (kbd "C-M-i")))')
    assert emacs.eval('(key-binding (kbd "C-M-i"))') == other
    emacs.type("x [e2")
    emacs.settle()
    assert emacs.eval('(key-binding (kbd "C-M-i"))') == "completion-at-point"
    emacs.keys("C-x h C-w C-c C-k")
    steps.wait_idle(emacs)


# Marks


def test_what_leads_nowhere_is_marked_and_committed_all_the_same(world: World) -> None:
    emacs = begin(world)
    emacs.type("[e999] Train [e201.9]\n\n(e201.1) [E201] and [e202.1]\n[e 201.2]")
    wait_marked(emacs, "[e999]", "[e201.9]", "(e201.1)", "[E201]", "[e 201.2]")
    help_echo = "(substring-no-properties (get-char-property {} 'help-echo))"
    assert emacs.string(help_echo.format("2")) == "[e999]: no log has experiment 999"
    emacs.keys("M-<")
    emacs.settle()
    head = end(world)
    assert world.repository.message(head).startswith("[e999] Train [e201.9]\n\n(e201.1)")
    world.said("[e999]: no log has experiment 999; (e201.1): [e201.1] may be meant; ")


def test_a_mark_goes_when_it_is_mended(world: World) -> None:
    emacs = begin(world)
    emacs.type("[e201.9")
    emacs.type("]")
    wait_marked(emacs, "[e201.9]")
    emacs.keys("DEL DEL")
    emacs.type("1]")
    wait_marked(emacs)
    world.expect(1, end(world))
    assert "may be meant" not in world.messages()


def test_a_mark_goes_when_the_experiment_comes(world: World) -> None:
    emacs = begin(world)
    emacs.type("[e203.1] Early")
    wait_marked(emacs, "[e203.1]")
    with world.log.open("a", encoding="utf-8") as stream:
        stream.write("\n* TODO [203] New :exp:\n** Experiments\n1. [ ] first\n")
    wait_marked(emacs)
    end(world)


def test_without_a_server_nothing_is_marked(world: World) -> None:
    emacs = begin(world)
    emacs.eval("(explog-server-stop)")
    emacs.type("[e999] and [e2")
    emacs.keys("C-M-i")
    emacs.settle()  # the bell drops what is typed
    emacs.type("] done")
    emacs.settle()
    wait_marked(emacs)
    assert world.repository.message(end(world)) == "[e999] and [e2] done"
    emacs.eval("(explog-server-start)")


# The step worked on last


def test_the_last_step_is_a_key_away(world: World) -> None:
    world.repository.commit("[e201.2] Train", file="train.txt")
    world.expect(2, world.repository.head)
    emacs = begin(world)
    emacs.type("Results")
    emacs.keys("C-c [")
    emacs.wait_for("e201.2 ABC in XYZ model · 2 Test XYZ with ABC")
    assert subject(emacs) == "[e201.2] Results"
    emacs.keys("C-c [")
    assert subject(emacs) == "[e201.1] Results"
    emacs.keys("C-c [")
    assert subject(emacs) == "[e202.1] Results"
    emacs.keys("C-c [")
    assert subject(emacs) == "[e201.2] Results"
    emacs.keys("C-_")
    assert subject(emacs) == "[e202.1] Results"
    emacs.keys("C-c [")
    world.expect(2, end(world), ticked=True)


def test_without_commits_it_is_what_is_in_progress(world: World) -> None:
    emacs = begin(world)
    emacs.keys("C-c [")
    assert subject(emacs) == "[e202.1] "
    emacs.type("Train")
    assert world.repository.message(end(world)) == "[e202.1] Train"


def test_any_other_is_asked_for(world: World) -> None:
    emacs = begin(world)
    emacs.keys("C-u C-c [")
    emacs.wait_until(lambda: emacs.prompt().startswith("Refer to"), what="the question")
    emacs.type("201")
    emacs.keys("TAB RET")
    emacs.wait_until(lambda: emacs.prompt().startswith("Step of"), what="the step")
    emacs.type("3")
    emacs.keys("TAB RET")
    emacs.wait_until(lambda: subject(emacs) == "[e201.3]", what="the reference")
    emacs.type(" Train")
    world.expect(3, end(world))


# vc


def test_vc(world: World) -> None:
    emacs = world.emacs
    world.repository.commit("[e201.1] Train", file="train.txt")
    world.expect(1, world.repository.head)
    emacs.find_file(world.repository.edit())
    emacs.keys("M->")
    emacs.type("typed in Emacs\n")
    emacs.keys("C-x C-s C-x v v")
    steps.wait_mode(emacs, "log-edit-mode")
    known(emacs)
    emacs.keys("C-c [")
    assert subject(emacs) == "Summary: [e201.1] "
    emacs.type("Results [e201.")
    emacs.keys("C-M-i")
    emacs.wait_for("[e201.3]  [ ] Test both")
    emacs.type("2")
    emacs.keys("C-M-i")
    emacs.type(" [E202]")
    wait_marked(emacs, "[E202]")
    before = world.repository.head
    emacs.keys("C-c C-c")
    head = steps.moved(emacs, world.repository, before)
    assert world.repository.message(head) == "[e201.1] Results [e201.2] [E202]"
    world.said("[E202]: [e202] may be meant")
