"""Where a report goes: which days and sections it is asked for, and the file it is written to."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

from explog.errors import ExplogError
from explog.org.files import read_log, replace_log
from explog.report.groups import By
from explog.report.period import Period, parse_period
from explog.report.renewing import last_period, renew
from explog.report.values import SECTIONS, Report
from explog.report.writing import timeline, write_report

SINCE_LAST = "since-last"
_PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" class="timeline"'


def publish(
    report: Report, kind: str, by: By, templates: Path | None, output: Path | None
) -> str | None:
    """Return REPORT as text in the format KIND, or write it to the file OUTPUT and return None.

    The timeline of a report in org is a file beside it. See `write_report` for BY and TEMPLATES.
    """
    beside = None
    if output is not None and kind == "org" and report.timeline:
        beside = output.with_name(f"{output.stem}-timeline.svg")
    name = beside.name if beside is not None else ""
    text = write_report(report, kind, by, templates, name)
    if output is None:
        return text
    put_report(output, text)
    if beside is not None:
        put_picture(beside, timeline(report, templates))
    return None


def read_period(text: str, file: Path | None, today: date | None = None) -> Period:
    """Return the period that TEXT names; "since-last" begins where the report in FILE ends.

    The last day of that report is in the new one as well, as it was not over yet. Raises
    ExplogError `bad-period`, `not-a-report`.
    """
    today = today or date.today()
    if text != SINCE_LAST:
        return parse_period(text, today)
    if file is None:
        raise ExplogError("bad-period", "since-last needs the file of the last report: -o FILE")
    if not os.path.lexists(file):
        return parse_period("week", today)
    last = last_period(_text(file), str(file))
    return Period(min(last.last, today), today)


def report_sections(text: str) -> tuple[str, ...]:
    """Return the sections that TEXT names, with commas between them; all if it is empty.

    Raises ExplogError `bad-section`.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in SECTIONS:
            reason = f"there is no section {name}; there are {', '.join(SECTIONS)}"
            raise ExplogError("bad-section", reason)
    return names or SECTIONS


def put_report(file: Path, text: str) -> None:
    """Write the report TEXT to FILE, or renew the one that is there.

    What stands outside of explog's marks stays as it is. Raises ExplogError if FILE is no report,
    if somebody is editing it, or if it cannot be written.
    """
    _put(file, text, lambda old: renew(_decoded(old, file), text, str(file)))


def put_picture(file: Path, svg: str) -> None:
    """Write the timeline SVG to FILE, which is new or was written by this function before.

    Raises ExplogError as `put_report` does.
    """

    def renewed(old: bytes) -> str:
        if old.startswith(_PICTURE):
            return svg
        reason = f"{file}: it is no timeline of explog, and is left as it is"
        raise ExplogError("not-a-report", reason)

    _put(file, svg, renewed)


def _put(file: Path, text: str, renewed: Callable[[bytes], str]) -> None:
    """Write TEXT to FILE if it is new, else what RENEWED makes of its content."""
    try:
        if not os.path.lexists(file):
            with file.open("x", encoding="utf-8", newline="") as stream:
                stream.write(text)
            return
        old = read_log(file)
        new = renewed(old).encode()
        if new != old:
            replace_log(file, old, new)
    except OSError as error:
        raise ExplogError("unwritable", f"{file}: {error.strerror}") from error


def _text(file: Path) -> str:
    return _decoded(read_log(file), file)


def _decoded(data: bytes, file: Path) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ExplogError("not-a-report", f"{file}: it is no text in UTF-8") from error
