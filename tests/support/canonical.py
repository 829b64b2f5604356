"""All that an index says, without the numbers that its rows happen to have."""

from __future__ import annotations

from contextlib import closing

from explog.config import Settings
from explog.index.database import Index
from explog.index.upkeep import is_sound
from explog.sync.look import sync

_QUERIES = {
    "repositories": "SELECT path, common_dir, tips, commits FROM repositories",
    "logs": "SELECT path, digest, size, problem FROM logs",
    "sections": "SELECT path, s.digest, start, line FROM sections s JOIN logs l ON l.id = log",
    "commits": "SELECT path, oid, author, email, author_time, committer_time, generation, subject,"
    " body, width FROM commits c JOIN repositories r ON r.id = c.repository",
    "claims": "SELECT path, oid, experiment, step, place, results FROM claims"
    " JOIN commits c ON c.id = commit_id JOIN repositories r ON r.id = c.repository",
    "experiments": "SELECT path, s.line + e.line, s.start + e.start, e.size, ident, aliases,"
    " title, todo, done, tags, created, closed FROM experiments e"
    " JOIN sections s ON s.id = section JOIN logs l ON l.id = log",
    "steps": "SELECT path, ident, position, number, t.line, text, box, hash, hashes FROM steps t"
    " JOIN experiments e ON e.id = t.experiment"
    " JOIN sections s ON s.id = section JOIN logs l ON l.id = log",
    "passages": "SELECT path, ident, p.title, kind, step, s.line + p.line, text, day, width"
    " FROM passages p JOIN sections s ON s.id = p.section JOIN logs l ON l.id = log"
    " LEFT JOIN experiments e ON e.id = p.experiment",
    "diagnoses": "SELECT path, kind, s.line + d.line, message, experiment FROM diagnoses d"
    " JOIN sections s ON s.id = section JOIN logs l ON l.id = log",
    "words of commits": "SELECT replace(term, char(0xe000) || c.repository, 'repository'),"
    " path, oid, col, offset FROM commit_words_vocabulary v"
    " LEFT JOIN commits c ON c.stamp = v.doc LEFT JOIN repositories r ON r.id = c.repository",
    "words of passages": "SELECT term, path, s.line + p.line, kind, step, col, offset"
    " FROM passage_words_vocabulary v LEFT JOIN passages p ON p.stamp = v.doc"
    " LEFT JOIN sections s ON s.id = p.section LEFT JOIN logs l ON l.id = log",
}


def canonical(index: Index) -> dict[str, list[tuple[object, ...]]]:
    """Return all that INDEX says of logs and repositories, with every word at its place.

    What only says how it came to be so is left out: what is pending, and what was reachable once.
    """
    assert is_sound(index)
    return {name: sorted(index.read(sql), key=repr) for name, sql in _QUERIES.items()}


def rebuilt(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    """Return what an index says that one look at SETTINGS makes."""
    with closing(Index(None)) as index:
        assert sync(settings, index).problems == []
        return canonical(index)


def differences(
    one: dict[str, list[tuple[object, ...]]], other: dict[str, list[tuple[object, ...]]]
) -> dict[str, tuple[list[tuple[object, ...]], list[tuple[object, ...]]]]:
    """Return by table the rows that only ONE has, and those that only OTHER has; a few of each."""
    return {
        name: (
            [row for row in rows if row not in other[name]][:3],
            [row for row in other[name] if row not in rows][:3],
        )
        for name, rows in one.items()
        if rows != other[name]
    }
