"""Commits: what came and went against a naive reference, and what odd objects say."""

import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explog.git.changes import changes
from explog.git.commits import (
    MESSAGE_LIMIT,
    Commit,
    parse_commit,
    read_batches,
    read_commits,
    read_known,
)
from explog.git.repository import Repository, open_repository, tips
from explog.git.run import GitError
from support.repo import GitRepo

Make = Callable[..., GitRepo]


def opened(path: Path) -> Repository:
    repository = open_repository(path)
    assert repository is not None
    return repository


def write_object(repo: GitRepo, data: bytes, branch: str = "odd") -> str:
    """Put a raw commit object into the repository and a branch on it; return its id."""
    done = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
        cwd=repo.path,
        input=data,
        capture_output=True,
        check=True,
    )
    oid = done.stdout.decode().strip()
    (repo.path / ".git/refs/heads" / branch).write_text(f"{oid}\n")
    return oid


def raw(
    repo: GitRepo, message: bytes, *, author: bytes = b"A <a@b> 5 +0000", more: bytes = b""
) -> bytes:
    tree = repo.run("mktree", stdin="").encode()
    return (
        b"tree "
        + tree
        + b"\nauthor "
        + author
        + b"\ncommitter C <c@d> 7 +0100\n"
        + more
        + b"\n"
        + message
    )


def only(repo: GitRepo) -> Commit:
    [commit] = everything(repo)
    return commit


def everything(repo: GitRepo) -> list[Commit]:
    repository = opened(repo.path)
    return list(read_commits(repository, changes(repository, [], tips(repository)).added))


# What objects say


def test_plain_commit(git_repo: Make) -> None:
    repo = git_repo()
    parent = repo.commit("one")
    oid = repo.commit("[e1.1] Müller: 学習率 🎉\n\nbody\n", author="Jürgen <j@example.org>")
    commit = read_known(opened(repo.path), [oid])[oid]
    assert commit == Commit(
        oid=oid,
        parents=(parent,),
        author="Jürgen",
        email="j@example.org",
        author_time=1704067320,
        committer_time=1704067320,
        message="[e1.1] Müller: 学習率 🎉\n\nbody\n",
    )


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "latin1", "CP1252", "koi8-r", "Shift_JIS"])
def test_declared_encoding(git_repo: Make, encoding: str) -> None:
    text = {"koi8-r": "Привет", "Shift_JIS": "学習"}.get(encoding, "Müller")
    repo = git_repo()
    more = b"encoding " + encoding.encode() + b"\n"
    data = text.encode(encoding)
    write_object(repo, raw(repo, data, author=data + b" <x@y> 5 +0000", more=more))
    assert (only(repo).message, only(repo).author) == (text, text)


def test_encoding_that_git_declares(git_repo: Make) -> None:
    repo = git_repo()
    repo.run("config", "i18n.commitEncoding", "ISO-8859-1")
    (repo.path / "message").write_bytes("[e1.1] Grüße".encode("latin-1"))
    repo.run("commit", "--allow-empty", "-F", "message")
    assert only(repo).message == "[e1.1] Grüße\n"


@pytest.mark.parametrize(
    ("message", "more", "expected"),
    [
        (b"undeclared Gr\xfc\xdfe", b"", "undeclared Grüße"),
        (b"declared \xff", b"encoding UTF-8\n", "declared ÿ"),
        (b"no such \xfc", b"encoding no-such\n", "no such ü"),
        (b"no text", b"encoding hex\n", "no text"),
        (b"no text", b"encoding undefined\n", "no text"),
        (b"xn--", b"encoding idna\n", "xn--"),
        (b"\\ud800 \\q", b"encoding unicode_escape\n", "\\ud800 \\q"),
        (b"half +2AA-", b"encoding utf-7\n", "half ?"),
        (b"wrong \x81", b"encoding cp1252\n", "wrong \N{REPLACEMENT CHARACTER}"),
        # Nobody is shown what stands behind a NUL: it says nothing.
        (b"a\0b", b"", "a"),
        (b"[e1.1] before\r\n\r\na NUL: \0 [e1.2]", b"", "[e1.1] before\r\n\r\na NUL: "),
        (b"", b"", ""),
        (b"\n\n", b"", "\n\n"),
        (b"x", b"encoding \xff\xfe\n", "x"),
        (
            b"signed",
            b"gpgsig -----BEGIN\n \n author Evil <e@e> 1 +0000\n parent 0\n -----END\n",
            "signed",
        ),
    ],
)
def test_odd_messages(git_repo: Make, message: bytes, more: bytes, expected: str) -> None:
    repo = git_repo()
    write_object(repo, raw(repo, message, more=more))
    commit = only(repo)
    assert commit.message == expected
    assert (commit.author, commit.parents, commit.author_time) == ("A", (), 5)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"A U Thor <a@b> 1234567890 +0000", ("A U Thor", "a@b", 1234567890)),
        (b"A <a@b> 1234567890 +051800", ("A", "a@b", 1234567890)),
        (b"A <a@b> 1234567890 -051800", ("A", "a@b", 1234567890)),
        (b"A <a@b> 1234567890 -7530", ("A", "a@b", 1234567890)),
        (b"A <a@b> 1234567890", ("A", "a@b", 1234567890)),
        (b"A <a@b> -5 +0000", ("A", "a@b", -5)),
        (b"A <a@b> 99999999999999999999999 +0000", ("A", "a@b", 10**15)),
        (b"A <a@b> -99999999999999999999999 +0000", ("A", "a@b", -(10**15))),
        (b"A <a@b> yesterday", ("A", "a@b", 0)),
        (b"A <a@b>", ("A", "a@b", 0)),
        (b"A <a@b>5 +0000", ("A", "a@b", 5)),
        (b"A <a@b> 5+0000", ("A", "a@b", 5)),
        (b"A<a@b> 5 +0000", ("A", "a@b", 5)),
        (b"A <<a@b>> 5 +0000", ("A", "<a@b", 5)),
        (b"<a@b> 5 +0000", ("", "a@b", 5)),
        (b"A <> 5 +0000", ("A", "", 5)),
        (b"nobody at all", ("nobody at all", "", 0)),
        (b"A <a@b 5 +0000", ("A <a@b 5 +0000", "", 0)),
        (b"", ("", "", 0)),
        ("A <a@b> ٣ +0000".encode(), ("A", "a@b", 0)),
        (b"A <a@b> 5 5 5", ("A", "a@b", 5)),
    ],
)
def test_malformed_persons(git_repo: Make, line: bytes, expected: tuple[str, str, int]) -> None:
    repo = git_repo()
    write_object(repo, raw(repo, b"m", author=line))
    commit = only(repo)
    assert (commit.author, commit.email, commit.author_time) == expected
    assert commit.committer_time == 7


