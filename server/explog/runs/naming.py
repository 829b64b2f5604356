"""Which experiment a run belongs to, by what the user typed or by the name of the script."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from explog.grammar import ABBREVIATION_PATTERN, ID_PATTERN, STEP_PATTERN

_WORD = re.compile(
    rf"\[e({ID_PATTERN})(?:\.({STEP_PATTERN}))?\]|e({ID_PATTERN})(?:\.({STEP_PATTERN}))?"
)
_EXPERIMENT = re.compile(rf"e?({ID_PATTERN}(?:\.{STEP_PATTERN})?)")
# `e201.1-train.py`, `e201b.2_train.py`, `201_1_train.py`, `201.sh`; a letter only behind an `e`.
_NAME = re.compile(
    r"(?:e([0-9]{1,9}[a-z]?)|([0-9]{1,9}))((?:[._][0-9]{1,6}){0,8})(?=[-_\s]|\.[a-z]\w*$|$)", re.I
)
_ABBREVIATION = re.compile(ABBREVIATION_PATTERN)
# A name that begins with a day begins with no experiment.
_DAY = re.compile(r"(?:19|20)[0-9]{2}[-_.]?(?:0[1-9]|1[0-2])[-_.]?(?:[0-2][0-9]|3[01])(?![0-9])")


def parse_reference(word: str) -> str | None:
    """Return the reference that WORD is, `e201.1` or `[e201.1]`, without brackets; else None."""
    match = _WORD.fullmatch(word)
    if match is None:
        return None
    return word.strip("[]")


def parse_experiment(word: str) -> str | None:
    """Return the reference for WORD, the id of an experiment with or without a step."""
    match = _EXPERIMENT.fullmatch(word.strip("[]"))
    return f"e{match[1]}" if match else None


def reference_of_script(argv: Sequence[str]) -> str | None:
    """Return the reference that the file name of the script in ARGV begins with, or None.

    The script is the first word that names a file: the command itself, or what it runs.
    """
    for word in _scripts(argv):
        name = os.path.basename(word)
        match = _NAME.match(name)
        if match is not None and not _DAY.match(name):
            ident = match[1] or match[2]
            if not (match[1] and _ABBREVIATION.fullmatch(ident)):
                return f"e{ident}" + match[3].replace("_", ".")
    return None


def _scripts(argv: Sequence[str]) -> Iterator[str]:
    """Yield the command of ARGV, and the first file among its arguments."""
    yield from argv[:1]
    yield from [word for word in argv[1:] if not word.startswith("-") and os.path.isfile(word)][:1]
