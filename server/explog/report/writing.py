"""Write a report as text: org, Markdown, JSON.

What is explog's stands between two marks, a line each. When a report is renewed, all else in the
file stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from explog.errors import ExplogError
from explog.org.heading import HEADING
from explog.report.groups import By, groups
from explog.report.period import Period
from explog.report.values import Item, Report

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_LONGEST = 300
_NAME = "explog-report"
# How a comment is written: what begins it, and what ends it.
_COMMENTS = {"org": ("# ", ""), "md": ("<!-- ", " -->")}
FORMATS = ("org", "md", "json")


def write_report(
    report: Report, kind: str, by: By = "experiment", folder: Path | None = None
) -> str:
    """Return REPORT in the format KIND, grouped BY.

    Templates of the user's own in FOLDER are used instead of those of the same name here.
    """
    if kind == "json":
        return json.dumps(as_json(report), ensure_ascii=False, indent=2) + "\n"
    environment = _environment(kind, folder)
    body = environment.get_template(f"body.{kind}.j2").render(
        report=report, by=by, timeline_file=""
    )
    begin, end = marks(kind, report)
    whole = environment.get_template(f"report.{kind}.j2")
    text = whole.render(
        report=report,
        title=f"Report {report.period.first} – {report.period.last}",
        body=_without_gaps(body),
        begin=begin,
        end=end,
    )
    return f"{text.rstrip()}\n"


def as_json(report: Report) -> dict[str, Any]:
    """Return what `--json` prints of REPORT."""
    return {
        "from": report.period.first.isoformat(),
        "to": report.period.last.isoformat(),
        "sections": [
            {"name": section.name, "items": [_item(item) for item in section.items]}
            for section in report.sections
        ],
    }


def _item(item: Item) -> dict[str, Any]:
    commit = item.commit
    return {
        "experiment": item.experiment,
        "step": item.step,
        "title": item.title,
        "text": item.text or " · ".join([*item.facts, *item.metrics]),
        "commit": commit.oid if commit is not None else None,
        "repository": commit.repository if commit is not None else None,
        "date": item.date.isoformat() if item.date is not None else None,
    }


# The marks, and renewing


def marks(kind: str, report: Report) -> tuple[str, str]:
    """Return the lines between which the text of explog stands in a file of the format KIND."""
    before, after = _COMMENTS[kind]
    said = " ".join(f"{report.period} {report.query}".split()).replace("--", "- -")
    return f"{before}{_NAME}: begin {said}{after}", f"{before}{_NAME}: end{after}"


_MARKED = re.compile(
    rf"^(?P<begin>\W*{_NAME}: begin (?P<first>\S+)\.\.(?P<last>\S+)[^\n]*)\n"
    rf".*?^(?P<end>\W*{_NAME}: end\b[^\n]*)$",
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


# Templates


def _environment(kind: str, folder: Path | None) -> Any:
    import jinja2  # which takes long to import

    loaders: list[jinja2.BaseLoader] = [jinja2.PackageLoader("explog.report")]
    if folder is not None:
        loaders.insert(0, jinja2.FileSystemLoader(folder))
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=False,  # noqa: S701 - neither format is HTML; see the filter `plain`
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "groups": groups,
        "one_line": one_line,
        "plain": _PLAIN[kind],
        "excerpt": _EXCERPT[kind],
        "address": lambda url: re.sub(r"[\s<>\[\]]", "", url),
    }
    return environment


def _without_gaps(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def one_line(text: str) -> str:
    """Return TEXT as one line without control characters, cut if it is very long."""
    text = " ".join(_CONTROL.sub("", text).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_ORG_MARKUP = re.compile(r"\[(?=[\[fc])|\{(?=\{\{)|@(?=@)|<(?=[<\d%])|\[(?=\d{4}-)")


def _plain_org(text: str) -> str:
    """Return TEXT, which is no org, so that org shows it as it is."""
    return _ORG_MARKUP.sub("\\g<0>\N{ZERO WIDTH SPACE}", one_line(text))


def _plain_markdown(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", one_line(text))


def _org_excerpt(text: str, level: int) -> str:
    """Return TEXT of a log for beneath a heading of LEVEL, its own headings below that one."""
    lines = _CONTROL.sub("", text).split("\n")
    stars = [len(match[1]) for line in lines if (match := HEADING.match(line))]
    deeper = max(0, level + 1 - min(stars, default=level + 1))
    return "\n".join(
        "*" * deeper + line if HEADING.match(line) else _without_mark(line) for line in lines
    )


def _without_mark(line: str) -> str:
    """Return LINE so that it neither ends a block nor is a mark of ours."""
    return f",{line}" if re.match(rf"[ \t]*#(\+END:|\s+{_NAME}:)", line, re.IGNORECASE) else line


def _markdown_excerpt(text: str) -> str:
    """Return TEXT of a log verbatim, in a block that nothing in it ends."""
    longest = max((len(run) for run in re.findall("`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}org\n{_CONTROL.sub('', text)}\n{fence}"


_PLAIN: dict[str, Callable[[str], str]] = {"org": _plain_org, "md": _plain_markdown}
_EXCERPT: dict[str, Callable[..., str]] = {"org": _org_excerpt, "md": _markdown_excerpt}
