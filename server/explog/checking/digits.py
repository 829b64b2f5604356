"""What hexadecimal digits can be an abbreviated commit, judged by nothing but their looks.

It decides only where no repository knows them: what resolves needs no judgement.
"""

from __future__ import annotations

import re

# Whole ids, and what git abbreviates to; 32 digits are a checksum or a run of some tracker.
_LENGTHS = {*range(7, 17), 40, 64}
_FLOAT = re.compile(r"[0-9]+e[0-9]+")
# The words of seven letters and more that have no letter beyond f.
_WORDS = {"acceded", "defaced", "effaced"}


def is_like_commit(digits: str) -> bool:
    """Tell whether DIGITS look like a commit and like nothing else: a number, a date, a word."""
    mixed = not digits.isdigit() and not digits.isalpha()
    return mixed and len(digits) in _LENGTHS and not _FLOAT.fullmatch(digits)


def could_be_commit(digits: str) -> bool:
    """Tell whether DIGITS, which stand where a step has its hash, look like one.

    Letters alone do, as long as they are no word; a number or a date is text.
    """
    letters = digits.isalpha() and digits not in _WORDS and len(digits) in _LENGTHS
    return letters or is_like_commit(digits)
