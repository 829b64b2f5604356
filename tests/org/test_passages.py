"""The prose of an entry: what kind each piece is, where it stands, which day it bears."""

from __future__ import annotations

from datetime import date

import pytest

from explog.config import DEFAULT_DONE, DEFAULT_OPEN
from explog.org.options import Keywords, OrgOptions
from explog.org.passages import read_passages, read_texts
from explog.org.steps import find_steps

OPTIONS = OrgOptions(Keywords(DEFAULT_OPEN, DEFAULT_DONE))


def passages(text: str) -> list[tuple[str, str, int, str]]:
    """Return (kind, step, line, text) of each passage but the first, which is the entry's own."""
    lines = text.split("\n")
    steps = find_steps(lines, "Experiments", OPTIONS)
    found = list(read_passages(lines, steps, OPTIONS))
    return [(p.kind, ".".join(map(str, p.step)), p.line, p.text) for p in found[1:]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* [1] x :exp:", []),
        ("* [1] x\n** Notes\n- a\n- b\n  c", [("note", "", 2, "- a"), ("note", "", 3, "- b c")]),
        ("* [1] x\n** Notes\na\nb\n\nc", [("note", "", 2, "a b"), ("note", "", 5, "c")]),
        ("* [1] x\n** TODO Conclusions\nit works", [("conclusion", "", 2, "it works")]),
        ("* [1] x\n** Experiments\n1. [ ] a\n   more", [("step", "1", 2, "a more")]),
        (
            "* [1] x\n** Experiments\n1. a\n   1. b",
            [("step", "1", 2, "a"), ("step", "1.1", 3, "b")],
        ),
        (
            "* [1] x\n** Notes\n  - a\n    b\n    - c\n  - d\n- e\n  - f",
            [("note", "", 2, "- a b - c"), ("note", "", 5, "- d"), ("note", "", 6, "- e - f")],
        ),
        (
            "* [1] x\n** Experiments\n- a\n\n\n1. b\n   - c\n     d\n     1. e\n   1. f\n      - g",
            [
                ("step", "1", 5, "b"),
                ("note", "", 2, "- a"),
                ("note", "1", 6, "- c d 1. e"),
                ("note", "1", 9, "1. f - g"),
            ],
        ),
        (
            "* [1] x\n** Experiments\n1. b\n   1. c\n      - d\n   Notes:\n   - e\n   - f\n2. g",
            [
                ("step", "1", 2, "b Notes:"),
                ("step", "1.1", 3, "c"),
                ("step", "2", 8, "g"),
                ("note", "1.1", 4, "- d"),
                ("note", "1", 6, "- e"),
                ("note", "1", 7, "- f"),
            ],
        ),
        ("* [1] x\n** Experiments\nwhy\n1. a", [("step", "1", 3, "a"), ("note", "", 2, "why")]),
        (
            "* [1] x\n** Compare with [150]\nso",
            [("note", "", 1, "Compare with [150]"), ("note", "", 2, "so")],
        ),
        ("* [1] x\n** [1] details\nso", [("note", "", 1, "details"), ("note", "", 2, "so")]),
        ("* [1] x\n** TODO Experiments\nsoon", [("note", "", 2, "soon")]),
        (
            "* [1] x\n** Notes\n:PROPERTIES:\n:Effort: 1:00\n:Dataset: cifar\n:END:\n",
            [("note", "", 2, ":Dataset: cifar")],
        ),
        ("* [1] x\n** [150] another :exp:\nso\n*** deep\nso\n** Notes\nn", [("note", "", 6, "n")]),
        ("* [1] x\n** Notes\n:LOGBOOK:\n- State\n:END:\nn", [("note", "", 3, "- State n")]),
    ],
)
def test_prose_is_cut_into_passages(text: str, expected: list[tuple[str, str, int, str]]) -> None:
    assert passages(text) == expected


def test_the_first_passage_is_what_stands_under_the_heading() -> None:
    lines = "* TODO [1] x :exp:\n:PROPERTIES:\n:ID: 1\n:END:\n[2018-06-06 Wed]\n\n- why".split("\n")
    (first,) = read_passages(lines, None, OPTIONS)
    assert (first.kind, first.line, first.day) == ("experiment", 0, date(2018, 6, 6))
    assert first.text == "[2018-06-06 Wed] - why"


def test_the_ends_of_lines_do_not_matter() -> None:
    text = "* [1] x\n:PROPERTIES:\n:ID: 1\n:END:\nCLOSED: [2018-06-06 Wed]\nwhy\n** Notes\n- n"
    lines = text.split("\n")
    dos = [line + "\r" for line in lines]
    assert list(read_passages(dos, None, OPTIONS)) == list(read_passages(lines, None, OPTIONS))


def test_a_note_bears_its_own_day() -> None:
    lines = ["* [1] x", "** Notes", "- [2018-06-07 Thu] a", "- [2018-02-31 Sat] b"]
    found = list(read_passages(lines, None, OPTIONS))
    assert [passage.day for passage in found] == [None, date(2018, 6, 7), None]


def test_a_note_on_a_step_bears_its_own_day() -> None:
    lines = ["* [1] x", "** Experiments", "1. [ ] a", "   - [2018-06-07 Thu 10:00] (83d45cd) b"]
    found = list(read_passages(lines, find_steps(lines, "Experiments", OPTIONS), OPTIONS))
    assert [(p.kind, p.step, p.day) for p in found[1:]] == [
        ("step", (1,), None),
        ("note", (1,), date(2018, 6, 7)),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (
            "#+TODO: A | B\n#+TITLE: My log\n\nSee below.",
            [(0, "", "#+TITLE: My log"), (3, "", "See below.")],
        ),
        ("* TODO [#A] Ideas [1/2] :misc:", [(0, "Ideas", "Ideas")]),
        (
            "* Ideas\nmore data\n\nless noise",
            [(0, "Ideas", "Ideas\nmore data"), (3, "Ideas", "less noise")],
        ),
        (
            "* Ideas\n- one\n  two\n- three",
            [(0, "Ideas", "Ideas\n- one two"), (3, "Ideas", "- three")],
        ),
        ("* A\n** B\nb\n", [(0, "A", "A"), (1, "B", "B\nb")]),
        ("* A\na\n** exp\nx\n** C\nc", [(0, "A", "A\na"), (4, "C", "C\nc")]),
        ("* exp\nx\n* exp\n", []),
        ("* \n", []),
    ],
)
def test_other_text_is_cut_beneath_its_headings(
    text: str, expected: list[tuple[int, str, str]]
) -> None:
    lines, kept, skip = text.split("\n"), list[bool](), False
    for line in lines:
        skip = line.endswith(" exp") or (skip and not line.startswith("*"))
        kept.append(not skip)
    found = [(line, title, said) for line, title, said, _day in read_texts(lines, kept, OPTIONS)]
    assert found == expected
