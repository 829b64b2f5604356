"""References in a real Emacs: buttons in magit and elsewhere, by mouse, keys, eldoc and xref."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import steps
from .emacs import Emacs
from .home import explog_init, lisp
from .world import World

pytestmark = pytest.mark.e2e

STEP = "ABC in XYZ model · 1 Test XYZ without ABC"
FACE = "(let ((found (get-char-property {at} 'category))) (and found (get found 'face)))"


@pytest.fixture(scope="module")
def shared_init() -> str:
    return explog_init([], []) + "(global-explog-ref-mode 1)\n(xterm-mouse-mode 1)\n"


@pytest.fixture
def world(world: World) -> Iterator[World]:
    world.repository.commit("[e201.1] Results- without ABC\n\nas [e202] said")
    world.wait_counts(commits=2, experiments=2)
    yield world
    if world.emacs.alive and not world.emacs.spoiled:
        world.emacs.keys("C-x 1")
        world.emacs.settle()


def magit_log(world: World) -> Emacs:
    """Show the log of the repository in magit, with point at its top."""
    emacs = world.emacs
    steps.status(emacs, world.repository)
    emacs.keys("l l")
    steps.wait_mode(emacs, "magit-log-mode")
    steps.wait_idle(emacs)
    emacs.keys("C-x 1 M-<")
    emacs.settle()
    return emacs


def face(emacs: Emacs, text: str) -> str:
    """Return the face of the button on the first TEXT in the selected window's buffer."""
    at = f"(save-excursion (goto-char (point-min)) (search-forward {lisp(text)}) (1- (point)))"
    return emacs.eval(FACE.format(at=at))


def wait_face(emacs: Emacs, text: str, wanted: str) -> None:
    emacs.wait_until(lambda: face(emacs, text) == wanted, what=f"{wanted} on {text}")


def goto(emacs: Emacs, text: str) -> None:
    """Go into the first TEXT of the buffer, by keys."""
    emacs.keys("M-<")
    steps.search(emacs, text)
    emacs.keys("C-b C-b")
    emacs.settle()


def click(emacs: Emacs, text: str, button: int = 0) -> None:
    """Click on the first TEXT on the screen, with mouse-1 (button 0) or mouse-2 (1)."""
    emacs.wait_for(text)
    lines = emacs.screen().splitlines()
    row = next(n for n, line in enumerate(lines) if text in line)
    column = lines[row].index(text) + len(text) // 2
    for final in "Mm":
        emacs.send(f"\x1b[<{button};{column + 1};{row + 1}{final}".encode())
    emacs.settle()


def wait_line(emacs: Emacs, text: str) -> None:
    """Wait until point in the log is on a line that begins with TEXT."""
    emacs.wait_until(
        lambda: (
            emacs.current_buffer() == "log.org"
            and emacs.string("(thing-at-point 'line t)").startswith(text)
        ),
        what=f"point at {text!r}",
    )


def test_in_a_magit_log_a_key_goes_to_the_step(world: World) -> None:
    emacs = magit_log(world)
    wait_face(emacs, "[e201.1]", "explog-ref")
    goto(emacs, "[e201.1]")
    emacs.keys("C-c RET")
    wait_line(emacs, "1. [X] Test XYZ without ABC")
    emacs.keys("M-,")
    steps.wait_mode(emacs, "magit-log-mode")


def test_return_in_a_magit_log_is_magits_own(world: World) -> None:
    emacs = magit_log(world)
    wait_face(emacs, "[e201.1]", "explog-ref")
    goto(emacs, "[e201.1]")
    emacs.keys("RET")
    steps.wait_mode(emacs, "magit-revision-mode")
    wait_face(emacs, "[e202]", "explog-ref")


@pytest.mark.parametrize("button", [0, 1])
def test_a_click_goes_to_the_step(world: World, button: int) -> None:
    emacs = magit_log(world)
    wait_face(emacs, "[e201.1]", "explog-ref")
    click(emacs, "[e201.1]", button)
    wait_line(emacs, "1. [X] Test XYZ without ABC")


def test_eldoc_tells_what_it_is(world: World) -> None:
    commit = world.repository.head
    world.expect(1, commit, ticked=True)
    emacs = magit_log(world)
    wait_face(emacs, "[e201.1]", "explog-ref")
    goto(emacs, "[e201.1]")
    emacs.keys("C-b")
    emacs.wait_for(f"{STEP} ☑ {commit[:7]}")


