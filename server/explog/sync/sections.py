"""Read sections of a log into records: here, or in another process when there are very many.

What a section says depends on nothing but its bytes and how they are to be read, so that reading
a log of years can share the work with reading the history of its repositories.
"""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import NamedTuple

from explog.index.records import DiagnosisRecord, ExperimentRecord, PassageRecord, StepRecord
from explog.org.entry import Experiment, read_entry
from explog.org.heading import read_id
from explog.org.passages import Passage, read_passages
from explog.org.scan import Chunk, Context, scan_section
from explog.sync.apart import deaf, end_with_parent

log = logging.getLogger(__name__)

# Below this the other process takes longer to start than the work does.
MANY = 1500
_BATCH = 250


@dataclass(frozen=True, slots=True)
class Ways:
    """How a section is read: the tag of an experiment, the title above its steps."""

    tag: str
    steps_heading: str


class Content(NamedTuple):
    """What a section says; lines and offsets count from its own."""

    experiments: tuple[ExperimentRecord, ...]
    diagnoses: tuple[DiagnosisRecord, ...]


def read_section(data: bytes, context: Context, ways: Ways) -> Content:
    """Return what the section DATA says."""
    experiments: list[ExperimentRecord] = []
    diagnoses: list[DiagnosisRecord] = []
    keywords = context.keywords
    for chunk, lines, headings in experiment_chunks(data, context, ways.tag):
        tags = sorted(chunk.tags)
        try:
            entry = read_entry(lines, chunk.line, tags, keywords, ways.steps_heading, headings)
            if entry is None:
                continue
            found, steps = entry
            passages = read_passages(lines, steps, keywords, headings)
            record = _record(found, chunk, passages)
        except Exception as error:
            # A fault of ours, which must not keep all other entries from being read.
            log.exception("an entry cannot be read")
            message = f"this entry cannot be read: {error!r}"
            diagnoses.append(DiagnosisRecord("unreadable", chunk.line, message))
            continue
        experiments.append(record)
        diagnoses += (
            DiagnosisRecord(d.kind, d.line, d.message, d.experiment) for d in found.diagnoses
        )
    return Content(tuple(experiments), tuple(diagnoses))


def experiment_chunks(
    section: bytes, context: Context, tag: str
) -> Iterator[tuple[Chunk, list[str], list[tuple[int, int]]]]:
    """Yield each experiment of SECTION with its lines and its headings among them, (line, level).

    Tags are inherited, so that what is beneath an experiment has its tag. Without the tag of its
    own it is another experiment only if another id is its own, and not a mention in its title.
    """
    above: list[tuple[int, str]] = []  # (level, id) of the experiments that a heading is beneath
    text = context.decode(section).split("\n")
    chunks = scan_section(section, context)
    for index, chunk in enumerate(chunks):
        while above and above[-1][0] >= chunk.level:
            above.pop()
        if not _has_tag(chunk.tags, tag):
            continue
        lines = text[chunk.line : chunk.stop]
        beneath = [] if _has_tag(chunk.own, tag) else [ident for _level, ident in above]
        ident = read_id(lines, mentions=not beneath)
        if ident is not None and ident not in beneath:
            above.append((chunk.level, ident))
            yield chunk, lines, _inside(chunks, index)


def read_sections(parts: Sequence[bytes], context: Context, ways: Ways) -> list[Content]:
    """Return what each of PARTS says."""
    return [read_section(part, context, ways) for part in parts]


class Ahead:
    """Reads PARTS in another process while the caller does something else."""

    def __init__(self, parts: Sequence[bytes], context: Context, ways: Ways) -> None:
        # Not by fork: this process may have threads that hold locks.
        spawn = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(
            max_workers=1, mp_context=spawn, initializer=end_with_parent
        )
        self._batches = [
            (parts[start : start + _BATCH], context, ways) for start in range(0, len(parts), _BATCH)
        ]
        with deaf():
            self._futures = [self._pool.submit(read_sections, *batch) for batch in self._batches]

    def results(self) -> Iterator[Content]:
        """Yield what each part says, and end the process."""
        try:
            while self._futures:
                # Let go of each batch as soon as it is used up.
                batch, future = self._batches.pop(0), self._futures.pop(0)
                try:
                    contents = future.result()
                except BrokenProcessPool:
                    contents = read_sections(*batch)  # a host where no process can be made
                yield from contents
        finally:
            self.close()

    def close(self) -> None:
        """End the process; if it is not finished, after the batch that it is at.

        Without the wait, it would never hear of the end if this process ended as well: what tells
        it is a thread, and that comes too late then. Both would wait for each other for good.
        """
        self._pool.shutdown(wait=True, cancel_futures=True)


def _inside(chunks: Sequence[Chunk], index: int) -> list[tuple[int, int]]:
    """Return (line, level) of the heading with INDEX and of those in its subtree, from its own."""
    chunk = chunks[index]
    inside = takewhile(lambda other: other.start < chunk.end, islice(chunks, index, None))
    return [(other.line - chunk.line, other.level) for other in inside]


def _has_tag(tags: Collection[str], tag: str) -> bool:
    return tag in tags or any(other.startswith(f"{tag}_") for other in tags)


def _record(found: Experiment, chunk: Chunk, passages: Iterable[Passage]) -> ExperimentRecord:
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
        steps=tuple(map(StepRecord._make, found.steps)),
        passages=tuple(
            PassageRecord(kind, step, line, text, day.isoformat() if day else None)
            for kind, step, line, text, day in passages
        ),
    )
