"""What holds while an index is made, and a first index that another process makes."""

import gc
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from explog.config import Project, Root, Settings
from explog.index.database import open_index
from explog.sync.look import is_large, sync, sync_apart
from support.repo import GitRepo

Make = Callable[..., GitRepo]


@pytest.mark.parametrize("can_make_processes", [True, False])
def test_the_next_look_finds_nothing_left_to_do_or_does_it(
    git_repo: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_make_processes: bool
) -> None:
    def refuse(_self: object) -> None:
        raise BlockingIOError("no more processes")

    if not can_make_processes:
        monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", refuse)
    repo = git_repo()
    repo.commit("one")
    settings = Settings(repositories=(Root(repo.path),))
    told: list[tuple[str, int, int]] = []
    sync_apart(settings, tmp_path / "index", 0, lambda *what: told.append(what))
    with closing(open_index(tmp_path / "index")) as index:
        made_apart = index.counts().commits
        report = sync(settings, index)
        assert index.counts().commits == 1
    if can_make_processes:
        assert (made_apart, report.repositories, told) == (1, [], [("repo", 1, 1)])
    else:
        assert (made_apart, report.repositories, told) == (0, [str(repo.path)], [])


def test_long_logs_and_histories_make_a_large_index(
    git_repo: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = git_repo()
    repo.commit("one")
    repo.run("gc", "--quiet")
    half, missing = tmp_path / "half.org", tmp_path / "missing.org"
    half.write_text(" " * 500_000)
    other = tmp_path / "other.org"
    other.write_text(" " * 500_000)
    in_roots = Settings(repositories=(Root(tmp_path, 1),))
    in_project = Settings(projects=(Project(half, (repo.path,)),))
    short = Settings(logs=(str(half), str(missing)), repositories=(Root(repo.path),))
    assert not is_large(Settings())
    assert not is_large(short)
    assert is_large(Settings(logs=(str(half), str(other))))
    for packs in (2_000_000, 1):
        monkeypatch.setattr("explog.sync.reading.LONG_BYTES", packs)
        assert is_large(in_roots) == is_large(in_project) == is_large(short) == (packs == 1)


def test_garbage_is_looked_for_seldom_during_a_look_and_as_usual_after_it(
    git_repo: Make, tmp_path: Path
) -> None:
    git_repo().commit("one")
    usual = gc.get_threshold()
    during: list[int] = []
    settings = Settings(repositories=(Root(tmp_path, 1),))
    with closing(open_index(tmp_path / "index")) as index:
        sync(settings, index, progress=lambda *_what: during.append(gc.get_threshold()[0]))
    assert during
    assert min(during) > 10 * usual[0]
    assert gc.get_threshold() == usual
