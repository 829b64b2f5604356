"""Commits that are like one that is lost: authored in the same second, or with its subject."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from explog.index.database import Index, Row, batches, marks
from explog.index.words import indexed
from explog.model import Commit
from explog.refs import Place

_COLUMNS = "oid, path, common_dir, author, email, author_time, committer_time, generation, subject"
_FROM_COMMITS = f"SELECT {_COLUMNS} FROM commits JOIN repositories ON repositories.id = repository"
# To ask the full-text index for each of more subjects takes longer than to look at all commits.
_FEW = 16
# So many of the first words of a subject are looked for.
_WORDS = 12


def commits_of_times(index: Index, times: Iterable[int]) -> Iterator[tuple[Commit, str]]:
    """Yield the reachable commits that were authored at one of TIMES, with their subjects."""
    for some in batches(map(str, times)):
        # As text: SQLite compares them as what the column holds.
        for row in index.read(f"{_FROM_COMMITS} WHERE author_time IN ({marks(some)})", *some):
            yield _commit(row), row[-1]


def commits_named(index: Index, subjects: Collection[str]) -> Iterator[tuple[Commit, str]]:
    """Yield the reachable commits with one of SUBJECTS, with their subjects.

    There is no index of subjects, which would be a tenth of the file: their words are looked for.
    """
    few = len(subjects) <= _FEW
    for subject in subjects if few else ():
        if _has_words(subject):
            yield from _with_words(index, subject)
    others = [subject for subject in subjects if not (few and _has_words(subject))]
    for some in batches(others):
        for row in index.read(f"{_FROM_COMMITS} WHERE subject IN ({marks(some)})", *some):
            yield _commit(row), row[-1]


def _has_words(subject: str) -> bool:
    return any(character.isalnum() for character in subject)


def _with_words(index: Index, subject: str) -> Iterator[tuple[Commit, str]]:
    first = " ".join(indexed(subject).split()[:_WORDS])
    phrase = '"{}"'.format(first.replace('"', '""'))
    sql = (
        f"SELECT {_COLUMNS} FROM commit_words CROSS JOIN commits ON stamp = commit_words.rowid"
        " JOIN repositories ON repositories.id = repository"
        " WHERE commit_words MATCH ? AND subject = ?"
    )
    with index.reading_words():
        rows = list(index.read(sql, phrase, subject))
    for row in rows:
        yield _commit(row), row[-1]


def _commit(row: Row) -> Commit:
    return Commit(*(*row[:-1], int(Place.MENTION), False))
