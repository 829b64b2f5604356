"""Repositories and their commits, what those claim, and what of that is to be looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from explog.index.database import Index, batches, marks
from explog.index.samples import want_values
from explog.index.stamps import Stamps
from explog.index.words import REPOSITORY
from explog.model import Commit, StepNumber
from explog.refs import Place, parse_step, step_text

# (number, id, author, address, author time, committer time, generation, subject, body, width) of a
# reachable commit. `number` counts, from 0, the commits that are added together; `generation` grows
# from parents to children; `width` is that of subject and body, as in explog.index.words.
CommitRow: TypeAlias = tuple[int, str, str, str, int, int, int, str, str, int]
# (number, experiment, step, place, results): the commit with that number claims a step, or, where
# `step` is empty, an experiment; `place` as in refs.Place.
ClaimRow: TypeAlias = tuple[int, str, str, int, bool]

IS_EXPERIMENT = (
    "(claims.experiment NOT GLOB '*[^0-9]*'"
    " OR EXISTS (SELECT 1 FROM experiments WHERE ident = claims.experiment))"
)
"""SQL: a claim is about an experiment. One like `[e2e]` is not, as long as no log has that id."""

_TEXT = (
    f"'{REPOSITORY}' || repository || char(10) ||"
    " CASE WHEN width > 1 THEN indexed(subject || char(10) || body)"
    " ELSE subject || char(10) || body END"
)
# The columns of a CommitRow, but for its number.
_GIVEN = ", ".join(f"?{place}" for place in range(2, 11))


class CommitBatch(NamedTuple):
    """Some of the commits that are added together, and their claims.

    Both are plain tuples: by the hundred thousand they go to another process, and into a table, as
    they are.
    """

    commits: Sequence[CommitRow]
    claims: Sequence[ClaimRow]


class RepositoryRecord(NamedTuple):
    """A repository as it was last seen; `signature` is None when it is to be looked at again."""

    id: int
    path: str
    common_dir: str
    signature: str | None
    tips: tuple[str, ...]


# Repositories


def find_repository(index: Index, common_dir: str) -> RepositoryRecord | None:
    """Return the repository at COMMON_DIR."""
    return next(_repositories(index, " WHERE common_dir = ?", common_dir), None)


def all_repositories(index: Index) -> list[RepositoryRecord]:
    """Return all repositories, by path."""
    return list(_repositories(index, " ORDER BY path"))


def _repositories(index: Index, rest: str, *values: str) -> Iterator[RepositoryRecord]:
    sql = f"SELECT id, path, common_dir, signature, tips FROM repositories{rest}"
    for number, path, common_dir, stamp, tips in list(index.read(sql, *values)):
        yield RepositoryRecord(number, path, common_dir, stamp, tuple(tips.split()))


def put_repository(
    index: Index, path: str, common_dir: str, signature: str | None, tips: Sequence[str]
) -> int:
    """Add a repository or bring it up to date; return its number."""
    (number,) = index.one(
        "INSERT INTO repositories (path, common_dir, signature, tips) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (common_dir) DO UPDATE SET path = excluded.path,"
        " signature = excluded.signature, tips = excluded.tips RETURNING id",
        path,
        common_dir,
        signature,
        " ".join(tips),
    )
    return int(number)


def drop_repository(index: Index, repository: int) -> None:
    """Forget a repository and its commits."""
    _remove_commits(index, repository)
    index.write("DELETE FROM repositories WHERE id = ?", repository)


# Commits


def add_commits(index: Index, repository: int, new: Iterable[CommitBatch]) -> None:
    """Add commits that are not in the index yet, some in each batch."""
    first = 1 + index.one("SELECT coalesce(max(id), 0) FROM commits")[0]
    stamps = Stamps(index, "commits")
    # A row is put in as it is: to make another one of it takes as long as to put it in.
    sql = f"INSERT INTO commits VALUES (?1 + {first}, {{}}, {repository}, {_GIVEN})"
    plain = sql.format(stamps.expression("?6", f"?1 + {first}"))
    stamped = sql.format("?11")
    claims = f"INSERT INTO claims VALUES (? + {first}, ?, ?, ?, ?)"
    results: set[int] = set()
    added = 0
    for batch in new:
        if stamps.are_plain(first + batch.commits[-1][0]):
            index.write_many(plain, batch.commits)
        else:
            rows = ((*one, stamps.new(one[5], first + one[0])) for one in batch.commits)
            index.write_many(stamped, rows)
        index.write_many(claims, batch.claims)
        added += len(batch.commits)
        results.update(
            first + number
            for number, _experiment, step, place, is_results in batch.claims
            if is_results and step and place < Place.MENTION
        )
    want_values(index, results)
    _count(index, repository, added)
    index.write(
        f"INSERT INTO commit_words (rowid, text) SELECT stamp, {_TEXT} FROM commits"
        " WHERE id >= ? ORDER BY +stamp",  # not by reading the stamps of all
        first,
    )


def remove_commits(index: Index, repository: int, oids: Iterable[str] | None) -> None:
    """Remove the commits OIDS, or all of the repository's when OIDS is None."""
    if oids is None:
        _remove_commits(index, repository)
        return
    for some in batches(oids):
        _remove_commits(index, repository, f" AND oid IN ({marks(some)})", *some)


def _remove_commits(index: Index, repository: int, which: str = "", *oids: str) -> None:
    """Remove the commits of REPOSITORY, first from the full-text index, which has no text.

    As many as possible at once: each statement leaves a piece of its own in the full-text index.
    """
    where, values = f"repository = ?{which}", (repository, *oids)
    index.write(
        "INSERT INTO commit_words (commit_words, rowid, text)"
        f" SELECT 'delete', stamp, {_TEXT} FROM commits WHERE {where} ORDER BY +stamp",
        *values,
    )
    index.write(f"DELETE FROM commits WHERE {where}", *values)
    _count(index, repository, -index.one("SELECT changes()")[0])


