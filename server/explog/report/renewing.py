"""Renew a report: what is between two marks is explog's, all else is its owner's."""

from __future__ import annotations

import json
import re
from datetime import date

from explog.errors import ExplogError
from explog.report.period import Period
from explog.report.values import SECTIONS, Report

NAME = "explog-report"
# How a comment is written: what begins it, and what ends it.
_COMMENTS = {
    "org": ("# ", ""),
    "md": ("<!-- ", " -->"),
    "html": ("<!-- ", " -->"),
    "latex": ("% ", ""),
}


def marks(kind: str, report: Report, by: str) -> tuple[str, str]:
    """Return the lines between which the text of explog stands in a file of the format KIND.

    Below the first one stands what else REPORT was asked for: how it is grouped (BY), and so on.
    """
    before, after = _COMMENTS[kind]
    said = " ".join(f"{report.period} {report.query}".split()).replace("--", "- -")
    begin = f"{before}{NAME}: begin {said}{after}"
    if asked := _asked(report, by):
        begin += f"\n{before}{NAME}: asked {asked}{after}"
    return begin, f"{before}{NAME}: end{after}"


def _asked(report: Report, by: str) -> str:
    """Return the options of REPORT that are not the usual ones, as JSON on one line, or nothing."""
    options = {
        "author": (report.author, "all"),
        "by": (by, "experiment"),
        "sections": (",".join(report.chosen), ",".join(SECTIONS)),
        "metric": (report.metric, ""),
    }
    unusual = {name: value for name, (value, usual) in options.items() if value != usual}
    # A comment of HTML ends with two hyphens.
    return json.dumps(unusual).replace("--", "-\\u002d") if unusual else ""


# What begins a line with the title, and what may end it.
_TITLE = r"^(#\+TITLE: |# |<title>|<h1>|\\title\{{){}(?=(?:</title>|</h1>|\}})?\r?$)"
_STYLE = re.compile(rf"<style>\s*/\* {NAME}\b.*?</style>", re.DOTALL)
_MARKED = re.compile(
    rf"^(?P<begin>(?P<sign>[^\w\n]*){NAME}: begin (?P<first>\S+)\.\.(?P<last>\S+)[^\n]*)\n"
    rf".*?^(?P<end>[^\w\n]*{NAME}: end\b[^\n]*)$",
    re.MULTILINE | re.DOTALL,
)


def renew(old: str, new: str, name: str) -> str:
    """Return the report OLD with what is between its marks replaced by that of the report NEW.

    It has the line ends of OLD. Raises ExplogError `not-a-report` if OLD, in the file NAME, has no
    marks, or those of another format.
    """
    if _is_json(old) and _is_json(new):
        return new
    there, fresh = _MARKED.search(old), _MARKED.search(new)
    if there is None or fresh is None:
        reason = f"{name}: it is not a report of explog, and is left as it is"
        raise ExplogError("not-a-report", reason, file=name)
    if there["sign"] != fresh["sign"]:
        reason = f"{name}: it is a report in another format, and is left as it is"
        raise ExplogError("not-a-report", reason, file=name)
    text = fresh[0]
    if there["end"].endswith("\r"):
        text = text.replace("\n", "\r\n") + "\r"
    before, after = old[: there.start()], old[there.end() :]
    return _titled(before, there, fresh, new) + text + after


def _titled(before: str, old: re.Match[str], new: re.Match[str], report: str) -> str:
    """Return BEFORE, what stands above the marks, with the title and the style of REPORT.

    Only those that explog wrote are replaced.
    """
    now = title(new["first"], new["last"])
    was = re.escape(title(old["first"], old["last"]))
    before = re.sub(_TITLE.format(was), lambda match: match[1] + now, before, flags=re.MULTILINE)
    style = _STYLE.search(report)
    if style is not None:
        before = _STYLE.sub(lambda _match: style[0], before, count=1)
    return before


def title(first: object, last: object) -> str:
    """Return the title of the report on the days from FIRST to LAST."""
    return f"Report {first} – {last}"


def _is_json(text: str) -> bool:
    """Tell whether TEXT is a report as JSON, which has no marks, as nobody writes into it."""
    if not text.startswith("{"):
        return False
    try:
        return set(json.loads(text)) == {"from", "to", "sections"}
    except (ValueError, RecursionError):
        return False


def last_period(text: str, name: str) -> Period:
    """Return the period of the report TEXT in the file NAME; raise ExplogError `not-a-report`."""
    match = _MARKED.search(text)
    try:
        if match is not None:
            return Period(date.fromisoformat(match["first"]), date.fromisoformat(match["last"]))
    except ValueError:
        pass
    raise ExplogError("not-a-report", f"{name}: it does not say which days it is about", file=name)
