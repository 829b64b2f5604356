"""Hashes on steps in a person's own forms: which one is the step's, with a real repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.logs import Logs
from support.repo import GitRepo

ENTRY = "* TODO [201] T :exp:\n** TODO Experiments [1/1]\n1. [X] {}\n"
FORMS = [
    "a ({})",
    "a ({}, proj)",
    "a {}",
    "a {}, which ran overnight",
    "a =({})= b",
    "a =run= {} b",
    "a ~{}~ b",
    "a ({}). Better.",
    "a *{}*\n   a remark",
    "a [[orgit-rev:~/proj::{}][here]]",
    "{}",
    "a (commit {}) as in 0000000",
]


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    """Logs in a folder of their own."""
    return Logs(tmp_path)


@pytest.fixture
def repo(logs: Logs) -> GitRepo:
    """A repository of theirs, with one commit."""
    made = logs.repo("proj")
    made.commit("root")
    return made


@pytest.mark.parametrize("form", FORMS)
def test_a_hash_is_followed_in_its_form_after_an_amend(
    logs: Logs, repo: GitRepo, form: str
) -> None:
    old = repo.commit("[e201.1] Results- a")
    log = logs.log(ENTRY.format(form.format(old[:7])))
    before = log.read_text()
    logs.backfill()
    assert log.read_text() == before
    repo.run("commit", "--amend", "--allow-empty", "-m", "[e201.1] Results- b")
    logs.backfill()
    assert log.read_text() == ENTRY.format(form.format(repo.head[:7]))
    assert logs.check() == []


@pytest.mark.parametrize("form", FORMS)
def test_a_commit_of_the_users_own_is_kept_and_no_other_put_beside_it(
    logs: Logs, repo: GitRepo, form: str
) -> None:
    own = repo.commit("of the user's own choice")
    repo.commit("[e201.1] Results- a")
    log = logs.log(ENTRY.format(form.format(own[:7])))
    before = log.read_text()
    logs.backfill()
    assert log.read_text() == before


@pytest.mark.parametrize(
    "form", [form for form in FORMS if "(" in form or "orgit" in form or form == "{}"]
)
def test_what_nobody_knows_gives_way_where_a_hash_has_its_place(
    logs: Logs, repo: GitRepo, form: str
) -> None:
    repo.commit("[e201.1] Results- a")
    log = logs.log(ENTRY.format(form.format("2c8ddad")))
    logs.backfill()
    assert log.read_text() == ENTRY.format(form.format(repo.head[:7]))


@pytest.mark.parametrize("text", ["as run 2c8ddad", "with f(2c8ddad)", "seed 1234567", "2c8ddad a"])
def test_what_nobody_knows_is_text_elsewhere(logs: Logs, repo: GitRepo, text: str) -> None:
    repo.commit("[e201.1] Results- a")
    log = logs.log(ENTRY.format(text))
    logs.backfill()
    assert log.read_text() == ENTRY.format(f"{text} ({repo.head[:7]})")
    assert logs.check() == []


def test_of_several_the_one_that_claims_the_step_is_followed(logs: Logs, repo: GitRepo) -> None:
    other = repo.commit("of another step")
    old = repo.commit("[e201.1] Results- a")
    log = logs.log(ENTRY.format(f"unlike {other[:7]} a {old[:7]}, cafe123"))
    repo.run("commit", "--amend", "--allow-empty", "-m", "[e201.1] Results- b")
    logs.backfill()
    assert log.read_text() == ENTRY.format(f"unlike {other[:7]} a {repo.head[:7]}, cafe123")
