"""Long histories are read ahead in another process; what goes wrong or changes is not missed."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from explog.config import Root, Settings
from explog.git.discovery import discover
from explog.git.repository import Repository, packed_bytes
from explog.index.commits import all_oids, all_repositories
from explog.index.database import Index, open_index
from explog.sync.look import sync
from explog.sync.prefetch import Prefetch
from explog.sync.reading import LONG_BYTES, History, HistoryPrefetch
from support.ahead import half_a_history
from support.repo import GitRepo

Make = Callable[..., GitRepo]


@pytest.fixture(autouse=True)
def _all_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explog.sync.reading.LONG_BYTES", 0)


def ahead(*repositories: Repository) -> closing[HistoryPrefetch]:
    since = {str(repository.common_dir): 0.0 for repository in repositories}
    return closing(HistoryPrefetch(repositories, r"Results\b", since))


def subjects(history: History | None) -> list[str]:
    assert history is not None
    return [commit[7] for batch, _touched in history.batches for commit in batch.commits]


def test_each_is_read_in_its_turn(git_repo: Make) -> None:
    repos = [git_repo(name) for name in ("one", "two", "three", "four")]
    for repo in repos:
        repo.commit(f"[e1.1] {repo.path.name}")
        repo.commit(f"more of {repo.path.name}")
    found = [_open(repo) for repo in repos]
    with ahead(*found) as reading:
        for place in (0, 1, 3):  # whoever leaves one out has no use for it
            name = repos[place].path.name
            history = reading.take(found[place])
            assert subjects(history) == [f"[e1.1] {name}", f"more of {name}"]
        assert reading.take(found[2]) is None
        assert reading.take(found[3]) is None


def test_what_was_not_taken_to_its_end_is_let_go(git_repo: Make) -> None:
    one, two = git_repo("one"), git_repo("two")
    one.commit("first")
    two.commit("second")
    with ahead(_open(one), _open(two)) as reading:
        assert reading.take(_open(one)) is not None
        assert subjects(reading.take(_open(two))) == ["second"]


def test_one_that_went_is_left_to_whoever_tells_why(git_repo: Make) -> None:
    one, two = git_repo("one"), git_repo("two")
    one.commit("first")
    two.commit("second")
    first, second = _open(one), _open(two)
    one.path.joinpath(".git").rename(one.path / "gone")
    with ahead(first, second) as reading:
        assert reading.take(first) is None
        assert subjects(reading.take(second)) == ["second"]


def test_a_short_history_is_not_worth_a_process(
    git_repo: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explog.sync.reading.LONG_BYTES", LONG_BYTES)
    repo = git_repo()
    repo.commit("first")
    with ahead(_open(repo)) as reading:
        assert reading.take(_open(repo)) is None
    repo.run("gc", "--quiet")
    assert 0 < packed_bytes(_open(repo)) < LONG_BYTES


def test_short_histories_are_worth_a_process_if_they_are_many(
    git_repo: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    repos = [git_repo(name) for name in ("one", "two", "three")]
    for repo in repos:
        repo.commit("first")
        repo.run("gc", "--quiet")
    found = [_open(repo) for repo in repos]
    monkeypatch.setattr("explog.sync.reading.LONG_BYTES", sum(map(packed_bytes, found)))
    with ahead(*found[:2]) as reading:
        assert reading.take(found[0]) is None
    with ahead(*found) as reading:
        assert [subjects(reading.take(one)) for one in found] == [["first"]] * 3


@pytest.mark.parametrize("how", ["whole", "not to its end", "a branch points nowhere"])
def test_what_is_indexed_is_the_same(
    git_repo: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    repo = git_repo()
    oids = [repo.commit(f"[e{n}.1] Müller 学習\n\n[e{n}.2] too") for n in range(20)]
    if how == "a branch points nowhere":
        repo.path.joinpath(".git/refs/heads/odd").write_text("1" * 40 + "\n", "ascii")
    settings = Settings(repositories=(Root(repo.path),))
    if how == "not to its end":
        monkeypatch.setattr("explog.sync.reading.read_apart", half_a_history)
    indexes = [open_index(tmp_path / f"{name}.sqlite") for name in ("ahead", "here")]
    problems = [sync(settings, indexes[0], since=0).problems]
    monkeypatch.setattr("explog.sync.reading.LONG_BYTES", LONG_BYTES)
    problems.append(sync(settings, indexes[1], since=0).problems)
    assert problems[0] == problems[1]
    assert bool(problems[0]) == (how == "a branch points nowhere")
    assert _rows(indexes[0]) == _rows(indexes[1])
    if how != "a branch points nowhere":
        [repository] = all_repositories(indexes[0])
        assert all_oids(indexes[0], repository.id) == set(oids)


def test_what_cannot_be_read_is_not_begun_anew_at_every_look(
    git_repo: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Path] = []

    class Counted(Prefetch[object]):
        def __init__(self, room: int, function: Any, repositories: list[Repository], *rest: Any):
            begun.extend(repository.path for repository in repositories)
            super().__init__(room, function, repositories, *rest)

    monkeypatch.setattr("explog.sync.reading.Prefetch", Counted)
    repo = git_repo()
    repo.commit("first")
    branch = repo.path / ".git/refs/heads/odd"
    branch.write_text("1" * 40 + "\n", "ascii")
    os.utime(branch.parent, (1, 1))
    os.utime(repo.path / ".git/HEAD", (1, 1))
    index = open_index(tmp_path / "index.sqlite")
    for _ in range(3):
        assert sync(Settings(repositories=(Root(repo.path),)), index).problems
    assert begun == [repo.path]
    branch.unlink()
    assert not sync(Settings(repositories=(Root(repo.path),)), index).problems
    assert begun == [repo.path] * 2
    assert index.counts().commits == 1


def test_what_comes_meanwhile_is_seen_by_the_next_look(
    git_repo: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = git_repo()
    repo.commit("first")
    take = HistoryPrefetch.take

    def late(reading: HistoryPrefetch, repository: Repository) -> History | None:
        history = take(reading, repository)
        repo.commit("second")
        return history

    monkeypatch.setattr(HistoryPrefetch, "take", late)
    settings = Settings(repositories=(Root(repo.path),))
    index = open_index(tmp_path / "index.sqlite")
    sync(settings, index)
    assert index.counts().commits == 1
    sync(settings, index)
    assert index.counts().commits == 2


def _rows(index: Index) -> list[list[tuple[object, ...]]]:
    tables = ("commits", "claims", "pending")
    return [list(index.read(f"SELECT * FROM {table}")) for table in tables]  # noqa: S608 - ours


def _open(repo: GitRepo) -> Repository:
    [found] = discover([(repo.path, 0)])
    return found
