"""Plain lists, with org itself as the judge: several hundred random sections, good and bad."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

from explog.org.lists import Item, PlainList, parse_section
from support.oracle import ask

# No blank before a tab: org 9.7 counts such a tab as eight columns wherever it stands.
INDENTS = ["", "", "", "  ", "  ", "   ", "    ", "      ", "\t", "\t ", "\t\t", " "]
BULLETS = ["-", "+", "*", "1.", "2.", "3)", "10.", "1)", "12345678901.", "a.", "١.", "-", "1."]
COUNTERS = ["", "", "", "[@5] ", "[@start:7] ", "[@c] ", "[@5]", "[@12345678901] "]
BOXES = ["[ ] ", "[X] ", "[x] ", "[-] ", "", "", "[ ]", "[ ]x", "[y] ", "[X]\t"]
TEXTS = [
    "word",
    "two words",
    "[1/2] counted",
    "tag :: text",
    "ends (83d45cd)",
    "",
    "- dash",
    "1. one",
    'State "DONE"       from "TODO"       [2024-01-01 Mon 10:00]',
    "Note taken on [2024-01-01 Mon 10:00] \\\\",
]
ODD = [
    "| a table |", "+---+---+", "# a comment", "#", "#hashtag", "#+begin_src sh", "#+end_src",
    "#+BEGIN_quote", "#+END_QUOTE", "#+begin: clocktable", "#+end:", "#+end_example",
    "#+begin_example", ":LOGBOOK:", ":not a drawer:", ": fixed", ":", "-----",
    "----", "#+name: x", "#+1 for it", "#+caption[short]: x", "CLOCK: [2024-01-01 Mon 10:00]",
    "\\begin{align}", "[fn:1] note", "%%(diary)", "\x0c", "\u00a0", "\u2028",
    "- [ ] in it", "1. [ ] in it", "text\x0bmore",
]  # fmt: skip


def wild(rng: random.Random) -> str:
    """Return lines in any order: what grows when several hands edit a section."""
    lines: list[str] = []
    for _ in range(rng.randint(1, 14)):
        kind, indent = rng.random(), rng.choice(INDENTS)
        if kind < 0.5:
            lines.append(item(rng, indent))
        elif kind < 0.7:
            lines.append(indent + rng.choice(TEXTS))
        elif kind < 0.85:
            lines.append(indent + rng.choice(ODD))
            if lines[-1].endswith(":LOGBOOK:") and rng.random() < 0.5:
                lines += [item(rng, indent), "- [ ] a note", f"{indent}:end:"]
        else:
            lines += rng.choice([[""], [""], ["", ""], [" "], ["\t", " "], ["", "", ""]])
    return "\n".join(lines)


def item(rng: random.Random, indent: str) -> str:
    """Return the first line of an item."""
    gap = rng.choice([" ", " ", " ", "  ", "\t", ""])
    text = rng.choice(COUNTERS) + rng.choice(BOXES) + rng.choice(TEXTS)
    bullet = rng.choice(BULLETS)
    return (indent or " " * (bullet == "*")) + bullet + gap + text


def tidy(rng: random.Random, indent: int = 0, depth: int = 0) -> list[str]:
    """Return a list as org itself would write it, with all that may be in its items."""
    lines: list[str] = []
    ordered = rng.random() < 0.6
    first = rng.randint(1, 3)
    for number in range(first, first + rng.randint(1, 4)):
        bullet = f"{number}." if ordered else "-"
        body = " " * (indent + len(bullet) + 1)
        counter = f"[@{number + 4}] " if rng.random() < 0.1 and ordered else ""
        box = rng.choice(["[ ] ", "[X] ", "[-] ", "[x] ", ""])
        lines.append(f"{' ' * indent}{bullet} {counter}{box}step{number}")
        if rng.random() < 0.3:
            lines.append(f"{body}goes on here")
        if rng.random() < 0.2:
            lines += rng.choice(
                [
                    ["", f"{body}a second paragraph"],
                    [f"{body}#+begin_src sh", "1. [ ] not a step", f"{body}#+end_src"],
                    [f"{body}:LOGBOOK:", f"{body}- a note", f"{body}:END:"],
                    [f"{body}| a | b |"],
                ]
            )
        if depth < 3 and rng.random() < 0.35:
            lines += tidy(rng, len(body), depth + 1)
        if rng.random() < 0.15:
            lines.append("")
    return lines


def sections(count: int, seed: int) -> list[str]:
    """Return COUNT texts, each one heading with a body, the same in every run."""
    rng = random.Random(seed)
    return [
        "* H\n" + ("\n".join(tidy(rng)) if rng.random() < 0.4 else wild(rng)) + "\n" * (i % 3)
        for i in range(count)
    ]


def ours(text: str) -> list[dict[str, Any]]:
    """Return what explog reads in the section TEXT, in the oracle's form."""
    lines = text.split("\n")
    found: list[dict[str, Any]] = []

    def add(plain: PlainList) -> None:
        for one in plain.items:
            found.append(_told(one, plain))
            for inner in one.lists:
                add(inner)

    for plain in parse_section(lines, 1, len(lines)).lists:
        add(plain)
    return found


def _told(one: Item, plain: PlainList) -> dict[str, Any]:
    return {
        "line": one.line,
        "indent": one.indent,
        "ordered": one.number is not None,
        "box": one.box,
        "list": plain.items[0].line,
        "parent": one.parent.line if one.parent else None,
        "paragraph": one.paragraph_end,
    }


def theirs(items: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """Return what org reads in the section TEXT, in the same form."""
    lines = text.split("\n")
    return [
        {
            "line": one["line"],
            "indent": one["indent"],
            "ordered": one["bullet"][0].isdigit(),
            "box": one["box"][1] if one["box"] else None,
            "list": one["list"],
            "parent": one["parent"],
            "paragraph": _before_ends(lines, one["line"], one["paragraph"]),
        }
        for one in items
    ]


def _before_ends(lines: list[str], first: int, last: int) -> int:
    """Return where the paragraph from FIRST to LAST ends for us, who put no hash behind these.

    A `\\begin{` without its end is part of the paragraph for org, and so is `a. [ ] an item` where
    it is not set to take that for one.
    """
    for line in range(first + 1, last + 1):
        if re.match(r"\s*(?:\\begin\{|[A-Za-z][.)][ \t]+\[[ xX-]\])", lines[line]):
            return line - 1
    return last


def test_lists_are_read_as_org_reads_them(tmp_path: Path) -> None:
    texts = sections(700, 202)
    answers = ask(tmp_path, [{"do": "lists", "text": text} for text in texts])
    wrong = [
        (text, ours(text), theirs(answer, text))
        for text, answer in zip(texts, answers, strict=True)
        if ours(text) != theirs(answer, text)
    ]
    assert sum(map(len, answers)) > 2000
    for text, mine, orgs in wrong[:1]:
        assert mine == orgs, text
