"""Parameters of commits: what their files of parameters say, whichever commit wrote them.

A commit with results seldom changes them. So they are looked up in the folders of the commit, which
are read level by level, and each of them once, however many commits have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from explog.git.files import File, contents, is_folder, parse_folder
from explog.git.repository import Repository
from explog.globs import Globs, is_plain, part_regexp
from explog.results.combine import FileRows, combined
from explog.results.contents import Contents
from explog.results.values import FILES, Message, Number, Sample, Values, trouble

_DEEPEST = 8
_MOST_FILES = 50
# What of the patterns is left to be matched in a folder: the parts of each.
_Rest: TypeAlias = frozenset[tuple[str, ...]]


class ParameterSource:
    """The files that match PARAMETERS."""

    def __init__(self, parameters: Globs) -> None:
        self._parameters = parameters
        self._rest: _Rest = frozenset(
            tuple(pattern.split("/")) for pattern in parameters.patterns if pattern
        )

    def read(self, repository: Repository, commits: Sequence[Message]) -> Mapping[str, Values]:
        """Return {full id: values} for those of COMMITS that have any.

        Commits with the same files have the same sample.
        """
        if not self._rest:
            return {}
        found = _Folders(repository, self._rest).files([commit.oid for commit in commits])
        read = Contents(repository, {f for files in found.values() for f in files}, lists=True)
        known: dict[tuple[File, ...], tuple[tuple[Sample, ...], list[tuple[str, str]]]] = {}
        values: dict[str, Values] = {}
        for oid, files in found.items():
            if files not in known:
                known[files] = self._sample(files, read)
            samples, complaints = known[files]
            troubles = (trouble(path, oid, repository, said) for path, said in complaints)
            values[oid] = Values(samples, tuple(troubles))
        return values

    def _sample(
        self, files: Iterable[File], contents: Contents
    ) -> tuple[tuple[Sample, ...], list[tuple[str, str]]]:
        """Return what FILES say, as one sample, and complaints of them."""
        rows: list[FileRows] = []
        complaints: list[tuple[str, str]] = []
        places = ((self._parameters.place(file.path) or 0, file) for file in files)
        for place, file in sorted(places):
            read = contents.of(file)
            complaints += ((file.path, complaint) for complaint in read.complaints)
            rows.append(FileRows(file.path, place, read.rows))
        samples, disagreeing = shared(rows)
        return samples, [*complaints, *((FILES, complaint) for complaint in disagreeing)]


def shared(files: Sequence[FileRows]) -> tuple[tuple[Sample, ...], list[str]]:
    """Return what FILES of parameters say, as one sample, and complaints of those that disagree."""
    counting, disagreeing = combined(files)
    said: dict[str, Number] = {}
    paths: dict[str, None] = {}
    for file in counting:
        for _number, row in file.rows:
            for name, number in row.items():
                said.setdefault(name, number)
                paths[file.path] = None
    return ((Sample(", ".join(paths), {}, said),) if said else ()), disagreeing


class _Folder(NamedTuple):
    """What was found in a folder: files, and folders with what is to be found in each."""

    files: list[File]
    folders: list[tuple[File, _Rest]]


class _Folders:
    """Folders of REPOSITORY, in which the files that REST matches are looked for."""

    def __init__(self, repository: Repository, rest: _Rest) -> None:
        self._repository = repository
        self._rest = _with_skipped(rest)
        self._found: dict[tuple[str, _Rest], _Folder] = {}

    def files(self, commits: Sequence[str]) -> dict[str, tuple[File, ...]]:
        """Return the files in the folders of COMMITS, by commit; those without any are left out."""
        roots = {commit: f"{commit}^{{tree}}" for commit in commits}
        wanted = {root: {self._rest} for root in roots.values()}
        for _level in range(_DEEPEST):
            wanted = self._read(wanted) if wanted else {}
        found = ((oid, tuple(self._all(root, self._rest, ""))) for oid, root in roots.items())
        return {oid: files[:_MOST_FILES] for oid, files in found if files}

    def _read(self, wanted: Mapping[str, set[_Rest]]) -> dict[str, set[_Rest]]:
        """Read the folders WANTED; return those in them that are wanted then."""

        def take(name: str, data: bytes) -> None:
            for rest in wanted[name]:
                self._found[name, rest] = _look(data, rest, len(name.partition("^")[0]))

        contents(self._repository, list(wanted), take)
        inside: dict[str, set[_Rest]] = {}
        for name, rests in wanted.items():
            for rest in rests:
                for folder, left in self._found.get((name, rest), _NOTHING).folders:
                    if (folder.oid, left) not in self._found:
                        inside.setdefault(folder.oid, set()).add(left)
        return inside

    def _all(self, name: str, rest: _Rest, prefix: str) -> Iterator[File]:
        files, folders = self._found.get((name, rest), _NOTHING)
        for file in files:
            yield file._replace(path=f"{prefix}{file.path}")
        for folder, left in folders:
            yield from self._all(folder.oid, left, f"{prefix}{folder.path}/")


_NOTHING = _Folder([], [])


def _look(data: bytes, rest: _Rest, width: int) -> _Folder:
    """Return what REST matches in the folder whose object is DATA; ids have WIDTH digits."""
    names, needles = _names(rest)
    if names is not None and not any(needle in data for needle in needles):
        return _NOTHING
    found = _Folder([], [])
    for file in parse_folder(data, width, names):
        if names is None:
            left = {parts for parts in rest if part_regexp(parts[0]).fullmatch(file.path)}
        else:
            left = {parts for parts in rest if parts[0] == file.path}
        if is_folder(file):
            inside = {parts if parts[0] == "**" else parts[1:] for parts in left} - {()}
            if inside:
                found.folders.append((file, _with_skipped(frozenset(inside))))
        elif any(len(parts) == 1 for parts in left):
            found.files.append(file)
    return found


@lru_cache
def _names(rest: _Rest) -> tuple[tuple[str, ...] | None, list[bytes]]:
    """Return the names that REST begins with, and how a folder has them; None for wildcards."""
    firsts = tuple(parts[0] for parts in rest)
    if not all(map(is_plain, firsts)):
        return None, []
    return firsts, [f" {name}\0".encode() for name in firsts]


def _with_skipped(rest: _Rest) -> _Rest:
    """Return REST with what remains of it where `**` stands for no folder."""
    skipped = {parts[1:] for parts in rest if parts[0] == "**" and len(parts) > 1}
    return _with_skipped(rest | skipped) if skipped - rest else rest
