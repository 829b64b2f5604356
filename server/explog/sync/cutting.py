"""Cut a log into sections, or only that part of it that has changed since it was cut last."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from explog.index.records import SectionPlace
from explog.org.context import LogContext
from explog.org.files import log_context
from explog.org.options import OrgOptions
from explog.org.scan import split_sections
from explog.org.utf8 import is_utf8

# What tells how a log is read stands in its first bytes, or begins so.
_HEAD_BYTES = 200
_KEYWORD = b"#+"


@dataclass(frozen=True, slots=True)
class Cut:
    """A log of bytes `data`, cut into sections from `start` to `end`.

    If it was cut before, when its digest was `base`, these took the place of what stood there up to
    `old_end`, and what follows has moved by `shift`, (bytes, lines). Otherwise `base` is None, and
    all of the log is cut. The lines of `places` count from 0 at `start`.
    """

    data: bytes
    key: bytes
    context: LogContext
    digest: str
    start: int
    end: int
    places: Sequence[SectionPlace]
    base: str | None = None
    old_end: int = 0
    shift: tuple[int, int] = (0, 0)
    is_utf8: bool | None = None
    """Whether all bytes are UTF-8; None if nobody has asked."""

    def part(self, number: int) -> bytes:
        """Return the bytes of the place with NUMBER."""
        following = self.places[number + 1].start if number + 1 < len(self.places) else self.end
        return self.data[self.places[number].start : following]


def cut(path: Path, data: bytes, options: OrgOptions, key: bytes, last: Cut | None) -> Cut:
    """Cut the log at PATH with the bytes DATA; KEY stands for the settings it is read with.

    LAST is how it was cut before, if that is known. Raises ValueError as `log_context` does.
    """
    ends = _changed(last.data, data) if last is not None and last.key == key else None
    if last is None or ends is None:
        return _whole(path, data, options, key)
    start, old_end, end = ends
    was_valid = is_utf8(last.data) if last.is_utf8 is None else last.is_utf8
    valid = was_valid and is_utf8(data[start:end])
    if not (valid and _is_read_alike(last, data, start, old_end, end)):
        context = log_context(path, data, options)
        if context != last.context:
            return _whole(path, data, options, key)
    lines = data.count(b"\n", start, end) - last.data.count(b"\n", start, old_end)
    return Cut(
        data,
        key,
        last.context,
        _digest(data, key, last.context),
        start,
        end,
        _places(data, start, end, key + last.context.digest),
        last.digest,
        old_end,
        (end - old_end, lines),
        valid or None,
    )


def _whole(path: Path, data: bytes, options: OrgOptions, key: bytes) -> Cut:
    context = log_context(path, data, options)
    places = _places(data, 0, len(data), key + context.digest)
    return Cut(data, key, context, _digest(data, key, context), 0, len(data), places)


def _digest(data: bytes, key: bytes, context: LogContext) -> str:
    """Return what differs if the log, or how it is read, is another."""
    digest = hashlib.sha256(key + context.digest)
    digest.update(data)
    return digest.hexdigest()


def _is_read_alike(last: Cut, data: bytes, start: int, old_end: int, end: int) -> bool:
    """Tell whether the context of the LAST cut certainly is that of DATA, which is UTF-8, too.

    The two differ between START and OLD_END or END. Blocks end at a heading, so that a part without
    a keyword does not change the meaning of those in others.
    """
    if start < _HEAD_BYTES or last.context.setup_files:
        return False
    return last.data.find(_KEYWORD, start, old_end) < 0 and data.find(_KEYWORD, start, end) < 0


def _changed(old: bytes, new: bytes) -> tuple[int, int, int] | None:
    """Return where whole sections differ: from where in both, to where in OLD and in NEW.

    None if what stands before the first heading differs.
    """
    head = _common(old, new)
    tail = _common_at_end(old, new, min(len(old), len(new)) - head)
    start = old.rfind(b"\n* ", 0, head) + 1
    if start == 0:
        return None
    following = new.find(b"\n* ", len(new) - tail)
    end = len(new) if following < 0 else following + 1
    return start, end - len(new) + len(old), end


def _common(old: bytes, new: bytes) -> int:
    """Return how many bytes at the beginning of OLD and NEW are the same."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if new.startswith(old[low:middle], low):
            low = middle
        else:
            high = middle - 1
    return low


def _common_at_end(old: bytes, new: bytes, most: int) -> int:
    """Return how many bytes at the end of OLD and NEW are the same, MOST at the most."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        part = old[len(old) - middle : len(old) - low]
        if new.startswith(part, len(new) - middle):
            low = middle
        else:
            high = middle - 1
    return low


def _places(data: bytes, start: int, end: int, key: bytes) -> list[SectionPlace]:
    """Return where the sections between START and END of DATA begin; KEY is how they are read."""
    part = data if end - start == len(data) else data[start:end]
    places: list[SectionPlace] = []
    keyed = hashlib.blake2b(digest_size=16, key=key)
    line = 0
    for first, stop in split_sections(part):
        section = part[first:stop]
        hashed = keyed.copy()
        hashed.update(section)
        places.append(SectionPlace(hashed.digest(), start + first, line))
        line += section.count(b"\n")
    return places
