"""The query language: a table of queries and what they mean, and where errors point."""

from __future__ import annotations

import json
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explog.errors import ExplogError
from explog.queries.query import Clause, Filter, Query, Words, parse
from explog.refs import Reference

TODAY = date(2018, 6, 20)


def words(text: str, **more: Any) -> Words:
    return Words(text, **more)


def day(year: int, month: int, number: int) -> float:
    return datetime(year, month, number).timestamp()


TABLE: list[tuple[str, list[Clause]]] = [
    ("", []),
    ("adam ", [Clause((words("adam"),))]),
    ("adam", [Clause((words("adam", prefix=True),))]),
    ("adam lr=0.01", [Clause((words("adam"),)), Clause((words("lr=0.01", prefix=True),))]),
    ('"learning rate"', [Clause((words("learning rate", quoted=True),))]),
    ("-sweep x ", [Clause((words("sweep"),), negative=True), Clause((words("x"),))]),
    ('-"a b"', [Clause((words("a b", quoted=True),), negative=True)]),
    ("a OR b c ", [Clause((words("a"), words("b"))), Clause((words("c"),))]),
    ("a OR b OR c", [Clause((words("a"), words("b"), words("c", prefix=True)))]),
    ("e201", [Clause((words("e201", prefix=True, reference=Reference("201")),))]),
    ("[e201.1] ", [Clause((words("[e201.1]", reference=Reference("201", (1,))),))]),
    ("83d45cd ", [Clause((words("83d45cd", hash="83d45cd"),))]),
    ("deadbeef ", [Clause((words("deadbeef"),))]),
    ("kind:commit", [Clause((Filter("kind", "commit"),))]),
    ("-kind:step", [Clause((Filter("kind", "step"),), negative=True)]),
    ("kind:note OR kind:step", [Clause((Filter("kind", "note"), Filter("kind", "step")))]),
    ('author:"Ada B"', [Clause((Filter("author", "Ada B"),))]),
    ("after:2018-06-06", [Clause((Filter("after", day(2018, 6, 6)),))]),
    ("before:2018-06", [Clause((Filter("before", day(2018, 6, 1)),))]),
    ("after:2018", [Clause((Filter("after", day(2018, 1, 1)),))]),
    ("after:2w", [Clause((Filter("after", day(2018, 6, 6)),))]),
    ("after:yesterday", [Clause((Filter("after", day(2018, 6, 19)),))]),
    ("std::vector foo:bar ", [Clause((words("std::vector"),)), Clause((words("foo:bar"),))]),
    ("C++ ", [Clause((words("C++"),))]),
    ("a AND b ", [Clause((words("a"),)), Clause((words("b"),))]),
    ("AND ", [Clause((words("AND"),))]),
    ("AND a ", [Clause((words("a"),))]),
    ("a NOT b ", [Clause((words("a"),)), Clause((words("b"),), negative=True)]),
    (
        'a AND NOT "b c"',
        [Clause((words("a"),)), Clause((words("b c", quoted=True),), negative=True)],
    ),
    ("NOT kind:step", [Clause((Filter("kind", "step"),), negative=True)]),
    ('+a +"b c"', [Clause((words("a"),)), Clause((words("b c", quoted=True),))]),
    ("train.py --resume ", [Clause((words("train.py"),)), Clause((words("resume"),))]),
    ("--lr=0.01 ", [Clause((words("lr=0.01"),))]),
    ("lr = 0.01 x ", [Clause((words("lr=0.01"),)), Clause((words("x"),))]),
    ("lr: 0.01 ", [Clause((words("lr:0.01"),))]),
    ("note: adam ", [Clause((words("note:"),)), Clause((words("adam"),))]),
    ("-lr = adam", [Clause((words("lr=adam"),), negative=True)]),
    ("7.4 % ", [Clause((words("7.4%"),))]),
    ("201 ", [Clause((words("201", number=Reference("201")),))]),
    ("201.1.2 ", [Clause((words("201.1.2", number=Reference("201", (1, 2))),))]),
    ("0.01 ", [Clause((words("0.01"),))]),
    ("学習率 ", [Clause((words("学習率"),))]),
]


