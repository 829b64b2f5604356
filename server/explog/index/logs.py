"""Logs, their sections and experiments, in SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from explog.index.database import Database, batches
from explog.index.filing import PASSAGE_TEXT, Filing
from explog.index.records import DiagnosisRecord, LogRecord, SectionPlace, SectionRecord
from explog.model import Experiment, Step
from explog.refs import parse_step


class LogTables(Database):
    """The part of `explog.index.store.Store` that is about org."""

    def log(self, path: str) -> LogRecord | None:
        return next(self._logs(" WHERE path = ?", path), None)

    def logs(self) -> list[LogRecord]:
        return list(self._logs(" ORDER BY path"))

    def _logs(self, rest: str, *values: str) -> Iterator[LogRecord]:
        sql = f"SELECT id, path, stamp, digest, size, problem FROM logs{rest}"
        for row in self.db.execute(sql, values).fetchall():
            yield LogRecord(*row)

    def put_log(
        self, path: str, stamp: str, digest: str, size: int, problem: str | None = None
    ) -> int:
        return int(
            self.one(
                "INSERT INTO logs (path, stamp, digest, size, problem) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (path) DO UPDATE SET stamp = excluded.stamp,"
                " digest = excluded.digest, size = excluded.size, problem = excluded.problem"
                " RETURNING id",
                path,
                stamp,
                digest,
                size,
                problem,
            )[0]
        )

    def drop_log(self, log: int) -> None:
        self._remove_sections("log = ?", log)
        self.db.execute("DELETE FROM logs WHERE id = ?", (log,))

    def sections(self, log: int) -> list[SectionPlace]:
        rows = self.db.execute(
            "SELECT digest, start, line FROM sections WHERE log = ? ORDER BY start", (log,)
        )
        return list(map(SectionPlace._make, rows))

    def replace_sections(
        self, log: int, first: int, count: int, new: Iterable[SectionRecord], shift: tuple[int, int]
    ) -> None:
        rows = self.db.execute(
            "SELECT id, start FROM sections WHERE log = ? ORDER BY start LIMIT ? OFFSET ?",
            (log, count + 1, first),
        ).fetchall()
        if count:
            ends = rows[0][1], rows[count - 1][1]
            self._remove_sections("log = ? AND sections.start BETWEEN ? AND ?", log, *ends)
        if shift != (0, 0) and len(rows) > count:
            self.db.execute(
                "UPDATE sections SET start = start + ?, line = line + ?"
                " WHERE log = ? AND start >= ?",
                (*shift, log, rows[count][1]),
            )
        filing = Filing(self)
        for section in new:
            filing.add(log, section)
        filing.finish()

    def _remove_sections(self, where: str, *values: int) -> None:
        """Remove the sections that fulfil WHERE, their passages first from the full-text index.

        All at once, as every statement leaves a piece of its own in that.
        """
        self.db.execute(
            "INSERT INTO passage_words (passage_words, rowid, text)"
            f" SELECT 'delete', p.stamp, {PASSAGE_TEXT} FROM sections"
            " JOIN experiments e ON e.section = sections.id"
            f" JOIN passages p ON p.experiment = e.id WHERE {where} ORDER BY +p.stamp",
            values,
        )
        self.db.execute(f"DELETE FROM sections WHERE {where}", values)

    def experiments(self, idents: Iterable[str] | None = None) -> Iterator[Experiment]:
        if idents is None:
            yield from self._experiments("")
            return
        for some in batches(idents):
            marks = ",".join("?" * len(some))
            yield from self._experiments(f" WHERE ident IN ({marks})", *some)

    def _experiments(self, where: str, *values: object) -> Iterator[Experiment]:
        rows = self.db.execute(
            "SELECT e.id, path, sections.line + e.line, sections.start + e.start, e.size, ident,"
            " title, todo, done FROM experiments e JOIN sections ON sections.id = section"
            f" JOIN logs ON logs.id = log{where} ORDER BY path, sections.start, e.start",
            values,
        ).fetchall()
        for row in rows:
            yield Experiment(*(*row[:8], bool(row[8]), self._steps(row[0])))

    def _steps(self, experiment: int) -> tuple[Step, ...]:
        rows = self.db.execute(
            "SELECT number, line, text, box, hash FROM steps WHERE experiment = ?"
            " ORDER BY position",
            (experiment,),
        )
        return tuple(Step(parse_step(row[0]), *row[1:]) for row in rows)

    def idents(self) -> list[str]:
        return [row[0] for row in self.db.execute("SELECT DISTINCT ident FROM experiments")]

    def diagnoses(self) -> list[DiagnosisRecord]:
        rows = self.db.execute(
            "SELECT kind, sections.line + d.line, message, experiment, path FROM diagnoses d"
            " JOIN sections ON sections.id = section JOIN logs ON logs.id = log ORDER BY 5, 2"
        )
        return [DiagnosisRecord(*row) for row in rows]
