"""Every action of magit.py does what its key does in magit, or vc, without explog."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import magit
from .emacs import Emacs
from .repository import FILE, Repository

pytestmark = pytest.mark.e2e

RESULTS = "[e201.1] Results- XYZ"


def test_commit(shared_emacs: Emacs, repository: Repository) -> None:
    repository.edit()
    head = magit.commit(
        shared_emacs, repository, f"{RESULTS}\n\nRe-trained for [e201].\n- one\n- two"
    )
    assert repository.head == head
    assert shared_emacs.true("(derived-mode-p 'magit-status-mode)")  # the action is over
    assert repository.message() == f"{RESULTS}\n\nRe-trained for [e201].\n- one\n- two"
    assert repository.run("status", "--porcelain") == ""


def test_commit_saves_what_magit_asks_to_save(shared_emacs: Emacs, repository: Repository) -> None:
    shared_emacs.find_file(repository.path / FILE)
    shared_emacs.type("typed ")
    magit.commit(shared_emacs, repository, RESULTS)
    assert repository.show("HEAD") == "typed Start"


def test_commit_with_a_slow_hook(shared_emacs: Emacs, repository: Repository) -> None:
    hook = repository.path / ".git/hooks/commit-msg"
    hook.write_text("#!/bin/sh\nsleep 2.5\n", encoding="utf-8")
    hook.chmod(0o755)
    repository.edit()
    magit.commit(shared_emacs, repository, RESULTS)
    assert repository.subjects() == [RESULTS, "Start"]


def test_amend_of_a_published_commit(
    shared_emacs: Emacs, repository: Repository, tmp_path: Path
) -> None:
    repository.run("init", "--quiet", "--bare", str(tmp_path / "remote"))
    repository.run("remote", "add", "origin", str(tmp_path / "remote"))
    repository.run("push", "--quiet", "--set-upstream", "origin", "main")
    magit.amend(shared_emacs, repository, RESULTS)
    assert repository.subjects() == [RESULTS]


def test_amend(shared_emacs: Emacs, repository: Repository) -> None:
    repository.commit("[e201.1] Train", file=FILE)
    repository.edit()
    magit.stage(shared_emacs, repository)
    magit.amend(shared_emacs, repository, RESULTS)
    assert repository.subjects() == [RESULTS, "Start"]
    assert repository.run("status", "--porcelain") == ""


def test_amend_keeps_the_message(shared_emacs: Emacs, repository: Repository) -> None:
    before = repository.commit(RESULTS, file=FILE)
    repository.edit()
    magit.stage(shared_emacs, repository)
    assert magit.amend(shared_emacs, repository) != before
    assert repository.subjects() == [RESULTS, "Start"]


def test_reword(shared_emacs: Emacs, repository: Repository) -> None:
    repository.commit("[e201.1] Train", file=FILE)
    magit.reword(shared_emacs, repository, RESULTS)
    assert repository.subjects() == [RESULTS, "Start"]


def test_extend(shared_emacs: Emacs, repository: Repository) -> None:
    before = repository.commit(RESULTS, file=FILE)
    repository.edit()
    assert magit.extend(shared_emacs, repository) != before
    assert repository.subjects() == [RESULTS, "Start"]
    assert "one more" in repository.show("HEAD")


def test_fixup_and_autosquash(shared_emacs: Emacs, repository: Repository) -> None:
    first = repository.commit(RESULTS, file=FILE)
    repository.commit("[e201.2] Train", file="other.txt")
    repository.edit()
    magit.fixup(shared_emacs, repository, first)
    assert repository.subjects() == [f"fixup! {RESULTS}", "[e201.2] Train", RESULTS, "Start"]
    magit.autosquash(shared_emacs, repository, first)
    assert repository.subjects() == ["[e201.2] Train", RESULTS, "Start"]


def test_squash(shared_emacs: Emacs, repository: Repository) -> None:
    first = repository.commit(RESULTS, file=FILE)
    repository.edit()
    magit.squash(shared_emacs, repository, first)
    assert repository.subjects() == [f"squash! {RESULTS}", RESULTS, "Start"]


def test_instant_fixup(shared_emacs: Emacs, repository: Repository) -> None:
    first = repository.commit(RESULTS, file=FILE)
    repository.commit("[e201.2] Train", file="other.txt")
    repository.edit()
    magit.instant_fixup(shared_emacs, repository, first)
    assert repository.subjects() == ["[e201.2] Train", RESULTS, "Start"]
    assert "one more" in repository.show("HEAD^")


def branch(repository: Repository) -> str:
    """Make the branch `trial` with one commit, go on with one on main, return the first's hash."""
    repository.branch("trial")
    commit = repository.commit(RESULTS, file="trial.txt")
    repository.switch("main")
    repository.commit("[e201.2] Train", file="other.txt")
    return commit


@pytest.mark.parametrize("message", [None, "[e201.3] Results- both"])
def test_merge(shared_emacs: Emacs, repository: Repository, message: str | None) -> None:
    trial = branch(repository)
    magit.merge(shared_emacs, repository, "trial", message)
    assert repository.run("rev-parse", "HEAD^2") == trial
    assert repository.subjects()[0] == (message or "Merge branch 'trial'")


def test_cherry_pick(shared_emacs: Emacs, repository: Repository) -> None:
    magit.cherry_pick(shared_emacs, repository, branch(repository))
    assert repository.subjects() == [RESULTS, "[e201.2] Train", "Start"]


@pytest.mark.parametrize("message", [None, "[e201.1] Results- not so"])
def test_revert(shared_emacs: Emacs, repository: Repository, message: str | None) -> None:
    magit.revert(shared_emacs, repository, repository.commit(RESULTS, file=FILE), message)
    assert repository.subjects() == [message or f'Revert "{RESULTS}"', RESULTS, "Start"]


def test_rebase_with_a_reword_inside(shared_emacs: Emacs, repository: Repository) -> None:
    first = repository.commit("[e201.1] Train", file=FILE)
    repository.commit("[e201.2] Train", file=FILE)
    magit.rebase_reword(shared_emacs, repository, first, RESULTS)
    assert repository.subjects() == ["[e201.2] Train", RESULTS, "Start"]


def test_rebase_continue_after_a_conflict(shared_emacs: Emacs, repository: Repository) -> None:
    repository.branch("trial")
    repository.commit(RESULTS, file=FILE)
    repository.switch("main")
    repository.commit("[e201.2] Train", file=FILE)
    repository.switch("trial")
    with pytest.raises(AssertionError, match="CONFLICT"):
        repository.run("rebase", "--quiet", "main")
    (repository.path / "results.txt").write_text("solved\n", encoding="utf-8")
    magit.rebase_continue(shared_emacs, repository)
    assert repository.subjects() == [RESULTS, "[e201.2] Train", "Start"]
    assert "rebas" not in repository.run("status")


def test_vc_commit(shared_emacs: Emacs, repository: Repository) -> None:
    magit.vc_commit(shared_emacs, repository, f"{RESULTS}\n\nFor [e201].")
    assert repository.message() == f"{RESULTS}\n\nFor [e201]."
    assert "typed in Emacs" in repository.show("HEAD")
