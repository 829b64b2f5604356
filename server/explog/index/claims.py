"""Which commits claim which experiments, in SQLite: the two ways between commits and steps."""

from __future__ import annotations

from explog.index.database import IS_EXPERIMENT, Database
from explog.index.records import ClaimingCommit
from explog.refs import Place, parse_step

_SHORTEST = 7
# What stands before and behind a commit in the order of ids tells how short it can be.
_NEIGHBOURS = (
    "(SELECT max(oid) FROM commits n WHERE n.repository = c.repository AND n.oid < c.oid),"
    " (SELECT min(oid) FROM commits n WHERE n.repository = c.repository AND n.oid > c.oid)"
)


class ClaimTables(Database):
    """The part of `explog.index.store.Store` that leads from experiments to commits and back."""

    def commits_of(self, experiment: str) -> list[ClaimingCommit]:
        rows = self.db.execute(
            "SELECT oid, path, author, committer_time, subject, step, place, results,"
            f" {_NEIGHBOURS} FROM claims JOIN commits c ON c.id = commit_id"
            " JOIN repositories ON repositories.id = repository WHERE experiment = ?"
            " ORDER BY committer_time DESC, path, generation DESC, place, step",
            (experiment,),
        )
        return [
            ClaimingCommit(
                oid=row[0],
                short=_short(row[0], row[8:]),
                repository=row[1],
                author=row[2],
                committer_time=row[3],
                subject=row[4],
                step=parse_step(row[5]),
                place=row[6],
                results=bool(row[7]),
            )
            for row in rows
        ]

    def claiming(self, repository: int, most: int) -> list[tuple[str, str, int]]:
        rows = self.db.execute(
            "SELECT DISTINCT oid, experiment, committer_time FROM commits"
            " JOIN claims ON commit_id = commits.id WHERE repository = ? AND place < ?"
            f" AND {IS_EXPERIMENT}"
            " ORDER BY committer_time DESC LIMIT ?",
            (repository, Place.MENTION, most),
        )
        return [(oid, experiment, time) for oid, experiment, time in rows]


def _short(oid: str, neighbours: tuple[str | None, ...]) -> str:
    """Return as much of OID as tells it from its NEIGHBOURS in the order of ids."""
    size = _SHORTEST
    while size < len(oid) and any((other or "").startswith(oid[:size]) for other in neighbours):
        size += 1
    return oid[:size]
