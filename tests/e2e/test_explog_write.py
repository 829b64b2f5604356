"""Notes, steps and conclusions by keys: in the log, from magit, from a commit message."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from . import magit, steps
from .home import lisp
from .world import INIT, LOG, World

pytestmark = pytest.mark.e2e

STAMP = r"\[\d{4}-\d\d-\d\d \S+ \d\d:\d\d\]"
RESULTS = "[e201.1] Results- XYZ without ABC\n\nTrained for [e201] again."


@pytest.fixture(scope="module")
def shared_init() -> str:
    return INIT


def landed(world: World, message: str = RESULTS, step: int = 1) -> str:
    """Commit MESSAGE in a shell, wait until the hash is on STEP, and return it as it stands there."""
    commit = world.repository.commit(message, file=f"{step}.txt")
    world.expect(step, commit, ticked="Results" in message)
    return world.short(commit)


def at_step(world: World, text: str) -> None:
    """Visit the log and go to TEXT."""
    world.visit()
    steps.search(world.emacs, text)


def draft(world: World, name: str) -> None:
    """Wait for the draft NAME."""
    world.emacs.wait_until(
        lambda: world.emacs.current_buffer() == f"*explog {name}*", what=f"the draft {name}"
    )


def text(world: World) -> str:
    return world.log.read_text(encoding="utf-8")


def wait_saved(world: World) -> None:
    """Wait until the log is saved."""
    world.emacs.settle()
    world.same_in_buffer()


def finish(world: World) -> None:
    """Finish the draft, and wait until the log has it."""
    before = text(world)
    world.emacs.keys("C-c C-c")
    world.emacs.wait_until(lambda: text(world) != before, what="the log to be written")
    world.emacs.settle()
    world.same_in_buffer()


def expect_line(world: World, pattern: str) -> str:
    """Return the one line of the log on disk that is PATTERN."""
    lines = [line for line in world.lines() if re.fullmatch(pattern, line)]
    assert len(lines) == 1, text(world)
    return lines[0]


def expect_hit(world: World, query: str, expected: str) -> None:
    """Wait until a search for QUERY gives one hit: its kind, step, and date."""
    form = f"""(mapcar (lambda (hit) (list (explog-search-hit-kind hit) (explog-search-hit-step hit)
                                           (explog-search-hit-date hit)))
                      (nth 2 (explog-server-call-sync "search" '({lisp(query)} 9))))"""
    world.emacs.eval("(require 'explog-search)")
    world.emacs.wait_until(
        lambda: world.emacs.eval(form) == expected, what=f"{expected} for {query}"
    )


# In the log


def test_a_note_on_the_step_at_point(world: World) -> None:
    short = landed(world)
    before = text(world)
    at_step(world, "Test XYZ without")
    world.emacs.command("explog-note")
    world.emacs.settle()
    world.emacs.type("Converged at zanzibar")
    world.emacs.settle()
    assert text(world) == before  # saving is the user's
    world.emacs.keys("C-x C-s")
    wait_saved(world)
    note = expect_line(world, rf"   - {STAMP} \({short}\) Converged at zanzibar")
    assert text(world) == before.replace(f"({short})\n", f"({short})\n{note}\n", 1)
    today = date.today().isoformat()
    expect_hit(world, "zanzibar", f'(("note" "1" "{today}"))')
    expect_hit(world, f"zanzibar after:{today}", f'(("note" "1" "{today}"))')
    world.prove()


def test_a_note_is_undone_in_one_step(world: World) -> None:
    landed(world)
    before = text(world)
    at_step(world, "ABC in XYZ model")
    world.emacs.command("explog-note")
    world.emacs.settle()
    assert "\n** Notes\n- [" in world.buffer()
    world.emacs.keys("C-/")
    world.emacs.settle()
    assert world.buffer() == before == text(world)
    world.emacs.eval("(set-buffer-modified-p nil)")
    world.prove()


def test_a_note_on_what_is_asked_for(world: World) -> None:
    short = landed(world, "[e201.2] Train", step=2)
    world.visit()
    world.emacs.keys("C-u M-x")
    world.emacs.wait_until(lambda: world.emacs.prompt().startswith("C-u M-x"))
    world.emacs.type("explog-note")
    world.emacs.keys("RET")
    world.emacs.wait_until(lambda: world.emacs.prompt().startswith("Note on"))
    world.emacs.keys("C-a C-k")
    world.emacs.type("201 ABC in XYZ model")
    world.emacs.keys("RET")
    world.emacs.wait_until(lambda: world.emacs.prompt().startswith("Step of 201"))
    world.emacs.type("2 ")
    world.emacs.keys("TAB RET")
    world.emacs.wait_until(lambda: f"   - [{date.today().year}" in world.buffer())
    world.emacs.type("Slow")
    world.emacs.keys("C-x C-s")
    wait_saved(world)
    expect_line(world, rf"   - {STAMP} \({short}\) Slow")


def test_a_commit_comes_while_a_note_is_written(world: World) -> None:
    at_step(world, "Test XYZ without")
    world.emacs.command("explog-note")
    world.emacs.settle()
    world.emacs.type("Conv")
    commit = world.repository.commit(RESULTS)
    line = world.line(1, commit, ticked=True)
    world.emacs.wait_until(lambda: line in world.buffer(), what="the hash")
    world.emacs.type("erged")
    world.emacs.keys("C-x C-s")
    wait_saved(world)
    note = expect_line(world, rf"   - {STAMP} Converged")
    assert f"{line}\n{note}\n2. [ ]" in text(world)


# From magit


def log_at(world: World, commit: str) -> None:
    """Show magit's log of the repository with point on the line of COMMIT."""
    steps.status(world.emacs, world.repository)
    world.emacs.keys("l l")
    steps.wait_mode(world.emacs, "magit-log-mode")
    steps.wait_idle(world.emacs)
    steps.search(world.emacs, commit)
    world.emacs.keys("C-a")
    world.emacs.settle()


@pytest.mark.parametrize("visited", [True, False])
def test_a_note_from_magit(world: World, visited: bool) -> None:
    if visited:
        world.visit()
    short = landed(world)
    landed(world, "[e201.2] Train", step=2)
    before = text(world)
    log_at(world, short)
    world.emacs.command("explog-note")
    draft(world, "note on e201.1")
    world.emacs.wait_for("Note on e201.1: C-c C-c puts it into the log, C-c C-k discards it")
    world.emacs.type("Converged\nat 0.93")
    finish(world)
    assert world.emacs.true("(and (derived-mode-p 'magit-log-mode) (one-window-p))")
    world.said("note on e201.1")
    note = expect_line(world, rf"   - {STAMP} \({short}\) Converged")
    assert text(world) == before.replace(f"({short})\n", f"({short})\n{note}\n     at 0.93\n", 1)
    world.visit()
    world.emacs.keys("C-/")
    world.emacs.settle()
    assert world.buffer() == before
    world.emacs.keys("C-x C-s")
    wait_saved(world)
    world.prove()


def test_a_forgotten_note_leaves_the_log_as_it_was(world: World) -> None:
    short = landed(world)
    before = world.log.read_bytes(), world.log.stat().st_mtime_ns
    log_at(world, short)
    world.emacs.command("explog-note")
    draft(world, "note on e201.1")
    world.emacs.type("Never mind")
    world.emacs.keys("C-c C-k")
    world.emacs.settle()
    assert world.emacs.true("(derived-mode-p 'magit-log-mode)")
    assert (world.log.read_bytes(), world.log.stat().st_mtime_ns) == before
    assert not world.emacs.true(f"(find-buffer-visiting {lisp(world.log)})")
    world.prove()


# From a commit message


def message(world: World, text: str) -> None:
    """Begin a commit, and write TEXT as its message."""
    world.repository.edit()
    magit.stage(world.emacs, world.repository)
    world.emacs.keys("c c")
    steps.write_message(world.emacs, text)


def test_a_note_and_a_step_from_a_commit_message(world: World) -> None:
    landed(world)
    head = world.repository.run("rev-parse", "--short", "HEAD")
    message(world, "[e201.2] Results- with ABC")
    world.emacs.command("explog-note")
    draft(world, "note on e201.2")
    world.emacs.type("Better")
    finish(world)
    expect_line(world, rf"   - {STAMP} \({head}\) Better")
    assert steps.editing(world.emacs)
    world.emacs.command("explog-add-step")
    steps.answer(world.emacs, "Step e201.4: ", "Test [e202] with ABC")
    world.wait_line("4. [ ] Test [e202] with ABC")
    assert "** TODO Experiments [1/4]" in world.lines()
    steps.finish(world.emacs)
    world.emacs.wait_until(lambda: world.repository.subjects()[0].startswith("[e201.2] Results"))
    world.expect(2, world.repository.head, ticked=True, cookie="[2/4]")
    commit = world.repository.commit("[e201.4] Results", file="4.txt")
    world.wait_line(f"4. [X] Test [e202] with ABC ({world.short(commit)})")


# Conclusions


def test_a_conclusion_in_the_log(world: World) -> None:
    for number in (1, 2, 3):
        landed(world, f"[e201.{number}] Results", step=number)
    before = text(world)
    at_step(world, "ABC in XYZ")
    world.emacs.command("explog-conclude")
    steps.answer(world.emacs, "Conclusion of 201", "ABC helps, zanzibar")
    world.said("201 is DONE")
    world.emacs.keys("C-x C-s")
    wait_saved(world)
    assert text(world).replace(" :@work", "  :@work", 1).split() == (
        before.replace("* TODO [201] ABC in XYZ model [0%]", "* DONE [201] ABC in XYZ model [100%]")
        .replace("** TODO Experiments [3/3]", "** DONE Experiments [3/3]")
        .replace("** TODO Conclusions\n", "** DONE Conclusions\n- ABC helps, zanzibar\n")
        .split()
    )
    world.emacs.wait_until(
        lambda: "zanzibar" in world.emacs.string("(thing-at-point 'line t)"),
        what="point at the conclusion",
    )
    expect_hit(world, "zanzibar kind:conclusion", '(("conclusion" nil "2018-06-06"))')
    world.emacs.keys("C-/")
    world.emacs.settle()
    assert world.buffer() == before


def test_a_conclusion_from_magit_with_a_note_that_org_asks_for(world: World) -> None:
    keywords = "#+TODO: TODO INPROGRESS | DONE(d@) CANCELED(c@)\n"
    world.log.write_text(keywords + LOG, encoding="utf-8")
    short = landed(world)
    log_at(world, short)
    world.emacs.command("explog-conclude")
    steps.answer(world.emacs, "State of 201", "CANCELED")
    steps.answer(world.emacs, "Conclusion of 201", "")
    draft(world, "conclusion of e201")
    world.emacs.type("Nothing")
    world.emacs.keys("C-c C-c")
    world.emacs.wait_until(lambda: world.emacs.current_buffer() == "*Org Note*", what="org's note")
    world.emacs.type("Too slow")
    world.emacs.keys("C-c C-c")
    world.emacs.wait_until(lambda: "  Too slow\n" in text(world), what="org's note in the log")
    world.emacs.settle()
    world.same_in_buffer()
    assert world.emacs.true("(and (derived-mode-p 'magit-log-mode) (one-window-p))")
    assert "post-command-hook" not in world.messages()
    assert "- Nothing" in world.lines()
    assert expect_line(world, r"\* CANCELED \[201\] .*")
    assert "** TODO Experiments [1/3]" in world.lines()
    world.said("201 is CANCELED; still open: 2 Test XYZ with ABC, 3 Test both")
    world.prove()


# Without what it needs


def test_words_for_what_is_not_there(world: World, tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("# [e999]\n", encoding="utf-8")
    world.emacs.find_file(tmp_path / "code.py")
    world.emacs.keys("M-> C-b C-b")
    world.emacs.command("explog-note")
    world.emacs.wait_until(lambda: "No log has experiment 999" in world.messages())
    world.prove()


def test_a_number_that_a_commit_used_is_not_given_again(world: World) -> None:
    """Step 5 was taken out of the log, and experiment 417 was never in it."""
    landed(world)
    commit = world.repository.commit("[e201.5] Tried, and [e417] came to mind", file="5.txt")
    at_step(world, "Test XYZ with ABC")
    world.emacs.wait_until(
        lambda: world.emacs.eval('(or (explog-server-try "next-id" nil) 0)') == "418",
        what=f"{commit} to be read",
    )
    world.emacs.command("explog-add-step")
    steps.answer(world.emacs, "Step e201.6: ", "batch of 2")
    world.emacs.keys("C-x C-s")
    world.wait_line("6. [@6] [ ] batch of 2")
    landed_at = world.repository.commit("[e201.6] Results", file="6.txt")
    world.wait_line(f"6. [@6] [X] batch of 2 ({world.short(landed_at)})")
    world.emacs.command("explog-capture")
    steps.answer(world.emacs, r"Id \(default 418\): ", "")
    world.emacs.keys("C-g")
