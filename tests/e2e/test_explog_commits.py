"""Whatever makes or moves a commit, its hash is on the step a moment later."""

from __future__ import annotations

import pytest

from . import magit
from .repository import FILE, Repository
from .world import INIT, World

pytestmark = pytest.mark.e2e

TRAIN = "[e201.1] Train"
RESULTS = "[e201.1] Results- XYZ without ABC"


@pytest.fixture(scope="module")
def shared_init() -> str:
    return INIT


def landed(world: World, message: str = RESULTS, step: int = 1) -> str:
    """Commit MESSAGE in a shell, wait until the hash is on STEP, and return it."""
    commit = world.repository.commit(message, file=FILE if step == 1 else "other.txt")
    world.expect(step, commit, ticked="Results" in message)
    return commit


# Create


@pytest.mark.parametrize("visited", [True, False])
def test_results_tick_and_count(world: World, visited: bool) -> None:
    if visited:
        world.visit()
    before = world.lines()
    world.repository.edit()
    head = magit.commit(world.emacs, world.repository, f"{RESULTS}\n\nRe-trained for [e201].")
    line = world.expect(1, head, ticked=True, cookie="[1/3]")
    changed = [(old, new) for old, new in zip(before, world.lines(), strict=True) if old != new]
    assert changed == [
        ("** TODO Experiments [0/3]", "** TODO Experiments [1/3]"),
        ("1. [ ] Test XYZ without ABC", line),
    ]
    assert world.emacs.true(f'(get-file-buffer "{world.log}")') == visited
    world.emacs.wait_for(f"explog: e201.1 ← {world.short(head)} (project)")


def test_a_plain_commit_ticks_nothing(world: World) -> None:
    world.visit()
    world.repository.edit()
    head = magit.commit(world.emacs, world.repository, TRAIN)
    world.expect(1, head, cookie="[0/3]")


def test_newer_results_take_the_place(world: World) -> None:
    world.visit()
    landed(world)
    world.repository.edit()
    head = magit.commit(world.emacs, world.repository, "[e201.1] Results- once more")
    world.expect(1, head, ticked=True, cookie="[1/3]")
    world.repository.edit()
    magit.commit(world.emacs, world.repository, "[e201.1] Tidy up")
    world.prove()
    assert world.line(1, head, ticked=True) in world.lines()


def test_one_commit_for_two_steps(world: World) -> None:
    world.repository.edit()
    head = magit.commit(world.emacs, world.repository, "[e201.1] [e201.2] Results- both")
    world.expect(1, head, ticked=True)
    world.expect(2, head, ticked=True, cookie="[2/3]")


# Change the last commit


def test_amend(world: World) -> None:
    world.visit()
    before = landed(world, TRAIN)
    world.repository.edit()
    magit.stage(world.emacs, world.repository)
    head = magit.amend(world.emacs, world.repository, RESULTS)
    line = world.expect(1, head, ticked=True, cookie="[1/3]")
    assert world.short(before) not in line
    assert world.repository.subjects() == [RESULTS, "Start"]
    assert world.repository.run("status", "--porcelain") == ""


def test_reword(world: World) -> None:
    landed(world)
    world.expect(1, magit.reword(world.emacs, world.repository, f"{RESULTS} again"), ticked=True)
    assert world.repository.subjects() == [f"{RESULTS} again", "Start"]


def test_reword_to_another_step(world: World) -> None:
    world.visit()
    landed(world, TRAIN)
    head = magit.reword(world.emacs, world.repository, "[e201.2] Results- with ABC")
    world.expect(2, head, ticked=True, cookie="[1/3]")


def test_extend(world: World) -> None:
    landed(world)
    world.repository.edit()
    world.expect(1, magit.extend(world.emacs, world.repository), ticked=True)
    assert world.repository.subjects() == [RESULTS, "Start"]
    assert "one more" in world.repository.show("HEAD")


# Change an earlier one


def test_fixup_and_autosquash(world: World) -> None:
    world.visit()
    first = landed(world)
    world.repository.edit()
    magit.fixup(world.emacs, world.repository, first)
    world.prove(2)
    assert world.line(1, first, ticked=True) in world.lines()
    assert world.repository.subjects()[1] == f"fixup! {RESULTS}"
    magit.autosquash(world.emacs, world.repository, first)
    assert world.repository.subjects() == ["[e201.2] Results", RESULTS, "Start"]
    world.expect(1, world.repository.run("rev-parse", "HEAD^"), ticked=True)
    world.expect(2, world.repository.head, ticked=True, cookie="[2/3]")


def test_squash(world: World) -> None:
    first = landed(world)
    world.repository.edit()
    magit.squash(world.emacs, world.repository, first)
    assert world.repository.subjects() == [f"squash! {RESULTS}", RESULTS, "Start"]
    world.prove(2)
    assert world.line(1, first, ticked=True) in world.lines()


