"""From an experiment to its commits, and from a file to its experiments."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from explog.config import Root, Settings
from explog.errors import ExplogError
from explog.git.changes import touching
from explog.git.repository import open_repository
from explog.index.database import Index, open_index
from explog.queries.history import Touched, commits_of, experiments_of_file
from explog.sync.look import sync
from support.repo import GitRepo

# What a shell, a pathspec, a C string or an option parser would take for something else.
HOSTILE = [
    "-rf",
    "--output=x",
    ":(glob)**",
    ":!a",
    "*.txt",
    "a[b].txt",
    "a\nb",
    'a"b',
    "a\\b",
    "日本 é.txt",
    "::x",
]


class World:
    """Two repositories, and an index of them."""

    def __init__(self, folder: Path, make: Callable[..., GitRepo]) -> None:
        self.one, self.two = make("one"), make("two")
        roots = (Root(self.one.path), Root(self.two.path))
        self.settings = Settings(repositories=roots)
        self.index: Index = open_index(folder / "index.sqlite")

    def sync(self) -> Index:
        assert sync(self.settings, self.index).problems == []
        return self.index

    def touched(self, path: Path) -> list[tuple[str, int]]:
        """Return the experiments of PATH, and how many commits of each touched it."""
        found = experiments_of_file(self.sync(), Path(os.path.realpath(path)))
        return [(one.experiment, one.commits) for one in found]


@pytest.fixture
def world(tmp_path: Path, git_repo: Callable[..., GitRepo]) -> World:
    return World(tmp_path, git_repo)


# Commits


def test_commits_across_repositories_newest_first(world: World) -> None:
    first = world.one.commit("[e201.1] begin")
    world.one.commit("[e202] another")
    world.two.run("commit", "--allow-empty", "-q", "-m", "nothing")
    second = world.two.commit("[e201.2] Results- with ABC\n\n[e201.1.1] too, after [e202]")
    third = world.two.commit("[e201] all of it")
    fourth = world.two.commit('Revert "[e201.2] Results"')
    found = commits_of(world.sync(), "201")
    assert [(c.oid, c.step, c.place, c.results) for c in found] == [
        (fourth, "2", "mention", False),
        (third, "", "subject", False),
        (second, "2", "subject", True),
        (second, "1.1", "body", False),
        (first, "1", "subject", False),
    ]
    assert found[0].repository == str(world.two.path)
    assert found[-1].repository == str(world.one.path)
    assert found[2].subject == "[e201.2] Results- with ABC"
    assert {c.oid: c.short for c in found} == {c.oid: c.oid[:7] for c in found}


def test_commits_of_a_step_and_of_those_in_it(world: World) -> None:
    for step in ("1", "1.2", "11", "2"):
        world.one.commit(f"[e201.{step}] {step}")
    index = world.sync()
    assert [c.subject for c in commits_of(index, "201", (1,))] == ["[e201.1.2] 1.2", "[e201.1] 1"]
    assert [c.subject for c in commits_of(index, "201", (1, 2))] == ["[e201.1.2] 1.2"]
    assert commits_of(index, "201", (3,)) == []
    assert commits_of(index, "20") == []


def test_a_short_hash_is_as_long_as_it_has_to_be(world: World) -> None:
    world.one.commit("[e201.1] one")
    index = world.sync()
    oid = commits_of(index, "201")[0].oid
    near = oid[:9] + ("0" if oid[9] != "0" else "1") + oid[10:]
    index.write(
        "INSERT INTO commits SELECT 99, 99, repository, ?, author, email, author_time,"
        " committer_time, generation, subject, body, width FROM commits WHERE oid = ?",
        near,
        oid,
    )
    assert commits_of(index, "201")[0].short == oid[:10]


def test_a_commit_in_two_clones_is_there_for_each(world: World) -> None:
    world.one.commit("[e201.2] two")
    world.two.run("fetch", "--quiet", str(world.one.path), "main:main2")
    world.sync()
    assert len(commits_of(world.index, "201")) == 2


# Files


def test_the_experiments_of_a_file_newest_first(world: World) -> None:
    one = world.one
    one.commit("[e201.1] a", file="a.txt")
    one.commit("[e202] b", file="src/b.txt")
    one.commit("[e203.1] a, after [e204]\n\nnot like [e205]", file="a.txt")
    one.commit("plain", file="a.txt")
    one.commit("[e201.2] a again", file="a.txt")
    assert world.touched(one.path / "a.txt") == [("201", 2), ("203", 1), ("204", 1)]
    assert world.touched(one.path / "src/b.txt") == [("202", 1)]
    assert world.touched(one.path / "src") == [("202", 1)]
    assert [name for name, _count in world.touched(one.path)] == ["201", "203", "204", "202"]
    assert world.touched(one.path / "none.txt") == []
    assert world.touched(one.path / "none/none.txt") == []
    newest = experiments_of_file(world.index, one.path / "src/b.txt")
    time = int(one.run("log", "-1", "--format=%ct", "--grep=e202"))
    assert newest == [Touched("202", 1, time)]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_nothing_but_a_name(world: World, name: str) -> None:
    world.one.commit("[e201.1] other", file="a.txt")
    (world.one.path / name).write_text("this", encoding="utf-8")
    world.one.run("--literal-pathspecs", "add", "--", name)
    world.one.commit("[e202.1] this")
    assert world.touched(world.one.path / name) == [("202", 1)]


def test_a_merge_counts_where_it_is_like_no_parent(world: World) -> None:
    one = world.one
    one.commit("start", file="a.txt", text="1\n2\n3\n4\n5\n6\n7\n8\n9\n")
    one.branch("side")
    one.commit("side", file="a.txt", text="side\n2\n3\n4\n5\n6\n7\n8\n9\n")
    one.commit("side", file="b.txt")
    one.switch("main")
    one.commit("main", file="a.txt", text="1\n2\n3\n4\n5\n6\n7\n8\nmain\n")
    one.run("merge", "-q", "side", "-m", "[e201.1] merge")
    assert world.touched(one.path / "a.txt") == [("201", 1)]
    assert world.touched(one.path / "b.txt") == []


def test_other_branches_and_linked_worktrees_count(world: World, tmp_path: Path) -> None:
    one = world.one
    one.commit("[e201.1] main", file="a.txt")
    one.branch("side")
    one.commit("[e202.1] side", file="a.txt")
    one.switch("main")
    one.run("worktree", "add", "-q", str(tmp_path / "linked"), "side")
    assert world.touched(one.path / "a.txt") == [("202", 1), ("201", 1)]
    assert world.touched(tmp_path / "linked" / "a.txt") == [("202", 1), ("201", 1)]


def test_through_a_symbolic_link(world: World, tmp_path: Path) -> None:
    world.one.commit("[e201.1] main", file="a.txt")
    (tmp_path / "link").symlink_to(world.one.path)
    assert world.touched(tmp_path / "link" / "a.txt") == [("201", 1)]


def test_a_file_in_no_repository_of_ours(world: World, tmp_path: Path) -> None:
    other = GitRepo(tmp_path / "other")
    inner = GitRepo(world.one.path / "inner")
    for path in (tmp_path / "x", other.path / "x", inner.path / "x"):
        with pytest.raises(ExplogError, match="in no repository that is looked at") as caught:
            world.touched(path)
        assert caught.value.code == "not-a-repository"


def test_a_commit_that_is_gone_meanwhile(world: World) -> None:
    oid = world.one.commit("[e201.1] main", file="a.txt")
    repository = open_repository(world.one.path)
    assert repository is not None
    assert touching(repository, ["0" * 40, oid], world.one.path / "a.txt") == {oid}
    assert touching(repository, [], world.one.path / "a.txt") == set()
