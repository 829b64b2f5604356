"""The references of a repository's newest commits, in SQLite."""

from __future__ import annotations

from explog.index.database import IS_EXPERIMENT, Database
from explog.model import StepNumber
from explog.refs import Place, parse_step


class RecentTables(Database):
    """The part of `explog.index.store.Store` that tells what was worked on last."""

    def recent_claims(self, repository: int, most: int) -> list[tuple[str, str, StepNumber]]:
        # A stamp grows with the date, and has an index: the newest are found without sorting all.
        rows = self.db.execute(
            "SELECT email, experiment, step FROM commits JOIN claims ON commit_id = commits.id"
            f" WHERE repository = ? AND place < ? AND {IS_EXPERIMENT}"
            " ORDER BY stamp DESC, place, step LIMIT ?",
            (repository, Place.MENTION, most),
        )
        return [(email, experiment, parse_step(step)) for email, experiment, step in rows]
