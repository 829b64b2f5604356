"""A researcher's day: capture, commit, and what the agenda says of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from . import magit, steps
from .home import explog_init, lisp
from .test_explog_capture import capture, finish
from .world import World

pytestmark = pytest.mark.e2e

OPTIONS = """
(require 'org)
(setq org-todo-keywords '((sequence "TODO" "INPROGRESS" "WAIT" "|" "DONE")))
(global-set-key (kbd "C-c a") #'org-agenda)
(global-set-key (kbd "C-c c") #'org-capture)
"""

LOG = """\
* TODO [201] ABC in XYZ model   :@work:exp:
** TODO Experiments [0/1]
1. [ ] Test it
* INPROGRESS [202] Deeper XYZ   :@work:exp_vision:
** TODO Experiments [0/2]
1. [ ] Train it
2. [ ] Test it
* WAIT [198] Longer XYZ   :exp:
* DONE [199] Shorter XYZ   :exp:
* TODO Buy paper   :@work:
* TODO No id   :exp:
"""


@pytest.fixture(scope="module")
def shared_init() -> str:
    return explog_init([], [], OPTIONS)


def agenda(world: World, key: str, *logs: Path) -> list[str]:
    """Press C-c a c KEY, and return the headings that it lists, as they are on the screen."""
    world.emacs.keys("C-c a")
    world.emacs.wait_for("Press key for an agenda command")
    world.emacs.keys(f"c {key}")
    steps.wait_mode(world.emacs, "org-agenda-mode")
    world.emacs.keys("C-x 1")
    world.emacs.settle()
    text = world.emacs.string("(buffer-string)")
    names = "|".join(re.escape(log.stem) for log in logs or (world.log,))
    told = r"(?:\[\d+/\d+\] +)?(?:(?:-|\d+d) )?"  # progress, days since the last commit
    entry = re.compile(rf"^  (?:{names}): +{told}([A-Z].*?)(?: +:\S+:)?$", re.MULTILINE)
    found = [match[1].strip() for match in entry.finditer(text)]
    for heading in found:
        world.emacs.wait_for(heading)
    return found


def set_state(world: World, heading: str, state: str) -> None:
    """Press C-c C-t at HEADING until its TODO keyword is STATE, and save."""
    world.visit()
    steps.search(world.emacs, heading)
    while state not in world.emacs.string("(thing-at-point 'line t)"):
        world.emacs.keys("C-c C-t")
        world.emacs.settle()
    world.emacs.keys("C-x C-s")
    world.emacs.settle()


def test_what_each_key_lists(world: World) -> None:
    world.log.write_text(LOG, encoding="utf-8")
    todo, doing = "TODO [201] ABC in XYZ model", "INPROGRESS [202] Deeper XYZ"
    wait, done = "WAIT [198] Longer XYZ", "DONE [199] Shorter XYZ"
    assert agenda(world, "i") == [doing]
    assert agenda(world, "t") == [todo, wait]
    assert agenda(world, "a") == [todo, doing, wait, done]
    assert agenda(world, "d") == [done]


def test_several_logs_and_one_that_is_missing(world: World) -> None:
    world.log.write_text(LOG, encoding="utf-8")
    other = world.folder / "other.org"
    other.write_text("* INPROGRESS [300] Other  :exp:\n", encoding="utf-8")
    world.emacs.eval(f"(setq explog-logs '{lisp([world.log, world.folder / 'no.org', other])})")
    found = agenda(world, "i", world.log, other)
    assert found == ["INPROGRESS [202] Deeper XYZ", "INPROGRESS [300] Other"]


def test_ret_goes_to_the_entry(world: World) -> None:
    world.log.write_text(LOG, encoding="utf-8")
    agenda(world, "i")
    steps.search(world.emacs, "Deeper")
    world.emacs.keys("RET")
    world.emacs.wait_until(
        lambda: world.emacs.string("buffer-file-name") == str(world.log), what="the log"
    )
    assert "[202]" in world.emacs.string("(thing-at-point 'line t)")


def test_the_day_of_a_researcher(world: World) -> None:
    world.log.write_text(LOG, encoding="utf-8")
    capture(world, by_key=True)
    world.emacs.type("Train it wider")
    finish(world)
    new = "[203] Wider XYZ"
    assert any(new in heading for heading in agenda(world, "t"))
    set_state(world, new, "INPROGRESS")
    assert [h.split(" [0")[0] for h in agenda(world, "i")] == [
        "INPROGRESS [202] Deeper XYZ",
        f"INPROGRESS {new}",
    ]
    world.repository.edit()
    head = magit.commit(world.emacs, world.repository, "[e203.1] Add a width")
    world.wait_line(f"1. [ ] Train it wider ({world.short(head)})")
    world.repository.edit()
    head = magit.commit(world.emacs, world.repository, "[e203.1] Results- 3 points up")
    world.wait_line(f"1. [X] Train it wider ({world.short(head)})")
    world.said(f"e203.1 ← {world.short(head)} (project)")
    set_state(world, new, "DONE")
    assert agenda(world, "i") == ["INPROGRESS [202] Deeper XYZ"]
    assert any(new in heading for heading in agenda(world, "d"))
    assert not any(new in heading for heading in agenda(world, "t"))
    assert any(new in heading for heading in agenda(world, "a"))
    world.same_in_buffer()


def test_the_agenda_shows_what_a_commit_did(world: World) -> None:
    world.log.write_text(LOG.replace("Deeper XYZ", "Deeper XYZ [0/2]"), encoding="utf-8")
    assert agenda(world, "i") == ["INPROGRESS [202] Deeper XYZ [0/2]"]
    commit = world.repository.commit("[e202.2] Results")
    world.wait_line(f"2. [X] Test it ({world.short(commit)})")
    world.same_in_buffer()
    assert "** TODO Experiments [1/2]" in world.lines()


def line_of(world: World, heading: str) -> str:
    """Return the line of the agenda with HEADING, without its tags."""
    text = world.emacs.string("(with-current-buffer org-agenda-buffer-name (buffer-string))")
    (line,) = (line for line in text.splitlines() if heading in line)
    return re.sub(r" +:\S+:$", "", line)


def test_progress_and_days_since_the_last_commit(world: World) -> None:
    world.log.write_text(LOG, encoding="utf-8")
    commit = world.repository.commit("[e202.2] Results")
    world.wait_line(f"2. [X] Test it ({world.short(commit)})")
    world.emacs.wait_until(
        lambda: bool(agenda(world, "i")) and "[1/2]" in line_of(world, "Deeper"), what="progress"
    )
    line = line_of(world, "Deeper")
    assert re.search(r"\[1/2\] +\d+d INPROGRESS \[202\] Deeper XYZ$", line), line
    agenda(world, "a")
    assert re.search(r"\[0/1\] +- TODO \[201\]", line_of(world, "ABC in XYZ"))


def wait_listed(world: World, text: str) -> None:
    """Wait until the current buffer, an agenda, has TEXT."""
    world.emacs.wait_until(
        lambda: text in world.emacs.string("(buffer-string)"), what=f"{text} in the agenda"
    )


def test_a_command_of_the_user(world: World) -> None:
    world.log.write_text(LOG, encoding="utf-8")
    commit = world.repository.commit("[e202.2] Train wider")
    world.wait_line(f"2. [ ] Test it ({world.short(commit)})")
    world.emacs.eval(
        """(setq org-agenda-custom-commands
            '(("x" "Experiments with commits" explog-agenda-view "state:INPROGRESS kind:commit")
              ("y" "Experiments without" explog-agenda-view "tag:@work -kind:commit")))"""
    )
    for key, shown, hidden in (("x", "Deeper", "ABC"), ("y", "ABC", "Deeper")):
        world.emacs.keys("C-c a")
        world.emacs.wait_for("Press key for an agenda command")
        world.emacs.keys(key)
        steps.wait_mode(world.emacs, "org-agenda-mode")
        # The screen may show the log still, which has it as well.
        wait_listed(world, shown)
        assert hidden not in world.emacs.string("(buffer-string)")


def test_what_the_keys_of_an_agenda_do(world: World) -> None:
    world.log.write_text(LOG, encoding="utf-8")
    assert len(agenda(world, "a")) == 4
    # TAB goes to the entry, and comes back; t changes the state in the log and here.
    steps.search(world.emacs, "Deeper")
    world.emacs.keys("TAB")
    world.emacs.wait_until(
        lambda: world.emacs.string("buffer-file-name") == str(world.log), what="the log"
    )
    world.emacs.keys("C-x o C-x 1")
    world.emacs.settle()
    world.emacs.keys("t")
    world.emacs.settle()
    assert "WAIT [202] Deeper" in line_of(world, "Deeper")
    assert "* WAIT [202] Deeper XYZ" in world.buffer()
    # g makes it anew from the buffer, which is not saved.
    world.emacs.keys("g")
    world.emacs.settle()
    assert "WAIT [202] Deeper" in line_of(world, "Deeper")
    # m marks, B t sets the state of what is marked.
    for heading in ("Deeper", "Longer"):
        world.emacs.keys("M-<")
        steps.search(world.emacs, heading)
        world.emacs.keys("m")
    world.emacs.keys("B t")
    world.emacs.type("DONE")
    world.emacs.keys("RET")
    world.emacs.settle()
    assert "* DONE [202] Deeper XYZ" in world.buffer()
    assert "* DONE [198] Longer XYZ" in world.buffer()
    # = filters by what is typed.
    world.emacs.keys("=")
    world.emacs.type("Deeper")
    world.emacs.keys("RET")
    world.emacs.settle()
    world.emacs.wait_until(
        lambda: "Deeper" in world.emacs.screen() and "Longer" not in world.emacs.screen(),
        what="the filter",
    )
