"""Getting around, by keys: visit, commits, differences, mentions, and the ways back."""

from __future__ import annotations

import pytest

from . import steps
from .emacs import Emacs
from .repository import Repository
from .world import INIT, World

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def shared_init() -> str:
    return INIT


@pytest.fixture
def world(world: World) -> World:
    world.emacs.eval('(progn (delete-other-windows) (switch-to-buffer "*scratch*"))')
    return world


def two_steps(world: World) -> tuple[str, str]:
    """Commit results for the first two steps of 201; return the commits once they stand there."""
    first = world.repository.commit("[e201.1] Results- without", file="a.txt", text="one\n")
    world.wait_line(world.line(1, first, ticked=True))
    second = world.repository.commit("[e201.2] Results- with", file="a.txt", text="two\n")
    world.wait_line(world.line(2, second, ticked=True))
    world.wait_settled()
    return first, second


def line(emacs: Emacs) -> str:
    return emacs.string("(thing-at-point 'line t)").rstrip("\n")


def wait_line(emacs: Emacs, text: str) -> None:
    """Wait until TEXT is in the line of point."""
    emacs.wait_until(lambda: text in line(emacs), what=f"point on {text!r}")


def ask(emacs: Emacs, command: str, prompt: str, answer: str) -> None:
    """Run COMMAND, wait for its PROMPT and type the ANSWER."""
    emacs.command(command)
    reply(emacs, prompt, answer)


def reply(emacs: Emacs, prompt: str, answer: str) -> None:
    emacs.wait_until(lambda: emacs.prompt().startswith(prompt), what=f"the prompt {prompt}")
    emacs.type(answer)
    emacs.keys("RET")


# Visiting


def test_visit_by_words_and_come_back(world: World) -> None:
    emacs = world.emacs
    ask(emacs, "explog-visit", "Experiment", "Deeper\t")
    wait_line(emacs, "INPROGRESS [202] Deeper XYZ model")
    assert emacs.current_buffer() == "log.org"
    emacs.keys("M-,")
    emacs.wait_until(lambda: emacs.current_buffer() == "*scratch*", what="to be back")


def test_visit_a_step_in_a_folded_log_and_in_another_window(world: World) -> None:
    emacs = world.emacs
    world.visit()
    emacs.keys("M-< C-u TAB")
    emacs.settle()
    emacs.eval('(switch-to-buffer "*scratch*")')
    emacs.keys("C-u M-x")
    reply(emacs, "C-u M-x", "explog-visit")
    reply(emacs, "Experiment", "[e201.2]")
    wait_line(emacs, "2. [ ] Test XYZ with ABC")
    emacs.wait_for("2. [ ] Test XYZ with ABC")
    assert emacs.eval("(length (window-list))") == "2"


def test_visit_a_commit_by_its_hash(world: World) -> None:
    emacs = world.emacs
    first, _second = two_steps(world)
    ask(emacs, "explog-visit", "Experiment", first[:8])
    steps.wait_mode(emacs, "magit-revision-mode")
    emacs.wait_for("Results- without")


def test_visit_words_of_no_title(world: World) -> None:
    emacs = world.emacs
    ask(emacs, "explog-visit", "Experiment", "improves results")
    emacs.wait_until(lambda: emacs.current_buffer() == "*explog search*", what="the results")
    emacs.wait_until(
        lambda: "improves results: 1 found" in emacs.buffer_text("*explog search*"),
        what="what was found",
    )


def test_visit_what_no_log_has(world: World) -> None:
    emacs = world.emacs
    ask(emacs, "explog-visit", "Experiment", "[e999]")
    emacs.wait_for("No log has experiment 999")
    assert emacs.current_buffer() == "*scratch*"


# To commits


