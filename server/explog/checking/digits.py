"""What hexadecimal digits can be an abbreviated commit, judged by nothing but their looks.

It decides only where no repository knows them: what resolves needs no judgement.
"""

from __future__ import annotations

import re

# Whole ids, and what git abbreviates to; 32 digits are a checksum or a run of some tracker.
_LENGTHS = {*range(7, 17), 40, 64}
_FLOAT = re.compile(r"[0-9]+e[0-9]+")
# `decade1`, as a word with a number is written; letters alone, as `deadbeef`, are not mixed at all.
_WORD_AND_NUMBER = re.compile(r"[a-f]+[0-9]+")


def is_like_commit(digits: str) -> bool:
    """Tell whether DIGITS look like a commit and like nothing else: a number, a date, a word."""
    mixed = not digits.isdigit() and not digits.isalpha()
    return (
        mixed
        and len(digits) in _LENGTHS
        and not _FLOAT.fullmatch(digits)
        and not _WORD_AND_NUMBER.fullmatch(digits)
    )