@pytest.mark.parametrize(("text", "clauses"), TABLE)
def test_a_query_means(text: str, clauses: list[Clause]) -> None:
    assert parse(text, TODAY) == Query(tuple(clauses))


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ('adam "open', 5),
        ("author:", 0),
        ("tag: x", 0),
        ("a OR", 2),
        ("OR a", 0),
        ("a OR OR b", 5),
        ("-a OR b", 6),
        ("a OR -b", 5),
        ("a - b", 2),
        ("x ++ y", 2),
        ("a NOT", 2),
        ("a OR NOT b", 5),
        ('""', 0),
        ("kind:foo", 5),
        ("x after:soon", 8),
        ("before:2018-13", 7),
        ("before:2018-01-01-01", 7),
    ],
)
def test_an_error_points_at_the_place(text: str, position: int) -> None:
    with pytest.raises(ExplogError) as caught:
        parse(text, TODAY)
    assert caught.value.code == "bad-query"
    assert caught.value.data["position"] == position
    assert caught.value.message.splitlines()[-1] == "  " + " " * position + "^"


def test_what_is_far_too_long_is_an_error() -> None:
    with pytest.raises(ExplogError, match="at most") as caught:
        parse("e201 " * 1000, TODAY)
    assert caught.value.code == "bad-query"


def test_bytes_that_are_no_text_are_found_nowhere() -> None:
    assert parse("a\udcff ", TODAY) == parse("a\ufffd ", TODAY)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("day", ["0001-01-01", "1969", "9999-12-31"])
def test_any_day_is_one_in_any_zone(monkeypatch: pytest.MonkeyPatch, zone: str, day: str) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        [clause] = parse(f"after:{day}", TODAY).clauses
    finally:
        monkeypatch.undo()
        time.tzset()
    assert [type(term) for term in clause.terms] == [Filter]


@given(st.text(alphabet='abe1. "-:OR[]+kindtag\t', max_size=30))
def test_any_text_is_a_query_or_an_error_within_it(text: str) -> None:
    try:
        parse(text, TODAY)
    except ExplogError as error:
        place = int(str(error.data["position"]))
        if error.code != "bad-query" or not 0 <= place <= len(text):
            raise


AGENDA = json.loads((Path(__file__).parents[1] / "data/queries.json").read_text("utf-8"))


@pytest.mark.parametrize("row", AGENDA, ids=[row["query"] for row in AGENDA])
def test_a_query_falls_apart_as_in_emacs(row: dict[str, Any]) -> None:
    """An agenda looks in buffers for what is its own; see tests/elisp/explog-agenda-view-tests.el.

    What it takes out of a query and what it asks the server are the query, no more and no less.
    """
    rest = row["rest"] or ""
    try:
        clauses = parse(row["query"], TODAY).clauses
    except ExplogError:
        with pytest.raises(ExplogError, match=r"\^"):
            parse(rest, TODAY)
        return
    own = [
        Clause(tuple(Filter(name, value) for name, value in terms), negative)
        for negative, terms in row["own"]
    ]
    assert [clause for clause in clauses if clause not in own] == list(parse(rest, TODAY).clauses)
    assert [clause for clause in clauses if clause in own] == own


@pytest.mark.parametrize(
    ("text", "scope", "same_as"),
    [
        ("adam", None, "adam"),
        ("scope:lab adam", "lab", "adam"),
        ("scope:mine scope:lab", "lab", ""),
        ("adam scope:mine sgd", "mine", "adam sgd"),
        # The last word does not go on, as something follows it.
        ("adam scope:lab", "lab", "adam "),
        ("a OR b scope:lab", "lab", "a OR b "),
    ],
)
def test_where_to_search_is_no_condition(text: str, scope: str | None, same_as: str) -> None:
    query = parse(text)
    assert query.scope == scope
    assert query.clauses == parse(same_as).clauses


@pytest.mark.parametrize("text", ["scope:world", "-scope:lab", "scope:", "a OR scope:lab"])
def test_a_wrong_scope_is_said(text: str) -> None:
    with pytest.raises(ExplogError) as wrong:
        parse(text)
    assert wrong.value.code == "bad-query"
