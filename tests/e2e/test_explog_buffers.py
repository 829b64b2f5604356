"""The log as the user has it open: what she sees and types stays hers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from . import steps
from .home import lisp
from .repository import Repository
from .world import INIT, LOG, World

pytestmark = pytest.mark.e2e

RESULTS = "[e201.1] Results- XYZ without ABC"
NOTES = "".join(f"- note {number}\n" for number in range(80))

#: Remembers what a view consists of, and tells whether that is still so.
REMEMBER = """
(setq e2e-view (list (copy-marker (point)) (copy-marker (mark t)) (copy-marker (point-min))
                     (copy-marker (point-max) t) (copy-marker (window-start))
                     mark-active (buffer-narrowed-p) (current-window-configuration)))
"""
COMPARE = """
(list (= (point) (nth 0 e2e-view)) (= (mark t) (nth 1 e2e-view)) (= (point-min) (nth 2 e2e-view))
      (= (point-max) (nth 3 e2e-view)) (= (window-start) (nth 4 e2e-view))
      (eq mark-active (nth 5 e2e-view)) (eq (buffer-narrowed-p) (nth 6 e2e-view))
      (= (window-point) (point)))
"""


@pytest.fixture(scope="module")
def shared_init() -> str:
    return INIT


def body(world: World) -> list[str]:
    """Return what the screen shows of the buffer, with hash and counts taken out."""
    lines = world.emacs.screen().split("\n")[:-2]
    return [line.split(" (")[0].replace("[X]", "[ ]").replace("[1/3]", "[0/3]") for line in lines]


def still(world: World) -> list[str]:
    """Wait until the screen is drawn, and return its body."""
    world.emacs.settle()
    world.emacs.redraw()
    return body(world)


def keep_view(world: World) -> None:
    """Land results on step 1, and see that nothing moved on the screen or in the buffer."""
    before = still(world)
    world.emacs.eval(REMEMBER)
    world.expect(1, world.repository.commit(RESULTS), ticked=True, cookie="[1/3]")
    assert world.emacs.eval(COMPARE) == "(t t t t t t t t)"
    assert still(world) == before


# The view


@pytest.mark.parametrize(
    "keys",
    [
        "M-> C-SPC M-v",  # scrolled, with the mark set
        "C-s n o t e SPC 5 0 RET C-SPC C-n C-n",  # an active region
        "M-< <backtab>",  # all folded
        "M-< <backtab> TAB C-n C-SPC C-n",  # children shown
        "C-s D e e p e r RET C-x n s C-n C-SPC M->",  # narrowed to another entry
        "C-s n o t e SPC 5 0 RET C-u 9 C-n C-x n s C-l C-l",  # narrowed to a heading of this one
    ],
)
def test_the_view_stays(world: World, keys: str) -> None:
    world.log.write_text(LOG.replace("** Notes\n", f"** Notes\n{NOTES}"), encoding="utf-8")
    world.visit()
    world.emacs.keys(f"C-SPC C-SPC {keys}")
    keep_view(world)


def test_point_on_the_step_itself(world: World) -> None:
    world.visit()
    steps.search(world.emacs, "Test XYZ without")
    keep_view(world)


def test_a_second_window_on_the_log(world: World) -> None:
    world.visit()
    world.emacs.keys("C-x 2 C-x o M->")
    keep_view(world)
    world.emacs.keys("C-x 1")


# Undo


def test_one_undo_takes_it_back(world: World) -> None:
    world.visit()
    before = world.buffer()
    world.emacs.keys("M->")
    world.emacs.paste("typed\n")
    world.emacs.keys("C-x C-s")
    world.emacs.settle()
    world.expect(1, world.repository.commit(RESULTS), ticked=True)
    world.wait_settled()
    world.emacs.keys("C-/")
    world.emacs.settle()
    assert world.buffer() == f"{before}typed\n"
    world.emacs.keys("C-/")
    world.emacs.settle()
    assert world.buffer() == before
    world.emacs.keys("C-x C-s")
    world.emacs.settle()
    world.prove()
    assert world.line(1, None) in world.lines()  # what she took back stays away


# Unsaved


def test_an_unsaved_buffer_stays_unsaved(world: World) -> None:
    world.visit()
    on_disk = world.lines()
    world.emacs.keys("M->")
    world.emacs.type("half a thought")
    commit = world.repository.commit(RESULTS)
    short = world.short(commit)
    world.said(f"e201.1 ← {short} (project) (not saved, as the buffer has other changes)")
    world.said("e201.1 ")
    assert world.line(1, commit, ticked=True) in world.buffer()
    assert world.lines() == on_disk
    assert world.emacs.true(f"(buffer-modified-p (get-file-buffer {lisp(world.log)}))")
    world.emacs.type(", and the rest")
    world.emacs.keys("C-x C-s")
    world.wait_line("half a thought, and the rest")
    world.same_in_buffer()
    world.prove()
    assert world.line(1, commit, ticked=True) in world.lines()
    world.said("e201.1 ")


def test_an_unsaved_buffer_that_is_given_up(world: World) -> None:
    world.visit()
    world.emacs.keys("M->")
    world.emacs.type("half a thought")
    commit = world.repository.commit(RESULTS)
    world.said("(not saved, as the buffer has other changes)")
    world.emacs.keys("C-x k RET")
    world.emacs.wait_until(lambda: "modified" in world.emacs.prompt())
    world.emacs.type("yes\n")
    world.wait_line(world.line(1, commit, ticked=True))
    assert "half a thought" not in world.lines()


def test_a_step_that_no_file_has_yet(world: World) -> None:
    world.visit()
    steps.search(world.emacs, "Test both")
    world.emacs.keys("C-e")
    world.emacs.paste("\n4. [ ] Ablate")
    world.emacs.settle()
    commit = world.repository.commit("[e201.4] Results- ablation")
    world.said(f"e201.4 ← {world.short(commit)} (project)")
    world.emacs.keys("C-x C-s")
    world.wait_line(f"4. [X] Ablate ({world.short(commit)})")
    world.same_in_buffer()
    assert "** TODO Experiments [1/4]" in world.lines()


def test_an_experiment_that_no_file_has_yet(world: World) -> None:
    world.visit()
    world.emacs.keys("M->")
    world.emacs.paste("* TODO [203] New  :exp:\n** Experiments [/]\n1. [ ] First\n")
    world.emacs.settle()
    commit = world.repository.commit("[e203.1] Results")
    world.said(f"e203.1 ← {world.short(commit)} (project)")
    world.emacs.keys("C-x C-s")
    world.wait_line(f"1. [X] First ({world.short(commit)})")
    world.same_in_buffer()


# Unknown, as yet


@pytest.mark.parametrize("visited", [True, False])
def test_a_step_written_after_the_commit(world: World, visited: bool) -> None:
    before = world.lines()
    commit = world.repository.commit("[e201.4] Results- ablation")
    world.said(f"{commit[:10]} says [e201.4], and the experiment has no such step")
    world.said(world.log.name)
    assert world.lines() == before
    if visited:
        world.visit()
        steps.search(world.emacs, "Test both")
        world.emacs.keys("C-e")
        world.emacs.paste("\n4. [ ] Ablate")
        world.emacs.keys("C-x C-s")
    else:
        text = world.log.read_text(encoding="utf-8")
        world.log.write_text(text.replace("both\n", "both\n4. [ ] Ablate\n"), encoding="utf-8")
    world.wait_line(f"4. [X] Ablate ({world.short(commit)})")
    world.same_in_buffer()


def test_an_unknown_experiment(world: World) -> None:
    world.visit()
    commit = world.repository.commit("[e999.1] Results- of what?")
    world.said(f"{commit[:10]} says [e999.1], and no log has that experiment")
    assert world.log.read_text(encoding="utf-8") == LOG
    world.prove()
    world.said("e999")  # said once is enough


# Several repositories and logs


def test_two_repositories(world: World) -> None:
    other = Repository(world.folder / "other")
    world.watch([world.log], [world.repository.path, other.path])
    world.expect(1, world.repository.commit(RESULTS), ticked=True)
    commit = other.commit("[e201.2] Results")
    world.wait_line(world.line(2, commit, ticked=True))
    world.said(f"e201.2 ← {world.short(commit)} (other)")


def test_a_new_repository(world: World) -> None:
    world.watch([world.log], [world.folder], depth=1)
    world.prove()
    new = Repository(world.folder / "new")
    commit = new.commit(RESULTS, date=datetime.now(UTC))
    world.wait_line(world.line(1, commit, ticked=True))
    world.said(f"e201.1 ← {world.short(commit)} (new)")


def test_two_logs_with_one_id(world: World, tmp_path: Path) -> None:
    world.visit()
    other = tmp_path / "other.org"
    other.write_text(LOG, encoding="utf-8")
    world.watch([world.log, other], [world.repository.path])
    commit = world.repository.commit(RESULTS, date=datetime.now(UTC))
    world.said(f"{commit[:10]} says [e201.1], and there is more than one")
    assert world.log.read_text(encoding="utf-8") == other.read_text(encoding="utf-8") == LOG
    inside = world.repository.path / "log.org"
    inside.write_text(LOG, encoding="utf-8")
    world.watch([world.log, inside], [world.repository.path])
    world.wait_line(world.line(1, commit, ticked=True), inside)
    assert world.log.read_text(encoding="utf-8") == LOG
