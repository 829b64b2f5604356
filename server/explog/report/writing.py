"""Write a report as text: org, Markdown, HTML, LaTeX, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from explog.errors import ExplogError
from explog.report.convert import convert
from explog.report.groups import By, groups
from explog.report.renewing import marks, title
from explog.report.texts import address, excerpt, one_line, plain, short
from explog.report.timeline import picture
from explog.report.values import Item, Pictures, Report

FORMATS = ("org", "md", "html", "latex", "json")
BESIDE = ("org", "md")
"""The formats whose pictures are files beside the report."""
_NONE = Pictures()
# Of more days, the axis names months.
_LONG_DAYS = 200


def write_report(
    report: Report,
    kind: str,
    by: By = "experiment",
    folder: Path | None = None,
    pictures: Pictures = _NONE,
    stem: str = "",
) -> str:
    """Return REPORT in the format KIND, grouped BY.

    Templates of the user's own in FOLDER are used instead of those of the same name here. A page of
    HTML has the PICTURES in it. In the formats BESIDE there are links to files with them, whose
    names begin with STEM, unless that is empty. Raises ExplogError `bad-template`.
    """
    if kind == "json":
        return json.dumps(as_json(report), ensure_ascii=False, indent=2) + "\n"
    names = pictures.named(stem) if stem and kind in BESIDE else _NONE
    with _named_templates():
        return _written(report, kind, by, folder, pictures if kind == "html" else names)


def _written(report: Report, kind: str, by: By, folder: Path | None, pictures: Pictures) -> str:
    environment = _environment(kind, folder)
    body = _body(environment, report, kind, by, pictures)
    begin, end = marks(kind, report, by)
    text = environment.get_template(f"report.{kind}.j2").render(
        report=report,
        title=title(report.period.first, report.period.last),
        body=body,
        begin=begin,
        end=end,
    )
    return f"{text.rstrip()}\n"


def _body(environment: Any, report: Report, kind: str, by: By, pictures: Pictures) -> str:
    """Return what is between the marks; PICTURES are SVG in HTML, else the names of files."""
    texts = (item.text for item in report.items())
    converted = {} if kind in ("org", "block") else convert(texts, kind)
    environment.filters["excerpt"] = lambda text, level=0: excerpt(text, kind, converted, level)
    text = environment.get_template(f"body.{kind}.j2").render(
        report=report, by=by, pictures=pictures
    )
    # A page has no use for empty lines, but in what is quoted as it stands.
    gap, instead = (r"(?<=>)\n{2,}(?=<)", "\n") if kind == "html" else (r"\n{3,}", "\n\n")
    return re.sub(gap, instead, text).strip("\n")


def write_block(
    report: Report, by: By = "experiment", folder: Path | None = None, plot_file: str = ""
) -> str:
    """Return REPORT as org without headings, for a dynamic block inside of an entry.

    PLOT_FILE is the name of the file with the plot, if there is one.
    """
    pictures = Pictures(plot=plot_file)
    with _named_templates():
        return f"{_body(_environment('block', folder), report, 'block', by, pictures)}\n"


def timeline(report: Report, folder: Path | None = None) -> str:
    """Return the timeline of REPORT as SVG; empty if it has no row."""
    if not report.timeline:
        return ""
    days = (report.period.last - report.period.first).days
    template = _environment("svg", folder).get_template("timeline.svg.j2")
    drawn = picture(report.timeline, report.period)
    return f"{template.render(picture=drawn, long=days > _LONG_DAYS).strip()}\n"


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


# Templates


@contextmanager
def _named_templates() -> Iterator[None]:
    """Raise ExplogError `bad-template`, which names file and line, for an error in a template."""
    import jinja2

    try:
        yield
    except jinja2.TemplateSyntaxError as error:
        where = f"{error.filename or error.name}:{error.lineno}"
        raise ExplogError("bad-template", f"{where}: {error.message}") from error
    except jinja2.TemplateError as error:
        raise ExplogError("bad-template", f"a template of the report: {error.message}") from error


def _environment(kind: str, folder: Path | None) -> Any:
    import jinja2  # which takes long to import

    loaders: list[jinja2.BaseLoader] = [jinja2.PackageLoader("explog.report")]
    if folder is not None:
        loaders.insert(0, jinja2.FileSystemLoader(folder))
    # TeX has braces of its own.
    marks_of_latex: dict[str, Any] = {
        "block_start_string": "<%",
        "block_end_string": "%>",
        "variable_start_string": "<<",
        "variable_end_string": ">>",
        "comment_start_string": "<#",
        "comment_end_string": "#>",
    }
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=kind in ("html", "svg"),  # noqa: S701 - others escape by the filter `plain`
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        **(marks_of_latex if kind == "latex" else {}),
    )
    environment.filters |= {
        "address": lambda text: address(text, kind),
        "groups": groups,
        "one_line": one_line,
        "plain": lambda text: plain(text, kind),
        "short": short,
    }
    return environment
