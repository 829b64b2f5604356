"""What ids, steps and references are made of, as regular expressions.

Programs that must start at once, as `explog run`, need these and nothing else of `explog.refs`.
"""

from __future__ import annotations

# Bounded on purpose: a hostile message must not make a number that Python refuses to parse.
ID_PATTERN = r"[0-9][0-9A-Za-z_-]{0,63}"
STEP_PATTERN = r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,7}"
# Not behind a letter or digit, as in `weights[e2]`; other scripts may come without a blank.
REFERENCE_PATTERN = rf"(?<![0-9A-Za-z_])\[e({ID_PATTERN})(?:\.({STEP_PATTERN}))?\]"
# Abbreviations that look like a reference: end to end, electrolysis, a library.
ABBREVIATION_PATTERN = r"(?:2e|10s|3nn)(?:[-_].*)?"
