"""Read sections of a log into records, here or, if they are very many, in another process.

What a section says depends on nothing but its bytes and the settings, so that another process can
read a log of years while this one takes in the history of repositories.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from explog.index.records import (
    ExperimentRecord,
    StepRow,
    TextRow,
    write_hashes,
)
from explog.model import Diagnosis, Step
from explog.org.context import LogContext
from explog.org.entry import Entry, read_entry
from explog.org.files import log_context, read_log
from explog.org.heading import ARCHIVED_TAGS, archived_tags, read_id
from explog.org.options import OrgOptions
from explog.org.passages import Passage, read_passages, read_texts
from explog.org.scan import Chunk, scan_section, split_sections
from explog.sync.cutting import Cut
from explog.sync.prefetch import BrokenPrefetchError, Prefetch
from explog.sync.ways import Ways

log = logging.getLogger(__name__)

# A smaller log is read before another process has started.
LONG_BYTES = 1_000_000
_AT_ONCE = 100
# Some tens of megabytes, as a log is taken in after the repositories.
_ROOM = 128
# A Content in plain tuples, which go from process to process in a tenth of the time.
_Row: TypeAlias = "tuple[list[Any], list[Any], tuple[Any, ...]]"


class Content(NamedTuple):
    """What a section says; lines and offsets count from its own."""

    experiments: tuple[ExperimentRecord, ...]
    diagnoses: tuple[Diagnosis, ...]
    texts: tuple[TextRow, ...] = ()


def read_section(data: bytes, context: LogContext, ways: Ways) -> Content:
    """Return what the section DATA says."""
    experiments: list[ExperimentRecord] = []
    diagnoses: list[Diagnosis] = []
    read: list[Chunk] = []
    options = context.options
    for chunk, lines, headings in experiment_chunks(data, context, ways.tag):
        tags = sorted(chunk.tags)
        try:
            entry = read_entry(lines, chunk.line, tags, options, ways.steps_heading, headings)
            if entry is None:
                continue
            found, steps = entry
            passages = read_passages(lines, steps, options, headings)
            record = _record(found, chunk, passages)
        except Exception as error:
            # A fault of explog must not keep all other entries from being read.
            log.exception("an entry cannot be read")
            message = f"this entry cannot be read: {error!r}"
            diagnoses.append(Diagnosis("unreadable", chunk.line, message))
            continue
        experiments.append(record)
        read.append(chunk)
        diagnoses += found.diagnoses
    return Content(tuple(experiments), tuple(diagnoses), tuple(_texts(data, context, read)))


def _texts(section: bytes, context: LogContext, read: Sequence[Chunk]) -> Iterator[TextRow]:
    """Yield the prose of SECTION that is not in the experiments of the chunks READ."""
    if read and read[0].line == 0 and read[0].stop is None:
        return  # nearly all sections are one experiment
    lines = context.decode(section).split("\n")
    kept = [True] * len(lines)
    for chunk in read:
        stop = len(lines) if chunk.stop is None else chunk.stop
        kept[chunk.line : stop] = [False] * (stop - chunk.line)
    for line, title, text, day in read_texts(lines, kept, context.options):
        yield line, title, text, day.isoformat() if day else None


def experiment_chunks(
    section: bytes, context: LogContext, tag: str
) -> Iterator[tuple[Chunk, list[str], list[tuple[int, int]]]]:
    """Yield each experiment of SECTION with its lines and its headings among them, (line, level).

    Tags are inherited, so that a heading beneath an experiment has its tag; org keeps the tags that
    an archived entry had inherited as a property. Such a heading is an experiment of its own if it
    has the tag itself, or an id of its own other than in its title.
    """
    above: list[tuple[int, str]] = []  # (level, id) of the experiments that a heading is beneath
    text = context.decode(section).split("\n")
    chunks = scan_section(section, context)
    archives = ARCHIVED_TAGS.encode() in section
    for index, chunk in enumerate(chunks):
        while above and above[-1][0] >= chunk.level:
            above.pop()
        if not _has_tag(chunk.tags, tag):
            archived = archives and archived_tags(text[chunk.line : chunk.stop])
            if not archived or not _has_tag(archived, tag):
                continue
        lines = text[chunk.line : chunk.stop]
        beneath = [] if _has_tag(chunk.own, tag) else [ident for _level, ident in above]
        ident = read_id(lines, mentions=not beneath)
        if ident is not None and ident not in beneath:
            above.append((chunk.level, ident))
            yield chunk, lines, _inside(chunks, index)


class SectionPrefetch:
    """Reads the sections of the log at PATH, as they are right now."""

    def __init__(self, path: Path, options: OrgOptions, ways: Ways) -> None:
        self.path = path
        self._ways = ways
        self._prefetch: Prefetch[list[Any]] = Prefetch(_ROOM, read_apart, path, options, ways)

    def close(self) -> None:
        """End the reading."""
        self._prefetch.close()

    def is_ready(self) -> bool:
        """Tell whether all is read, or as much as there is room for."""
        return self._prefetch.is_ready()

    def take(self, cut: Cut) -> Iterator[Content]:
        """Yield what each section of the log CUT says."""
        done = 0
        with closing(self), suppress(BrokenPrefetchError):
            if next(self._prefetch, None) == [_digest(cut.data)]:
                for rows in self._prefetch:
                    done += len(rows)
                    yield from map(_unpacked, rows)
        for number in range(done, len(cut.places)):
            yield read_section(cut.part(number), cut.context, self._ways)


def read_apart(path: Path, options: OrgOptions, ways: Ways) -> Iterator[list[Any]]:
    """Yield a digest of the log at PATH, then what its sections say."""
    data = read_log(path)
    yield [_digest(data)]
    context = log_context(path, data, options)
    places = split_sections(data)
    for begin in range(0, len(places), _AT_ONCE):
        some = places[begin : begin + _AT_ONCE]
        yield [_packed(read_section(data[start:end], context, ways)) for start, end in some]


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data).digest()


def _packed(content: Content) -> _Row:
    experiments, diagnoses, texts = content
    return list(map(tuple, experiments)), list(map(tuple, diagnoses)), texts


def _unpacked(row: _Row) -> Content:
    experiments, diagnoses, texts = row
    found = tuple(map(ExperimentRecord._make, experiments))
    return Content(found, tuple(map(Diagnosis._make, diagnoses)), texts)


def _inside(chunks: Sequence[Chunk], index: int) -> list[tuple[int, int]]:
    """Return (line, level) of the heading with INDEX and of those in its subtree, from its own."""
    chunk = chunks[index]
    inside = chunks[index : index + chunk.headings]
    return [(other.line - chunk.line, other.level) for other in inside]


def _has_tag(tags: Collection[str], tag: str) -> bool:
    return tag in tags or any(other.startswith(f"{tag}_") for other in tags)


def _record(found: Entry, chunk: Chunk, passages: Iterable[Passage]) -> ExperimentRecord:
    return ExperimentRecord(
        start=chunk.start,
        size=chunk.end - chunk.start,
        line=chunk.line,
        ident=found.id,
        aliases=found.aliases,
        title=found.title,
        todo=found.todo,
        done=found.done,
        tags=found.tags,
        created=found.created.isoformat() if found.created else None,
        closed=found.closed.isoformat() if found.closed else None,
        steps=tuple([_row(step) for step in found.steps]),
        passages=tuple(
            [
                (kind, step, line, text, day.isoformat() if day else None)
                for kind, step, line, text, day in passages
            ]
        ),
    )


def _row(step: Step) -> StepRow:
    number, line, text, box, digits, hashes = step
    return number, line, text, box, digits, write_hashes(digits, hashes) if hashes else ""
