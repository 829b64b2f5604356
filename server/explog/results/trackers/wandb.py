"""Runs in a folder `wandb`, as Weights & Biases keeps them, also those that were offline.

    (offline-)run-TIME-ID/run-ID.wandb                   all that was logged, as it came
    (offline-)run-TIME-ID/files/wandb-summary.json       the last values; not of all versions

The first is a log as LevelDB has it: blocks of 32 kB with pieces of records, each of which is a
message of Protocol Buffers, `Record` in wandb_internal.proto. It has name, tags and notes, the
configuration, and each change of the summary.
"""

from __future__ import annotations

import os
import re
import time
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from explog.results.folder import (
    Entry,
    Stamp,
    UnreadFileError,
    file_at,
    folders_in,
    opened,
    read_small,
    stamp,
    walk,
)
from explog.results.json_reader import decode_json
from explog.results.remembered import Remembered
from explog.results.rows import DEEPEST, LeftOut, Table, Tree, UnreadableError
from explog.results.tracked import Tracked
from explog.results.trackers.protobuf import BadMessageError, message_of, read_fields, text_of
from explog.results.trackers.run import Found, commit_id, find_step, run_values

RUN = re.compile(r"(?:offline-)?run-[0-9]{8}_[0-9]{6}-.+")

_MAGIC = b":W&B"
_HEAD, _BLOCK, _PIECE = 7, 1 << 15, 7
_WHOLE, _FIRST, _LAST = 1, 2, 4
_MOST_BYTES = 64 << 20
_LARGEST_RECORD = 8 << 20
_MOST_VALUES = 5000
# A run that is alive says something more often.
_SILENT_SECONDS = 600.0
# What a log has, and what is in it, by the numbers of their fields.
_SUMMARY, _CONFIG, _RUN, _EXIT = 3, 5, 17, 18
_RUN_ID, _RUN_CONFIG, _RUN_SUMMARY, _NAME, _NOTES, _TAGS, _START, _GIT = 1, 4, 5, 8, 9, 10, 17, 21
_SECONDS, _COMMIT, _EXIT_CODE = 1, 2, 1
_UPDATE, _REMOVE = 1, 2
_KEY, _NESTED_KEY, _VALUE = 1, 2, 16


@dataclass(slots=True)
class _Values:
    """Values by the path of their names."""

    leaves: dict[tuple[str, ...], Tree] = field(default_factory=dict)

    def take(self, message: bytes) -> None:
        """Take in the items that MESSAGE updates and removes."""
        for number, value in read_fields(message):
            if number in (_UPDATE, _REMOVE):
                path, text = _item(message_of(value))
                if number == _REMOVE:
                    self.leaves = {p: v for p, v in self.leaves.items() if p[: len(path)] != path}
                elif path and text is not None:
                    self.put(path, _decoded(text))

    def put(self, path: tuple[str, ...], tree: Tree) -> None:
        """Put TREE at PATH."""
        if isinstance(tree, Table) and len(path) < DEEPEST:
            for key, value in tree.items:
                self.put((*path, key), value)
        elif path in self.leaves or len(self.leaves) < _MOST_VALUES:
            self.leaves[path] = tree

    def table(self) -> Table:
        """Return the values of which a user gave the names, without pictures and the like."""
        media = {path[:-1] for path in self.leaves if path[-1] == "_type"}
        return Table(
            [
                (".".join(path), value)
                for path, value in self.leaves.items()
                if not path[0].startswith("_") and not any(path[: len(m)] == m for m in media)
            ]
        )


@dataclass(slots=True)
class _Run:
    """What a log says of its run. It was read to its end if `whole`."""

    ident: str = ""
    name: str = ""
    notes: str = ""
    tags: list[str] = field(default_factory=list)
    start: int = 0
    commit: str | None = None
    exit: int | None = None
    summary: _Values = field(default_factory=_Values)
    config: _Values = field(default_factory=_Values)
    whole: bool = False
    complaint: str | None = None

    def take_run(self, message: bytes) -> None:
        """Take in the MESSAGE that describes the run."""
        self.tags = []
        for number, value in read_fields(message):
            if number == _RUN_ID:
                self.ident = text_of(value)
            elif number == _NAME:
                self.name = text_of(value)
            elif number == _NOTES:
                self.notes = text_of(value)
            elif number == _TAGS:
                self.tags.append(text_of(value))
            elif number == _RUN_CONFIG:
                self.config.take(message_of(value))
            elif number == _RUN_SUMMARY:
                self.summary.take(message_of(value))
            elif number == _START:
                self.start = _number(dict(read_fields(message_of(value))).get(_SECONDS))
            elif number == _GIT:
                git = dict(read_fields(message_of(value)))
                self.commit = commit_id(text_of(git.get(_COMMIT, b"")))


def read_wandb(place: str, shown: str, idents: Collection[str]) -> Found:
    """Return the runs in the folder PLACE, called SHOWN, of steps of the experiments IDENTS."""
    folders = (path for path in folders_in(place) if RUN.fullmatch(os.path.basename(path)))
    found = (_tracked(folder, shown, idents) for folder in folders)
    return Found([one for one in found if one is not None])


