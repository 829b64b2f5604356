"""Show changes as unified diffs: those of whole logs, and the hunks of one entry."""

from __future__ import annotations

import itertools
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from explog.entries.text import EntryTexts
from explog.model import Change

CONTEXT = 3
"""How many lines that do not change a hunk has on either side."""
_NO_NEWLINE = b"\n\\ No newline at end of file\n"


def diff(changes: Iterable[Change], texts: EntryTexts) -> bytes:
    """Return CHANGES of files as one unified diff, in the encodings of the logs."""
    by_file: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_file[change.file].append(change)
    out: list[bytes] = []
    for file, some in by_file.items():
        log, name = texts.log(file), _diff_name(file)
        out += [b"--- " + name, b"+++ " + name]
        out += _hunks(_lines(log.data), _lines(log.edited(some)))
    return b"".join(out)


def _hunks(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the hunks between OLD and NEW, which have the same number of lines.

    difflib, which may not know that, takes 12 s for a log that needs a tenth of one.
    """
    changed = [n for n, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
    for span in _spans(changed, len(old)):
        where = b"%d,%d" % (span.start + 1, len(span))
        yield b"@@ -%s +%s @@\n" % (where, where)
        for same, numbers in itertools.groupby(span, lambda n: old[n] == new[n]):
            run = list(numbers)
            if same:
                yield from (b" " + old[n] for n in run)
            else:
                yield from (b"-" + old[n] for n in run)
                yield from (b"+" + new[n] for n in run)


def _spans(changed: Iterable[int], size: int) -> Iterator[range]:
    """Yield the lines of each hunk, of a text that is SIZE lines long; CHANGED is in order."""
    group: list[int] = []
    for number in changed:
        if group and number - group[-1] - 1 > 2 * CONTEXT:
            yield _around(group, size)
            group = []
        group.append(number)
    if group:
        yield _around(group, size)


def _around(group: Sequence[int], size: int) -> range:
    return range(max(0, group[0] - CONTEXT), min(size, group[-1] + CONTEXT + 1))


def _lines(data: bytes) -> list[bytes]:
    """Split at line feeds only, as `patch` does, and say where the last one is missing."""
    lines = data.split(b"\n")
    last = [lines[-1] + _NO_NEWLINE] if lines[-1] else []
    return [line + b"\n" for line in lines[:-1]] + last


def _diff_name(file: str) -> bytes:
    """Return a file name as git writes it on its line of a diff, quoted where it needs to be."""
    name = os.fsencode(file)
    if any(byte < 32 or byte in b'"\\' for byte in name):
        quoted = (bytes([b]) if b >= 32 and b not in b'"\\' else b"\\%03o" % b for b in name)
        return b'"' + b"".join(quoted) + b'"\n'
    return name + (b"\t\n" if b" " in name else b"\n")


@dataclass(frozen=True, slots=True)
class EntryDiff:
    """The hunks of one entry as `text`.

    `lines` maps the lines of the entry that are shown to their (start, end) in the text. A line
    that changes has two lines there.
    """

    text: str
    lines: Mapping[int, tuple[int, int]]


def entry_diff(change: Change, title: str) -> EntryDiff:
    """Return the hunks of CHANGE, whose heads bear TITLE; each changed line is followed by its new.

    Lines are counted as in the log.
    """
    lines = change.text.split("\n")
    new = {line.line: line.new for line in change.lines}
    out: list[str] = []
    shown: dict[int, tuple[int, int]] = {}
    size = 0
    for span in _spans(sorted(new), len(lines) - (lines[-1] == "")):
        where = f"{change.line + span.start},{len(span)}"
        head = f"@@ -{where} +{where} @@ {title}".rstrip() + "\n"
        out.append(head)
        size += len(head)
        for number in span:
            text = _shown_line(lines[number], new.get(number))
            out.append(text)
            shown[number] = size, size + len(text)
            size += len(text)
    return EntryDiff("".join(out), shown)


def _shown_line(old: str, new: str | None) -> str:
    old = old.removesuffix("\r")
    if new is None:
        return f" {old}\n"
    return f"-{old}\n+{new.removesuffix(chr(13))}\n"
