"""The whole history of a repository in one pass of git, which inflates each commit only once.

What a commit says here is what `explog.git.commits` reads from its object: whatever is odd about
one is read from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO

from explog.git.commits import MESSAGE_LIMIT, Commit, read_commits
from explog.git.repository import Repository
from explog.git.run import stream

# Behind a line "commit" with the id that rev-list prints by itself.
_FIELDS = ("%P", "%an", "%ae", "%at", "%ct", "%e", "%B")
_FORMAT = "".join(f"{field}%x00" for field in _FIELDS)
# No message has a NUL in it, as git ends it there.
_NEXT = b"\0\ncommit "
_BLOCK = 1 << 20
_SECONDS_DIGITS = 12
_SURELY_SHORT = MESSAGE_LIMIT // 4


def walk(repository: Repository, tips: Iterable[str]) -> Iterator[list[Commit]]:
    """Yield the commits that TIPS reach, parents before children, some at a time."""
    stdin = "".join(f"{oid}\n" for oid in tips).encode("ascii")
    if not stdin:
        return
    options = ("--topo-order", "--reverse", "--encoding=none", f"--format={_FORMAT}", "--stdin")
    plain: set[tuple[str, str]] = set()
    with stream(repository.path, "rev-list", *options, stdin=stdin) as output:
        for fields in _records(output):
            yield _commits(repository, fields, plain)


def _records(output: IO[bytes]) -> Iterator[list[str]]:
    """Yield the fields of many commits at a time."""
    rest = b""
    # Twice as much each time while a message goes on, as each time all of it is looked at.
    while block := output.read(max(_BLOCK, len(rest))):
        data = rest + block
        end = data.rfind(_NEXT) + 1
        rest = data[end:]
        if end:
            yield _fields(data[:end])
    if rest:
        yield _fields(rest)


def _fields(data: bytes) -> list[str]:
    """Return the fields of the commits in DATA; of one that is no UTF-8 all but the first empty."""
    if data.count(b"\0") % len(_FIELDS):
        raise EOFError("git ended in the middle of a commit")
    try:
        return data.decode().split("\0")[:-1]
    except UnicodeDecodeError:
        fields: list[str] = []
        found = iter(data.split(b"\0")[:-1])
        for some in zip(*[found] * len(_FIELDS), strict=True):
            try:
                fields += [field.decode() for field in some]
            except UnicodeDecodeError:
                fields += [some[0].decode("ascii"), *[""] * (len(_FIELDS) - 1)]
        return fields


def _commits(
    repository: Repository, fields: list[str], plain: set[tuple[str, str]]
) -> list[Commit]:
    """Return the commits with FIELDS; PLAIN are the names and addresses that need no mending."""
    found: list[Commit] = []
    odd: dict[int, str] = {}
    each = zip(*[iter(fields)] * len(_FIELDS), strict=True)
    for head, name, email, written, committed, encoding, message in each:
        _commit, oid, *parents = head.split()
        person = name, email
        if person not in plain and _is_plain(name, email):
            plain.add(person)
        if (
            person in plain
            and not encoding
            and written.isdigit()
            and committed.isdigit()
            and len(written) <= _SECONDS_DIGITS
            and len(committed) <= _SECONDS_DIGITS
            and len(message) <= _SURELY_SHORT
        ):
            times = int(written), int(committed)
            found.append(Commit(oid, tuple(parents), name, email, *times, message))
        else:
            odd[len(found) + len(odd)] = oid
    for place, commit in zip(odd, read_commits(repository, list(odd.values())), strict=True):
        found.insert(place, commit)
    return found


def _is_plain(name: str, email: str) -> bool:
    """Tell whether git and we cut the same NAME and EMAIL out of a line, whatever we are given."""
    if not name or name != name.strip() or email.split() != [email]:
        return False
    return not any(mark in text for text in (name, email) for mark in "<>\n")
