"""Put sections with all that is in them into their tables, many rows at a time."""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache

from explog.index.database import Index
from explog.index.records import ExperimentRecord, SectionRecord
from explog.index.stamps import Stamps
from explog.index.words import width
from explog.refs import step_text

PASSAGE_TEXT = "CASE WHEN p.width > 1 THEN indexed(p.text) ELSE p.text END"
_EPOCH = date(1970, 1, 1)
_TABLES = {"sections": 5, "diagnoses": 5, "experiments": 13, "steps": 8, "passages": 11}
# Rows are numbered here rather than by SQLite, so that those of a kind can be put in together.
_SECTIONS_AT_ONCE = 500


class Filing:
    """Takes sections; what it was given is in the tables after `finish`."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._stamps = Stamps(index, "passages")
        self._numbers: dict[str, int] = {
            table: index.one(f"SELECT coalesce(max(id), 0) FROM {table}")[0]
            for table in ("sections", "experiments", "passages")
        }
        self._first = self._numbers["passages"]
        self._rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in _TABLES}

    def _number(self, table: str) -> int:
        self._numbers[table] += 1
        return self._numbers[table]

    def add(self, log: int, section: SectionRecord) -> None:
        """Take a section of the log numbered LOG."""
        number = self._number("sections")
        row = (number, log, section.digest, section.start, section.line)
        self._rows["sections"].append(row)
        self._rows["diagnoses"] += (
            (number, d.kind, d.line, storable(d.message), d.experiment) for d in section.diagnoses
        )
        for experiment in section.experiments:
            self._experiment(number, experiment)
        for line, title, text, day in section.texts:
            self._passage(number, None, storable(title), "text", "", line, text, day)
        if len(self._rows["sections"]) >= _SECTIONS_AT_ONCE:
            self._flush()

    def _experiment(self, section: int, experiment: ExperimentRecord) -> None:
        number = self._number("experiments")
        self._rows["experiments"].append(
            (
                number,
                section,
                experiment.start,
                experiment.size,
                experiment.line,
                experiment.ident,
                _list(experiment.aliases),
                storable(experiment.title),
                None if experiment.todo is None else storable(experiment.todo),
                experiment.done,
                _list(experiment.tags),
                experiment.created,
                experiment.closed,
            )
        )
        self._rows["steps"] += [
            (number, position, step_text(step), line, storable(text), box, digits, hashes)
            for position, (step, line, text, box, digits, hashes) in enumerate(experiment.steps)
        ]
        for kind, step, line, text, day in experiment.passages:
            said = f"{experiment.title}\n{text}" if kind == "experiment" else text
            place = step_text(step), experiment.line + line
            dated = day or experiment.created
            self._passage(section, number, None, kind, *place, said, dated)

    def _passage(
        self,
        section: int,
        experiment: int | None,
        title: str | None,
        kind: str,
        step: str,
        line: int,
        text: str,
        day: str | None,
    ) -> None:
        number = self._number("passages")
        stamp = self._stamps.new(noon_of(day), number)
        text = storable(text)
        self._rows["passages"].append(
            (number, stamp, section, experiment, title, kind, step, line, text, day, width(text))
        )

    def _flush(self) -> None:
        for table, columns in _TABLES.items():
            marks = ",".join("?" * columns)
            sql = f"INSERT INTO {table} VALUES ({marks})"
            self._index.write_many(sql, self._rows[table])
            self._rows[table].clear()

    def finish(self) -> None:
        """Put in what is left, and all its text into the full-text index."""
        self._flush()
        self._index.write(
            f"INSERT INTO passage_words (rowid, text) SELECT p.stamp, {PASSAGE_TEXT}"
            " FROM passages p WHERE p.id > ? ORDER BY +p.stamp",
            self._first,
        )


@lru_cache
def _list(values: tuple[str, ...]) -> str:
    return storable(json.dumps(values, ensure_ascii=False))


@lru_cache
def noon_of(day: str | None) -> int:
    """Return noon of DAY, an ISO date, in seconds since 1970; 0 without one."""
    if day is None:
        return 0
    return max(0, (date.fromisoformat(day) - _EPOCH).days * 86400 + 43200)


def storable(text: str) -> str:
    """Return TEXT as SQLite can hold it: a log may have bytes that are no text."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
