"""Read the values of commits, and keep them in the index.

Files count for more than the message: it gives only the metrics that no file gives. So a number
that is rounded in the message stands nowhere beside its exact value.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from explog.config import Settings
from explog.garbage import few_collections
from explog.git.repository import Repository
from explog.globs import Globs
from explog.index.database import Index
from explog.index.samples import (
    METRIC,
    PARAMETER,
    NumberRow,
    ReadCommit,
    SampleRow,
    UnreadCommit,
    count_unread,
    not_read,
    put_values,
    unread,
    unread_among,
    want_values,
)
from explog.refs import results_pattern
from explog.results.combine import together
from explog.results.due import renew
from explog.results.files import FileSource
from explog.results.message import MessageSource
from explog.results.parameters import ParameterSource
from explog.results.values import Message, Number, Sample, Source, Values
from explog.sync.report import Progress

_AT_ONCE = 5000
_THREADS = 2
_NOTHING = Values()


def read_all(settings: Settings, index: Index, progress: Progress | None = None) -> None:
    """Read the values of all results commits that are not read yet."""
    renew(settings, index)
    total, done = count_unread(index), 0
    with few_collections():
        while some := unread(index, _AT_ONCE):
            _read(settings, index, some)
            done += len(some)
            if progress is not None:
                progress("results", min(done, total), total)


def read_some(settings: Settings, index: Index, most: int) -> int:
    """Read the values of up to MOST results commits, the newest first; return of how many."""
    renew(settings, index)
    some = unread(index, most)
    _read(settings, index, some)
    return len(some)


def read_these(settings: Settings, index: Index, oids: Sequence[str]) -> None:
    """Read the values of those of the commits OIDS that were never read, results or not."""
    if not not_read(index, oids):
        return
    with index.writing():
        missing = not_read(index, oids)  # again: commits may have gone meanwhile
        want_values(index, missing)
    _read(settings, index, unread_among(index, missing))


def _read(settings: Settings, index: Index, commits: Iterable[UnreadCommit]) -> None:
    by_repository: dict[Repository, list[UnreadCommit]] = {}
    for commit in commits:
        repository = Repository(Path(commit.path), Path(commit.common_dir))
        by_repository.setdefault(repository, []).append(commit)

    def read(item: tuple[Repository, list[UnreadCommit]]) -> list[ReadCommit]:
        return list(_values(settings, *item))

    # While git works for one repository, what it said of another is read.
    with ThreadPoolExecutor(_THREADS) as pool:
        run = pool.map if len(by_repository) > 1 else map
        for found in run(read, by_repository.items()):
            with index.writing():
                put_values(index, found)


# The sources


def _values(
    settings: Settings, repository: Repository, commits: Sequence[UnreadCommit]
) -> Iterator[ReadCommit]:
    """Yield what COMMITS of REPOSITORY give."""
    messages = [Message(commit.oid, commit.subject, commit.body) for commit in commits]
    sources: list[Source] = [
        FileSource(Globs(settings.metrics)),
        MessageSource(results_pattern(settings.results)),
    ]
    found = [source.read(repository, messages) for source in sources]
    with_values = [one for one in messages if any(one.oid in values for values in found)]
    parameters = ParameterSource(Globs(settings.parameters)).read(repository, with_values)
    digests: dict[int, str] = {}
    for commit in commits:
        own = parameters.get(commit.oid, _NOTHING)
        metrics = together([values.get(commit.oid, _NOTHING) for values in found], _names(own))
        samples = [
            *(_row(sample, None) for sample in metrics.samples),
            *(_row(sample, _digest(sample, digests)) for sample in own.samples),
        ]
        yield ReadCommit(commit.number, commit.oid, samples, (*metrics.troubles, *own.troubles))


def _names(parameters: Values) -> set[str]:
    """Return what the message of a commit may call its PARAMETERS: `lr` of `optimizer.lr`, too."""
    names = {name for sample in parameters.samples for name in sample.parameters}
    return names | {name.rpartition(".")[2] for name in names}


def _row(sample: Sample, digest: str | None) -> SampleRow:
    rows = [*_rows(METRIC, sample.metrics), *_rows(PARAMETER, sample.parameters)]
    return SampleRow(sample.source, sample.reference, digest, rows)


def _rows(kind: int, numbers: Mapping[str, Number]) -> Iterator[NumberRow]:
    for name, (text, value, unit) in numbers.items():
        yield kind, name, text, None if value is None or math.isnan(value) else value, unit


def _digest(sample: Sample, known: dict[int, str]) -> str:
    """Return what names the content of SAMPLE, one that several commits have in common."""
    digest = known.get(id(sample))
    if digest is None:
        content = repr((sample.source, sorted(sample.parameters.items())))
        digest = known[id(sample)] = hashlib.sha256(content.encode()).hexdigest()
    return digest
