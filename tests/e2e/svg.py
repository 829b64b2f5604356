"""A terminal's screen as an SVG picture that needs nothing else to be shown."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from pyte.screens import Char
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

#: What rich draws, without the fonts that it would fetch from elsewhere.
_FORMAT = """\
<svg class="{unique_id}" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg"
xml:space="preserve">
<style>
.{unique_id}-matrix {{
  font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
.{unique_id}-title {{ font: 18px sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""

#: The eight colours of a terminal, and the bright ones, as (red, green, blue).
_NORMAL = [
    (0, 0, 0),
    (178, 34, 34),
    (34, 120, 34),
    (150, 100, 0),
    (30, 70, 170),
    (140, 30, 140),
    (0, 120, 130),
    (200, 200, 200),
]
_BRIGHT = [
    (110, 110, 110),
    (220, 50, 50),
    (50, 160, 50),
    (190, 140, 20),
    (60, 100, 220),
    (180, 60, 180),
    (20, 160, 170),
    (255, 255, 255),
]
_THEME = TerminalTheme((255, 255, 255), (30, 30, 30), _NORMAL, _BRIGHT)


def draw(cells: Sequence[Sequence[Char]], title: str) -> str:
    """Return the screen CELLS, in rows, as an SVG picture with a TITLE."""
    unique = re.sub(r"\W+", "-", title.lower())
    console = Console(
        record=True,
        width=len(cells[0]),
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
    )
    for row in cells:
        console.print(_line(row), soft_wrap=True, highlight=False)
    return console.export_svg(title=title, theme=_THEME, code_format=_FORMAT, unique_id=unique)


def _line(row: Iterable[Char]) -> Text:
    line = Text(no_wrap=True, end="\n")
    for style, cells in groupby(row, _style):
        line.append("".join(cell.data for cell in cells), style)
    return line


def _style(cell: Char) -> Style:
    return Style(
        color=_color(cell.fg),
        bgcolor=_color(cell.bg),
        bold=cell.bold,
        italic=cell.italics,
        underline=cell.underscore,
        reverse=cell.reverse,
    )


def _color(name: str) -> Color | None:
    """Return a colour by the name that pyte gives it: a word, or six hexadecimal digits."""
    if name == "default":
        return None
    if len(name) == 6 and all(digit in "0123456789abcdef" for digit in name.lower()):
        return Color.parse(f"#{name}")
    name = {"brown": "yellow", "brightbrown": "brightyellow"}.get(name, name)
    return Color.parse(name.replace("bright", "bright_"))
