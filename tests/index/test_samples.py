"""Values of commits: kept with them, found again, and gone with them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from explog.config import Root, Settings
from explog.index.database import Index, open_index
from explog.index.samples import (
    METRIC,
    PARAMETER,
    NumberRow,
    ReadCommit,
    SampleRow,
    UnreadCommit,
    count_unread,
    not_read,
    put_values,
    unread,
    want_all_anew,
    want_values,
)
from explog.results.kept import kept_values
from explog.results.values import Number, Sample, Trouble, Values
from explog.sync.look import sync
from support.repo import GitRepo

ACC: NumberRow = (METRIC, "acc", "71.40", 71.4, "%")
LOSS: NumberRow = (METRIC, "loss", "nan", None, "")
RATE: NumberRow = (PARAMETER, "lr", "1e-3", 0.001, "")
NAME: NumberRow = (PARAMETER, "net", "vit", None, "")


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    index = open_index(tmp_path / "index.sqlite")
    yield index
    index.close()


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "repo")


def look(index: Index, *repos: GitRepo) -> None:
    sync(Settings(repositories=tuple(Root(repo.path) for repo in repos)), index)


def read(commit: UnreadCommit, *samples: SampleRow) -> ReadCommit:
    return ReadCommit(commit.number, commit.oid, samples, [])


def rows(index: Index, table: str) -> int:
    return int(index.one(f"SELECT count(*) FROM {table}")[0])


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ("[e1.2] Results", True),
        ("feat: [e1.2] Results- good", True),
        ("squashed\n\n* [e1.2] Results", True),
        ("[e1.2] work", False),
        ("[e1] Results of all", False),
        ("see [e1.2] Results", False),
        ('Revert "[e1.2] Results"', False),
    ],
)
def test_the_values_of_results_commits_are_read(
    index: Index, repo: GitRepo, message: str, wanted: bool
) -> None:
    oid = repo.commit(message)
    look(index, repo)
    assert [commit.oid for commit in unread(index, 10)] == [oid][: int(wanted)]
    assert not_read(index, [oid]) == [1]
    want_values(index, not_read(index, [oid]))
    assert [commit.oid for commit in unread(index, 10)] == [oid]


def test_values_are_found_again_as_they_were_read(index: Index, repo: GitRepo) -> None:
    oid = repo.commit("[e1.1] Results")
    look(index, repo)
    (commit,) = unread(index, 10)
    sample = SampleRow("metrics.json", "e1.1", None, [ACC, LOSS])
    parameters = SampleRow("params.yaml", "", "abc", [RATE, NAME])
    put_values(index, [ReadCommit(commit.number, oid, [sample, parameters], [("a", "bad")])])
    assert count_unread(index) == 0
    found = kept_values(index, [oid, "0" * 40])[oid]
    metrics = found.samples[0].metrics
    assert math.isnan(metrics["loss"].value or 0)
    assert metrics["acc"] == Number("71.40", 71.4, "%")
    assert found == Values(
        (
            Sample("metrics.json", {"acc": metrics["acc"], "loss": metrics["loss"]}, {}, "e1.1"),
            Sample("params.yaml", {}, {"lr": Number("1e-3", 0.001), "net": Number("vit", None)}),
        ),
        (Trouble("a", "bad"),),
    )
    assert found.of("e1.2") == found.samples[1:]


def test_a_commit_without_values_is_not_read_again(index: Index, repo: GitRepo) -> None:
    oid = repo.commit("[e1.1] Results")
    look(index, repo)
    assert kept_values(index, [oid]) == {}
    put_values(index, map(read, unread(index, 10)))
    assert unread(index, 10) == []
    assert kept_values(index, [oid]) == {oid: Values()}


def test_commits_have_a_sample_in_common_as_long_as_one_is_there(
    index: Index, repo: GitRepo
) -> None:
    repo.commit("first")
    repo.commit("[e1.1] Results")
    repo.commit("[e1.2] Results")
    look(index, repo)
    shared = SampleRow("params.yaml", "", "abc", [RATE])
    for commit in unread(index, 10):
        put_values(index, [read(commit, shared, SampleRow("m.json", "", None, [ACC]))])
    assert (rows(index, "samples"), rows(index, "numbers")) == (3, 3)
    repo.run("reset", "--hard", "--quiet", "HEAD^")
    look(index, repo)
    assert (rows(index, "samples"), rows(index, "numbers")) == (2, 2)
    repo.run("reset", "--hard", "--quiet", "HEAD^")
    look(index, repo)
    assert [rows(index, table) for table in ("samples", "numbers", "sampled", "readings")] == [
        0
    ] * 4


def test_a_commit_that_went_meanwhile_is_left_out(index: Index, repo: GitRepo) -> None:
    repo.commit("[e1.1] Results")
    look(index, repo)
    (commit,) = unread(index, 10)
    new = repo.amend("[e1.1] Results, once more")
    look(index, repo)
    put_values(index, [read(commit, SampleRow("m.json", "", None, [ACC]))])
    assert [commit.oid for commit in unread(index, 10)] == [new]
    assert rows(index, "samples") == 0


def test_all_is_read_anew(index: Index, repo: GitRepo) -> None:
    repo.commit("[e1.1] Results")
    other = repo.commit("[e1.2] work")
    look(index, repo)
    want_values(index, not_read(index, [other]))
    for commit in unread(index, 10):
        put_values(index, [read(commit, SampleRow("m.json", "", None, [ACC]))])
    with index.writing():
        want_all_anew(index)
    assert [commit.subject for commit in unread(index, 10)] == ["[e1.1] Results"]
    assert rows(index, "samples") == rows(index, "numbers") == 0


def test_of_two_clones_the_one_with_less_trouble_counts(
    index: Index, repo: GitRepo, tmp_path: Path
) -> None:
    oid = repo.commit("[e1.1] Results")
    repo.run("clone", "--quiet", str(repo.path), str(tmp_path / "clone"))
    sync(Settings(repositories=(Root(repo.path), Root(tmp_path / "clone"))), index)
    one, other = unread(index, 10)
    sample = SampleRow("m.json", "", None, [ACC])
    put_values(index, [ReadCommit(one.number, oid, [], [("m.json", "gone")]), read(other, sample)])
    assert kept_values(index, [oid])[oid].troubles == ()
    assert len(kept_values(index, [oid])[oid].samples) == 1
