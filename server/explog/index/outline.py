"""The outline of the logs in SQLite: what a list of all experiments shows of each."""

from __future__ import annotations

from collections.abc import Iterable

from explog.index.database import Database, batches
from explog.index.records import OutlineRecord

_BOXES = "SELECT count(*) FROM steps WHERE experiment = e.id AND box"
_TOUCHED = (
    "SELECT max(committer_time) FROM claims JOIN commits ON commits.id = commit_id"
    " WHERE claims.experiment = e.ident"
)


class OutlineTables(Database):
    """The part of `explog.index.store.Store` that is about many experiments at once."""

    def outlines(self, after: int, most: int) -> list[OutlineRecord]:
        return self._outlines("WHERE e.id > ? ORDER BY e.id LIMIT ?", after, most)

    def outlines_of(self, idents: Iterable[str]) -> list[OutlineRecord]:
        found: list[OutlineRecord] = []
        for some in batches(idents):
            found += self._outlines(f"WHERE ident IN ({','.join('?' * len(some))})", *some)
        return found

    def _outlines(self, rest: str, *values: object) -> list[OutlineRecord]:
        rows = self.db.execute(
            "SELECT e.id, path, sections.line + e.line, ident, title, todo, done,"
            f" ({_BOXES} IN ('x', 'X')), ({_BOXES} IS NOT NULL), ({_TOUCHED})"
            " FROM experiments e JOIN sections ON sections.id = section JOIN logs ON logs.id = log"
            f" {rest}",
            values,
        )
        return [OutlineRecord(*row) for row in rows]
