"""The values that the index keeps of commits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from explog.config import Settings
from explog.index.database import Index
from explog.index.samples import METRIC, NumberRow, SampleRow, kept_commits, kept_samples
from explog.results.due import renew
from explog.results.values import Number, Sample, Trouble, Values


def values_of(settings: Settings, index: Index, oids: Sequence[str]) -> dict[str, Values]:
    """Return {full id: values} of the commits OIDS, as far as the index has these commits.

    Those that were not read yet are read now.
    """
    renew(settings, index)
    values = kept_values(index, oids)
    missing = [oid for oid in oids if oid not in values]
    if missing:
        from explog.results.reading import read_these  # which most commands do without

        read_these(settings, index, missing)
        values.update(kept_values(index, missing))
    return values


def kept_values(index: Index, oids: Iterable[str]) -> dict[str, Values]:
    """Return {full id: values} for those of the commits OIDS whose values were read.

    All at once: a thousand commits take some milliseconds.
    """
    commits = kept_commits(index, dict.fromkeys(oids))
    numbers = dict.fromkeys(number for commit in commits for number in commit.samples)
    samples = {number: _sample(row) for number, row in kept_samples(index, numbers).items()}
    found: dict[str, Values] = {}
    # One of two clones may lack a file: the last has the least trouble.
    for commit in sorted(commits, key=lambda commit: -len(commit.troubles)):
        troubles = tuple(map(Trouble._make, commit.troubles))
        found[commit.oid] = Values(tuple(samples[number] for number in commit.samples), troubles)
    return found


def _sample(row: SampleRow) -> Sample:
    metrics = dict(_named(one for one in row.numbers if one[0] == METRIC))
    parameters = dict(_named(one for one in row.numbers if one[0] != METRIC))
    return Sample(row.source, metrics, parameters, row.reference)


def _named(rows: Iterable[NumberRow]) -> Iterator[tuple[str, Number]]:
    for _kind, name, text, value, unit in rows:
        known = math.nan if value is None and text == "nan" else value
        yield name, Number(text, known, unit)
