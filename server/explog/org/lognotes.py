"""The notes that org takes of changes: how they begin, in the user's own words."""

from __future__ import annotations

import re
from functools import lru_cache

_ESCAPE = re.compile(r"%-?[0-9]*[a-zA-Z]")


@lru_cache(maxsize=8)
def note_pattern(headings: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return what matches the beginning of a note under one of HEADINGS."""
    patterns = []
    for heading in headings:
        literal = [r"\s+".join(map(re.escape, part.split())) for part in _ESCAPE.split(heading)]
        if any(re.search(r"\w", part) for part in literal):
            patterns.append(r".*?".join(part and rf"\s*{part}" for part in literal))
    return re.compile("|".join(patterns)) if patterns else None
