"""The values of commits: which are to be read, and the samples of numbers that were."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from explog.index.database import Index, batches, marks
from explog.refs import Place

METRIC, PARAMETER = 0, 1
"""The kinds of numbers."""

NumberRow: TypeAlias = tuple[int, str, str, float | None, str]
"""(kind, name, text, value, unit); a value that is NaN or no number is None."""

_RESULTS = f"results AND step != '' AND place < {Place.MENTION:d}"
# The ids of commits are looked up in each repository.
_BY_OID = "repositories r CROSS JOIN commits c ON c.repository = r.id AND c.oid IN ({})"


class UnreadCommit(NamedTuple):
    """A commit whose values are to be read: its number, its repository, and what it says."""

    number: int
    path: str
    common_dir: str
    oid: str
    subject: str
    body: str


class SampleRow(NamedTuple):
    """A sample, as in `explog.results.values`.

    Samples with the same DIGEST are one, which commits have in common: its numbers are needed once.
    """

    source: str
    reference: str
    digest: str | None
    numbers: Sequence[NumberRow]


class ReadCommit(NamedTuple):
    """What the commit with a number in the index, and with an id, gave.

    A trouble is (source, message).
    """

    number: int
    oid: str
    samples: Sequence[SampleRow]
    troubles: Sequence[tuple[str, str]]


class KeptCommit(NamedTuple):
    """What is kept of a commit: the numbers of its samples, and its troubles."""

    oid: str
    samples: list[int]
    troubles: list[tuple[str, str]]


# What is to be read


def want_values(index: Index, numbers: Iterable[int]) -> None:
    """Have the values of commits read that are not; they are named by their numbers."""
    rows = ((number,) for number in numbers)
    index.write_many("INSERT OR IGNORE INTO readings VALUES (?, 0)", rows)


def want_all_anew(index: Index) -> None:
    """Forget all values, and have those of results commits read again."""
    for table in ("sampled", "troubles", "readings"):
        index.write(f"DELETE FROM {table}")
    claims = f"SELECT DISTINCT commit_id, 0 FROM claims WHERE {_RESULTS}"
    index.write(f"INSERT INTO readings {claims}")


_UNREAD = (
    "SELECT c.id, r.path, r.common_dir, c.oid, c.subject, c.body FROM readings"
    " JOIN commits c ON c.id = commit_id JOIN repositories r ON r.id = c.repository WHERE NOT done"
)


def unread(index: Index, most: int) -> list[UnreadCommit]:
    """Return up to MOST commits whose values are to be read, the last that came first."""
    rows = index.read(f"{_UNREAD} ORDER BY commit_id DESC LIMIT ?", most)
    return list(map(UnreadCommit._make, rows))


def unread_among(index: Index, numbers: Iterable[int]) -> list[UnreadCommit]:
    """Return those of the commits with NUMBERS whose values are to be read."""
    return [
        UnreadCommit(*row)
        for some in batches(map(str, numbers))
        for row in index.read(f"{_UNREAD} AND commit_id IN ({marks(some)})", *some)
    ]


def count_unread(index: Index) -> int:
    """Return of how many commits the values are to be read."""
    return int(index.one("SELECT count(*) FROM readings WHERE NOT done")[0])


def not_read(index: Index, oids: Iterable[str]) -> list[int]:
    """Return the numbers of those of the commits OIDS whose values are not read."""
    unread = "NOT EXISTS (SELECT 1 FROM readings WHERE commit_id = c.id AND done)"
    return [
        number
        for some in batches(oids)
        for (number,) in index.read(
            f"SELECT c.id FROM {_BY_OID.format(marks(some))} WHERE {unread}", *some
        )
    ]


# What was read


def put_values(index: Index, read: Iterable[ReadCommit]) -> None:
    """Keep what commits gave. One that is in the index no more is left out."""
    there = _still_there(index, read := list(read))
    number = index.one("SELECT coalesce(max(id), 0) FROM samples")[0]
    digests = {sample.digest for one in read for sample in one.samples if sample.digest}
    shared = _numbers_of(index, digests)
    samples: list[tuple[object, ...]] = []
    numbers: list[tuple[object, ...]] = []
    sampled: list[tuple[int, int]] = []
    for commit in there:
        for source, reference, digest, rows in commit.samples:
            known = shared.get(digest) if digest is not None else None
            if known is None:
                known = number = number + 1
                samples.append((number, source, reference, digest))
                numbers += ((number, *row) for row in rows)
            if digest is not None:
                shared[digest] = known
            sampled.append((commit.number, known))
    index.write_many("INSERT INTO samples VALUES (?, ?, ?, ?)", samples)
    index.write_many("INSERT OR IGNORE INTO sampled VALUES (?, ?)", sampled)
    index.write_many("INSERT INTO numbers VALUES (?, ?, ?, ?, ?, ?)", numbers)
    complaints = ((one.number, *trouble) for one in there for trouble in one.troubles)
    index.write_many("INSERT INTO troubles VALUES (?, ?, ?)", complaints)
    index.write_many(
        "UPDATE readings SET done = 1 WHERE commit_id = ?", ((c.number,) for c in there)
    )


def _still_there(index: Index, read: Sequence[ReadCommit]) -> list[ReadCommit]:
    """Return those of READ whose values are still to be kept.

    Another explog may have removed commits meanwhile, and given their numbers to others.
    """
    wanted = {
        row
        for some in batches(str(one.number) for one in read)
        for row in index.read(
            "SELECT c.id, c.oid FROM readings JOIN commits c ON c.id = commit_id"
            f" WHERE NOT done AND commit_id IN ({marks(some)})",
            *some,
        )
    }
    return [one for one in read if (one.number, one.oid) in wanted]


def _numbers_of(index: Index, digests: Iterable[str]) -> dict[str, int]:
    """Return {digest: the number of its sample} for those of DIGESTS that are kept."""
    return {
        digest: number
        for some in batches(digests)
        for digest, number in index.read(
            f"SELECT digest, id FROM samples WHERE digest IN ({marks(some)})", *some
        )
    }


def kept_commits(index: Index, oids: Iterable[str]) -> list[KeptCommit]:
    """Return what is kept of those of the commits OIDS that were read.

    A commit that is in two repositories is there twice.
    """
    found: dict[int, KeptCommit] = {}
    for some in batches(oids):
        read = f"{_BY_OID.format(marks(some))} JOIN readings ON readings.commit_id = c.id AND done"
        samples = f"SELECT c.id, c.oid, sample FROM {read} LEFT JOIN sampled USING (commit_id)"
        for number, oid, sample in index.read(samples, *some):
            commit = found.setdefault(number, KeptCommit(oid, [], []))
            if sample is not None:
                commit.samples.append(sample)
    for some in batches(map(str, found)):
        sql = f"SELECT * FROM troubles WHERE commit_id IN ({marks(some)})"
        for number, source, message in index.read(sql, *some):
            found[number].troubles.append((source, message))
    return list(found.values())


def kept_samples(index: Index, samples: Iterable[int]) -> dict[int, SampleRow]:
    """Return the samples with these numbers, by number."""
    found: dict[int, SampleRow] = {}
    for some in batches(map(str, samples)):
        rows = index.read(
            f"SELECT id, source, reference, digest FROM samples WHERE id IN ({marks(some)})", *some
        )
        numbers: dict[int, list[NumberRow]] = {}
        for number, source, reference, digest in rows:
            numbers[number] = []
            found[number] = SampleRow(source, reference, digest, numbers[number])
        sql = f"SELECT * FROM numbers WHERE sample IN ({marks(some)})"
        for number, *row in index.read(sql, *some):
            numbers[number].append(tuple(row))
    return found


def newest_with_metric(
    index: Index, name: str, idents: Iterable[str]
) -> dict[str, tuple[str, str]]:
    """Return {experiment: (step, commit)}: the newest results commit that has the metric NAME.

    Of the experiments IDENTS, those are there that have one.
    """
    return {
        experiment: (step, oid)
        for some in batches(dict.fromkeys(idents))
        for experiment, step, oid in index.read(
            "SELECT experiment, step, oid FROM claims JOIN commits c ON c.id = claims.commit_id"
            " JOIN sampled s ON s.commit_id = c.id JOIN numbers n ON n.sample = s.sample"
            f" WHERE experiment IN ({marks(some)}) AND {_RESULTS}"
            " AND n.kind = ? AND n.name = ? ORDER BY author_time, committer_time, oid",
            *some,
            METRIC,
            name,
        )
    }
