"""Commits that no branch reaches any more, as they were when one did, in SQLite.

git forgets them after a while; a log may bear their hashes for years. What is kept is what tells
which commit took their place.
"""

from __future__ import annotations

from collections.abc import Iterable

from explog.index.database import Database, batches
from explog.index.records import GoneRecord
from explog.model import Commit
from explog.refs import Place, parse_step


class GoneTables(Database):
    """The part of `explog.index.store.Store` that is about commits gone."""

    def remember_gone(self, repository: int, oids: Iterable[str]) -> None:
        self.db.executemany(
            "INSERT OR REPLACE INTO gone SELECT oid, repository, email, author_time,"
            " committer_time, subject, coalesce((SELECT group_concat(experiment || ' ' || step,"
            " char(10)) FROM claims WHERE commit_id = id AND place < ?), '')"
            " FROM commits WHERE oid = ? AND repository = ?",
            ((int(Place.MENTION), oid, repository) for oid in oids),
        )

    def gone(self, prefix: str) -> list[GoneRecord]:
        rows = self.db.execute(
            "SELECT oid, email, author_time, committer_time, subject, claims FROM gone"
            " WHERE oid >= ? AND oid < ? ORDER BY oid",
            (prefix, prefix + "g"),
        )
        return [GoneRecord(*(*row[:-1], _claims(row[-1]))) for row in rows]

    def written_at(self, times: Iterable[int]) -> list[tuple[Commit, str]]:
        found: list[tuple[Commit, str]] = []
        for some in batches(map(str, times)):
            marks = ",".join("?" * len(some))
            rows = self.db.execute(
                "SELECT oid, path, common_dir, author, email, author_time, committer_time,"
                " generation, subject FROM commits JOIN repositories"
                f" ON repositories.id = repository WHERE author_time IN ({marks})",
                tuple(map(int, some)),
            )
            found += [(Commit(*(*row[:-1], int(Place.MENTION), False)), row[-1]) for row in rows]
        return found

    def oids(self, repository: int) -> set[str]:
        rows = self.db.execute("SELECT oid FROM commits WHERE repository = ?", (repository,))
        return {row[0] for row in rows}


def _claims(text: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
    pairs = (line.split(" ") for line in text.splitlines())
    return tuple((experiment, parse_step(step)) for experiment, step in pairs)
