"""Where a report goes: which days and sections it is asked for, and the file it is written to."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from explog.errors import ExplogError
from explog.org.files import read_log, replace_log
from explog.report.groups import By
from explog.report.period import Period, parse_period
from explog.report.plotted import draw_plot
from explog.report.renewing import last_period, renew
from explog.report.values import SECTIONS, Pictures, Report
from explog.report.writing import BESIDE, timeline, write_report

SINCE_LAST = "since-last"
_PICTURE = re.compile(rb'<svg xmlns="http://www.w3.org/2000/svg" class="(timeline|plot)"')


_SUFFIXES = {".md": "md", ".html": "html", ".htm": "html", ".tex": "latex", ".json": "json"}


def format_of(file: Path | None) -> str:
    """Return the format that the name of FILE says, or else org."""
    return _SUFFIXES.get(file.suffix.lower(), "org") if file is not None else "org"


class Published(NamedTuple):
    """What came of a report: its `text`, if it was not written to a file, and whether it lacks its
    plot: `problem` says why.
    """

    text: str | None
    problem: ExplogError | None


def publish(
    report: Report, kind: str, by: By, templates: Path | None, output: Path | None
) -> Published:
    """Make REPORT in the format KIND, and write it to the file OUTPUT unless that is None.

    Some formats have their pictures in files beside the report. See `write_report` for BY and
    TEMPLATES.
    """
    beside = output if output is not None and kind in BESIDE else None
    pictures, problem = Pictures(), None
    if beside is not None or kind == "html":
        pictures, problem = draw_pictures(report, templates)
    elif report.metric:
        problem = ExplogError("no-plot", f"{report.metric} is not plotted: {_where_to(kind)}")
    text = write_report(report, kind, by, templates, pictures, beside.stem if beside else "")
    if output is None:
        return Published(text, problem)
    put_report(output, text)
    if beside is not None:
        put_pictures(beside, pictures)
    return Published(None, problem)


def _where_to(kind: str) -> str:
    if kind in BESIDE:
        return "it is a file beside the report, so name that: -o FILE"
    return f"a report in {kind} has no pictures"


def draw_pictures(report: Report, templates: Path | None) -> tuple[Pictures, ExplogError | None]:
    """Return the pictures of REPORT, and why there is no plot although one was asked for.

    TEMPLATES may have one of the timeline. Raises ExplogError `bad-template`.
    """
    drawn = Pictures(timeline(report, templates))
    try:
        return drawn._replace(plot=draw_plot(report)), None
    except ExplogError as error:
        return drawn, error


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
    return tuple(dict.fromkeys(names)) or SECTIONS


def put_report(file: Path, text: str) -> None:
    """Write the report TEXT to FILE, or renew the one that is there.

    What stands outside of explog's marks stays as it is. Raises ExplogError if FILE is no report,
    if somebody is editing it, or if it cannot be written.
    """
    _put(file, text, lambda old: renew(_decoded(old, file), text, str(file)))


def put_pictures(report: Path, pictures: Pictures) -> None:
    """Write PICTURES to their files beside the file REPORT.

    Each is new or was written by this function before. Raises ExplogError as `put_report` does.
    """
    for name, svg in zip(pictures.named(report.stem), pictures, strict=True):
        if name:
            _put_picture(report.with_name(name), svg)


def _put_picture(file: Path, svg: str) -> None:
    def renewed(old: bytes) -> str:
        if _PICTURE.match(old):
            return svg
        reason = f"{file}: it is no picture of explog's, and is left as it is"
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
        new = (renewed(old) if old else text).encode()
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
