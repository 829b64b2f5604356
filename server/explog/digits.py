"""What hexadecimal digits can be the hash of a commit, judged by nothing but their looks.

It decides only where no repository knows them: what resolves needs no judgement. Both judgements
take `decade1`, a word with a number, for text. They differ on purpose: a hash that gives way to the
right one does no harm, and a false alarm does.
"""

from __future__ import annotations

import re

SHORTEST = 7
"""How many digits a hash has at least, as git abbreviates it."""
HASH = re.compile(rf"[0-9a-f]{{{SHORTEST},64}}")
"""Matches the digits of a commit, abbreviated or in full."""
HASH_IN_NOTE = re.compile(rf"\b(?=[0-9]*[a-f])(?=[a-f]*[0-9]){HASH.pattern}\b")
"""Matches what may tell of a commit in a note: digits and letters, in whatever order."""
TYPED_HASH = re.compile(r"(?=[0-9a-f]*[0-9])[0-9a-f]{4,64}")
"""Matches a word of a query that may be a hash: people type fewer digits than git writes."""

_WORD_AND_NUMBER = re.compile(r"[a-f]*[0-9]*")
_FLOAT = re.compile(r"[0-9]+e[0-9]+")
# Whole ids, and what git abbreviates to; 32 digits are a checksum or a run of some tracker.
_LENGTHS = {*range(SHORTEST, 17), 40, 64}


def may_be_hash(digits: str) -> bool:
    """Tell whether DIGITS, which stand in the place of a step's hash, mix digits and letters so."""
    return not _WORD_AND_NUMBER.fullmatch(digits)


def is_surely_hash(digits: str) -> bool:
    """Tell whether DIGITS look like a hash and like nothing else: a checksum, a number, a date."""
    return may_be_hash(digits) and len(digits) in _LENGTHS and not _FLOAT.fullmatch(digits)
