"""Logs, their sections, experiments and diagnoses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from explog.index.database import Index, batches, marks
from explog.index.filing import PASSAGE_TEXT, Filing
from explog.index.records import (
    LogRecord,
    SectionPlace,
    SectionRecord,
    read_hashes,
)
from explog.model import Diagnosis, Experiment, Step
from explog.refs import parse_step


def find_log(index: Index, path: str) -> LogRecord | None:
    """Return the log at PATH."""
    return next(_logs(index, " WHERE path = ?", path), None)


def all_logs(index: Index) -> list[LogRecord]:
    """Return all logs, by path."""
    return list(_logs(index, " ORDER BY path"))


def _logs(index: Index, rest: str, *values: str) -> Iterator[LogRecord]:
    sql = f"SELECT id, path, stamp, digest, size, problem FROM logs{rest}"
    for row in list(index.read(sql, *values)):
        yield LogRecord(*row)


def put_log(
    index: Index, path: str, stamp: str, digest: str, size: int, problem: str | None = None
) -> int:
    """Add a log or bring it up to date; return its number."""
    (number,) = index.one(
        "INSERT INTO logs (path, stamp, digest, size, problem) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (path) DO UPDATE SET stamp = excluded.stamp,"
        " digest = excluded.digest, size = excluded.size, problem = excluded.problem"
        " RETURNING id",
        path,
        stamp,
        digest,
        size,
        problem,
    )
    return int(number)


def drop_log(index: Index, log: int) -> None:
    """Forget a log and what stands in it."""
    _remove_sections(index, "log = ?", log)
    index.write("DELETE FROM logs WHERE id = ?", log)


def section_places(
    index: Index, log: int, start: int = 0, end: int | None = None
) -> list[SectionPlace]:
    """Return where the sections of a log begin, those from byte START to END, in their order."""
    sql = "SELECT digest, start, line FROM sections WHERE log = ? AND start >= ?"
    values = [log, start]
    if end is not None:
        sql, values = f"{sql} AND start < ?", [*values, end]
    return list(map(SectionPlace._make, index.read(f"{sql} ORDER BY start", *values)))


def replace_sections(
    index: Index,
    log: int,
    old: Sequence[SectionPlace],
    behind: int,
    new: Iterable[SectionRecord],
    shift: tuple[int, int],
) -> None:
    """Replace the sections OLD of a log, which follow one another, by NEW.

    Those that begin at byte BEHIND or after it are moved by SHIFT, (bytes, lines).
    """
    if old:
        ends = old[0].start, old[-1].start
        _remove_sections(index, "log = ? AND sections.start BETWEEN ? AND ?", log, *ends)
    if shift != (0, 0):
        index.write(
            "UPDATE sections SET start = start + ?, line = line + ? WHERE log = ? AND start >= ?",
            *shift,
            log,
            behind,
        )
    filing = Filing(index)
    for section in new:
        filing.add(log, section)
    filing.finish()


def _remove_sections(index: Index, where: str, *values: int) -> None:
    """Remove the sections that fulfil WHERE, their passages first from the full-text index.

    All at once: each statement leaves a piece of its own in the full-text index.
    """
    index.write(
        "INSERT INTO passage_words (passage_words, rowid, text)"
        f" SELECT 'delete', p.stamp, {PASSAGE_TEXT} FROM sections"
        f" JOIN passages p ON p.section = sections.id WHERE {where} ORDER BY +p.stamp",
        *values,
    )
    index.write(f"DELETE FROM sections WHERE {where}", *values)


def find_experiments(index: Index, idents: Iterable[str] | None = None) -> Iterator[Experiment]:
    """Yield the experiments with one of IDENTS, or all, in the order of their files."""
    if idents is None:
        yield from _experiments(index, "")
        return
    for some in batches(idents):
        yield from _experiments(index, f" WHERE ident IN ({marks(some)})", *some)


def _experiments(index: Index, where: str, *values: object) -> Iterator[Experiment]:
    rows = index.read(
        "SELECT e.id, path, sections.line + e.line, sections.start + e.start, e.size, ident,"
        " title, todo, done FROM experiments e JOIN sections ON sections.id = section"
        f" JOIN logs ON logs.id = log{where} ORDER BY path, sections.start, e.start",
        *values,
    )
    for row in list(rows):
        yield Experiment(*(*row[:8], bool(row[8]), _steps(index, row[0])))


def _steps(index: Index, experiment: int) -> tuple[Step, ...]:
    rows = index.read(
        "SELECT number, line, text, box, hash, hashes FROM steps WHERE experiment = ?"
        " ORDER BY position",
        experiment,
    )
    return tuple(
        Step(parse_step(number), line, text, box, digits, read_hashes(digits, hashes))
        for number, line, text, box, digits, hashes in rows
    )


def all_idents(index: Index) -> list[str]:
    """Return the ids in use."""
    return [row[0] for row in index.read("SELECT DISTINCT ident FROM experiments")]


def all_diagnoses(index: Index) -> list[Diagnosis]:
    """Return what could not be read as meant, by file and line."""
    rows = index.read(
        "SELECT kind, sections.line + d.line, message, experiment, path FROM diagnoses d"
        " JOIN sections ON sections.id = section JOIN logs ON logs.id = log ORDER BY 5, 2"
    )
    return [Diagnosis(*row) for row in rows]
