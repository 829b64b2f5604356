"""explog-check in a real Emacs: the list of problems, mended where there is one way, and flags."""

from __future__ import annotations

import pytest

from . import steps
from .emacs import Emacs
from .home import lisp
from .world import INIT, World

pytestmark = pytest.mark.e2e

LIST = "*explog check*"

WRONG = """\
* TODO [201] ABC in XYZ model   :exp:
** Experiments [1/3]
1. [ ] Test XYZ without ABC
2. [ ] Test XYZ with ABC
3. [ ] Test both

* TODO [202] Deeper XYZ model   :exp:
** Experiments [5/1]
1. [ ] Train it
"""


@pytest.fixture(scope="module")
def shared_init() -> str:
    return INIT


class Checked:
    """The list of the problems of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.emacs: Emacs = world.emacs

    def check(self) -> str:
        """List the problems anew, in the only window, and return the list."""
        # A list that is there already keeps point where the test before left it.
        self.emacs.eval(f"(when (get-buffer {lisp(LIST)}) (kill-buffer {lisp(LIST)}))")
        self.emacs.command("explog-check")
        self.listed()
        self.emacs.keys("C-x 1")
        self.emacs.settle()
        return self.text()

    def listed(self) -> None:
        self.emacs.wait_until(
            lambda: self.emacs.current_buffer() == LIST and "g: check" in self.header(),
            what="the list",
        )
        self.emacs.settle()

    def header(self) -> str:
        return self.emacs.string(f"(with-current-buffer {lisp(LIST)} (explog-review--header))")

    def text(self) -> str:
        return self.emacs.buffer_text(LIST)

    def press(self, keys: str) -> None:
        self.emacs.keys(keys)
        self.emacs.settle()
        self.listed()
        self.emacs.redraw()

    def point(self) -> str:
        """Return the line of point."""
        return self.emacs.string("(buffer-substring (line-beginning-position) (line-end-position))")


@pytest.fixture
def checked(world: World) -> Checked:
    return Checked(world)


def test_nothing_is_wrong(checked: Checked) -> None:
    assert checked.check() == "No problems\n"
    assert "explog: no problems" in checked.world.messages()


def test_a_mend_is_shown_before_it_is_made(checked: Checked) -> None:
    checked.world.log.write_text(WRONG, encoding="utf-8")
    assert checked.check().startswith("Wrong cookie (2)\n→ e201")
    checked.press("m")
    screen = checked.emacs.screen()
    assert "    -** Experiments [1/3]\n    +** Experiments [0/3]\n" in screen
    assert checked.world.log.read_text(encoding="utf-8") == WRONG
    checked.press("m")
    checked.emacs.wait_until(lambda: "(1)" in checked.text(), what="a shorter list")
    assert checked.world.log.read_text(encoding="utf-8") == WRONG.replace("[1/3]", "[0/3]")
    assert checked.point().startswith("→ e202")


def test_all_of_a_kind_are_shown_and_made(checked: Checked) -> None:
    checked.world.log.write_text(WRONG, encoding="utf-8")
    checked.world.visit()
    checked.check()
    checked.press("M")
    screen = checked.emacs.screen()
    assert "+** Experiments [0/3]" in screen
    assert "+** Experiments [0/1]" in screen
    checked.press("M")
    checked.emacs.wait_until(lambda: checked.text() == "No problems\n", what="an empty list")
    checked.world.same_in_buffer()
    assert "** Experiments [0/1]" in checked.world.lines()
    checked.emacs.keys("C-x b l o g . o r g RET")
    checked.emacs.settle()
    checked.emacs.keys("C-/")  # both mends are one step
    checked.emacs.settle()
    assert checked.world.buffer() == WRONG


def test_results_and_an_open_box(checked: Checked) -> None:
    world = checked.world
    world.expect(1, world.repository.commit("[e201.1] Results"), ticked=True)
    world.expect(2, world.repository.commit("[e201.2] Start"))
    world.wait_settled()
    text = world.log.read_text(encoding="utf-8").replace("1. [X]", "1. [ ]")
    world.log.write_text(text.replace("[1/3]", "[0/3]"), encoding="utf-8")
    assert "Results, and the box is open (1)" in checked.check()
    checked.press("m m")
    checked.emacs.wait_until(lambda: checked.text() == "No problems\n", what="an empty list")
    assert "** TODO Experiments [1/3]" in world.lines()


def test_keys_go_there_and_on(checked: Checked) -> None:
    checked.world.log.write_text(WRONG, encoding="utf-8")
    checked.check()
    checked.emacs.keys("RET")
    checked.emacs.wait_until(lambda: checked.emacs.current_buffer() == "log.org", what="the log")
    checked.emacs.settle()
    assert checked.point() == "** Experiments [1/3]"
    checked.emacs.command("next-error")
    checked.emacs.settle()
    assert checked.point() == "** Experiments [5/1]"


def test_what_cannot_be_mended(checked: Checked) -> None:
    checked.world.log.write_text(WRONG.replace("[202]", "[201]"), encoding="utf-8")
    checked.check()
    checked.emacs.keys("M-< n m")
    checked.emacs.settle()
    assert "This cannot be mended automatically" in checked.emacs.messages()


def test_what_is_ignored_stays_so_until_it_is_taken_back(checked: Checked) -> None:
    checked.world.log.write_text(WRONG, encoding="utf-8")
    assert checked.check().startswith("Wrong cookie (2)\n→ e201")
    checked.press("k")
    ignored = "Ignored (1); k lists one with the others again\n→ e201"
    checked.emacs.wait_until(lambda: ignored in checked.text(), what="what is ignored")
    checked.world.emacs.command("explog-restart")
    assert ignored in checked.check()
    checked.press("M-> p k")
    checked.emacs.wait_until(
        lambda: checked.text().startswith("Wrong cookie (2)"), what="both problems"
    )
    assert "Ignored" not in checked.text()


def test_it_changed_between_showing_and_mending(checked: Checked) -> None:
    checked.world.log.write_text(WRONG, encoding="utf-8")
    checked.check()
    checked.press("m")
    text = WRONG.replace("2. [ ]", "2. [X]").replace("[1/3]", "[2/3]")
    checked.world.log.write_text(text, encoding="utf-8")
    checked.press("m")
    checked.emacs.wait_until(
        lambda: "0 mended, 1 not: it changed meanwhile" in checked.world.messages(),
        what="the refusal",
    )
    assert checked.world.log.read_text(encoding="utf-8") == text
    assert "[2/3] should be [1/3]" in checked.text()


# Flags


def test_a_renumbered_step_says_so_in_the_log(world: World) -> None:
    emacs = world.emacs
    commit = world.repository.commit("[e201.2] Start with ABC")
    world.expect(2, commit)
    world.visit()
    steps.search(emacs, "Test XYZ with ABC")
    emacs.keys("C-a C-o")
    emacs.type("2. [ ] A step before")
    emacs.settle()
    emacs.keys("C-n C-a C-d")
    emacs.type("3")
    emacs.keys("C-x C-s")
    sign = f"({world.short(commit)}) ← says [e201.2]: the list was renumbered"
    emacs.wait_for(sign)
    world.said(f"{world.short(commit)} says [e201.2]: the list was renumbered")
    assert sign not in world.buffer()
    assert sign not in world.log.read_text(encoding="utf-8")
    steps.search(emacs, "A step before")
    emacs.keys("C-a C-k C-k")
    emacs.keys("C-a C-d")
    emacs.type("2")
    emacs.keys("C-x C-s")
    emacs.wait_until(lambda: "← says" not in emacs.screen(), what="the sign to go")


def test_flags_go_with_the_mode(world: World) -> None:
    emacs = world.emacs
    commit = world.repository.commit("[e201.2] Start with ABC")
    world.expect(2, commit)
    text = world.log.read_text(encoding="utf-8")
    lines = text.replace("2. [ ] Test XYZ with ABC", "2. [ ] New\n3. [ ] Test XYZ with ABC")
    world.log.write_text(lines, encoding="utf-8")
    world.visit()
    emacs.wait_for("← says [e201.2]")
    emacs.eval("(explog-mode -1)")
    emacs.wait_until(lambda: "← says" not in emacs.screen(), what="the sign to go")
    assert not emacs.true("(memq 'explog-flags--show find-file-hook)")
    emacs.eval("(explog-mode 1)")
    emacs.wait_for("← says [e201.2]")


def test_the_sign_leads_to_the_newest_problem(checked: Checked) -> None:
    world, emacs = checked.world, checked.emacs
    for text, said in (
        ("[e201.7] Results", "e201.7"),
        ("[e201.9] Results", "e201.9"),
        ("[e201.8] Results", "e201.8"),
    ):
        world.repository.commit(text)
        emacs.wait_until(
            lambda said=said: emacs.true(  # type: ignore[misc]
                f"(string-search {lisp(said)} (or (car (bound-and-true-p explog-attention--texts)) {lisp('')}))"
            ),
            what=f"{said} to be announced",
        )
        emacs.command("explog-attention")
        checked.listed()
        emacs.wait_until(lambda said=said: said in checked.point(), what=f"point on {said}")  # type: ignore[misc]
        emacs.keys("q")
