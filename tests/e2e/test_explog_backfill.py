"""explog-backfill in a real Emacs: the plan as a diff, and its edits dropped, made and undone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from . import steps
from .emacs import Emacs
from .home import lisp
from .repository import Repository
from .world import INIT, LOG, World

pytestmark = pytest.mark.e2e

PLAN = "*explog backfill*"

#: What the user sees of the buffer: without what is hidden.
VISIBLE = f"""
(with-current-buffer {lisp(PLAN)}
  (save-restriction
    (widen)
    (mapconcat (lambda (n) (if (invisible-p n) "" (string (char-after n))))
               (number-sequence (point-min) (1- (point-max))) "")))
"""

HISTORY = {
    "201.1": "[e201.1] Results- XYZ without ABC",
    "201.2": "[e201.2] Start with ABC",
    "202.1": "[e202.1] Results- deeper",
    "201.9": "[e201.9] There is no such step",
    "999.1": "[e999.1] Nor such an experiment",
}


class Past(World):
    """A world with a history that was there before explog looked, so that nothing of it landed."""

    def __init__(self, emacs: Emacs, folder: Path, text: str = LOG) -> None:
        super().__init__(emacs, folder, text)
        self.old = Repository(folder / "old")
        self.commits = {name: self.old.commit(message) for name, message in HISTORY.items()}
        self.watch([self.log], [self.repository.path, self.old.path])
        self.wait_counts(commits=7)

    def plan(self) -> None:
        """Make the plan, in the only window."""
        self.emacs.command("explog-backfill")
        self.planned()
        self.emacs.keys("C-x 1")
        self.emacs.settle()

    def planned(self) -> None:
        """Wait until the server has nothing to do for the plan."""
        self.emacs.wait_until(
            lambda: self.emacs.current_buffer() == PLAN and "g: plan" in self.header(),
            what="the plan",
        )
        self.emacs.settle()

    def header(self) -> str:
        return self.emacs.string(f"(with-current-buffer {lisp(PLAN)} (explog-review--header))")

    def press(self, keys: str) -> None:
        """Press KEYS in the plan, and wait until that is done."""
        self.emacs.keys(keys)
        self.emacs.settle()
        self.planned()

    def visible(self) -> str:
        """Return what can be seen of the plan."""
        return self.emacs.string(VISIBLE)

    def wait_visible(self, text: str, *, there: bool = True) -> None:
        self.emacs.wait_until(
            lambda: (text in self.visible()) is there, what=f"{text!r} in the plan: {there}"
        )

    def old_line(self, step: int, *, ticked: bool = False) -> str:
        return self.line(step, self.commits[f"201.{step}"], ticked=ticked)


@pytest.fixture(scope="module")
def shared_init() -> str:
    return INIT


@pytest.fixture
def past(shared_emacs: Emacs, tmp_path: Path) -> Iterator[Past]:
    here = Past(shared_emacs, tmp_path)
    yield here
    if shared_emacs.alive and not shared_emacs.spoiled:
        here.forget()
        shared_emacs.eval(f"(when (get-buffer {lisp(PLAN)}) (kill-buffer {lisp(PLAN)}))")
        shared_emacs.keys("C-x 1")


def test_the_whole_plan_is_there_to_read(past: Past) -> None:
    past.plan()
    for line in (
        "-** TODO Experiments [0/3]",
        "+** TODO Experiments [1/3]",
        "-1. [ ] Test XYZ without ABC",
        f"+{past.old_line(1, ticked=True)}",
        f"+{past.old_line(2)}",
        "+** TODO Experiments [1/1]",
        "The experiment has no such step",
        "No log has the experiment",
        "3 edits, 2 not placed",
    ):
        past.emacs.wait_for(line)
    assert past.log.read_text(encoding="utf-8") == LOG


def test_one_is_applied_and_one_dropped_and_brought_back(past: Past) -> None:
    past.plan()
    past.press("k")
    past.wait_visible("-1. [ ] Test XYZ without", there=False)
    past.wait_visible("[1/3]", there=False)
    past.press("a")
    past.wait_visible("201 ABC", there=False)
    assert past.old_line(2) in past.lines()
    assert "** TODO Experiments [0/3]" in past.lines()
    past.press("u")
    past.wait_visible(f"+{past.old_line(2)}")
    assert past.log.read_text(encoding="utf-8") == LOG
    past.press("u")
    past.wait_visible(f"+{past.old_line(1, ticked=True)}")
    past.wait_visible(f"+{past.old_line(2)}")
    past.emacs.keys("x")
    past.emacs.wait_until(lambda: "Make 3 edits?" in past.emacs.prompt(), what="the question")
    past.press("y")
    past.wait_visible("@@", there=False)
    assert past.old_line(1, ticked=True) in past.lines()
    assert past.lines().count("** TODO Experiments [1/3]") == 1
    past.press("g")
    past.emacs.wait_for("No hash is missing, 2 not placed")


def test_what_was_dropped_stays_so_after_a_restart(past: Past) -> None:
    past.plan()
    past.press("k")
    past.wait_visible("\nDropped (k brings one back)\n  e201.1 ← ")
    past.emacs.command("explog-restart")
    past.plan()
    past.wait_visible("\nDropped (k brings one back)\n  e201.1 ← ")
    past.wait_visible(f"+{past.old_line(1, ticked=True)}", there=False)
    past.press("M-> p k")
    past.wait_visible(f"+{past.old_line(1, ticked=True)}")
    past.wait_visible("Dropped", there=False)


def test_all_in_a_visited_log_are_one_undo(past: Past) -> None:
    past.visit()
    past.plan()
    past.press("x y")
    past.wait_visible("@@", there=False)
    past.wait_line(past.old_line(1, ticked=True))
    past.same_in_buffer()
    assert "** TODO Experiments [1/1]" in past.lines()
    past.emacs.keys("C-x b l o g . o r g RET")
    past.emacs.settle()
    past.emacs.keys("C-/")
    past.emacs.settle()
    assert past.buffer() == LOG


def test_an_unsaved_log_gets_them_and_stays_unsaved(past: Past) -> None:
    past.visit()
    steps.search(past.emacs, "Test both")
    past.emacs.keys("C-e")
    past.emacs.type(" of them")
    past.emacs.settle()
    past.plan()
    past.press("x y")
    past.wait_visible("@@", there=False)
    assert past.old_line(1, ticked=True) in past.buffer()
    assert "3. [ ] Test both of them" in past.buffer()
    assert past.log.read_text(encoding="utf-8") == LOG
    assert past.emacs.true(f"(buffer-modified-p (get-file-buffer {lisp(past.log)}))")


def test_a_narrowed_log_stays_narrowed(past: Past) -> None:
    past.visit()
    steps.search(past.emacs, "Deeper")
    past.emacs.keys("C-x n s")
    past.plan()
    past.press("x y")
    past.wait_line(past.old_line(1, ticked=True))
    view = past.emacs.string(
        f"(with-current-buffer (get-file-buffer {lisp(past.log)}) (buffer-string))"
    )
    assert view.startswith("* INPROGRESS [202]")
    assert past.buffer() == past.log.read_text(encoding="utf-8")


def test_what_changed_meanwhile_is_not_written(past: Past) -> None:
    past.plan()
    text = LOG.replace("1. [ ] Test XYZ without ABC", "1. [ ] Test XYZ without any ABC")
    past.log.write_text(text, encoding="utf-8")
    past.press("x y")
    past.emacs.wait_for("! not written: it changed meanwhile")
    assert "1. [ ] Test XYZ without any ABC" in past.lines()
    assert f"1. [X] Train it ({past.commits['202.1'][:7]})" in past.lines()
    past.press("g")
    past.wait_visible("+1. [X] Test XYZ without any ABC")
    past.press("x y")
    past.wait_line(f"1. [X] Test XYZ without any ABC ({past.commits['201.1'][:7]})")


def test_a_commit_that_came_meanwhile_lands_and_the_plan_gives_way(past: Past) -> None:
    past.plan()
    new = past.repository.commit("[e201.1] Results- again", date=datetime.now(UTC))
    past.wait_line(past.line(1, new, ticked=True))
    past.press("a")
    past.emacs.wait_for("! not written: it changed meanwhile")
    assert past.line(1, new, ticked=True) in past.lines()


@pytest.mark.parametrize("how", ["read-only", "hard-linked", "locked"])
def test_a_log_that_must_not_be_written(past: Past, how: str) -> None:
    past.plan()
    if how == "read-only":
        past.log.chmod(0o444)
    elif how == "hard-linked":
        os.link(past.log, past.folder / "twin")
    else:
        (past.folder / ".#log.org").symlink_to("ada@elsewhere.1234:5")
    past.press("x y")
    past.emacs.wait_for("! not written: ")
    assert past.log.read_text(encoding="utf-8") == LOG
    past.log.chmod(0o644)
    (past.folder / "twin").unlink(missing_ok=True)
    (past.folder / ".#log.org").unlink(missing_ok=True)
    past.press("g")
    past.press("x y")
    past.wait_line(past.old_line(1, ticked=True))


def test_keys_go_to_the_step_and_to_the_commit(past: Past) -> None:
    past.plan()
    past.emacs.keys("n RET")
    past.emacs.wait_until(lambda: past.emacs.current_buffer() == "log.org", what="the log")
    past.emacs.settle()
    assert "2. [ ] Test XYZ with ABC" in past.emacs.string("(thing-at-point 'line t)")
    past.emacs.keys("M-x n e x t - e r r o r RET")
    past.emacs.settle()
    assert "1. [ ] Train it" in past.emacs.string("(thing-at-point 'line t)")
    past.emacs.keys(f"C-x b {' '.join(PLAN.replace(' ', '~'))} RET".replace("~", "SPC"))
    past.emacs.wait_until(lambda: past.emacs.current_buffer() == PLAN, what="the plan again")
    past.emacs.keys("v")
    commit = past.commits["202.1"]
    past.emacs.wait_until(
        lambda: (
            past.emacs.true(f"(string-match-p {lisp(commit[:7])} (buffer-string))")
            and past.emacs.current_buffer() != PLAN
        ),
        what="the commit",
    )


def test_the_server_dies_and_comes_back(past: Past) -> None:
    past.plan()
    server = "(plist-get (explog-server-greeting) :pid)"
    before = past.emacs.eval(server)
    os.kill(int(before), signal.SIGKILL)
    past.emacs.wait_until(lambda: past.emacs.eval(server) != before, what="it to be gone")
    past.emacs.command("explog-restart")
    past.emacs.wait_until(
        lambda: past.emacs.eval(server) not in (before, "nil"), what="another server"
    )
    past.emacs.keys("a")
    past.emacs.wait_for("the server does not know this plan any more")
    past.emacs.settle()
    assert past.log.read_text(encoding="utf-8") == LOG
    past.press("g")
    past.press("a")
    past.wait_line(past.old_line(1, ticked=True))


def test_the_buffer_is_killed_while_the_server_plans(past: Past) -> None:
    past.emacs.command("explog-backfill")
    past.emacs.wait_until(lambda: past.emacs.current_buffer() == PLAN, what="the buffer")
    past.emacs.keys("C-x k RET")
    past.emacs.settle()
    past.plan()
    assert "3 edits" in past.header()
    assert "error" not in past.messages()


def test_other_encodings_and_line_ends(past: Past) -> None:
    text = LOG.replace("ABC in", "Prämisse in").replace("\n", "\r\n").encode("latin-1")
    past.log.write_bytes(text)
    past.plan()
    past.emacs.redraw()
    assert "^M" not in past.emacs.screen()
    assert "201 Prämisse in XYZ model" in past.visible()
    past.press("x y")
    past.wait_visible("@@", there=False)
    after = past.log.read_bytes()
    assert after.count(b"\r\n") == text.count(b"\r\n")
    assert past.old_line(1, ticked=True).encode() in after
    assert "Prämisse".encode("latin-1") in after


def test_without_the_mode(past: Past) -> None:
    past.emacs.eval("(explog-mode -1)")
    try:
        past.emacs.command("explog-backfill")
        past.emacs.wait_for("This needs ‘explog-mode’ to be on")
    finally:
        past.emacs.eval("(explog-mode 1)")
