"""Which experiment a run belongs to, by what the user typed or by the name of the script."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from explog.grammar import ABBREVIATION_PATTERN, ID_PATTERN, STEP_PATTERN

# Compiled when they are needed, as every run waits for it.
_REFERENCE = rf"e{ID_PATTERN}(?:\.{STEP_PATTERN})?"
# `e201.1-train.py`, `e201b.2_train.py`, `201_1_train.py`, `201.sh`; a letter only behind an `e`.
_NAME = r"(?i:e([0-9]{1,9}[a-z]?)|([0-9]{1,9}))((?:[._][0-9]{1,6}){0,8})(?=[-_\s]|\.[A-Za-z]\w*$|$)"
# A name that begins with a day begins with no experiment.
_DAY = r"(?:19|20)[0-9]{2}[-_.]?(?:0[1-9]|1[0-2])[-_.]?(?:[0-2][0-9]|3[01])(?![0-9])"


def parse_reference(word: str) -> str | None:
    """Return the reference that WORD is, `e201.1` or `[e201.1]`, without brackets; else None."""
    inner = word[1:-1] if word[:1] == "[" and word[-1:] == "]" else word
    return inner if inner[:1] == "e" and re.fullmatch(_REFERENCE, inner) else None


def parse_experiment(word: str) -> str | None:
    """Return the reference for WORD, the id of an experiment with or without a step."""
    return parse_reference(word) or parse_reference(f"e{word}")


def reference_of_script(argv: Sequence[str]) -> str | None:
    """Return the reference that the file name of the script in ARGV begins with, or None.

    The script is the first word that names a file: the command itself, or what it runs.
    """
    for word in _scripts(argv):
        name = os.path.basename(word)
        match = re.match(_NAME, name)
        if match is not None and not re.match(_DAY, name):
            ident = match[1] or match[2]
            if not (match[1] and re.fullmatch(ABBREVIATION_PATTERN, ident)):
                return f"e{ident}" + match[3].replace("_", ".")
    return None


def _scripts(argv: Sequence[str]) -> Iterator[str]:
    """Yield the command of ARGV, and the first file among its arguments."""
    yield from argv[:1]
    yield from [word for word in argv[1:] if not word.startswith("-") and os.path.isfile(word)][:1]