def _tracked(folder: str, shown: str, idents: Collection[str]) -> Tracked | None:
    """Return the run in FOLDER if it is one of a step, and has not failed."""

    def step_of(run: _Run) -> str | None:
        reference = find_step([run.name, *run.tags], [run.notes], idents)
        return None if reference is None else str(reference)

    log = next((e for e in walk(folder, lambda _path: False) if e.path.endswith(".wandb")), None)
    if log is None:
        return None
    entry = file_at(os.path.join(folder, log.path))
    try:
        run, age = _read(entry, lambda run: step_of(run) is not None)
    except UnreadFileError:
        return None
    reference = step_of(run)
    if reference is None or run.exit or (run.exit is None and age > _SILENT_SECONDS):
        return None
    summary = _summary(folder)
    if summary is None:
        summary = Table([]) if run.complaint else run.summary.table()
    return Tracked(
        reference=reference,
        ended=run.exit == 0,
        time=float(run.start),
        values=run_values(
            f"{shown} ({run.name or run.ident})",
            entry.path,
            _numbers(summary),
            run.config.table(),
            [run.complaint] if run.complaint else [],
        ),
        head=run.commit,
        commit=run.commit,
    )


def _numbers(table: Table) -> Table:
    """Return TABLE without lists, which are no metrics here, as of a histogram."""
    return Table([(key, value) for key, value in table.items if not isinstance(value, list)])


def _summary(folder: str) -> Table | None:
    """Return what `wandb-summary.json` in FOLDER has, or None if that is nothing."""
    try:
        with opened(file_at(os.path.join(folder, "files", "wandb-summary.json"))) as (file, status):
            tree = decode_json(read_small(file, status).decode("utf-8", "replace"))
    except (UnreadFileError, ValueError, UnreadableError):
        return None
    values = _Values()
    if isinstance(tree, Table):
        values.put((), tree)
    table = values.table()
    return table if table.items else None


# The log

_known: Remembered[tuple[str, Stamp], _Run] = Remembered(2000)
"""What was read of logs, while they stay as they are."""


def _read(entry: Entry, is_wanted: Callable[[_Run], bool]) -> tuple[_Run, float]:
    """Return what the log ENTRY says, and how many seconds ago it was written.

    It is read to its end only if IS_WANTED says so of how the run is described. Raises
    UnreadFileError.
    """
    with opened(entry) as (descriptor, status):
        key = entry.path, stamp(status)
        run = _known.get(key)
        if run is None or not (run.whole or not is_wanted(run)):
            run = _read_log(descriptor, is_wanted)
            if status.st_size > _MOST_BYTES:
                run.complaint = f"it is larger than 64 MB ({status.st_size / 1e6:,.1f} MB)"
            _known[key] = run
        return run, time.time() - status.st_mtime


def _read_log(descriptor: int, is_wanted: Callable[[_Run], bool]) -> _Run:
    run = _Run()
    try:
        for record in _records(descriptor):
            for number, value in read_fields(record):
                if number == _RUN:
                    run.take_run(message_of(value))
                    if not is_wanted(run):
                        return run
                elif number == _SUMMARY:
                    run.summary.take(message_of(value))
                elif number == _CONFIG:
                    run.config.take(message_of(value))
                elif number == _EXIT:
                    run.exit = _number(dict(read_fields(message_of(value))).get(_EXIT_CODE))
    except (BadMessageError, UnreadFileError) as error:
        run.complaint = str(error) or "what is in it is no record of W&B"
    run.whole = True
    return run


def _records(descriptor: int) -> Iterator[bytes]:
    """Yield the records of a log, as far as they are whole; raise UnreadFileError."""
    parts: list[bytes] | None = None
    for kind, piece in _pieces(descriptor):
        if kind in (_WHOLE, _FIRST):
            parts = [piece]
        elif parts is not None:
            parts.append(piece)
            if sum(map(len, parts)) > _LARGEST_RECORD:
                parts = None
        if parts is not None and kind in (_WHOLE, _LAST):
            yield b"".join(parts)
            parts = None


def _pieces(descriptor: int) -> Iterator[tuple[int, bytes]]:
    """Yield the pieces in the blocks of a log, each with its kind."""
    for place in range(0, _MOST_BYTES, _BLOCK):
        try:
            block = os.pread(descriptor, _BLOCK, place)
        except OSError as error:
            raise UnreadFileError(str(error.strerror)) from error
        if place == 0 and not block.startswith(_MAGIC):
            raise UnreadFileError("it is no log of W&B")
        at = 0 if place else _HEAD
        while at + _PIECE <= len(block):
            check, size, kind = _heading(block[at : at + _PIECE])
            piece = block[at + _PIECE : at + _PIECE + size]
            if not kind or len(piece) < size:
                return  # it is being written
            if zlib.crc32(piece, zlib.crc32(bytes([kind]))) != check:
                raise UnreadFileError("a record in it is damaged")
            yield kind, piece
            at += _PIECE + size
        if len(block) < _BLOCK:
            return


def _heading(data: bytes) -> tuple[int, int, int]:
    """Return check sum, size and kind of a piece, from the bytes before it."""
    return int.from_bytes(data[:4], "little"), int.from_bytes(data[4:6], "little"), data[6]


def _item(message: bytes) -> tuple[tuple[str, ...], str | None]:
    """Return the path of names and the JSON of an item of a summary or configuration."""
    keys: list[str] = []
    text: str | None = None
    for number, value in read_fields(message):
        if number in (_KEY, _NESTED_KEY):
            keys.append(text_of(value))
        elif number == _VALUE:
            text = text_of(value)
    return tuple(keys[:DEEPEST]), text


def _decoded(text: str) -> Tree:
    try:
        return decode_json(text)
    except (ValueError, UnreadableError):
        return LeftOut("no JSON")


def _number(value: int | bytes | None) -> int:
    return value if isinstance(value, int) else 0
