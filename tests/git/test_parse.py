"""Commits: what odd objects say, read one by one and with all of their history."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explog.git.changes import history_change
from explog.git.commits import read_commits, read_known
from explog.git.parse import MESSAGE_LIMIT, CommitObject, parse_commit
from explog.git.repository import tips
from explog.git.walk import read_all
from support.clock import cpu_seconds
from support.objects import opened, raw, write_object
from support.repo import GitRepo

Make = Callable[..., GitRepo]


def only(repo: GitRepo) -> CommitObject:
    [commit] = everything(repo)
    return commit


def everything(repo: GitRepo) -> list[CommitObject]:
    """Return all commits, which both ways to read them must agree about."""
    repository = opened(repo.path)
    now = tips(repository)
    commits = list(read_commits(repository, history_change(repository, [], now).added))
    total, others = read_all(repository, now)
    assert sorted(others) == sorted(commits)
    assert total == len(commits)
    return commits


def test_plain_commit(git_repo: Make) -> None:
    repo = git_repo()
    parent = repo.commit("one")
    oid = repo.commit("[e1.1] Müller: 学習率 🎉\n\nbody\n", author="Jürgen <j@example.org>")
    commit = read_known(opened(repo.path), [oid])[oid]
    assert commit == CommitObject(
        oid=oid,
        parents=(parent,),
        author="Jürgen",
        email="j@example.org",
        author_time=1704067320,
        committer_time=1704067320,
        message="[e1.1] Müller: 学習率 🎉\n\nbody",
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
    assert only(repo).message == "[e1.1] Grüße"


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
        (b"[e1.1] before\r\n\r\na NUL: \0 [e1.2]", b"", "[e1.1] before\n\na NUL:"),
        (b"", b"", ""),
        (b"\n\n", b"", ""),
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
    assert parse_commit("1" * 40, b"tree x\n") == CommitObject("1" * 40, (), "", "", 0, 0, "")
    assert parse_commit("1" * 40, b"") == CommitObject("1" * 40, (), "", "", 0, 0, "")


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
    started = cpu_seconds()
    parse_commit("0" * 40, b"author " + b"<> " * 100_000 + b"x\n\nm")
    parse_commit("0" * 40, b"author A <a@b> 5 +0000\nencoding punycode\n\n" + b"a-" * 100_000)
    parse_commit("0" * 40, b"author A <a@b> 5 +0000\nencoding idna\n\n" + b"a" * 200_000)
    parse_commit("0" * 40, b"author A <a@b> " + b"9" * 1_000_000 + b" +0000\n\n")
    assert cpu_seconds() - started < 1


def test_message_of_megabytes(git_repo: Make) -> None:
    repo = git_repo()
    text = "[e1.1] " + "ü" * 2_500_000
    oid = write_object(repo, raw(repo, text.encode()))
    last = repo.run("commit-tree", "-p", oid, "-m", "next", repo.run("mktree", stdin=""))
    repo.run("update-ref", "refs/heads/odd", last)
    first, second = everything(repo)
    assert first.message == text.encode()[: MESSAGE_LIMIT - 1].decode()
    assert second.message == "next"


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
