"""Beginnings of words: looked up by name or merged by FTS5, they find the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from explog.config import Settings
from explog.index.database import Index, open_index
from explog.queries import terms
from explog.queries.query import Words, parse
from explog.queries.search import search
from explog.sync.look import sync

WORDS = ["model", "models", "moder", "monad", "Mönch", "mo", "m", "zmodel", "mo_del", "model=2"]
QUERIES = ["mo", "mod", "model", "models", "mön", "m", "zm", "mo_d", "model=", "MOD", "xyz", "ab12"]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("terms")
    log = folder / "log.org"
    many = [f"ab12{number}" for number in range(2 * terms._MOST)]
    log.write_text(
        "".join(f"* [{n}] {word} :exp:\n" for n, word in enumerate([*WORDS, *many], start=1)),
        encoding="utf-8",
    )
    index = open_index(folder / "index.sqlite")
    assert sync(Settings(logs=(str(log),)), index).problems == []
    return index


@pytest.mark.parametrize("query", [*QUERIES, "mo -model", "m OR zm", "-mod 1", "mod -x"])
def test_both_ways_find_the_same(index: Index, query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    by_name = search(index, query, 1000)
    monkeypatch.setattr(terms, "_MOST", -1)
    assert search(index, query, 1000) == by_name


def test_what_is_asked_of_fts5(index: Index) -> None:
    def expression(query: str) -> str:
        [[words]] = [clause.terms for clause in parse(query).clauses]
        assert isinstance(words, Words)
        return terms.Terms(index, "passage_words").expression(words)

    assert expression("mode") == '("model" OR "models" OR "moder")'
    assert expression("mode ") == '"mode"'
    assert expression("mo_d") == '"mo d"'
    assert expression("mo_de") == '("mo del")'
    assert expression("xyz") == '("xyz")'
    assert expression("mön") == '"mön"*'
    assert expression("ab1") == '"ab1"*'
    assert expression("e2") == '"e2"*'
    assert expression("e2.12") == '("e2 12")'


def test_more_words_than_are_asked_for_by_name_are_all_found(index: Index) -> None:
    assert search(index, "ab1", 1000).total == 2 * terms._MOST
    assert len(search(index, "ab1", 3, count_all=False).hits) == 3


def test_a_new_word_is_found_at_once(tmp_path: Path) -> None:
    log = tmp_path / "log.org"
    index = open_index(tmp_path / "index.sqlite")
    for word in ("alpha", "alphabet"):
        log.write_text(f"* [1] {word} :exp:\n", encoding="utf-8")
        sync(Settings(logs=(str(log),)), index)
        assert [hit.title for hit in search(index, "alph").hits] == [word]
    assert search(index, "alpha ").hits == ()
