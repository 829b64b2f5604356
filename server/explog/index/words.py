"""Text as it is indexed and as it is compared: one folding for both.

SQLite's unicode61 tokenizer cuts at everything that is neither letter nor digit, and takes case and
the marks off letters. It knows nothing of ß, of ligatures and of full-width letters: those are
spelled out here. Han, kana and hangul have no blanks between words, so each character is made a
word.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

REPOSITORY = "\ue000"
"""With the number of a repository behind it: a word that no text has, for those of its commits."""

# Compiled when it is first used: that takes as long as to load five modules.
_UNSPACED = (
    "([\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff])"
)
_TOKEN = re.compile(r"[^\W_]+")
_WIDE = re.compile(r"[^\x00-\x7f]")
_MARKS = re.compile("[\u0300-\u036f]")


def width(text: str) -> int:
    """Return 0 if TEXT is all ASCII, 1 if it is not, 2 if `indexed` is needed to find its words."""
    if text.isascii():
        return 0
    if "ß" in text or "ẞ" in text or not unicodedata.is_normalized("NFKC", text):
        return 2
    try:
        text.encode("latin-1")  # takes a tenth of the time that the search does
    except UnicodeEncodeError:
        return 2 if re.search(_UNSPACED, text) else 1
    return 1


def indexed(text: str) -> str:
    """Return TEXT as it is given to the full-text index."""
    if text.isascii():
        return text
    # By `translate` it takes twenty times as long.
    spelled_out = unicodedata.normalize("NFKC", text).replace("ß", "ss").replace("ẞ", "SS")
    return re.sub(_UNSPACED, r" \1 ", spelled_out)


def tokens(text: str) -> list[str]:
    """Return the words that the tokenizer finds in TEXT."""
    return _TOKEN.findall(text if text.isascii() else _MARKS.sub("", indexed(text)))


def fold(text: str) -> str:
    """Return TEXT without case and marks; some characters become two, as `ß` does, or none."""
    if text.isascii():
        return text.lower()
    # Character by character takes four times as long where few are not ASCII.
    return _WIDE.sub(_fold_match, text.lower())


def _fold_match(match: re.Match[str]) -> str:
    return _fold_character(match[0])


def fold_with_places(text: str) -> tuple[str, list[int]]:
    """Return `fold` of TEXT, and for each of its characters, and its end, the place in TEXT."""
    folded = list(map(_fold_character, text))
    places = [place for place, part in enumerate(folded) for _character in part]
    return "".join(folded), [*places, len(text)]


@cache
def _fold_character(character: str) -> str:
    parts = unicodedata.normalize("NFKD", character)
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold()