def test_instant_fixup(world: World) -> None:
    world.visit()
    first = landed(world)
    second = landed(world, "[e201.2] Train", step=2)
    world.repository.edit()
    head = magit.instant_fixup(world.emacs, world.repository, first)
    world.expect(1, world.repository.run("rev-parse", "HEAD^"), ticked=True)
    world.expect(2, head)
    assert head != second
    assert world.repository.subjects() == ["[e201.2] Train", RESULTS, "Start"]
    assert "one more" in world.repository.show("HEAD^")


def test_rebase_with_a_reword_inside(world: World) -> None:
    world.visit()
    first = landed(world, TRAIN)
    landed(world, "[e201.2] Train", step=2)
    head = magit.rebase_reword(world.emacs, world.repository, first, RESULTS)
    world.expect(1, world.repository.run("rev-parse", "HEAD^"), ticked=True, cookie="[1/3]")
    world.expect(2, head)
    assert world.repository.subjects() == ["[e201.2] Train", RESULTS, "Start"]


# Several branches


def branch(world: World) -> str:
    """Land results on the branch `trial`, then a commit on main; return the first."""
    world.repository.branch("trial")
    commit = world.repository.commit(RESULTS, file="trial.txt")
    world.repository.switch("main")
    world.expect(1, commit, ticked=True)
    landed(world, "[e201.2] Train", step=2)
    return commit


def test_merge_with_a_message(world: World) -> None:
    trial = branch(world)
    head = magit.merge(world.emacs, world.repository, "trial", "[e201.3] Results- both")
    world.expect(3, head, ticked=True, cookie="[2/3]")
    assert world.repository.run("rev-parse", "HEAD^2") == trial
    assert world.line(1, trial, ticked=True) in world.lines()


def test_fast_forward(world: World) -> None:
    world.repository.branch("trial")
    head = landed(world)
    world.repository.switch("main")
    assert magit.merge(world.emacs, world.repository, "trial") == head
    world.repository.run("branch", "--delete", "trial")
    world.prove()
    assert world.line(1, head, ticked=True) in world.lines()


def test_cherry_pick(world: World) -> None:
    world.visit()
    head = magit.cherry_pick(world.emacs, world.repository, branch(world))
    world.expect(1, head, ticked=True)
    assert world.repository.subjects() == [RESULTS, "[e201.2] Train", "Start"]


def test_revert(world: World) -> None:
    first = landed(world)
    back = magit.revert(world.emacs, world.repository, first)
    assert world.repository.subjects() == [f'Revert "{RESULTS}"', RESULTS, "Start"]
    world.prove(2)
    assert world.line(1, first, ticked=True) in world.lines()
    head = magit.revert(world.emacs, world.repository, back, "[e201.1] Results- after all")
    world.expect(1, head, ticked=True)


def test_rebase_that_stops_and_goes_on(world: World) -> None:
    world.visit()
    world.repository.branch("trial")
    before = landed(world)
    world.repository.switch("main")
    world.repository.commit("[e201.2] Train", file=FILE)
    world.repository.switch("trial")
    with pytest.raises(AssertionError, match="CONFLICT"):
        world.repository.run("rebase", "--quiet", "main")
    (world.repository.path / FILE).write_text("solved\n", encoding="utf-8")
    head = magit.rebase_continue(world.emacs, world.repository)
    assert world.short(before) not in world.expect(1, head, ticked=True)
    assert world.repository.subjects() == [RESULTS, "[e201.2] Train", "Start"]
    assert "rebas" not in world.repository.run("status")


# Other ways to commit


def test_vc(world: World) -> None:
    head = magit.vc_commit(world.emacs, world.repository, f"{RESULTS}\n\nFor [e201].")
    world.expect(1, head, ticked=True, cookie="[1/3]")
    assert world.repository.message() == f"{RESULTS}\n\nFor [e201]."
    assert "typed in Emacs" in world.repository.show("HEAD")


@pytest.mark.parametrize("visited", [True, False])
def test_a_shell(world: World, visited: bool) -> None:
    if visited:
        world.visit()
    repository: Repository = world.repository
    landed(world, TRAIN)
    world.expect(1, repository.amend(RESULTS), ticked=True, cookie="[1/3]")
    last = landed(world, "[e201.2] Train", step=2)
    repository.run("commit", "--amend", "--quiet", "--no-edit", "--reset-author")
    assert repository.head != last
    world.expect(2, repository.head)
    repository.branch("trial", "HEAD^^")
    repository.commit("Elsewhere", file="elsewhere.txt")
    repository.run("rebase", "--quiet", "trial", "main")
    world.expect(1, repository.run("rev-parse", "HEAD^"), ticked=True)
    world.expect(2, repository.head)


def test_reset_and_branch_deletion_go_back(world: World) -> None:
    world.visit()
    first = landed(world)
    second = landed(world, "[e201.1] Results- twice")
    world.repository.run("reset", "--quiet", "--hard", first)
    world.emacs.wait_until(lambda: world.line(1, first, ticked=True) in world.lines())
    world.repository.branch("trial")
    third = landed(world, "[e201.1] Results- thrice")
    world.repository.switch("main")
    world.repository.run("branch", "--quiet", "-D", "trial")
    world.emacs.wait_until(lambda: world.line(1, first, ticked=True) in world.lines())
    assert len({first, second, third}) == 3
    world.same_in_buffer()
