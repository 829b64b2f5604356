"""Headings: ids, properties, keywords and titles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from explog.org.context import file_context
from explog.org.entry import read_experiment
from explog.org.heading import (
    clean_title,
    entry_ids,
    read_id,
    read_properties,
    split_todo,
    title_of,
)
from explog.org.options import Keywords, OrgOptions
from explog.org.scan import split_sections
from explog.sync.sections import experiment_chunks

OPTIONS = OrgOptions(Keywords(("TODO", "INPROGRESS"), ("DONE",)))
# What the Lisp side must read the same way.
SHARED = json.loads(
    (Path(__file__).parents[1] / "data" / "headings.json").read_text(encoding="utf-8")
)
UUID = "83d45cd1-28a8-4eda-9bf5-51ba099234fa"


@pytest.mark.parametrize("case", SHARED, ids=lambda case: case["name"])
def test_python_and_lisp_find_the_same_experiments(case: dict[str, Any]) -> None:
    data = case["text"].encode()
    context = file_context(data, OPTIONS)
    found: list[list[object]] = []
    for start, end in split_sections(data):
        for chunk, lines, _headings in experiment_chunks(data[start:end], context, "exp"):
            entry = read_experiment("\n".join(lines), chunk.line, (), OPTIONS)
            line = 1 + data.count(b"\n", 0, start) + chunk.line
            found += [[entry.id, line]] if entry else []
    assert found == case["experiments"]


@pytest.mark.parametrize(
    ("heading", "properties", "ident", "others"),
    [
        ("TODO [201] ABC", {"ID": "201"}, "201", ()),
        ("[201] ABC", {"ID": UUID}, "201", (UUID,)),
        ("[201] ABC", {"CUSTOM_ID": "abc", "ID": UUID}, "201", ("abc", UUID)),
        ("<<201>> ABC", {}, "201", ()),
        ("<<<201>>> ABC", {}, "201", ()),
        ("ABC", {"CUSTOM_ID": "201", "ID": "7"}, "201", ("7",)),
        ("ABC", {"CUSTOM_ID": "abc", "ID": "7"}, "7", ("abc",)),
        ("ABC", {"ID": UUID}, None, ()),
        ("Compare with [12]", {"ID": "201"}, "201", ()),
        ("Compare with [12]", {"ID": UUID}, "12", (UUID,)),
        ("ABC [50%] [1/2] [/] [%]", {}, None, ()),
        ("[50%] [201] ABC [1/2]", {}, "201", ()),
        ("ABC [2018-06-06 Wed] [2018-06-06] [2018-06-06 Wed 16:16]", {}, None, ()),
        ("ABC [[#201][201]] [[201]] [201](x) a[3]", {}, None, ()),
        ("TODO [#A] [201] ABC", {}, "201", ()),
        ("ABC :a[1]:", {}, None, ()),
        ("", {}, None, ()),
    ],
)
def test_ids(
    heading: str, properties: dict[str, str], ident: str | None, others: tuple[str, ...]
) -> None:
    assert entry_ids(heading, properties) == (ident, others)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* h\n:PROPERTIES:\n:ID: 1\n:Custom_Id:  2 \r\n:END:", {"ID": "1", "CUSTOM_ID": "2"}),
        ("* h\n  :properties:\n\t:id:\t1\n :end:", {"ID": "1"}),
        ("* h\nSCHEDULED: <2024-01-01>\n:PROPERTIES:\n:ID: 1\n:END:", {"ID": "1"}),
        ("* h\n:PROPERTIES:\n:header-args:sh: :x\n:a+b: 1\n:ID+: 2\n:E:\n:END:",
         {"HEADER-ARGS": "sh: :x", "A+B": "1", "ID": "2", "E": ""}),
        ("* h\n:PROPERTIES:\n:END:", {}),
        ("* h\n:PROPERTIES:\n:ID: 1\n", {}),
        ("* h\n:PROPERTIES:\n:ID: 1\nprose\n:END:", {}),
        ("* h\n\n:PROPERTIES:\n:ID: 1\n:END:", {}),
        ("* h\nprose\n:PROPERTIES:\n:ID: 1\n:END:", {}),
        ("* h\n** c\n:PROPERTIES:\n:ID: 1\n:END:", {}),
        ("* h\n:LOGBOOK:\n:ID: 1\n:END:", {}),
        ("* h", {}),
    ],
)  # fmt: skip
def test_properties(text: str, expected: dict[str, str]) -> None:
    assert read_properties(text.split("\n")) == expected


def test_the_id_of_lines() -> None:
    assert read_id(["*** TODO [201] x :exp:"]) == "201"
    assert read_id(["* x", ":PROPERTIES:", ":ID: 7", ":END:"]) == "7"
    assert read_id(["[201] no heading"]) is None
    assert read_id([""]) is None


@pytest.mark.parametrize(
    ("heading", "todo", "rest"),
    [
        ("TODO [201] ABC", "TODO", "[201] ABC"),
        ("  TODO   ABC ", "TODO", "ABC"),
        ("DONE\tABC", "DONE", "ABC"),
        ("DONE", "DONE", ""),
        ("TODOS ABC", None, "TODOS ABC"),
        ("todo ABC", None, "todo ABC"),
        ("", None, ""),
    ],
)
def test_keywords(heading: str, todo: str | None, rest: str) -> None:
    assert split_todo(heading, OPTIONS.keywords) == (todo, rest)


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("* TODO [#A] [201] ABC  in XYZ [0%] [1/2]   :work:exp:", "ABC in XYZ"),
        ("** TODO Experiments [/]", "Experiments"),
        ("** Experiments\r", "Experiments"),
        ("* <<201>> ABC", "ABC"),
        ("* [50%] [201] ABC", "ABC"),
        ("* *bold* title", "*bold* title"),
        ("* Compare with [12] again", "Compare with [12] again"),
        ("* a [#A] b", "a [#A] b"),
        ("* ratio 1:2:", "ratio 1:2:"),
        ("* :exp:", ""),
        ("* ", ""),
    ],
)
def test_titles(heading: str, title: str) -> None:
    assert title_of(heading, OPTIONS.keywords) == title


def test_a_title_keeps_what_is_no_id() -> None:
    assert clean_title("see [[#201][201]]") == "see [[#201][201]]"


DOOM = Keywords(("TODO", "TODO LATER", "[ ]", "[-]", "[?]"), ("DONE", "[X]", "X Y Z"))


@pytest.mark.parametrize(
    ("heading", "todo", "title"),
    [
        ("* [ ] [201] Smaller", "[ ]", "Smaller"),
        ("* [X] [201] Smaller [0/1] :exp:", "[X]", "Smaller"),
        ("* [?]\tSmaller", "[?]", "Smaller"),
        ("* [ ]", "[ ]", ""),
        ("* [ ]Smaller", None, "[ ]Smaller"),
        ("* TODO LATER Smaller", "TODO LATER", "Smaller"),
        ("* TODO LATERAL", "TODO", "LATERAL"),
        ("* X Y Z", "X Y Z", ""),
    ],
)
def test_a_keyword_may_have_blanks(heading: str, todo: str | None, title: str) -> None:
    assert split_todo(heading.lstrip("*"), DOOM)[0] == todo
    assert title_of(heading, DOOM) == title