def test_the_commits_of_an_experiment_in_magit(world: World) -> None:
    emacs = world.emacs
    first, second = two_steps(world)
    world.repository.commit("[e202.1] other")
    world.repository.commit("tidy\n\nThis is as in [e201.1].")
    world.wait_counts(commits=5)
    world.visit()
    steps.search(emacs, "[201]")
    emacs.command("explog-commits")
    steps.wait_mode(emacs, "magit-log-mode")
    steps.wait_idle(emacs)
    text = emacs.string("(buffer-string)")
    shown = [row.split()[0] for row in text.splitlines() if row.strip()]
    assert shown == [second[: len(shown[0])], first[: len(shown[0])]]
    # It is a log as any other: what is at point can be shown, and led back from.
    emacs.keys("M-< C-s")
    emacs.type("without")
    emacs.keys("RET")
    emacs.command("explog-experiments-here")
    wait_line(emacs, "1. [X] Test XYZ without ABC")
    emacs.keys("M-,")
    steps.wait_mode(emacs, "magit-log-mode")


def test_the_commits_of_a_step_in_two_repositories(world: World) -> None:
    emacs = world.emacs
    other = Repository(world.folder / "other")
    world.watch([world.log], [world.repository.path, other.path])
    first = world.repository.commit("[e201.1] begin")
    second = other.commit("[e201.1] Results- other")
    world.repository.commit("[e201.2] not this")
    world.wait_counts(commits=5)
    world.visit()
    steps.search(emacs, "Test XYZ without")
    emacs.command("explog-commits")
    steps.wait_mode(emacs, "explog-history-mode")
    rows = emacs.string("(buffer-string)").splitlines()
    assert [row.split()[1:4] for row in rows] == [
        ["project", first[:7], "1"],
        ["other", second[:7], "1"],
    ] or [row.split()[1:4] for row in rows] == [
        ["other", second[:7], "1"],
        ["project", first[:7], "1"],
    ]
    third = other.commit("[e201.1] more")
    world.wait_counts(commits=6)
    emacs.keys("g")
    emacs.wait_until(lambda: third[:7] in emacs.string("(buffer-string)"), what="the new one")
    steps.search(emacs, third[:7])
    emacs.keys("RET")
    steps.wait_mode(emacs, "magit-revision-mode")
    emacs.wait_for("[e201.1] more")
    emacs.command("next-error")
    emacs.wait_for("[e201.1] Results- other")


def test_an_experiment_without_commits(world: World) -> None:
    emacs = world.emacs
    world.visit()
    steps.search(emacs, "[202]")
    emacs.command("explog-commits")
    emacs.wait_for("No commit has e202 in its subject")


# Differences


def test_what_changed_between_two_steps(world: World) -> None:
    emacs = world.emacs
    first, second = two_steps(world)
    world.visit()
    steps.search(emacs, "2. [X]")
    emacs.command("explog-diff")
    reply(emacs, "e201 from step (default 1 Test XYZ without ABC)", "")
    reply(emacs, "e201 from step 1 to (default 2 Test XYZ with ABC)", "")
    steps.wait_mode(emacs, "magit-diff-mode")
    emacs.wait_for("-one")
    emacs.wait_for("+two")
    assert emacs.string("magit-buffer-range") == f"{first}..{second}"


def test_it_takes_two_steps_with_commits(world: World) -> None:
    emacs = world.emacs
    world.visit()
    steps.search(emacs, "1. [ ]")
    emacs.command("explog-diff")
    emacs.wait_for("It takes two steps with commits to compare; e201 has none")


def test_steps_of_two_repositories_are_not_compared(world: World) -> None:
    emacs = world.emacs
    other = Repository(world.folder / "other")
    world.watch([world.log], [world.repository.path, other.path])
    first = world.repository.commit("[e201.1] Results")
    world.wait_line(world.line(1, first, ticked=True))
    second = other.commit("[e201.2] Results")
    world.wait_line(world.line(2, second, ticked=True))
    world.wait_settled()
    world.visit()
    steps.search(emacs, "2. [X]")
    emacs.command("explog-diff")
    reply(emacs, "e201 from step", "")
    reply(emacs, "e201 from step 1 to", "")
    emacs.wait_for("are in two repositories")


