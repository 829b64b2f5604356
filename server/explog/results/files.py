"""Metrics in files: in those that a commit changed against its first parent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from explog.git.files import File, changed_files, cut_off
from explog.git.repository import Repository
from explog.globs import Globs
from explog.results.combine import FileRows, combined
from explog.results.contents import Contents
from explog.results.rows import Row, names_sample
from explog.results.values import FILES, Message, Number, Sample, Values, trouble

# A commit that changes more files than this is a collection of data.
_MOST_FILES = 200
_DVC = ".dvc"


class FileSource:
    """The files that match METRICS."""

    def __init__(self, metrics: Globs) -> None:
        self._metrics = metrics

    def read(self, repository: Repository, commits: Sequence[Message]) -> Mapping[str, Values]:
        """Return {full id: values} for those of COMMITS that have any."""
        boundary = cut_off(repository)
        oids = [commit.oid for commit in commits if commit.oid not in boundary]
        changed = changed_files(repository, oids, self._is_wanted)
        some = {oid: files[:_MOST_FILES] for oid, files in changed.found.items()}
        contents = Contents(repository, _flat(some.values()), lists=False)
        found = {oid: self._values(repository, oid, some[oid], contents) for oid in some}
        said = {oid: f"git says {reason}" for oid, reason in changed.failed.items()}
        for commit in commits:
            if commit.oid in boundary:
                said[commit.oid] = "this shallow clone does not say which of them it changed"
            elif len(changed.found.get(commit.oid, ())) > _MOST_FILES:
                said[commit.oid] = f"it changed more than {_MOST_FILES}; the others are not read"
        for oid, complaint in said.items():
            samples, troubles = found.get(oid, Values())
            found[oid] = Values(samples, (*troubles, trouble(FILES, oid, repository, complaint)))
        return found

    def _is_wanted(self, path: str) -> bool:
        return self._metrics.place(path.removesuffix(_DVC)) is not None

    def _values(
        self, repository: Repository, oid: str, files: Iterable[File], contents: Contents
    ) -> Values:
        rows: list[FileRows] = []
        complaints: list[tuple[str, str]] = []
        for file in files:
            place = self._metrics.place(file.path)
            if place is None:  # it is kept by DVC
                said = f"it is kept by DVC, and git has {file.path} alone"
                complaints.append((file.path.removesuffix(_DVC), said))
                continue
            read = contents.of(file)
            complaints += ((file.path, complaint) for complaint in read.complaints)
            rows.append(FileRows(file.path, place, read.rows))
        samples, disagreeing = observed(rows)
        troubles = [trouble(path, oid, repository, complaint) for path, complaint in complaints]
        troubles += (trouble(FILES, oid, repository, complaint) for complaint in disagreeing)
        return Values(samples, tuple(troubles))


def observed(files: Sequence[FileRows]) -> tuple[tuple[Sample, ...], list[str]]:
    """Return the samples that FILES of metrics have, and complaints of those that disagree."""
    if len(files) > 1:
        files = [one._replace(rows=[(n, _numbers(row)) for n, row in one.rows]) for one in files]
    counting, disagreeing = combined(files)
    return tuple(_samples(counting)), disagreeing


def _flat(files: Iterable[Iterable[File]]) -> Iterator[File]:
    return (file for some in files for file in some)


def _numbers(row: Row) -> Row:
    """Return what of ROW is a number, or tells it from other rows."""
    return {name: one for name, one in row.items() if one.value is not None or names_sample(name)}


def _samples(files: Iterable[FileRows]) -> Iterator[Sample]:
    for file in files:
        for number, row in file.rows:
            own: dict[str, Number] = {}
            metrics: dict[str, Number] = {}
            for name, value in row.items():
                if names_sample(name):
                    own[name] = value
                elif value.value is not None:
                    metrics[name] = value
            if metrics:
                source = f"{file.path}:{number}" if len(file.rows) > 1 else file.path
                yield Sample(source, metrics, own)
