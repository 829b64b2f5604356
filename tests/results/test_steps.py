"""Which steps are asked for, and which commit stands on each: also before the log is written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from explog.config import Project
from explog.errors import ExplogError
from explog.ignored import dropped_edit
from explog.results.given import results_of
from explog.results.steps import Steps, find_steps
from explog.sync.look import sync
from support.logs import Logs
from support.repo import GitRepo

LOG = """\
* [201] ABC in XYZ model :exp:vision:
** Experiments
1. [ ] Test XYZ without ABC
2. [ ] Test XYZ with ABC
   1. [ ] once
   2. [ ] twice
3. [ ] Write it up
* [202] Something else :exp:
** Experiments
1. [ ] Test QRS
"""


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    made = Logs(tmp_path)
    made.log(LOG)
    return made


@pytest.fixture
def repo(logs: Logs) -> GitRepo:
    return logs.repo("proj")


def steps(logs: Logs, *words: str, every: bool = False) -> Steps:
    sync(logs.settings, logs.index)
    return find_steps(logs.settings, logs.index, " ".join(words), every=every)


def standing(logs: Logs, *words: str) -> dict[str, str]:
    return {one.reference: one.commit.oid for one in steps(logs, *words).standing}


def test_the_commit_that_the_plan_puts_there(logs: Logs, repo: GitRepo) -> None:
    first = repo.commit("[e201.1] Results")
    repo.commit("[e201.2.1] Start")
    second = repo.commit("[e201.2.1] Results: good")
    third = repo.commit("[e201.3] Begin")
    assert standing(logs, "201") == {"e201.1": first, "e201.2.1": second, "e201.3": third}


def test_the_same_once_the_log_is_written(logs: Logs, repo: GitRepo) -> None:
    repo.commit("[e201.1] Results")
    before = steps(logs, "201")
    logs.backfill()
    (after,) = steps(logs, "201").standing
    assert after.step.hash == after.commit.oid[:7]
    assert [one.commit for one in before.standing] == [after.commit]


def test_new_commits_after_a_rebase(logs: Logs, repo: GitRepo) -> None:
    base = repo.commit("base", file="base")
    repo.commit("[e201.1] Results", file="one")
    repo.commit("[e201.2] Results", file="two")
    logs.backfill()
    before = standing(logs, "201")
    repo.branch("other", base)
    repo.commit("before all", file="zero")
    repo.run("rebase", "--quiet", "other", "main")
    after = standing(logs, "201")
    assert after == {
        "e201.1": repo.run("rev-parse", "main~1"),
        "e201.2": repo.run("rev-parse", "main"),
    }
    assert set(before.values()).isdisjoint(after.values())


def test_a_hash_put_there_by_hand_stands(logs: Logs, repo: GitRepo) -> None:
    mine = repo.commit("no reference")
    repo.commit("[e201.1] Results")
    logs.log(LOG.replace("without ABC", f"without ABC ({mine[:8]})"))
    (one,) = steps(logs, "201").standing
    assert one.commit.oid == mine
    (result,) = results_of(logs.settings, logs.index, Steps((one,), ()))[0]
    assert (result.abbreviation, result.text) == (mine[:8], "Test XYZ without ABC")


def test_an_edit_that_was_dropped_counts_for_nothing(logs: Logs, repo: GitRepo) -> None:
    commit = repo.commit("[e201.1] Results")
    sync(logs.settings, logs.index)
    dropped = [dropped_edit(logs.logs[0], "201", "1", commit)]
    assert find_steps(logs.settings, logs.index, "201", dropped=dropped).standing == ()


def test_a_hash_that_leads_nowhere_is_named(logs: Logs, repo: GitRepo) -> None:
    repo.commit("base")
    log = logs.log(LOG.replace("Test QRS", "Test QRS (83d45cd)"))
    found = steps(logs, "202")
    assert found.standing == ()
    assert found.troubles == (
        f"{log}:10: 83d45cd leads nowhere, so nobody knows the results of [e202.1]",
    )
    assert steps(logs, "201").troubles == ()


def test_digits_that_may_be_a_date_are_not_named(logs: Logs, repo: GitRepo) -> None:
    repo.commit("base")
    logs.log(LOG.replace("Test QRS", "Test QRS (20240501)"))
    assert steps(logs, "202").troubles == ()


def test_two_logs_with_the_same_id(logs: Logs, repo: GitRepo) -> None:
    other = logs.log("* [201] Another :exp:\n** Experiments\n1. [ ] Other\n", "other.org")
    commit = repo.commit("[e201.1] Results")
    assert standing(logs, "201") == {}
    logs.projects = (Project(other, (repo.path,)),)
    (one,) = steps(logs, "201").standing
    assert (one.experiment.file, one.commit.oid) == (str(other), commit)


def test_every_results_commit_is_observed(logs: Logs, repo: GitRepo) -> None:
    first = repo.commit("[e201.1] Results")
    repo.commit("[e201.1] More work")
    repo.commit("Revert what [e201.1] Results said")
    second = repo.commit("[e201.1] Results again")
    (one,) = steps(logs, "201").standing
    assert [observed.oid for observed in one.observed] == [second]
    (one,) = steps(logs, "201", every=True).standing
    assert {observed.oid for observed in one.observed} == {first, second}
    assert one.commit.oid == second


# What is asked for


@pytest.fixture
def results(repo: GitRepo) -> GitRepo:
    for step in ("201.1", "201.2.1", "201.2.2", "202.1"):
        repo.commit(f"[e{step}] Results")
    return repo


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("201", "e201.1 e201.2.1 e201.2.2"),
        ("e201", "e201.1 e201.2.1 e201.2.2"),
        ("[e201.1]", "e201.1"),
        ("201.2", "e201.2.1 e201.2.2"),
        ("201.2.2 202", "e201.2.2 e202.1"),
        ("202 201.1", "e202.1 e201.1"),
        ("tag:vision", "e201.1 e201.2.1 e201.2.2"),
        ("something else", "e202.1"),
        ("-tag:vision", "e202.1"),
        ("nothing of this", ""),
    ],
)
@pytest.mark.usefixtures("results")
def test_what_is_asked_for(logs: Logs, words: str, found: str) -> None:
    assert list(standing(logs, *words.split())) == found.split()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("999", "no log has the experiment 999"),
        ("201 e998.1", "no log has the experiment 998"),
        ("201.4", r"the experiment 201 has no step \[e201.4\]"),
        ("tag:", "tag: needs a value"),
    ],
)
@pytest.mark.usefixtures("results")
def test_what_nobody_has(logs: Logs, words: str, sentence: str) -> None:
    with pytest.raises(ExplogError, match=sentence):
        steps(logs, *words.split())


def test_what_a_row_is_told(logs: Logs, repo: GitRepo) -> None:
    commit = repo.commit("[e201.2.1] Results", date=datetime(2024, 5, 1, 12, tzinfo=UTC))
    (one,), troubles = results_of(logs.settings, logs.index, steps(logs, "201"))
    assert troubles == []
    assert (one.experiment, one.number, one.title) == ("201", "2.1", "ABC in XYZ model")
    assert (one.text, one.file, one.line) == ("once", logs.logs[0], 5)
    assert (one.repository, one.commit) == (str(repo.path), commit)
    assert (one.abbreviation, one.time) == (commit[:7], 1714564800)
