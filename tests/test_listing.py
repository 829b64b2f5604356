"""New repositories are listed ahead; what changes meanwhile is not missed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from explog.git.repository import Repository, discover, tips
from explog.sync.listing import Listing
from support.repo import GitRepo


def test_each_is_listed_in_its_turn(git_repo: Callable[..., GitRepo]) -> None:
    made = [git_repo(name) for name in ("one", "two", "three")]
    oids = [repo.commit("first") for repo in made]
    found = [_open(repo) for repo in made]
    with closing(Listing(found)) as listing:
        assert listing.take(found[1], tips(found[1])) is None  # not its turn
        for repository, oid in zip(found, oids, strict=True):
            change = listing.take(repository, tips(repository))
            assert change is not None
            assert change.added == (oid,)
        assert listing.take(found[0], tips(found[0])) is None


def test_what_was_listed_before_a_commit_is_not_taken(git_repo: Callable[..., GitRepo]) -> None:
    one = git_repo("one")
    one.commit("first")
    repository = _open(one)
    with closing(Listing([repository])) as listing:
        assert listing.take(repository, ["0" * 40]) is None


def test_a_repository_that_went_is_told_of_by_who_asks_again(
    git_repo: Callable[..., GitRepo],
) -> None:
    one, two = git_repo("one"), git_repo("two")
    one.commit("first")
    oid = two.commit("second")
    first, second = _open(one), _open(two)
    one.path.joinpath(".git").rename(one.path / "gone")
    with closing(Listing([first, second])) as listing:
        assert listing.take(first, []) is None
        change = listing.take(second, tips(second))
        assert change is not None
        assert change.added == (oid,)


def _open(repo: GitRepo) -> Repository:
    [found] = discover([(repo.path, 0)])
    return found
