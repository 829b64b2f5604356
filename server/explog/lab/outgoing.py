"""Commits and passages as they are sent to the lab: rows of JSON, and their keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from explog.index.database import Index, batches, marks
from explog.index.filing import noon_of, storable
from explog.index.records import ExperimentRecord
from explog.index.words import fold
from explog.lab.words import Tokenizer, as_column
from explog.refs import step_text
from explog.sync.sections import Content

Row = dict[str, Any]
_LATEST = 1 << 42
# The lab finds names by an index, which takes no longer ones.
_LONGEST_NAME = 500


def commit_rows(index: Index, repository: int, oids: Iterable[str]) -> Iterator[Row]:
    """Yield those of the commits OIDS that the index has; `version` is that of their numbers."""
    tokenizer = Tokenizer()
    for some in batches(oids):
        found = list(
            index.read(
                "SELECT id, oid, author, email, author_time, committer_time, subject, body"
                f" FROM commits WHERE repository = ? AND oid IN ({marks(some)})",
                repository,
                *some,
            )
        )
        texts = [clean(f"{row[6]}\n{row[7]}") for row in found]
        for row, said, words in zip(found, texts, tokenizer.words_of_each(texts), strict=True):
            yield _commit(index, row, said, words)


def _commit(index: Index, row: Sequence[Any], said: str, words: list[str]) -> Row:
    number, oid, author, email, author_time, committer_time, subject, _body = row
    claims = index.read(
        "SELECT experiment, step, place, results FROM claims WHERE commit_id = ?"
        " ORDER BY experiment, step",
        number,
    )
    sent = {
        "oid": oid,
        "author": clean(author),
        "email": clean(email),
        "folded_author": _folded(clean(f"{author} <{email}>")),
        "author_time": author_time,
        "seconds": max(0, min(committer_time, _LATEST)),
        "subject": clean(subject),
        **_texts(said, words),
        "claims": [
            {"experiment": experiment, "step": step, "place": place, "results": bool(results)}
            for experiment, step, place, results in claims
        ],
    }
    numbers = number_rows(index, number)
    return {**sent, "digest": _digest(sent), "numbers": numbers, "version": _version(numbers)}


def number_rows(index: Index, commit: int) -> list[Row]:
    """Return the numbers that the commit with the number COMMIT gave."""
    rows = index.read(
        "SELECT n.kind, n.name, n.text, n.value, n.unit, m.reference FROM sampled"
        " JOIN samples m ON m.id = sampled.sample JOIN numbers n ON n.sample = m.id"
        " WHERE commit_id = ? ORDER BY 1, 2, 3, 6",
        commit,
    )
    return [
        {
            "kind": kind,
            "name": clean(name),
            "folded": clean(fold(text)),
            "value": None if value is None else str(value),  # JSON has no infinity
            "unit": clean(unit),
            "reference": reference,
        }
        for kind, name, text, value, unit, reference in rows
        if len(name) <= _LONGEST_NAME
    ]


def versions(index: Index, repository: int) -> Iterator[tuple[str, str]]:
    """Yield (oid, version) of the commits of REPOSITORY that gave numbers."""
    rows = index.read(
        "SELECT DISTINCT c.oid, c.id FROM sampled JOIN commits c ON c.id = commit_id"
        " WHERE c.repository = ?",
        repository,
    )
    for oid, number in list(rows):
        yield oid, _version(number_rows(index, number))


def passage_rows(contents: Iterable[Content]) -> dict[str, Row]:
    """Return what CONTENTS of a log say, by keys; what is said twice alike is there once."""
    rows = [row for content in contents for row in _passages(content)]
    words = Tokenizer().words_of_each(row["said"] for row in rows)
    found: dict[str, Row] = {}
    for row, own in zip(rows, words, strict=True):
        key = _digest(row)
        found[key] = {**row, **_texts(row["said"], own), "key": key}
    return found


def _passages(content: Content) -> Iterator[Row]:
    for experiment in content.experiments:
        for kind, step, _line, text, day in experiment.passages:
            said = f"{experiment.title}\n{text}" if kind == "experiment" else text
            number = step_text(step)
            yield _passage(
                kind, number, experiment.title, said, day or experiment.created, experiment
            )
    for _line, title, text, day in content.texts:
        yield _passage("text", "", title, text, day, None)


def _passage(
    kind: str,
    step: str,
    title: str,
    said: str,
    day: str | None,
    experiment: ExperimentRecord | None,
) -> Row:
    state = experiment.todo if experiment is not None else None
    return {
        "kind": kind,
        "ident": None if experiment is None else experiment.ident,
        "step": step,
        "title": clean(title),
        "state": None if state is None else fold(clean(state)),
        "tags": [] if experiment is None else [clean(tag) for tag in experiment.tags],
        "day": day is not None,
        "seconds": noon_of(day),
        "said": clean(said),
        "hashes": _hashes(experiment, step),
    }


def _hashes(experiment: ExperimentRecord | None, step: str) -> list[str]:
    """Return what stands on the steps of EXPERIMENT with the number STEP."""
    if experiment is None or not step:
        return []
    found = (one[4] for one in experiment.steps if step_text(one[0]) == step)
    return sorted({digits for digits in found if digits is not None})


def clean(text: str) -> str:
    """Return TEXT as PostgreSQL can hold it."""
    return storable(text).replace("\0", "\N{REPLACEMENT CHARACTER}")


def _texts(said: str, words: list[str]) -> Row:
    return {"said": said, "folded": _folded(said), "tokens": as_column(words)}


def _folded(text: str) -> str | None:
    return None if text.isascii() else fold(text)


def _digest(row: Row) -> str:
    said = json.dumps(row, sort_keys=True).encode()
    return hashlib.blake2b(said, digest_size=16).hexdigest()


def _version(numbers: list[Row]) -> str:
    return _digest({"numbers": numbers}) if numbers else ""