def _count(index: Index, repository: int, more: int) -> None:
    index.write("UPDATE repositories SET commits = commits + ? WHERE id = ?", more, repository)


def all_oids(index: Index, repository: int) -> set[str]:
    """Return the ids of a repository's commits."""
    rows = index.read("SELECT oid FROM commits WHERE repository = ?", repository)
    return {row[0] for row in rows}


def known_generations(index: Index, repository: int, oids: Iterable[str]) -> dict[str, int]:
    """Return the generations of those of OIDS that are known."""
    found: dict[str, int] = {}
    for some in batches(oids):
        sql = f"SELECT oid, generation FROM commits WHERE repository = ? AND oid IN ({marks(some)})"
        found.update(index.read(sql, repository, *some))
    return found


def commits_with_prefix(index: Index, prefix: str) -> list[tuple[str, str]]:
    """Return (full id, repository path) of the reachable commits that PREFIX abbreviates."""
    rows = index.read(
        "SELECT oid, path FROM repositories CROSS JOIN commits"
        " ON repository = repositories.id AND oid >= ? AND oid < ?",
        prefix,
        prefix + "g",
    )
    return [(oid, path) for oid, path in rows]


def reachable_prefixes(index: Index, prefixes: Iterable[str]) -> set[str]:
    """Return those of PREFIXES that abbreviate a reachable commit."""
    found: set[str] = set()
    for some in batches(prefixes):
        rows = index.read(
            f"WITH given (prefix) AS (VALUES {', '.join('(?)' for _ in some)})"
            " SELECT prefix FROM given WHERE EXISTS (SELECT 1 FROM repositories CROSS JOIN commits"
            " ON repository = repositories.id AND oid >= prefix AND oid < prefix || 'g')",
            *some,
        )
        found.update(row[0] for row in rows)
    return found


# Claims


def claimed_steps(
    index: Index, repository: int, oids: Iterable[str]
) -> set[tuple[str, StepNumber]]:
    """Return the steps that the commits OIDS claim by subject or body line."""
    found: set[tuple[str, StepNumber]] = set()
    for some in batches(oids):
        rows = index.read(
            "SELECT experiment, step FROM claims JOIN commits ON commits.id = commit_id"
            f" WHERE repository = ? AND oid IN ({marks(some)}) AND step != '' AND place < ?",
            repository,
            *some,
            Place.MENTION,
        )
        found.update((experiment, parse_step(step)) for experiment, step in rows)
    return found


def claimed_experiments(index: Index) -> list[str]:
    """Return the ids of all experiments whose steps a commit claims."""
    sql = "SELECT DISTINCT experiment FROM claims WHERE step != '' AND place < ?"
    return [row[0] for row in index.read(sql, Place.MENTION)]


def find_candidates(index: Index, experiment: str) -> dict[StepNumber, list[Commit]]:
    """Return for each step of EXPERIMENT the commits with a reference to it, wherever it stands."""
    rows = index.read(
        "SELECT step, oid, path, common_dir, author, email, author_time, committer_time,"
        " generation, place, results FROM claims JOIN commits ON commits.id = commit_id"
        " JOIN repositories ON repositories.id = repository"
        " WHERE experiment = ? AND step != ''",
        experiment,
    )
    found: dict[StepNumber, list[Commit]] = {}
    for row in rows:
        candidate = Commit._make((*row[1:-1], bool(row[-1])))
        found.setdefault(parse_step(row[0]), []).append(candidate)
    return found


class DatedBackwards(NamedTuple):
    """Two commits of one repository that claim STEP alike; EARLIER has the later dates.

    It may be an ancestor of LATER: that has the larger generation.
    """

    experiment: str
    step: StepNumber
    earlier: str
    later: str
    path: str
    common_dir: str


def dated_backwards(index: Index) -> list[DatedBackwards]:
    """Return the pairs of commits whose dates may contradict their order in history."""
    rows = index.read(
        "SELECT one.experiment, one.step, earlier.oid, later.oid, path, common_dir"
        " FROM claims one JOIN claims other USING (experiment, step, place, results)"
        " JOIN commits earlier ON earlier.id = one.commit_id"
        " JOIN commits later ON later.id = other.commit_id"
        " JOIN repositories ON repositories.id = earlier.repository"
        " WHERE step != '' AND place < ? AND later.repository = earlier.repository"
        " AND later.generation > earlier.generation"
        " AND later.author_time < earlier.author_time"
        " AND later.committer_time < earlier.committer_time",
        Place.MENTION,
    )
    return [DatedBackwards(row[0], parse_step(row[1]), *row[2:]) for row in rows]


# Steps whose commits came or went, until somebody has looked at them


def add_pending(index: Index, steps: Iterable[tuple[str, StepNumber]]) -> None:
    """Remember steps to be looked at."""
    rows = ((experiment, step_text(step)) for experiment, step in steps)
    index.write_many("INSERT OR IGNORE INTO pending VALUES (?, ?)", rows)


def pending_steps(index: Index) -> set[tuple[str, StepNumber]]:
    """Return the steps to be looked at."""
    rows = index.read("SELECT experiment, step FROM pending")
    return {(experiment, parse_step(step)) for experiment, step in rows}


def clear_pending(index: Index, steps: Iterable[tuple[str, StepNumber]]) -> None:
    """Forget steps that were looked at."""
    rows = ((experiment, step_text(step)) for experiment, step in steps)
    index.write_many("DELETE FROM pending WHERE experiment = ? AND step = ?", rows)