def test_no_person_and_no_message() -> None:
    assert parse_commit("1" * 40, b"tree x\n") == Commit("1" * 40, (), "", "", 0, 0, "")
    assert parse_commit("1" * 40, b"") == Commit("1" * 40, (), "", "", 0, 0, "")


@given(st.binary(max_size=400))
def test_any_bytes_can_be_parsed_and_stored(data: bytes) -> None:
    commit = parse_commit("0" * 40, data)
    for text in (commit.author, commit.email, commit.message, *commit.parents):
        assert "\0" not in text
        text.encode("utf-8")
    assert abs(commit.author_time) <= 10**15


@given(st.sampled_from(["utf-7", "utf-16", "idna", "punycode", "hz", "cp037", "big5"]), st.binary())
def test_any_encoding_can_be_stored(encoding: str, data: bytes) -> None:
    header = f"author A <a@b> 5 +0000\nencoding {encoding}\n\n".encode()
    assert parse_commit("0" * 40, header + data).message.encode("utf-8").count(0) == 0


def test_hostile_lines_take_no_time() -> None:
    started = time.perf_counter()
    parse_commit("0" * 40, b"author " + b"<> " * 100_000 + b"x\n\nm")
    parse_commit("0" * 40, b"author A <a@b> 5 +0000\nencoding punycode\n\n" + b"a-" * 100_000)
    parse_commit("0" * 40, b"author A <a@b> 5 +0000\nencoding idna\n\n" + b"a" * 200_000)
    parse_commit("0" * 40, b"author A <a@b> " + b"9" * 1_000_000 + b" +0000\n\n")
    assert time.perf_counter() - started < 1


def test_message_of_megabytes(git_repo: Make) -> None:
    repo = git_repo()
    text = "[e1.1] " + "ü" * 2_500_000
    oid = write_object(repo, raw(repo, text.encode()))
    last = repo.run("commit-tree", "-p", oid, "-m", "next", repo.run("mktree", stdin=""))
    repo.run("update-ref", "refs/heads/odd", last)
    first, second = everything(repo)
    assert first.message == text.encode()[: MESSAGE_LIMIT - 1].decode()
    assert second.message == "next\n"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (b"author\n", "[e1.1]"),
        (b"committer\n", "[e1.1]"),
        (b"encoding\n", "[e1.1]"),
        (b"parent " + b"1" * 40 + b"\n", "[e1.1]"),  # which is none there
        (b"encoding \0[e1.2] evil\n", ""),
        (b"x\0\n\n[e1.2]\n", ""),
    ],
)
def test_odd_header_lines(git_repo: Make, more: bytes, message: str) -> None:
    repo = git_repo()
    write_object(repo, raw(repo, b"[e1.1]", more=more))
    commit = only(repo)
    assert (commit.author, commit.author_time, commit.parents) == ("A", 5, ())
    assert (commit.committer_time, commit.message) == (7, message)


def test_grafts_count_for_nothing(git_repo: Make) -> None:
    repo = git_repo()
    first, second = repo.commit("one"), repo.commit("two")
    (repo.path / ".git/info").mkdir(exist_ok=True)
    (repo.path / ".git/info/grafts").write_text(f"{second}\n")
    assert [commit.oid for commit in everything(repo)] == [first, second]


def test_cut_through_a_character_of_another_encoding() -> None:
    head = b"author A <a@b> 5 +0000\nencoding shift_jis\n\n"
    message = parse_commit("0" * 40, head + "学".encode("shift_jis") * MESSAGE_LIMIT).message
    assert message[:10] == "学" * 10


def test_as_many_are_read_together_as_memory_is_for(git_repo: Make) -> None:
    repo = git_repo()
    for number in range(12):
        repo.run("commit", "--allow-empty", "-F", "-", stdin=f"{number}\n\n{'long ' * 40_000}")
    oids = changes(opened(repo.path), [], tips(opened(repo.path))).added
    batches = list(read_batches(opened(repo.path), oids))
    assert [len(batch) for batch in batches] == [6, 6]
    assert [commit.oid for batch in batches for commit in batch] == list(oids)


# Objects that are not there


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
        changes(repository, [], [oids[-1]])


def test_read_known_leaves_out_what_is_gone(git_repo: Make) -> None:
    repo = git_repo()
    oid = repo.commit("one", file="file")
    blob = repo.run("rev-parse", "HEAD:file")
    assert list(read_known(opened(repo.path), [oid, "1" * 40, blob])) == [oid]
    assert read_known(opened(repo.path), []) == {}


# What came and went


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
        change = changes(repository, old, new)
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
