"""Repositories, commits and what they claim, in SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from explog.index.database import Database, Stamps, batches
from explog.index.records import CommitBatch, RepositoryRecord
from explog.model import Commit, StepNumber
from explog.refs import Place, parse_step, step_text

_TEXT = (
    "CASE WHEN width > 1 THEN indexed(subject || char(10) || body)"
    " ELSE subject || char(10) || body END"
)
# What a CommitRow gives, but for its number.
_GIVEN = ", ".join(f"?{place}" for place in range(2, 11))


class HistoryTables(Database):
    """The part of `explog.index.store.Store` that is about git."""

    def repository(self, common_dir: str) -> RepositoryRecord | None:
        return next(self._repositories(" WHERE common_dir = ?", common_dir), None)

    def repositories(self) -> list[RepositoryRecord]:
        return list(self._repositories(" ORDER BY path"))

    def _repositories(self, rest: str, *values: str) -> Iterator[RepositoryRecord]:
        sql = f"SELECT id, path, common_dir, signature, tips FROM repositories{rest}"
        for number, path, common_dir, stamp, tips in self.db.execute(sql, values).fetchall():
            yield RepositoryRecord(number, path, common_dir, stamp, tuple(tips.split()))

    def put_repository(
        self, path: str, common_dir: str, signature: str | None, tips: Sequence[str]
    ) -> int:
        return int(
            self.one(
                "INSERT INTO repositories (path, common_dir, signature, tips) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (common_dir) DO UPDATE SET path = excluded.path,"
                " signature = excluded.signature, tips = excluded.tips RETURNING id",
                path,
                common_dir,
                signature,
                " ".join(tips),
            )[0]
        )

    def drop_repository(self, repository: int) -> None:
        self._remove_commits("repository = ?", repository)
        self.db.execute("DELETE FROM repositories WHERE id = ?", (repository,))

    def _remove_commits(self, where: str, *values: object) -> None:
        """Remove the commits that fulfil WHERE, first from the full-text index, which has no text.

        As many as can be at once, as every statement leaves a piece of its own in that.
        """
        self.db.execute(
            "INSERT INTO commit_words (commit_words, rowid, text)"
            f" SELECT 'delete', stamp, {_TEXT} FROM commits WHERE {where} ORDER BY +stamp",
            values,
        )
        self.db.execute(f"DELETE FROM commits WHERE {where}", values)

    def generations(self, repository: int, oids: Iterable[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for some in batches(oids):
            marks = ",".join("?" * len(some))
            found.update(
                self.db.execute(
                    "SELECT oid, generation FROM commits"
                    f" WHERE repository = ? AND oid IN ({marks})",
                    (repository, *some),
                )
            )
        return found

    def add_commits(self, repository: int, new: Iterable[CommitBatch]) -> None:
        first = 1 + self.one("SELECT coalesce(max(id), 0) FROM commits")[0]
        stamps = Stamps(self, "commits")
        # A record is given as it is: to make it another one takes as long as to put it in.
        sql = f"INSERT INTO commits VALUES (?1 + {first}, {{}}, {repository}, {_GIVEN})"
        plain = sql.format(stamps.expression("?6", f"?1 + {first}"))
        stamped = sql.format("?11")
        claims = f"INSERT INTO claims VALUES (? + {first}, ?, ?, ?, ?)"
        for batch in new:
            if stamps.are_plain(first + batch.commits[-1][0]):
                self.db.executemany(plain, batch.commits)
            else:
                rows = ((*one, stamps.new(one[5], first + one[0])) for one in batch.commits)
                self.db.executemany(stamped, rows)
            self.db.executemany(claims, batch.claims)
        self.db.execute(
            f"INSERT INTO commit_words (rowid, text) SELECT stamp, {_TEXT} FROM commits"
            " WHERE id >= ? ORDER BY +stamp",  # not by reading the stamps of all
            (first,),
        )

    def remove_commits(self, repository: int, oids: Iterable[str] | None) -> None:
        if oids is None:
            self._remove_commits("repository = ?", repository)
            return
        for some in batches(oids):
            marks = ",".join("?" * len(some))
            self._remove_commits(f"repository = ? AND oid IN ({marks})", repository, *some)

    def claims_of(self, repository: int, oids: Iterable[str]) -> set[tuple[str, StepNumber]]:
        found: set[tuple[str, StepNumber]] = set()
        for some in batches(oids):
            marks = ",".join("?" * len(some))
            rows = self.db.execute(
                "SELECT experiment, step FROM claims JOIN commits ON commits.id = commit_id"
                f" WHERE repository = ? AND oid IN ({marks}) AND step != '' AND place < ?",
                (repository, *some, Place.MENTION),
            )
            found.update((experiment, parse_step(step)) for experiment, step in rows)
        return found

    def candidates(self, experiment: str) -> dict[StepNumber, list[Commit]]:
        rows = self.db.execute(
            "SELECT step, oid, path, common_dir, author, email, author_time, committer_time,"
            " generation, place, results FROM claims JOIN commits ON commits.id = commit_id"
            " JOIN repositories ON repositories.id = repository"
            " WHERE experiment = ? AND step != ''",
            (experiment,),
        )
        found: dict[StepNumber, list[Commit]] = {}
        for row in rows:
            candidate = Commit(*(*row[1:-1], bool(row[-1])))
            found.setdefault(parse_step(row[0]), []).append(candidate)
        return found

    def claimed(self) -> list[str]:
        rows = self.db.execute(
            "SELECT DISTINCT experiment FROM claims WHERE step != '' AND place < ?",
            (Place.MENTION,),
        )
        return [row[0] for row in rows]

    def commits_with_prefix(self, prefix: str) -> list[tuple[str, str]]:
        rows = self.db.execute(
            "SELECT oid, path FROM repositories CROSS JOIN commits"
            " ON repository = repositories.id AND oid >= ? AND oid < ?",
            (prefix, prefix + "g"),
        )
        return [(oid, path) for oid, path in rows]

    def add_pending(self, steps: Iterable[tuple[str, StepNumber]]) -> None:
        self.db.executemany(
            "INSERT OR IGNORE INTO pending VALUES (?, ?)",
            ((experiment, step_text(step)) for experiment, step in steps),
        )

    def pending(self) -> set[tuple[str, StepNumber]]:
        rows = self.db.execute("SELECT experiment, step FROM pending")
        return {(experiment, parse_step(step)) for experiment, step in rows}

    def clear_pending(self, steps: Iterable[tuple[str, StepNumber]]) -> None:
        self.db.executemany(
            "DELETE FROM pending WHERE experiment = ? AND step = ?",
            ((experiment, step_text(step)) for experiment, step in steps),
        )
