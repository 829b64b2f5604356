"""What holds for a whole log: its encoding, and what `#+KEYWORD:` lines and setup files say."""

from __future__ import annotations

import codecs
import hashlib
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from explog.org.encrypted import ENCRYPTED, is_encrypted
from explog.org.options import Keywords, OrgOptions
from explog.org.utf8 import is_utf8

BOM = b"\xef\xbb\xbf"
HEADING_LINE = re.compile(rb"^(\*+) (.*)$", re.MULTILINE)
"""Matches a heading in the bytes of a log: its stars, and what stands behind them."""
_KEYWORD = re.compile(rb"[ \t]*#\+(SEQ_TODO|TYP_TODO|TODO|FILETAGS|SETUPFILE):(.*)", re.IGNORECASE)
_BLOCK = re.compile(rb"[ \t]*#\+BEGIN_(\S+)", re.IGNORECASE)
_BLOCK_END = re.compile(rb"[ \t]*#\+END_(\S+)[ \t\r]*", re.IGNORECASE)
_CODING = re.compile(rb"-\*-.*?coding:[ \t]*([\w.-]+).*?-\*-|^#? *coding:[ \t]*([\w.-]+)", re.M)
_DEEPEST_SETUP = 5
"""How many setup files may be in one another."""
_EOL_SUFFIX = re.compile(r"-(unix|dos|mac)$")
_ASCII = "".join(map(chr, range(128)))
_ESCAPED = re.compile("[\udc80-\udcff]")
_ABOVE_ASCII = re.compile("[^\0-\x7f]")


@dataclass(frozen=True, slots=True)
class LogContext:
    """What holds for every section of a file. `encoding` decodes any part of it and back."""

    encoding: str
    options: OrgOptions
    filetags: frozenset[str]
    setup_files: tuple[str, ...] = ()
    """The files that its `#+SETUPFILE:` lines name, absolute, also those that are missing."""
    missing: tuple[tuple[int, str], ...] = ()
    """(line, name) of those of its own lines, from 0, whose file cannot be read."""

    @property
    def digest(self) -> bytes:
        """A short key that differs where the same section would be read otherwise."""
        said = repr((self.encoding, self.options, sorted(self.filetags), self.missing))
        return hashlib.blake2b(said.encode("utf-8", "surrogateescape"), digest_size=16).digest()

    def decode(self, data: bytes) -> str:
        """Decode a part of the log; `encode` gives the same bytes again, whatever they are."""
        return data.decode(self.encoding, "surrogateescape")

    def encode(self, text: str) -> bytes:
        """Encode text that `decode` gave, or ASCII put into it."""
        return text.encode(self.encoding, "surrogateescape")


SetupReader = Callable[[str, str], tuple[str, bytes | None] | None]
"""Takes what a `#+SETUPFILE:` says and the file that says it; returns the path and the bytes, which
are None if it cannot be read. None is what is not to be read, such as an address."""


