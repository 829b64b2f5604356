"""What a reader of lists and dates passes over: blocks, drawers, LaTeX environments, inline tasks.

Lines are 0-based in the list given.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_BLOCK = re.compile(r"[ \t]*#\+BEGIN(_\S+|:)", re.IGNORECASE)
_DRAWER = re.compile(r"[ \t]*:[-\w]+:[ \t\r]*$")
_DRAWER_END = re.compile(r"[ \t]*:END:[ \t\r]*$", re.IGNORECASE)
_ENVIRONMENT = re.compile(r"[ \t]*\\begin\{([A-Za-z0-9*]+)\}")


@lru_cache(maxsize=8)
def inline_task(min_level: int | None) -> re.Pattern[str] | None:
    """Return what the first line of an inline task of MINLEVEL stars and more matches, if any."""
    return None if min_level is None else re.compile(rf"\*{{{min_level},}} +(?P<end>END[ \t\r]*$)?")


class Opaque:
    """The blocks, drawers, LaTeX environments and inline tasks among `lines[:stop]`."""

    def __init__(
        self, lines: Sequence[str], stop: int, task: re.Pattern[str] | None = None
    ) -> None:
        self.lines = lines
        self.stop = stop
        self.task = task
        self.never: set[re.Pattern[str]] = set()
        """What was looked for and is not in the rest, so that many open ones cost no more."""

    def end(self, line: int) -> int | None:
        """Return the last line of the block, drawer or environment that begins at LINE, or None."""
        text = self.lines[line]
        first = text.lstrip(" \t")[:1]
        if first == "#":
            block = _BLOCK.match(text)
            if block is not None:
                end = rf"[ \t]*#\+END{re.escape(block[1])}[ \t\r]*$"
                return self._find(line + 1, re.compile(end, re.IGNORECASE))
        elif first == ":":
            if _DRAWER.match(text) and not _DRAWER_END.match(text):
                return self._find(line + 1, _DRAWER_END)
        elif first == "\\":
            environment = _ENVIRONMENT.match(text)
            if environment is not None:
                end = rf".*\\end\{{{re.escape(environment[1])}\}}[ \t\r]*$"
                return self._find(line, re.compile(end))
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

    def _find(self, start: int, end: re.Pattern[str]) -> int | None:
        if end in self.never:
            return None
        for line in range(start, self.stop):
            if end.match(self.lines[line]):
                return line
        self.never.add(end)
        return None
