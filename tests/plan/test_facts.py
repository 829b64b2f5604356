"""What the rule is told of commits that were made in one second."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from explog.git.ancestry import newest_of
from explog.plan import facts
from support.objects import opened
from support.repo import GitRepo

Make = Callable[..., GitRepo]


def history(repo: GitRepo, rng: random.Random) -> list[str]:
    """Return commits with one, two or three parents each, parents first."""
    tree = repo.run("write-tree")
    made: list[str] = []
    for number in range(14):
        parents = rng.sample(made[-4:], min(len(made), rng.choice([1, 1, 1, 2, 3])))
        options = [option for parent in parents for option in ("-p", parent)]
        made.append(repo.run("commit-tree", tree, *options, "-m", str(number)))
    repo.run("branch", "tip", made[-1])
    return made


@pytest.mark.parametrize("seed", range(4))
def test_what_others_of_a_group_reach_is_what_git_says(git_repo: Make, seed: int) -> None:
    repo, rng = git_repo(), random.Random(seed)
    made = history(repo, rng)
    groups = [set(rng.sample(made, size)) for size in (2, 2, 3, 4, 6)]
    found = list(facts._reached(opened(repo.path), groups))
    assert found == [group - newest_of(opened(repo.path), sorted(group)) for group in groups]


def test_git_is_asked_once_about_commits_that_follow_one_another(
    git_repo: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = git_repo()
    made = [repo.commit(str(number)) for number in range(9)]
    monkeypatch.setattr(facts, "newest_of", None)
    groups = [set(made[:3]), set(made[3:5]), set(made[5:])]
    assert list(facts._reached(opened(repo.path), groups)) == [
        set(made[:2]),
        {made[3]},
        set(made[5:8]),
    ]