def file_context(
    data: bytes, options: OrgOptions, file: str = "", read_setup: SetupReader | None = None
) -> LogContext:
    """Return what holds for all of the bytes of the log FILE; OPTIONS hold where it says nothing.

    Raises ValueError with a sentence when the bytes are no text that org could read.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ValueError("it is UTF-16; save it as UTF-8")
    if is_encrypted(data):
        raise ValueError(f"it is {ENCRYPTED}; nothing in it can be read")
    encoding = _detect_encoding(data)
    said = _Said(read_setup)
    said.take(data, encoding, file)
    if said.keywords is not None:
        options = replace(options, keywords=said.keywords)
    setup_files = tuple(said.setup_files)
    return LogContext(encoding, options, frozenset(said.tags), setup_files, tuple(said.missing))


def _detect_encoding(data: bytes) -> str:
    """Return a codec that decodes DATA: UTF-8, else the one its cookie names, else latin-1.

    Text that is UTF-8 but for a few bytes counts as UTF-8.
    """
    if is_utf8(data):
        return "utf-8"
    cookie = _CODING.search(data[:2000]) or _CODING.search(data[-3000:])
    if cookie is not None:
        name = _EOL_SUFFIX.sub("", (cookie[1] or cookie[2]).decode("ascii").lower())
        if _round_trips(data, name):
            return name
    text = data.decode("utf-8", "surrogateescape")
    broken = len(_ESCAPED.findall(text))
    return "utf-8" if len(_ABOVE_ASCII.findall(text)) > 2 * broken else "latin-1"


def _round_trips(data: bytes, codec: str) -> bool:
    """Tell whether any line of DATA can be read by CODEC and written back, ASCII put into it."""
    try:
        if codecs.lookup(codec).name.startswith("iso2022"):
            return False  # a line means what the lines before it make it mean
        if _ASCII.encode(codec).decode("latin-1") != _ASCII:
            return False
        return data.decode(codec, "surrogateescape").encode(codec, "surrogateescape") == data
    except (LookupError, UnicodeError, ValueError):
        return False


class _Said:
    """What a log and its setup files say in `#+KEYWORD:` lines."""

    def __init__(self, read_setup: SetupReader | None) -> None:
        self.read_setup = read_setup
        self.open: list[str] = []
        self.done: list[str] = []
        self.tags: set[str] = set()
        self.setup_files: dict[str, None] = {}  # in their order
        self.missing: list[tuple[int, str]] = []

    @property
    def keywords(self) -> Keywords | None:
        """The TODO keywords, if there are any; without a bar the last one is done."""
        opened, done = self.open, self.done
        if opened and not done:
            opened, done = opened[:-1], opened[-1:]
        return Keywords(tuple(opened), tuple(done)) if opened or done else None

    def take(self, data: bytes, encoding: str, file: str, depth: int = 0) -> None:
        """Take what FILE, whose bytes are DATA, says, and the setup files that it names."""
        number = counted = 0
        for start, end in _keyword_lines(data):
            match = _KEYWORD.match(data, start, end)
            if match is None:
                continue
            number += data.count(b"\n", counted, start)
            counted = start
            value = match[2].decode(encoding, "surrogateescape")
            name = match[1].upper()
            if name == b"FILETAGS":
                self.tags.update(tag for tag in re.split(r"[:\s]+", value) if tag)
            elif name == b"SETUPFILE":
                if not self._take_setup(value.strip(), file, depth) and depth == 0:
                    self.missing.append((number, value.strip()))
            else:
                left, right = _sequence(value)
                self.open += left
                self.done += right

    def _take_setup(self, value: str, file: str, depth: int) -> bool:
        """Take the setup file VALUE of FILE; tell if it is readable or to be left out."""
        if self.read_setup is None or depth >= _DEEPEST_SETUP or not value:
            return True
        found = self.read_setup(value, file)
        if found is None or found[0] in self.setup_files:
            return True
        path, data = found
        self.setup_files[path] = None
        if data is None:
            return False
        self.take(data, "utf-8", path, depth + 1)
        return True


def _keyword_lines(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the lines that may be keywords, those in blocks left out."""
    marked = list(_marked_lines(data, len(BOM) if data.startswith(BOM) else 0))
    ends = _block_ends(data, marked)
    resume = heading = 0
    for start, end in marked:
        if start < resume:
            continue
        block = _BLOCK.match(data, start, end)
        if block is None:
            yield start, end
            continue
        if heading < end:
            heading = _next_heading(data, end)
        closings = ends.get(block[1].lower(), [])
        following = bisect_right(closings, end)
        closed = following < len(closings) and closings[following] <= heading
        resume = closings[following] if closed else end


def _block_ends(data: bytes, marked: Iterable[tuple[int, int]]) -> dict[bytes, list[int]]:
    """Return {name of a block in lower case: where the lines end that end such a block}."""
    ends: dict[bytes, list[int]] = {}
    for start, end in marked:
        match = _BLOCK_END.fullmatch(data, start, end)
        if match is not None:
            ends.setdefault(match[1].lower(), []).append(end)
    return ends


def _next_heading(data: bytes, start: int) -> int:
    """Return where the first heading behind START begins, or the end of DATA."""
    at = data.find(b"\n*", start)
    while at >= 0 and not HEADING_LINE.match(data, at + 1):
        at = data.find(b"\n*", at + 1)
    return len(data) if at < 0 else at


def _marked_lines(data: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the lines with `#+`; ten times as fast as a pattern over the file."""
    position = data.find(b"#+", start)
    while position >= 0:
        end = data.find(b"\n", position)
        end = len(data) if end < 0 else end
        yield max(start, data.rfind(b"\n", 0, position) + 1), end
        position = data.find(b"#+", end)


def _sequence(value: str) -> tuple[list[str], list[str]]:
    """Split `TODO(t) WAIT(w@/!) | DONE(d)`; without a bar the last keyword is the done one."""
    words = [re.sub(r"\(.*\)$", "", word) for word in value.split()]
    if "|" in words:
        bar = words.index("|")
        return words[:bar], [word for word in words[bar + 1 :] if word != "|"]
    return words[:-1], words[-1:]