def test_an_unknown_one_looks_different_until_it_is_known(world: World) -> None:
    emacs = world.emacs
    world.repository.commit("[e201.9] and [e777] are in no log")
    world.said("says [e201.9]")
    magit_log(world)
    for text in ("[e201.9]", "[e777]"):
        wait_face(emacs, text, "explog-ref-unknown")
    wait_face(emacs, "[e201.1]", "explog-ref")
    goto(emacs, "[e777]")
    emacs.keys("C-b")
    emacs.wait_for("No log has experiment 777")
    with world.log.open("a", encoding="utf-8") as log:
        log.write("\n* TODO [777] At last :exp:\n")
    wait_face(emacs, "[e777]", "explog-ref")
    assert face(emacs, "[e201.9]") == "explog-ref-unknown"
    goto(emacs, "[e201.9]")
    emacs.keys("C-b")
    emacs.wait_for("there is no step 9")


def test_what_is_known_shows_on_the_screen_at_once(world: World) -> None:
    """The colours of a button change without anything else that redraws it."""
    emacs = world.emacs
    notes = world.folder / "notes.txt"
    notes.write_text("see [e555] there\n", encoding="utf-8")
    emacs.find_file(notes)
    emacs.keys("C-x 1")
    wait_face(emacs, "[e555]", "explog-ref-unknown")

    def colour() -> object:
        lines = emacs.screen().splitlines()
        row = next(n for n, line in enumerate(lines) if "[e555]" in line)
        return emacs.cells()[row][lines[row].index("[e555]") + 2]._replace(data="")

    before = colour()
    with world.log.open("a", encoding="utf-8") as log:
        log.write("\n* TODO [555] Five :exp:\n")
    emacs.wait_until(lambda: colour() != before, what="another colour")


def test_a_training_log_is_read_with_return(world: World) -> None:
    emacs = world.emacs
    output = world.folder / "train.log"
    output.write_text("epoch 1\nrunning [e202.1] on cuda:0\n", encoding="utf-8")
    emacs.keys("C-x C-r")
    emacs.wait_until(lambda: emacs.prompt().startswith("Find file"), what="the prompt")
    emacs.type(str(output))
    emacs.keys("RET")
    emacs.wait_until(lambda: emacs.current_buffer() == "train.log", what="the training log")
    wait_face(emacs, "[e202.1]", "explog-ref")
    goto(emacs, "[e202.1]")
    emacs.keys("RET")
    wait_line(emacs, "1. [ ] Train it")


def test_a_hash_on_a_step_opens_its_commit(world: World) -> None:
    commit = world.repository.head
    world.expect(1, commit, ticked=True)
    emacs = world.emacs
    world.visit()
    wait_face(emacs, f"({commit[:7]}", "explog-ref-hash")
    goto(emacs, commit[:7])
    emacs.keys("C-c C-o")
    steps.wait_mode(emacs, "magit-revision-mode")
    assert commit[:7] in emacs.string("(buffer-string)")
    assert emacs.string("(expand-file-name default-directory)") == f"{world.repository.path}/"


def test_xref_finds_the_step_and_all_commits(world: World) -> None:
    commit = world.repository.head
    emacs = magit_log(world)
    wait_face(emacs, "[e201.1]", "explog-ref")
    goto(emacs, "[e201.1]")
    emacs.keys("M-.")
    wait_line(emacs, "1. [X] Test XYZ without ABC")
    emacs.keys("M-,")
    steps.wait_mode(emacs, "magit-log-mode")
    emacs.keys("M-?")
    emacs.wait_until(lambda: "e201.1" in emacs.prompt(), what="the reference as the default")
    emacs.keys("RET")
    emacs.wait_for("commits in project")
    emacs.redraw()
    screen = emacs.screen()
    assert f"{commit[:7]}" in screen
    assert "step: Test XYZ without ABC" in screen
    steps.wait_mode(emacs, "xref--xref-buffer-mode")
    goto(emacs, f"{commit[:7]} 2")
    emacs.keys("RET")
    steps.wait_mode(emacs, "magit-revision-mode")


def test_without_a_server_the_step_is_found_all_the_same(world: World) -> None:
    emacs = magit_log(world)
    wait_face(emacs, "[e201.1]", "explog-ref")
    emacs.command("explog-mode")
    emacs.wait_until(lambda: not emacs.true("explog-mode"), what="the mode to be off")
    wait_face(emacs, "[e201.1]", "explog-ref")
    goto(emacs, "[e201.1]")
    emacs.keys("C-c RET")
    wait_line(emacs, "1. [X] Test XYZ without ABC")
    emacs.command("explog-mode")
    emacs.wait_until(lambda: world.status("index") != "nil", what="a server")


def test_off_it_is_gone_everywhere(world: World) -> None:
    emacs = magit_log(world)
    wait_face(emacs, "[e201.1]", "explog-ref")
    emacs.command("global-explog-ref-mode")
    emacs.wait_until(lambda: face(emacs, "[e201.1]") == "nil", what="no button")
    assert emacs.eval("(seq-filter (lambda (o) (overlay-get o 'explog-ref-target))"
                      " (overlays-in (point-min) (point-max)))") == "nil"  # fmt: skip
    emacs.command("global-explog-ref-mode")
    wait_face(emacs, "[e201.1]", "explog-ref")