# Mentions, and from files


def test_mentions(world: World) -> None:
    emacs = world.emacs
    world.repository.commit("unlike [e202] this is shallow")
    world.wait_counts(commits=2)
    world.visit()
    steps.search(emacs, "[202]")
    emacs.command("explog-mentions")
    emacs.wait_until(
        lambda: "this is shallow" in emacs.buffer_text("*explog search*"), what="the mention"
    )


def test_from_a_file_to_its_experiments(world: World) -> None:
    emacs = world.emacs
    two_steps(world)
    world.repository.commit("[e202.1] begin", file="a.txt")
    world.wait_counts(commits=4)
    world.wait_settled()
    emacs.find_file(world.repository.path / "a.txt")
    emacs.command("explog-experiments-here")
    emacs.wait_until(
        lambda: emacs.prompt().startswith("Experiments that touched a.txt"), what="the question"
    )
    emacs.keys("TAB TAB")
    emacs.wait_for("201 ABC in XYZ model")
    emacs.wait_for("2 commits, the last on")
    emacs.type("1\t")
    emacs.keys("RET")
    wait_line(emacs, "* TODO [201] ABC in XYZ model")


def test_from_a_file_that_no_experiment_touched(world: World) -> None:
    emacs = world.emacs
    emacs.find_file(world.log)
    emacs.command("explog-experiments-here")
    # Not on the screen, which breaks the line where the name of the log is long.
    emacs.wait_until(
        lambda: "in no repository that is looked at" in world.messages(), what="the reason"
    )


# The index, the menu, the sign


def test_imenu(world: World) -> None:
    emacs = world.emacs
    world.visit()
    emacs.command("imenu")
    for name in ("Experiments", "[202].Deeper.XYZ.model", "1.Train.it"):  # imenu dots its blanks
        reply(emacs, "Index item", name)
        emacs.settle()
    wait_line(emacs, "1. [ ] Train it")


def test_the_menu_says_what_the_point_is_on(world: World) -> None:
    emacs = world.emacs
    world.visit()
    steps.search(emacs, "2. [ ]")
    emacs.eval('(explog-cache-fetch "201")')
    emacs.command("explog-dispatch")
    emacs.wait_for("e201.2 ABC in XYZ model · 2 Test XYZ with ABC")
    emacs.wait_for("Search & agenda")
    emacs.keys("m")
    emacs.wait_until(lambda: emacs.current_buffer() == "*explog search*", what="the mentions")
    emacs.eval('(switch-to-buffer "*scratch*")')
    emacs.command("explog-dispatch")
    emacs.wait_for("No experiment at point")
    emacs.keys("RET")  # inactive
    emacs.wait_until(lambda: emacs.true("transient--prefix"), what="the menu still there")
    emacs.keys("a")
    emacs.wait_for("Agenda")
    emacs.keys("a")
    steps.wait_mode(emacs, "org-agenda-mode")
    emacs.wait_for("Deeper XYZ model")
    emacs.command("explog-dispatch")
    emacs.wait_for("No experiment at point")
    emacs.keys("C-g")
    steps.wait_idle(emacs)
    steps.search(emacs, "ABC")
    emacs.command("explog-dispatch")
    emacs.wait_for("e201 ABC in XYZ model")
    emacs.keys("RET")
    wait_line(emacs, "* TODO [201] ABC in XYZ model")


def test_the_sign_is_there_as_long_as_something_needs_the_user(world: World) -> None:
    emacs = world.emacs
    assert emacs.eval("global-mode-string") == "nil"
    world.repository.commit("[e201.9] nothing like this")
    emacs.wait_for("explog:1!")
    world.log.write_text(
        world.log.read_text(encoding="utf-8").replace("3. [ ]", "9. [@9] [ ]"), encoding="utf-8"
    )
    emacs.wait_until(lambda: "explog:" not in emacs.screen().splitlines()[-2], what="no sign")
    assert emacs.eval("global-mode-string") == "nil"
