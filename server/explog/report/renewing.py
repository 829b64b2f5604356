"""Renew a report: what is between two marks is explog's, all else is its owner's."""

from __future__ import annotations

import re
from datetime import date

from explog.errors import ExplogError
from explog.report.period import Period
from explog.report.values import Report

NAME = "explog-report"
# How a comment is written: what begins it, and what ends it.
_COMMENTS = {
    "org": ("# ", ""),
    "md": ("<!-- ", " -->"),
    "html": ("<!-- ", " -->"),
    "latex": ("% ", ""),
}


def marks(kind: str, report: Report) -> tuple[str, str]:
    """Return the lines between which the text of explog stands in a file of the format KIND."""
    before, after = _COMMENTS[kind]
    said = " ".join(f"{report.period} {report.query}".split()).replace("--", "- -")
    return f"{before}{NAME}: begin {said}{after}", f"{before}{NAME}: end{after}"


_MARKED = re.compile(
    rf"^(?P<begin>\W*{NAME}: begin (?P<first>\S+)\.\.(?P<last>\S+)[^\n]*)\n"
    rf".*?^(?P<end>\W*{NAME}: end\b[^\n]*)$",
    re.MULTILINE | re.DOTALL,
)


def renew(old: str, new: str, name: str) -> str:
    """Return the report OLD with what is between its marks replaced by that of the report NEW.

    Raises ExplogError `not-a-report` if OLD, in the file NAME, has no marks.
    """
    there, fresh = _MARKED.search(old), _MARKED.search(new)
    if there is None or fresh is None:
        reason = f"{name}: it is not a report of explog, and is left as it is"
        raise ExplogError("not-a-report", reason, file=name)
    return old[: there.start()] + fresh[0] + old[there.end() :]


def last_period(text: str, name: str) -> Period:
    """Return the period of the report TEXT in the file NAME; raise ExplogError `not-a-report`."""
    match = _MARKED.search(text)
    try:
        if match is not None:
            return Period(date.fromisoformat(match["first"]), date.fromisoformat(match["last"]))
    except ValueError:
        pass
    raise ExplogError("not-a-report", f"{name}: it does not say which days it is about", file=name)
