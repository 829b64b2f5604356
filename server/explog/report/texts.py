"""How text comes into a report: on one line, escaped, or as an excerpt of a log.

Titles and excerpts are org; subjects of commits and file names are plain text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from markupsafe import Markup

from explog.org.heading import HEADING
from explog.report.renewing import NAME
from explog.results.formats import LATEX_SIGNS

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_LONGEST, _BESIDE = 300, 22


def one_line(text: str) -> str:
    """Return TEXT as one line without control characters, cut if it is very long."""
    text = " ".join(_CONTROL.sub("", text).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


# Links, footnotes, dates, macros, snippets, targets, what Babel runs, and LaTeX.
_ORG_MARKUP = re.compile(
    r"\[(?=[\[fc])|\{(?=\{\{)|@(?=@)|<(?=[<\d%])|\[(?=\d{4}-)|\b(?:src|call)(?=_\w)|\\(?=\S)|\$(?=\S)"
)


def short(text: str) -> str:
    """Return TEXT on one line, cut to what fits beside a picture."""
    text = one_line(text)
    return text if len(text) <= _BESIDE else f"{text[:_BESIDE]}…"


def plain(text: str, kind: str) -> str:
    """Return TEXT, which is no markup, so that the format KIND shows it as it is, on one line."""
    return _PLAIN[kind](text) if kind in _PLAIN else one_line(text)


def address(url: str, kind: str) -> str:
    """Return URL without what would end it in the format KIND."""
    url = re.sub(r"[\s<>\[\]{}\\^`|\"]", "", url)
    return re.sub(r"([%#&_~])", r"\\\1", url) if kind == "latex" else url


def excerpt(text: str, kind: str, converted: Mapping[str, str], level: int = 0) -> str:
    """Return TEXT of a log in the format KIND: as CONVERTED, or else as it is.

    In org, it is to stand beneath a heading of LEVEL; in a block, beneath an item.
    """
    if kind == "org":
        return _org_excerpt(text, level)
    if kind == "block":
        return "\n".join(f"  {line}".rstrip() for line in _org_excerpt(text, 0).split("\n"))
    if text in converted:
        said = converted[text]
        return Markup(said) if kind == "html" else said  # noqa: S704 - made by the exporter
    return _verbatim(text, kind)


def _plain_org(text: str) -> str:
    """Return TEXT, which is no org, so that org shows it as it is."""
    return _ORG_MARKUP.sub("\\g<0>\N{ZERO WIDTH SPACE}", one_line(text))


def _plain_markdown(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", one_line(text))


_LATEX = str.maketrans({**LATEX_SIGNS, '"': r"\textquotedbl{}"})


def _plain_latex(text: str) -> str:
    return one_line(text).translate(_LATEX)


_PLAIN: dict[str, Callable[[str], str]] = {
    "org": _plain_org,
    "block": _plain_org,
    "md": _plain_markdown,
    "latex": _plain_latex,
}


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
    return f",{line}" if re.match(rf"[ \t]*#(\+END:|\s+{NAME}:)", line, re.IGNORECASE) else line


def _verbatim(text: str, kind: str) -> str:
    """Return TEXT of a log as it is, in a block that nothing in it ends."""
    text = _CONTROL.sub("", text)
    if kind == "html":
        return Markup("<pre>{}</pre>").format(text)
    if kind == "latex":
        lines = (f"\\texttt{{{_plain_latex(line)}}}" for line in text.split("\n") if line.strip())
        return "\\\\\n".join(lines)
    longest = max((len(run) for run in re.findall("`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}org\n{text}\n{fence}"
