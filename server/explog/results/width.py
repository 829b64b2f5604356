"""How wide text is on a terminal and in Emacs: some characters take two columns, some none."""

from __future__ import annotations

import unicodedata

_NO_WIDTH = ("Mn", "Me", "Cf")


def width(text: str) -> int:
    """Return how many columns TEXT takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.category(character) in _NO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def padded(text: str, columns: int, right: bool) -> str:
    """Return TEXT with blanks up to COLUMNS, which stand before it if it goes to the RIGHT."""
    blanks = " " * (columns - width(text))
    return blanks + text if right else text + blanks


def shortened(text: str, most: int) -> str:
    """Return TEXT cut to MOST columns, with an ellipsis where something is left out."""
    if width(text) <= most:
        return text
    cut = text[: most - 1]
    while width(cut) > most - 1:
        cut = cut[:-1]
    return f"{cut.rstrip()}…"
