"""The notes that org takes of changes: how they begin, in the user's own words."""

from __future__ import annotations

import re
from functools import lru_cache

_ESCAPE = re.compile(r"%-?[0-9]*[a-zA-Z]")
_NEW_STATE = re.compile(r"%-?[0-9]*s")


@lru_cache(maxsize=8)
def note_pattern(headings: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return what matches the beginning of a note under one of HEADINGS."""
    patterns = [_pattern(one) for one in headings if re.search(r"\w", _ESCAPE.sub("", one))]
    return re.compile("|".join(patterns)) if patterns else None


@lru_cache(maxsize=8)
def state_patterns(headings: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Return what matches the first line of a note on a change of state, for each of HEADINGS.

    They are those with `%s`, the new state, which is the group `to`.
    """
    return tuple(
        re.compile(rf"[ \t]*-[ \t]+{_pattern(before)}\s*\"(?P<to>[^\"]+)\"{_pattern(after)}")
        for before, escape, after in map(_parted, headings)
        if escape
    )


def _parted(heading: str) -> tuple[str, str, str]:
    """Return what is before the new state in HEADING, its escape, and what is after it."""
    match = _NEW_STATE.search(heading)
    if match is None:
        return heading, "", ""
    return heading[: match.start()], match[0], heading[match.end() :]


def _pattern(heading: str) -> str:
    """Return a pattern for a part of HEADING: its words, and anything for each escape."""
    literal = [r"\s+".join(map(re.escape, part.split())) for part in _ESCAPE.split(heading)]
    return r".*?".join(part and rf"\s*{part}" for part in literal)
