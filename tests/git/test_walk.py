"""All of a history at once: parents before children whatever the dates, and no more than fits."""

import random
import subprocess
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from explog.git import walk
from explog.git.changes import reachable
from explog.git.commits import read_commits
from explog.git.parse import CommitObject
from explog.git.repository import Repository, tips
from explog.git.run import GitError
from explog.git.walk import read_all
from support.objects import opened, raw, write_object
from support.repo import GitRepo

Make = Callable[..., GitRepo]


def one_by_one(path: Path) -> list[CommitObject]:
    repository = opened(path)
    return list(read_commits(repository, reachable(repository, tips(repository))))


def at_once(path: Path) -> list[CommitObject]:
    repository = opened(path)
    total, commits = read_all(repository, tips(repository))
    found = list(commits)
    assert total == len(found)
    return found


def is_in_order(commits: list[CommitObject]) -> bool:
    here = {commit.oid for commit in commits}
    seen: set[str] = set()
    for commit in commits:
        if not here.intersection(commit.parents) <= seen:
            return False
        seen.add(commit.oid)
    return True


def scattered(repo: GitRepo, source: random.Random, size: int) -> None:
    """Make SIZE commits with up to four parents each, and with dates that say nothing."""
    tree = repo.run("mktree", stdin="").encode()
    oids: list[str] = []
    for number in range(size):
        parents = source.sample(oids, min(len(oids), source.choice([0, 1, 1, 1, 2, 4])))
        data = b"tree " + tree + b"\n"
        data += b"".join(f"parent {oid}\n".encode() for oid in parents)
        when = source.randrange(1_000_000)
        data += f"author A <a@b> {when} +0000\ncommitter A <a@b> {when} +0000\n\n".encode()
        oids.append(write_object(repo, data + f"{number}".encode(), branch=f"b{number}"))


@pytest.mark.parametrize("seed", range(4))
def test_parents_come_first_whatever_the_dates_are(git_repo: Make, seed: int) -> None:
    repo = git_repo()
    scattered(repo, random.Random(seed), 60)
    found = at_once(repo.path)
    assert sorted(found) == sorted(one_by_one(repo.path))
    assert is_in_order(found)


def test_in_the_order_of_their_dates_where_those_are_right(git_repo: Make) -> None:
    repo = git_repo()
    day = datetime(2024, 1, 1, tzinfo=UTC)
    repo.commit("0", date=day)
    repo.branch("other")
    for number in range(1, 6):
        repo.switch("other" if number % 2 else "main")
        repo.commit(str(number), date=day + timedelta(days=number))
    assert [commit.message for commit in at_once(repo.path)] == list("012345")


def test_what_waits_for_very_many_is_not_looked_at_for_each() -> None:
    class Parents(tuple[str, ...]):
        looks = 0

        def __iter__(self) -> Iterator[str]:
            Parents.looks += 1
            return super().__iter__()

    chain = [CommitObject(f"{n}", (f"{n - 1}",) if n else (), "", "", n, n, "") for n in range(100)]
    old = CommitObject("old", Parents(commit.oid for commit in chain), "", "", 0, 0, "")
    assert list(walk._parents_first([old, *chain])) == [*chain, old]
    assert Parents.looks < 5


def test_shallow_clone(git_repo: Make, tmp_path: Path) -> None:
    repo = git_repo()
    for number in range(6):
        repo.commit(str(number))
    clone = tmp_path / "clone"
    url = f"file://{repo.path}"
    subprocess.run(["git", "clone", "-q", "--depth", "3", url, clone], check=True)
    found = at_once(clone)
    assert [commit.message for commit in found] == ["3", "4", "5"]
    assert found == one_by_one(clone)


def test_shallow_clone_that_ends_in_many_places(git_repo: Make) -> None:
    repo = git_repo()
    for number in range(5):
        repo.commit(f"absent {number}")
        repo.run("branch", f"b{number}")
    oids: list[str] = []
    for number in range(5):
        repo.switch(f"b{number}")
        oids.append(repo.commit(str(number)))
        repo.commit(f"{number} again")
    repo.switch("main")
    repo.run("update-ref", "-d", "refs/heads/main")
    repo.path.joinpath(".git/shallow").write_text("".join(f"{oid}\n" for oid in sorted(oids)))
    messages = [text for n in range(5) for text in (f"{n}", f"{n} again")]
    assert [commit.message for commit in at_once(repo.path)] == messages


