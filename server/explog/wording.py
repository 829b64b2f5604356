"""Numbers in sentences, and texts that others wrote in lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

# Control characters in a log or a file name must not reach the terminal.
_VISIBLE = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"}
_VISIBLE.update({0x7F: "\u2421", **dict.fromkeys(range(0x80, 0xA0), "\ufffd")})


def visible(text: str) -> str:
    """Return TEXT with its control characters made visible."""
    return text.translate(_VISIBLE)


def listed(texts: Sequence[str], most: int, between: str = ", ") -> str:
    """Return the first MOST of TEXTS, each once, and an ellipsis if there are more."""
    shown = between.join(dict.fromkeys(texts[:most]))
    return f"{shown}, …" if len(texts) > most else shown


def counted(number: int, plural: str) -> str:
    """Return `1 log`, `2 logs`, `1 repository`."""
    if number != 1:
        return f"{number:,} {plural}"
    for many, one in (("ies", "y"), ("hes", "h"), ("s", "")):
        if plural.endswith(many):
            return f"1 {plural.removesuffix(many)}{one}"
    return f"1 {plural}"
