"""What a reader of lists and dates passes over: blocks, drawers, LaTeX environments, inline tasks.

Lines are 0-based in the list given.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

_BLOCK = re.compile(r"[ \t]*#\+BEGIN(_\S+|:)", re.IGNORECASE)
_BLOCK_END = re.compile(r"^[ \t]*#\+END(_\S+|:)[ \t\r]*$", re.IGNORECASE)
_DRAWER = re.compile(r"[ \t]*:[-\w]+:[ \t\r]*$")
_DRAWER_END = re.compile(r"^[ \t]*:END:()[ \t\r]*$", re.IGNORECASE)
_ENVIRONMENT = re.compile(r"[ \t]*\\begin\{([A-Za-z0-9*]+)\}")
_ENVIRONMENT_END = re.compile(r"\\end\{([A-Za-z0-9*]+)\}[ \t\r]*$")
# What a line has in it that may be one of these ends.
_SIGNS = {_BLOCK_END: "#+", _DRAWER_END: ":", _ENVIRONMENT_END: "\\end{"}


@lru_cache(maxsize=8)
def inline_task(min_level: int | None) -> re.Pattern[str] | None:
    """Return what the first line of an inline task of MINLEVEL stars and more matches, if any."""
    return None if min_level is None else re.compile(rf"\*{{{min_level},}} +(?P<end>END[ \t\r]*$)?")


class _Ends:
    """Which of LINES from START to STOP end a block, a drawer or an environment, by its name."""

    def __init__(self, lines: Sequence[str], start: int, stop: int) -> None:
        self._lines = lines
        self._range = range(start, stop)
        self._found: dict[re.Pattern[str], dict[str, list[int]]] = {}

    def find(self, end: re.Pattern[str], name: str, start: int, stop: int) -> int | None:
        """Return the first line of those from START to STOP that END matches with NAME."""
        if end not in self._found:
            self._found[end] = self._find(end)
        lines = self._found[end].get(name, ())
        following = bisect_left(lines, start)
        return lines[following] if following < len(lines) and lines[following] < stop else None

    def _find(self, end: re.Pattern[str]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        sign = _SIGNS[end]
        for line in self._range:
            if sign in self._lines[line] and (match := end.search(self._lines[line])) is not None:
                name = match[1].lower() if end is _BLOCK_END else match[1]
                found.setdefault(name, []).append(line)
        return found


class Opaque:
    """The blocks, drawers, LaTeX environments and inline tasks among `lines[start:stop]`.

    However many of them begin and do not end, each line is looked at a few times at most.
    """

    def __init__(
        self,
        lines: Sequence[str],
        start: int,
        stop: int,
        task: re.Pattern[str] | None = None,
        ends: _Ends | None = None,
    ) -> None:
        """Take ENDS of the lines around, if they are known."""
        self.lines = lines
        self.stop = stop
        self.task = task
        self._ends = _Ends(lines, start, stop) if ends is None else ends

    def within(self, start: int, stop: int) -> Opaque:
        """Return the same for fewer lines."""
        return Opaque(self.lines, start, stop, self.task, self._ends)

    def end(self, line: int) -> int | None:
        """Return the last line of the block, drawer or environment that begins at LINE, or None."""
        text = self.lines[line]
        first = text.lstrip(" \t")[:1]
        if first == "#":
            block = _BLOCK.match(text)
            if block is not None:
                return self._ends.find(_BLOCK_END, block[1].lower(), line + 1, self.stop)
        elif first == ":":
            if _DRAWER.match(text) and not _DRAWER_END.match(text):
                return self._ends.find(_DRAWER_END, "", line + 1, self.stop)
        elif first == "\\":
            environment = _ENVIRONMENT.match(text)
            if environment is not None:
                return self._ends.find(_ENVIRONMENT_END, environment[1], line, self.stop)
        return None

    def task_end(self, line: int) -> int | None:
        """Return the last line of the inline task that begins at LINE; None if none does.

        It is one line, unless the next such line is its END.
        """
        if self.task is None or self.task.match(self.lines[line]) is None:
            return None
        for other in range(line + 1, self.stop):
            if self.lines[other][:1] == "*" and (match := self.task.match(self.lines[other])):
                return other if match["end"] else line
        return line
