"""Look at logs: cut them into sections, and read again those that changed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from explog.config import Settings
from explog.errors import ExplogError
from explog.index.database import Index
from explog.index.logs import (
    all_logs,
    drop_log,
    find_log,
    put_log,
    replace_sections,
    section_places,
)
from explog.index.records import LogRecord, SectionPlace, SectionRecord
from explog.model import Diagnosis
from explog.org.context import LogContext
from explog.org.files import NotReadError, read_log
from explog.org.options import org_options
from explog.sync.cutting import Cut
from explog.sync.cutting import cut as cut_log
from explog.sync.finding import FoundLogs, find_logs, no_answer
from explog.sync.memory import Memory
from explog.sync.quiet import QUIET_SECONDS, RACY, log_stamp, looks_cut, setup_stamp
from explog.sync.report import LookReport, Progress, is_text
from explog.sync.ways import Ways

if TYPE_CHECKING:
    # What reads sections is loaded when a log changed: most looks of a terminal find none.
    from explog.sync.sections import Content, SectionPrefetch

# How long to wait until it is written: as long as it takes, or only as long as others can wait.
_PATIENCE_SECONDS = 3.0
_IMPATIENCE_SECONDS = 0.15
# Of larger logs the bytes are not kept: a server is to take little memory.
_KEPT_BYTES = 16_000_000
# After how many sections progress is told.
_TOLD_AT = 500


class _HalfWrittenError(Exception):
    """Somebody is still writing the log."""


class LogLook:
    """One look at all logs."""

    def __init__(
        self,
        settings: Settings,
        index: Index,
        report: LookReport,
        progress: Progress,
        patient: bool = True,
        memory: Memory | None = None,
    ) -> None:
        self.memory = memory or Memory()
        self.retries = self.memory.retries
        self.patience = _PATIENCE_SECONDS if patient else _IMPATIENCE_SECONDS
        self.settings = settings
        self.index = index
        self.report = report
        self.progress = progress
        self.options = org_options(settings)
        self.ways = Ways(settings.tag, settings.steps_heading)
        self.prefetch: SectionPrefetch | None = None
        self.looked = False
        self.known = {record.path: record for record in all_logs(index)}
        self.cut: tuple[Path, Cut] | None = None
        # The same bytes are read anew when settings change how they are read.
        ways = repr((self.ways, self.options)).encode()
        self.key = hashlib.blake2b(ways, digest_size=16).digest()

    def prepare(self) -> None:
        """Begin to read, in another process, the first log that is new and very long."""
        files = self.found.files
        for path in filter(is_text, files):
            if str(path) in self.known:
                continue
            from explog.sync.sections import LONG_BYTES, SectionPrefetch

            with suppress(OSError):  # `look` reports it
                if path.stat().st_size >= LONG_BYTES:
                    self.prefetch = SectionPrefetch(path, self.options, self.ways)
                    if path == files[0]:
                        with suppress(ExplogError, ValueError):
                            self._cut(path, read_log(path), None)  # while the other process begins
                    return

    def are_ready(self) -> bool:
        """Tell whether what `prepare` began is done, so that `look` need not wait."""
        return not self.looked and self.prefetch is not None and self.prefetch.is_ready()

    def close(self) -> None:
        """End what `prepare` began, if `look` did not use it."""
        if self.prefetch is not None:
            self.prefetch.close()
            self.prefetch = None

    def look(self) -> None:
        """Bring every log up to date; report those that cannot be read."""
        self.looked = True
        found, known = self.found, self.known
        asked = known.keys() - found.unasked
        names = set(map(str, found.files))
        if asked != names or found.silent != self.memory.silent_logs:
            self.report.came = True
        self.memory.silent_logs = found.silent
        for place in sorted(found.silent):
            self.report.problem("unreadable", place, no_answer(place))
        for missing in asked - names:
            with self.index.writing():
                drop_log(self.index, known[missing].id)
            self.report.logs.append(missing)
        for path in found.files:
            if is_text(path):
                self._log(path, known.get(str(path)))
            else:
                message = f"{path}: its name is no UTF-8"
                self.report.problem("unreadable", str(path), message)

    @cached_property
    def found(self) -> FoundLogs:
        """The logs that there are."""
        return find_logs(self.settings, self.known, self.key)

    def _log(self, path: Path, known: LogRecord | None) -> None:
        if known is not None and str(path) in self.found.unchanged:
            if known.problem is not None:
                code, _space, message = known.problem.partition(" ")
                self.report.problem(code, str(path), message)
            return
        before = log_stamp(path, self.key)
        early = self.retries.early(str(path), before)
        if early is not None:
            self.report.problem(early.code, str(path), early.message)
            return
        try:
            stamp, data = self._read_whole(path, known)
            cut = self._cut(path, data, known)
            del data  # the cut has it, perhaps as it was read before
            self.cut = None
        except _HalfWrittenError:
            self.report.unsettled = True
        except NotReadError as error:  # what is known of it stays
            self.report.problem(error.code, str(path), error.message)
            self.retries.failed(str(path), before, error)
        except ExplogError as error:
            self._unreadable(path, known, error.code, error.message)
        except ValueError as error:
            self._unreadable(path, known, "unreadable", f"{path}: {error}")
        else:
            self._take(path, stamp, cut)
            self.retries.worked(str(path))

    def _take(self, path: Path, stamp: str, cut: Cut) -> None:
        with self.index.writing():
            known = find_log(self.index, str(path))
            if cut.base is not None and (known is None or known.digest != cut.base):
                cut = self._cut(path, cut.data, None)  # another explog has been here meanwhile
            stamp += setup_stamp(cut.context.setup_files)
            number = put_log(self.index, str(path), stamp, cut.digest, len(cut.data))
            if known is None or cut.digest != known.digest:
                self.report.logs.append(str(path))
                self._take_sections(path, number, cut)
        self.memory.cuts.pop(str(path), None)
        if len(cut.data) <= _KEPT_BYTES:
            self.memory.cuts[str(path)] = replace(cut, places=())

    def _read_whole(self, path: Path, known: LogRecord | None) -> tuple[str, bytes]:
        """Return the stamp and the bytes of a log that nobody is writing.

        Raises _HalfWrittenError when that takes longer than we can wait.
        """
        until = time.monotonic() + self.patience
        while True:
            stamp = log_stamp(path, self.key)
            if stamp != RACY:
                data = read_log(path)
                if stamp == log_stamp(path, self.key) and not looks_cut(path, data, known):
                    return stamp, data
            if time.monotonic() >= until:
                raise _HalfWrittenError
            if self.cut is None:  # most likely these are the bytes that will be read in the end
                with suppress(ExplogError, ValueError):
                    self._cut(path, read_log(path), known)
                    continue
            time.sleep(QUIET_SECONDS / 3)

    def _cut(self, path: Path, data: bytes, known: LogRecord | None) -> Cut:
        """Return how the log at PATH with DATA is cut; raise ValueError.

        The last answer is kept: nearly always the same bytes come again after the wait for quiet.
        """
        if self.cut is None or self.cut[0] != path or self.cut[1].data != data:
            self.cut = None
            last = self.memory.cuts.get(str(path))
            if last is not None and (known is None or known.digest != last.digest):
                last = None
            self.cut = path, cut_log(path, data, self.options, self.key, last)
        return self.cut[1]

    def _unreadable(self, path: Path, known: LogRecord | None, code: str, message: str) -> None:
        self.report.problem(code, str(path), message)
        problem = f"{code} {message}"
        if known is None or known.problem != problem:
            with self.index.writing():
                if known is not None:
                    drop_log(self.index, known.id)
                put_log(self.index, str(path), log_stamp(path, self.key), "", 0, problem)
            self.report.logs.append(str(path))

    def _take_sections(self, path: Path, log: int, cut: Cut) -> None:
        """Read again the sections whose digests are not those of the index."""
        from explog.sync.sections import read_section

        whole = cut.base is None
        old = section_places(self.index, log, *(() if whole else (cut.start, cut.old_end)))
        if not whole and (not old or old[0].start != cut.start):  # no index that we have written
            self._take_sections(path, log, self._cut(path, cut.data, None))
            return
        line = 1 if whole else old[0].line
        head, tail = _common_ends(old, cut.places)
        changed = cut.places[head : len(cut.places) - tail]
        if not old and self.prefetch is not None and self.prefetch.path == path:
            contents = self.prefetch.take(cut)
        else:
            parts = map(cut.part, range(head, len(cut.places) - tail))
            contents = (read_section(part, cut.context, self.ways) for part in parts)
        if whole and head == 0 and cut.context.missing:
            contents = _with_missing(contents, cut.context)
        records = (
            SectionRecord(place.digest, place.start, line + place.line, *said)
            for place, said in zip(changed, self._noted(path, contents, len(changed)), strict=True)
        )
        shift = cut.shift
        if whole and tail:
            shift = (
                cut.places[-1].start - old[-1].start,
                line + cut.places[-1].line - old[-1].line,
            )
        behind = old[len(old) - tail].start if tail else cut.old_end
        replace_sections(self.index, log, old[head : len(old) - tail], behind, records, shift)

    def _noted(self, path: Path, contents: Iterator[Content], total: int) -> Iterator[Content]:
        for done, content in enumerate(contents, start=1):
            self.report.experiments.update(found.ident for found in content.experiments)
            yield content
            if done % _TOLD_AT == 0 or done == total:
                self.progress(path.name, done, total)


def _with_missing(contents: Iterator[Content], context: LogContext) -> Iterator[Content]:
    """Yield CONTENTS, the first with a diagnosis for each setup file that cannot be read."""
    first = next(contents)
    missing = (
        Diagnosis("unreadable", line, f"the setup file {name} cannot be read")
        for line, name in context.missing
    )
    yield first._replace(diagnoses=(*missing, *first.diagnoses))
    yield from contents


def _common_ends(old: Sequence[SectionPlace], new: Sequence[SectionPlace]) -> tuple[int, int]:
    """Return how many sections at the beginning, and at the end, are the same in OLD and NEW."""
    head = _common(old, new)
    return head, _common(old[head:][::-1], new[head:][::-1])


def _common(old: Sequence[SectionPlace], new: Sequence[SectionPlace]) -> int:
    """Return how many sections at the beginning are the same in OLD and NEW."""
    count = 0
    for one, other in zip(old, new, strict=False):
        if one.digest != other.digest:
            break
        count += 1
    return count
