"""Wildcards for the files of a repository: `results/*.{json,yaml}`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from explog.errors import ExplogError

# So many patterns one with braces may stand for.
_MOST = 200
_BRACES = re.compile(r"\{([^{}]*)\}")
_PART = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^]/]*\]|.", re.DOTALL)
_IN_SET = re.compile("(.)-(.)|.", re.DOTALL)


def expanded(pattern: str) -> list[str]:
    """Return the patterns that PATTERN stands for, in which `{a,b}` is `a` or `b`.

    Raises ExplogError `bad-config` if these are too many.
    """
    found = [pattern.removeprefix("./")]
    while any("{" in one and _BRACES.search(one) for one in found):
        found = [name for one in found for name in _expanded_once(one)]
        if len(found) > _MOST:
            raise ExplogError("bad-config", f"it stands for more than {_MOST} patterns")
    return found


def _expanded_once(pattern: str) -> Iterator[str]:
    braces = _BRACES.search(pattern)
    if braces is None:
        yield pattern
        return
    for name in braces[1].split(","):
        yield f"{pattern[: braces.start()]}{name}{pattern[braces.end() :]}"


class Globs:
    """Patterns, of which the first one that matches a path counts.

    Raises ExplogError `bad-config` for what is no pattern.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = [one for pattern in patterns for one in expanded(pattern)]
        joined = "|".join(f"({_regexp(one)})" for one in self.patterns)
        try:
            self._regexp = re.compile(joined) if joined else None
        except re.error as error:  # as [z-a]
            raise ExplogError("bad-config", str(error)) from error

    def place(self, path: str) -> int | None:
        """Return which of the patterns matches PATH, from 0; None if none does."""
        match = self._regexp.fullmatch(path) if self._regexp is not None else None
        return match.lastindex - 1 if match is not None and match.lastindex else None


@lru_cache
def part_regexp(part: str) -> re.Pattern[str]:
    """Return what matches the names that PART of a pattern does, which has no `/`."""
    return re.compile(_regexp(part))


def is_plain(part: str) -> bool:
    """Tell whether PART of a pattern has no wildcards."""
    return not any(sign in part for sign in "*?[")


def _regexp(pattern: str) -> str:
    return "".join(map(_translated, _PART.findall(pattern)))


def _translated(part: str) -> str:
    if part in ("**/", "**", "*", "?"):
        return {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}[part]
    if len(part) > 1:
        is_negative = part[1] == "!"
        negative = "^/" if is_negative else ""
        inside = part[1 + is_negative : -1]
        return f"[{negative}{_IN_SET.sub(_in_set, inside)}]"
    return re.escape(part)


def _in_set(part: re.Match[str]) -> str:
    """Return PART, a range or a character of a set, so that nothing else is read into it."""
    return f"{re.escape(part[1])}-{re.escape(part[2])}" if part[1] else re.escape(part[0])