def test_no_commits(git_repo: Make) -> None:
    assert at_once(git_repo().path) == []


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\n",
        b" \t\r\n\n \n",
        b"\n \n  leading\n",
        b"subject  \t\r\n\r\nbody \n\n\n  more\t\n \n",
        b"    four\n    blanks\n\n        eight",
        b"no newline at the end",
        b"vertical\x0b\nform feed\x0c\nnext line\xc2\x85\nno break\xc2\xa0",
        b"1" * 40 + b"\ntree " + b"1" * 40 + b"\nauthor A <a@b> 1 +0000\n\n    [e1.1] another\n",
        b"half \xc3",
        pytest.param(b"x" * 300_000, id="one long word"),
        pytest.param(b"x \n" * 100_000, id="many lines"),
        pytest.param(b"\t" * 1_000_000 + b"\nbehind much", id="many tabs"),
    ],
)
def test_messages_are_the_same_as_from_their_objects(git_repo: Make, message: bytes) -> None:
    repo = git_repo()
    repo.commit("before")
    write_object(repo, raw(repo, message))
    write_object(repo, raw(repo, message, more=b"encoding latin-1\n"), branch="other")
    assert sorted(at_once(repo.path)) == sorted(one_by_one(repo.path))


_PERSONS = [
    *(b"A <a@b> 5 +0000", b"A <a@b> 5 +0>00", b"nobody", b"", b"A <a@b>", b"<a> 5 +0"),
    *(b"\xfc <a> 5 +0", b" A  < a > 5 +0", b"A <a> 5 \xff", b"A <a>  +0", b"A <a@b> 5 >9"),
]
_ENDS = [b"", b"", b" ", b"\t", b"\r", b"\x0b", b" \n", b"\xc2\x85"]
_LINES = [
    *(b"encoding latin-1", b"encoding ", b"encoding", b"author ", b"committer ", b"author", b" "),
    *(
        b"gpgsig x\n ",
        b"mergetag object\n \n author ",
        b"x\0y",
        b"\0",
        b"\r",
        b"parent " + b"1" * 40,
    ),
]
_PIECES = [
    *(
        b"\n",
        b" ",
        b"\t",
        b"\r\n",
        b"    ",
        b"\n    ",
        b"[e1.1]",
        b"x",
        b"\0",
        b"\xff",
        b"\xc3\xa9",
    ),
    *(b"\x0c", b"\n\n", b"\ntree ", b"+AGE-", b"\x85", b"\x1b$B"),
]


@pytest.mark.parametrize("seed", range(3))
def test_malformed_objects_are_the_same_as_one_by_one(git_repo: Make, seed: int) -> None:
    source = random.Random(seed)
    repo = git_repo()
    tree = repo.run("mktree", stdin="").encode()
    for number in range(150):
        author, committer = source.choices(_PERSONS, k=2)
        lines = [b"author " + author, b"committer " + committer][source.choice([0, 0, 0, 0, 1]) :]
        for _ in range(source.choice([0, 0, 1, 2])):
            lines.insert(source.randint(1, len(lines)), source.choice(_LINES))
        data = b"tree " + tree + b"\n"
        data += b"".join(line + source.choice(_ENDS) + b"\n" for line in lines)
        if source.random() < 0.8:
            data += b"\n" + b"".join(source.choices(_PIECES, k=source.choice([0, 0, 1, 3, 8])))
        write_object(repo, data, branch=f"b{number}")
    assert sorted(at_once(repo.path)) == sorted(one_by_one(repo.path))


def test_objects_without_a_message_get_no_other(git_repo: Make) -> None:
    # git keeps what it has read in memory, which it does not clear.
    repo = git_repo()
    tree = repo.run("mktree", stdin="").encode()
    tip = repo.commit("[e1.1] real")
    for number in range(150):
        data = b"tree " + tree + b"\nparent " + tip.encode() + b"\n"
        data += f"author A <a@b> {number} +0000\ncommitter A <a@b> {number} +0000\n".encode()
        ending = b"\n[e1.2] message\n" if number % 2 else b""
        tip = write_object(repo, data + ending)
    found = at_once(repo.path)
    assert sorted(found) == sorted(one_by_one(repo.path))
    assert sum(commit.message == "" for commit in found) == 75


def test_history_that_is_too_much_to_hold(git_repo: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = git_repo()
    for number in range(30):
        repo.commit(f"{number} " + "much " * 1000)
    whole = at_once(repo.path)
    read: list[int] = []

    def counted(repository: Repository, oids: Sequence[str]) -> Iterator[CommitObject]:
        read.append(len(oids))
        return read_commits(repository, oids)

    monkeypatch.setattr(walk, "read_commits", counted)
    for most in (1000, 100_000, len(walk._print(opened(repo.path), [repo.head])) - 1):
        monkeypatch.setattr(walk, "MOST", most)
        assert at_once(repo.path) == whole
    assert read == [30, 30, 30]
    monkeypatch.setattr(walk, "MOST", walk.MOST + 1)
    assert at_once(repo.path) == whole
    assert read == [30, 30, 30]


def test_missing_and_corrupt_objects_are_errors(git_repo: Make) -> None:
    repo = git_repo()
    oids = [repo.commit(str(number)) for number in range(5)]
    path = repo.path / ".git/objects" / oids[1][:2] / oids[1][2:]
    path.chmod(0o644)
    path.write_bytes(b"rubbish")
    with pytest.raises(GitError) as caught:
        at_once(repo.path)
    assert str(repo.path) in caught.value.message
    path.unlink()
    with pytest.raises(GitError):
        at_once(repo.path)
