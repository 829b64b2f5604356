"""Actions of magit.py do what their keys do in magit, without explog.

The others are tried with explog, in test_explog_commits.py.
"""

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


def test_amend_keeps_the_message(shared_emacs: Emacs, repository: Repository) -> None:
    before = repository.commit(RESULTS, file=FILE)
    repository.edit()
    magit.stage(shared_emacs, repository)
    assert magit.amend(shared_emacs, repository) != before
    assert repository.subjects() == [RESULTS, "Start"]


def branch(repository: Repository) -> str:
    """Make the branch `trial` with one commit, go on with one on main, return the first's hash."""
    repository.branch("trial")
    commit = repository.commit(RESULTS, file="trial.txt")
    repository.switch("main")
    repository.commit("[e201.2] Train", file="other.txt")
    return commit


def test_merge(shared_emacs: Emacs, repository: Repository) -> None:
    trial = branch(repository)
    magit.merge(shared_emacs, repository, "trial")
    assert repository.run("rev-parse", "HEAD^2") == trial
    assert repository.subjects()[0] == "Merge branch 'trial'"
