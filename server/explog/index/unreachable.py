"""Commits that no branch reaches any more, as they were when one did.

git forgets them after a while; a log may bear their hashes for years. What is kept is what tells
which commit took their place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from explog.index.database import Index
from explog.model import StepNumber
from explog.refs import Place, parse_step


@dataclass(frozen=True, slots=True)
class UnreachableCommit:
    """A commit that no branch reaches any more.

    `claims` are the (experiment, step) that its subject or a line of its body bears.
    """

    oid: str
    email: str
    author_time: int
    committer_time: int
    subject: str
    claims: tuple[tuple[str, StepNumber], ...]


def remember_unreachable(index: Index, repository: int, oids: Iterable[str]) -> None:
    """Remember the commits OIDS, which are about to be removed, as unreachable."""
    index.write_many(
        "INSERT OR REPLACE INTO unreachable SELECT oid, repository, email, author_time,"
        " committer_time, subject, coalesce((SELECT group_concat(experiment || ' ' || step,"
        " char(10)) FROM claims WHERE commit_id = id AND place < ?), '')"
        " FROM commits WHERE oid = ? AND repository = ?",
        ((int(Place.MENTION), oid, repository) for oid in oids),
    )


def unreachable_commits(index: Index, prefix: str) -> list[UnreachableCommit]:
    """Return the unreachable commits that PREFIX abbreviates."""
    rows = index.read(
        "SELECT oid, email, author_time, committer_time, subject, claims FROM unreachable"
        " WHERE oid >= ? AND oid < ? ORDER BY oid",
        prefix,
        prefix + "g",
    )
    return [UnreachableCommit(*(*row[:-1], _claims(row[-1]))) for row in rows]


def _claims(text: str) -> tuple[tuple[str, StepNumber], ...]:
    pairs = (line.split(" ") for line in text.splitlines())
    return tuple((experiment, parse_step(step)) for experiment, step in pairs)
