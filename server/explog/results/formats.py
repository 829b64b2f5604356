"""Tables of results as text: for a terminal, for org, Markdown and LaTeX.

Each format says how text stays text in it. `explog.results.exchange` has the formats for programs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from explog.results.grid import Field, Grid
from explog.results.width import padded, shortened, width
from explog.wording import visible

_MOST_COLUMNS = 48
Write = Callable[[Field], str]
"""Returns the text of a field in a format."""


def _plain(field: Field) -> str:
    """Return the text of FIELD as one line, cut if it is a title or the text of a step."""
    text = visible(" ".join(field.text.split()))
    return shortened(text, _MOST_COLUMNS) if field.kind == "text" else text


def _with_headings(grid: Grid) -> list[tuple[Field, ...]]:
    """Return the headings of GRID as fields, and then its rows."""
    return [tuple(Field(column.heading, "heading") for column in grid.columns), *grid.rows]


def _fields(grid: Grid, write: Write) -> list[list[str]]:
    """Return the texts of the headings, and then those of the rows."""
    return [[write(field) for field in row] for row in _with_headings(grid)]


def _aligned(rows: Sequence[Sequence[str]], right: Iterable[bool]) -> list[list[str]]:
    """Return ROWS with blanks, so that each column is as wide as its widest field."""
    right = list(right)
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return [[padded(*field) for field in zip(row, widths, right, strict=True)] for row in rows]


def _right(grid: Grid) -> list[bool]:
    """Return which columns have numbers, so that they go to the right."""
    return [column.kind in ("number", "metric") for column in grid.columns]


# A terminal


def terminal(grid: Grid, bold: Callable[[str], str] = str) -> str:
    """Return GRID for a terminal. A star marks the best, which BOLD also makes bold."""
    rows = _with_headings(grid)
    room = ["  " * any(field.best for field in column) for column in zip(*rows, strict=True)]
    texts = [
        [_plain(f) + (" *" if f.best else blank) for f, blank in zip(row, room, strict=True)]
        for row in rows
    ]
    lines: list[str] = []
    for row, aligned in zip(rows, _aligned(texts, _right(grid)), strict=True):
        shown = [bold(t) if f.best else t for t, f in zip(aligned, row, strict=True)]
        lines.append("  ".join(shown).rstrip())
    return _joined(lines)


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


# Org

# What org takes for a number: the default of `org-table-number-regexp`.
_ORG_NUMBER = re.compile(
    r"[<>]?[-+^.0-9]*[0-9][-+^.0-9eEdDx()%:]*|[<>]?[-+]?0[xX][0-9a-fA-F.]+"
    r"|[<>]?[-+]?[0-9]+#[0-9a-zA-Z.]+|nan|[-+u]?inf"
)
# A field that says how wide or where the fields of its column are, as `<r5>`.
_ORG_COOKIE = re.compile(r"<[lrc]?[0-9]*>")
# Signs in a name that mean something in org: an index or exponent, an entity, emphasis.
_ORG_SIGNS = re.compile(r"[_^\\]|^[*/+~]")
_LINK = re.compile(r"\[\[(?:[^][]+\]\[)?([^][]+)\]\]")


def org(grid: Grid) -> str:
    """Return GRID as a table of org, aligned as org does it."""
    rows = _fields(grid, _org_field)
    heading, *aligned = _aligned(rows, map(_org_goes_right, zip(*rows, strict=True)))
    rule = "+".join("-" * (width(field) + 2) for field in heading)
    return _joined([_barred(heading), f"|{rule}|", *map(_barred, aligned)])


def _barred(fields: Sequence[str]) -> str:
    return f"| {' | '.join(fields)} |"


def _org_goes_right(fields: Sequence[str]) -> bool:
    """Tell whether org aligns FIELDS, a column with its heading, to the right."""
    filled = [field for field in fields if field]
    return 2 * sum(1 for field in filled if _ORG_NUMBER.fullmatch(field)) >= len(filled)


def _org_field(field: Field) -> str:
    text = _plain(field)
    if field.kind == "step":
        # As code: in LaTeX, a bracket at the beginning of a row would be an argument.
        return f"=[e{text}]="
    if field.kind == "text":  # it is org already; the address of a link takes no room
        text = _plain(field._replace(text=_LINK.sub(r"\1", field.text)))
    elif _ORG_SIGNS.search(text) and "=" not in text:
        text = f"={text}="
    text = text.replace("|", r"\vert{}")
    if _ORG_COOKIE.fullmatch(text):
        text = rf"\lt{{}}{text[1:]}"
    return f"*{text}*" if field.best else text


# Markdown

_MARKDOWN_SIGNS = re.compile(r"([\\`*_\[\]<>|~$&])")


def markdown(grid: Grid) -> str:
    """Return GRID as a table of Markdown, as GitHub and GitLab have it."""
    right = _right(grid)
    heading, *rows = [[field or " " for field in row] for row in _fields(grid, _markdown_field)]
    rules = ["--:" if to_right else "---" for to_right in right]
    return _joined(map(_barred, _aligned([heading, rules, *rows], right)))


def _markdown_field(field: Field) -> str:
    text = _MARKDOWN_SIGNS.sub(r"\\\1", _plain(field))
    return f"**{text}**" if field.best else text


# LaTeX

LATEX_SIGNS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{sign: f"\\{sign}" for sign in "{}$&#_%"},
}
"""Signs that mean something to LaTeX, and how each is written so that it does not."""

_LATEX = str.maketrans(LATEX_SIGNS)


def latex(grid: Grid) -> str:
    r"""Return GRID as a `tabular` with the rules of the package booktabs."""
    heading, *rows = map(_latex_row, _fields(grid, _latex_field))
    places = "".join("r" if right else "l" for right in _right(grid))
    head = [rf"\begin{{tabular}}{{{places}}}", r"\toprule", heading, r"\midrule"]
    return _joined([*head, *rows, r"\bottomrule", r"\end{tabular}"])


def _latex_row(fields: Sequence[str]) -> str:
    text = " & ".join(fields)
    # What follows the end of a row in brackets, or a star there, is an argument of it.
    return ("{}" if text[:1] in ("[", "*") else "") + text + r" \\"


def _latex_field(field: Field) -> str:
    text = _plain(field).translate(_LATEX).replace("--", "-{}-")
    if field.kind == "metric":
        text = re.sub(r"^-|(?<= )-", "$-$", text.replace("±", r"$\pm$"))
    return rf"\textbf{{{text}}}" if field.best else text
