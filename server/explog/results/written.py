"""Numbers as people and programs write them."""

from __future__ import annotations

import math
import re

from explog.results.values import Number

LONGEST = 64
"""How many characters a number has at most; no table has room for more."""

_DIGITS = r"[0-9]+(?:_[0-9]+)*"
NUMBER = rf"[-+\u2212]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][-+]?[0-9]+)?"
"""A regular expression for the numbers that are read."""

_NUMBER = re.compile(rf"({NUMBER})(\s*%)?")
_DECIMAL_COMMA = re.compile(r"([-+\u2212]?[0-9]+,[0-9]+(?:[eE][-+]?[0-9]+)?)(\s*%)?")
_NAMED = {
    f"{sign}{dot}{name}": f"{sign.strip('+')}{known}"
    for known, names in (("nan", ("nan",)), ("inf", ("inf", "infinity")))
    for name in names
    for dot in ("", ".")
    for sign in ("", "+", "-")
}
_LONGEST_NAMED = max(map(len, _NAMED))


def read_number(text: str, *, decimal_comma: bool = False) -> Number:
    """Return the number that TEXT is, with `%` behind it or without; else TEXT without a value.

    Neither has a number that is too long, or larger than a computer's numbers are. With
    DECIMAL_COMMA, `0,71` is one.
    """
    text = text.strip()
    if len(text) > LONGEST:
        return Number(text, None)
    match = _NUMBER.fullmatch(text)
    if match is None and decimal_comma:
        match = _DECIMAL_COMMA.fullmatch(text)
    if match is None:
        return _named(text)
    digits = match[1].replace("_", "").replace(",", ".").replace("\u2212", "-")
    value = float(digits)
    if math.isinf(value):
        return Number(text, None)
    return Number(match[1], value, "%" if match[2] else "")


def _named(text: str) -> Number:
    known = _NAMED.get(text.lower()) if len(text) <= _LONGEST_NAMED else None
    if known is None:
        return Number(text, None)
    known = known.replace("-nan", "nan")
    return Number(known, float(known))


_DIGITS_FIRST = re.compile(r"[-+\u2212]?\.?[0-9][0-9._]*(?:[eE][-+]?[0-9]+)?\s*%?")


def is_too_large(number: Number) -> bool:
    """Tell whether NUMBER has no value although it is written as a number."""
    if number.value is not None or not number.text[:3].strip("-+.\u2212")[:1].isdigit():
        return False
    return _DIGITS_FIRST.fullmatch(number.text) is not None and number.text.count(".") <= 1
