"""What a terminal sends for a key written as Emacs documents write it.

`encode("C-x g RET")` gives the bytes; a test then reads like the manual that it checks.
"""

from __future__ import annotations

import re

ESCAPE = b"\x1b"

#: Keys that have a name. The sequences are those of xterm, as `TERM=xterm-256color` promises.
NAMED: dict[str, bytes] = {
    "RET": b"\r",
    "TAB": b"\t",
    "SPC": b" ",
    "ESC": ESCAPE,
    "DEL": b"\x7f",
    "LFD": b"\n",
    "<backspace>": b"\x7f",
    "<backtab>": b"\x1b[Z",
    "<up>": b"\x1b[A",
    "<down>": b"\x1b[B",
    "<right>": b"\x1b[C",
    "<left>": b"\x1b[D",
    "<home>": b"\x1b[H",
    "<end>": b"\x1b[F",
    "<insert>": b"\x1b[2~",
    "<delete>": b"\x1b[3~",
    "<prior>": b"\x1b[5~",
    "<next>": b"\x1b[6~",
    "<f1>": b"\x1bOP",
    "<f2>": b"\x1bOQ",
    "<f3>": b"\x1bOR",
    "<f4>": b"\x1bOS",
    "<f5>": b"\x1b[15~",
    "<f6>": b"\x1b[17~",
    "<f7>": b"\x1b[18~",
    "<f8>": b"\x1b[19~",
    "<f9>": b"\x1b[20~",
    "<f10>": b"\x1b[21~",
    "<f11>": b"\x1b[23~",
    "<f12>": b"\x1b[24~",
}

#: Control characters that are not a letter's: `C-SPC` sets the mark, `C-/` and `C-_` undo.
CONTROL: dict[str, bytes] = {
    "SPC": b"\x00",
    "@": b"\x00",
    "[": ESCAPE,
    "\\": b"\x1c",
    "]": b"\x1d",
    "^": b"\x1e",
    "_": b"\x1f",
    "/": b"\x1f",
    "?": b"\x7f",
}

_MODIFIED = re.compile(r"(?P<modifiers>(?:[CM]-)*)(?P<key>.+)", re.DOTALL)


def encode(keys: str) -> bytes:
    """Return the bytes for KEYS, a sequence such as ``"C-x C-f"`` with blanks between the keys."""
    return b"".join(map(encode_key, keys.split()))


def encode_key(key: str) -> bytes:
    """Return the bytes for one KEY; raise ValueError for one that a terminal cannot send."""
    match = _MODIFIED.fullmatch(key)
    if match is None:
        raise ValueError("no key given")
    modifiers, base = match["modifiers"], match["key"]
    if "C-" in modifiers:
        code = _control(base)
    elif base in NAMED:
        code = NAMED[base]
    elif len(base) == 1:
        code = base.encode()
    else:
        raise ValueError(f"unknown key {key!r}: separate keys with blanks, use type() for text")
    return ESCAPE + code if "M-" in modifiers else code


def _control(base: str) -> bytes:
    """Return the control character of BASE."""
    if base in CONTROL:
        return CONTROL[base]
    if len(base) == 1 and base.isascii() and base.isalpha():
        return bytes([ord(base.upper()) & 0x1F])
    raise ValueError(f"a terminal has no C-{base}")
