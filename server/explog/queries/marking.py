"""What finds the words of a query in a text: to mark them, and in texts that no index has."""

from __future__ import annotations

import re

from explog.index.words import fold
from explog.queries.query import Words


def pattern_of(words: Words) -> str:
    """Return the regular expression that finds WORDS in folded text."""
    first, *rest = (re.escape(fold(part)).replace("%", r"\s?%") for part in words.parts())
    body = r"\W+".join([first, *rest])
    # Behind the text: re finds that ten times as fast, and then looks back.
    is_word = body[:1].isalnum() and body.isascii()
    start = rf"(?<![^\W_]{first})" if is_word and "%" not in first else ""
    is_word = body[-1:].isalnum() and body.isascii()
    end = r"(?![^\W_])" if is_word and not words.prefix else ""
    return r"\W+".join([f"{first}{start}", *rest]) + end
