"""Commits, read one by one: many at a time, and those that are not there."""

from collections.abc import Callable

import pytest

from explog.git.changes import history_change
from explog.git.commits import commit_batches, read_commits, read_known
from explog.git.repository import tips
from explog.git.run import GitError
from support.objects import opened
from support.repo import GitRepo

Make = Callable[..., GitRepo]


def test_as_many_are_read_together_as_memory_is_for(git_repo: Make) -> None:
    repo = git_repo()
    for number in range(12):
        repo.run("commit", "--allow-empty", "-F", "-", stdin=f"{number}\n\n{'long ' * 40_000}")
    oids = history_change(opened(repo.path), [], tips(opened(repo.path))).added
    together = list(commit_batches(read_commits(opened(repo.path), oids)))
    assert [len(batch) for batch in together] == [6, 6]
    assert [commit.oid for batch in together for commit in batch] == list(oids)


def test_object_that_is_missing_is_an_error_with_the_repository_in_it(git_repo: Make) -> None:
    repo = git_repo()
    oid = repo.commit("one")
    with pytest.raises(GitError, match="1111 missing") as caught:
        list(read_commits(opened(repo.path), [oid, "1" * 40]))
    assert str(repo.path) in caught.value.message


def test_corrupt_objects_are_an_error(git_repo: Make) -> None:
    repo = git_repo()
    oids = [repo.commit(f"commit {n}") for n in range(30)]
    for oid in oids[5:]:
        path = repo.path / ".git/objects" / oid[:2] / oid[2:]
        path.chmod(0o644)
        path.write_bytes(b"rubbish" * 1000)
    repository = opened(repo.path)
    commits = read_commits(repository, oids)
    assert [next(commits).oid for _ in range(5)] == oids[:5]
    with pytest.raises(GitError):
        next(commits)
    with pytest.raises(GitError):
        history_change(repository, [], [oids[-1]])


def test_read_known_leaves_out_what_is_gone(git_repo: Make) -> None:
    repo = git_repo()
    oid = repo.commit("one", file="file")
    blob = repo.run("rev-parse", "HEAD:file")
    assert list(read_known(opened(repo.path), [oid, "1" * 40, blob])) == [oid]
    assert read_known(opened(repo.path), []) == {}
