"""Text as it is indexed and as it is compared: one folding for both.

SQLite's unicode61 tokenizer cuts at everything that is neither letter nor digit and takes the marks
off letters. Han, kana and hangul have no blanks between words, so each character is made a word.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_UNSPACED = re.compile(
    "([\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff])"
)
_TOKEN = re.compile(r"[^\W_]+")


def width(text: str) -> int:
    """Return 0 if TEXT is all ASCII, 1 if it is not, 2 if `indexed` is needed to find its words."""
    if text.isascii():
        return 0
    try:
        text.encode("latin-1")  # takes a tenth of the time that the search does
    except UnicodeEncodeError:
        return 2 if _UNSPACED.search(text) else 1
    return 1


def indexed(text: str) -> str:
    """Return TEXT as it is given to the full-text index."""
    return text if text.isascii() else _UNSPACED.sub(r" \1 ", text)


def tokens(text: str) -> list[str]:
    """Return the words that the tokenizer finds in TEXT."""
    return _TOKEN.findall(indexed(text))


def fold(text: str) -> str:
    """Return TEXT without case and marks, character for character of the same length."""
    if text.isascii():
        return text.lower()
    return "".join(map(_fold_character, text))


@cache
def _fold_character(character: str) -> str:
    base = unicodedata.normalize("NFKD", character)[0]
    lowered = base.lower()
    return lowered if len(lowered) == 1 else base
