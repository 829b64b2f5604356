"""Since when explog places hashes by itself: kept outside the index, which may be deleted.

A repository of which the index knows nothing has commits of years. Those are placed by themselves
that were made since explog first saw the repository and each of the logs; `explog backfill` is for
those before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from explog.state import change_state, must_read_state

_NAME = "since"


def read_since(
    repositories: Iterable[str], logs: Iterable[str], otherwise: float
) -> dict[str, float]:
    """Return since when commits of each of REPOSITORIES, common directories, are placed in LOGS.

    Times are in seconds since 1970. What explog sees for the first time it sees at OTHERWISE.
    Raises OSError if what was kept cannot be read.
    """
    table = must_read_state(_NAME)
    old_repositories, old_logs = _times(table, "repositories"), _times(table, "logs")
    latest_log = max((old_logs.get(log, otherwise) for log in logs), default=0.0)
    return {
        repository: min(otherwise, max(latest_log, old_repositories.get(repository, otherwise)))
        for repository in repositories
    }


def keep_since(repositories: Iterable[str], logs: Iterable[str], since: float) -> None:
    """Keep that explog has seen REPOSITORIES and LOGS since then, unless it saw them before.

    Raises OSError if that cannot be written.
    """
    new = {"repositories": repositories, "logs": logs}

    def change(table: dict[str, object]) -> Mapping[str, object]:
        return {
            kind: {**dict.fromkeys(names, since), **_times(table, kind)}
            for kind, names in new.items()
        }

    change_state(_NAME, change)


def _times(table: Mapping[str, object], kind: str) -> dict[str, float]:
    """Return what TABLE says of KIND, without what is no time."""
    known = table.get(kind)
    if not isinstance(known, dict):
        return {}
    return {
        name: float(time)
        for name, time in known.items()
        if isinstance(time, int | float) and not isinstance(time, bool)
    }
