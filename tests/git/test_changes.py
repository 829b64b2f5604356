"""What came and went between two looks, against a naive reference."""

import random
from collections.abc import Callable

import pytest

from explog.git.changes import history_change
from explog.git.repository import tips
from support.objects import opened
from support.repo import GitRepo

Make = Callable[..., GitRepo]


def reachable(repo: GitRepo) -> set[str]:
    """Return all that branches and HEAD reach, by walking parents one process at a time."""
    refs = repo.run("for-each-ref", "--format=%(objectname)", "refs/heads", "refs/remotes")
    todo, found = [*refs.split(), repo.head], set()
    while todo:
        oid = todo.pop()
        if oid not in found:
            found.add(oid)
            todo += repo.run("log", "-1", "--format=%P", oid).split()
    return found


OPERATIONS = ["commit", "commit", "commit", "amend", "reset", "branch", "switch", "delete"]
OPERATIONS += ["merge", "detach", "gc", "pack", "fetch", "shrink"]


def step(source: random.Random, repo: GitRepo, number: int) -> str:
    """Change the repository in one way or another; return in which."""
    what = source.choice(OPERATIONS)
    branches = repo.run("branch", "--format=%(refname:short)").split("\n")
    branches = [name for name in branches if name and not name.startswith("(")]
    if what == "commit":
        repo.commit(f"commit {number}", file=f"file{number}")
    elif what == "amend":
        repo.amend(f"amended {number}")
    elif what == "reset" and repo.run("log", "-1", "--format=%P"):
        repo.run("reset", "--hard", "HEAD~1")
    elif what == "branch":
        repo.branch(f"branch{number}")
    elif what == "switch":
        repo.switch(source.choice(branches))
    elif what == "delete" and len(branches) > 1:
        head = repo.run("rev-parse", "--abbrev-ref", "HEAD")
        repo.run("branch", "-D", source.choice([name for name in branches if name != head]))
    elif what == "merge":
        repo.run(
            "merge",
            "--no-ff",
            "--allow-unrelated-histories",
            "-s",
            "ours",
            "-m",
            f"merge {number}",
            *branches[:3],
        )
    elif what == "detach":
        repo.run("checkout", "--detach")
    elif what == "gc":
        repo.run("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
        repo.run("gc", "--quiet", "--prune=now")
    elif what == "pack":
        repo.run("pack-refs", "--all")
    elif what == "fetch":
        repo.run("update-ref", "refs/remotes/origin/main", "HEAD")
    elif what == "shrink":
        repo.run("update-ref", "-d", "refs/remotes/origin/main")
    return what


@pytest.mark.parametrize("seed", range(6))
def test_changes_against_a_naive_reference(git_repo: Make, seed: int) -> None:
    source = random.Random(seed)
    repo = git_repo()
    repo.commit("root")
    repository = opened(repo.path)
    known: set[str] = set()
    old: list[str] = []
    for number in range(30):
        what = [step(source, repo, number * 10 + n) for n in range(source.randint(0, 3))]
        new, expected = tips(repository), reachable(repo)
        change = history_change(repository, old, new)
        if change.complete:
            assert "gc" in what
            known = set()
        assert not known & set(change.added), what
        assert set(change.removed) <= known, what
        seen = set(known)
        for oid in change.added:
            parents = repo.run("log", "-1", "--format=%P", oid).split()
            assert seen.issuperset(parents), "parents come before their children"
            seen.add(oid)
        known = (known - set(change.removed)) | set(change.added)
        assert known == expected, what
        assert len(change.added) == len(set(change.added))
        old = new
