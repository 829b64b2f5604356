"""Put together what several files of one commit, and several sources, say of the same names.

Files whose paths differ in digits alone, as `results/seed1.json` and `results/seed2.json`, are
observations of the same thing. Others with a name in common have to agree. If they do not, the
file counts whose pattern comes first in the settings; of files with the same pattern none does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from explog.results.rows import Row, named, names_sample
from explog.results.values import Number, Values

# Digits, and the names that programs make up of them: `3f2a9c01`.
RUN_NAMES = re.compile(r"(?<![0-9a-f])(?=[a-f]*[0-9])[0-9a-f]{8,}(?![0-9a-f])|[0-9]+")


class FileRows(NamedTuple):
    """What the file at PATH says, which matches the pattern with the number PLACE."""

    path: str
    place: int
    rows: Sequence[tuple[int, Row]]


_Key: TypeAlias = tuple[int, str]


@dataclass(slots=True)
class _Said:
    """What files that are observations of the same thing say of one name."""

    paths: list[str] = field(default_factory=list)
    numbers: list[Number] = field(default_factory=list)

    def agrees(self, other: _Said) -> bool:
        return sorted(map(_value, self.numbers)) == sorted(map(_value, other.numbers))


def _value(number: Number) -> tuple[str, str]:
    said = number.text if number.value is None else repr(number.value)
    return said, number.unit


def combined(files: Sequence[FileRows]) -> tuple[list[FileRows], list[str]]:
    """Return FILES with only the numbers that count, and complaints of those that disagree."""
    if len(files) < 2:
        return list(files), []
    keys = {file.path: (file.place, RUN_NAMES.sub("0", file.path)) for file in files}
    if len(set(keys.values())) < 2:
        return list(files), []
    dropped: set[tuple[str, str]] = set()
    disagreeing: dict[tuple[str, str, bool], list[str]] = {}
    for name, said in _by_name(files, keys).items():
        (first_key, first), *others = sorted(said.items())
        for (place, _shape), other in others:
            dropped |= {(path, name) for path in other.paths}
            if first.agrees(other):
                continue
            none_counts = place == first_key[0]
            if none_counts:
                dropped |= {(path, name) for path in first.paths}
            pair = first.paths[0], other.paths[0], none_counts
            disagreeing.setdefault(pair, []).append(_described(name, first, other))
    kept = [
        FileRows(path, place, [(number, _without(row, path, dropped)) for number, row in rows])
        for path, place, rows in files
    ]
    return kept, list(_complaints(disagreeing))


def _by_name(files: Sequence[FileRows], keys: Mapping[str, _Key]) -> dict[str, dict[_Key, _Said]]:
    found: dict[str, dict[_Key, _Said]] = {}
    for file in files:
        for _number, row in file.rows:
            for name, number in row.items():
                if names_sample(name):
                    continue
                said = found.setdefault(name, {}).setdefault(keys[file.path], _Said())
                said.numbers.append(number)
                if file.path not in said.paths:
                    said.paths.append(file.path)
    return found


def _without(row: Row, path: str, dropped: set[tuple[str, str]]) -> Row:
    return {name: number for name, number in row.items() if (path, name) not in dropped}


def _described(name: str, first: _Said, other: _Said) -> str:
    if len(first.numbers) > 1 or len(other.numbers) > 1:
        return name
    one, two = (f"{said.numbers[0].text}{said.numbers[0].unit}" for said in (first, other))
    return f"{name} ({one} and {two})"


def _complaints(disagreeing: Mapping[tuple[str, str, bool], Sequence[str]]) -> Iterator[str]:
    for (first, other, none_counts), names in disagreeing.items():
        which = "neither counts" if none_counts else f"{first} counts"
        yield f"{first} and {other} disagree, and {which}: {named(names)}"


def together(found: Sequence[Values], parameters: Collection[str] = ()) -> Values:
    """Return what the sources FOUND, the first of which counts most.

    A later one gives the metrics that no earlier one has, and that are none of PARAMETERS: `lr=0.1`
    in the message of a commit is no metric.
    """
    first, *others = found
    troubles = tuple(one for values in found for one in values.troubles)
    if not any(other.samples for other in others):
        return Values(first.samples, troubles)
    taken = set(parameters)
    samples = list(first.samples)
    for other in others:
        taken |= {name for sample in samples for name in sample.metrics}
        for sample in other.samples:
            metrics = {n: number for n, number in sample.metrics.items() if n not in taken}
            if metrics:
                samples.append(sample._replace(metrics=metrics))
    return Values(tuple(samples), troubles)
