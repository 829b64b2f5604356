"""Queries that compare what commits gave: metric:acc>0.9, param:lr=1e-3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from explog.config import Root, Settings
from explog.errors import ExplogError
from explog.index.database import Index, open_index
from explog.queries.agenda import select
from explog.queries.comparison import Comparison
from explog.queries.query import Clause, Filter, parse
from explog.queries.search import search
from explog.queries.targets import CommitTarget, PassageTarget
from explog.results.reading import read_all
from explog.sync.look import sync
from support.repo import GitRepo

TODAY = date(2018, 6, 20)


@pytest.mark.parametrize(
    ("text", "name", "comparison"),
    [
        ("metric:acc>0.9", "metric", Comparison("acc", ">", "0.9", 0.9)),
        ("metric:val/acc@5>=.9", "metric", Comparison("val/acc@5", ">=", ".9", 0.9)),
        ("metric:loss<=3e-1", "metric", Comparison("loss", "<=", "3e-1", 0.3)),
        ("metric:acc<-1", "metric", Comparison("acc", "<", "-1", -1)),
        ("metric:acc==1", "metric", Comparison("acc", "=", "1", 1)),
        ("metric:acc!=1", "metric", Comparison("acc", "!=", "1", 1)),
        ("metric:acc>90%", "metric", Comparison("acc", ">", "90%", 90, "%")),
        ('metric:"my acc > 90 %"', "metric", Comparison("my acc", ">", "90 %", 90, "%")),
        ("metric:loss=nan", "metric", Comparison("loss", "=", "nan")),
        ("metric:acc", "metric", Comparison("acc")),
        ("param:lr=1e-3", "param", Comparison("lr", "=", "1e-3", 0.001)),
        ("param:net=vit-b/16", "param", Comparison("net", "=", "vit-b/16")),
        ("param:net!=vit", "param", Comparison("net", "!=", "vit")),
        ("param:net", "param", Comparison("net")),
    ],
)
def test_comparisons(text: str, name: str, comparison: Comparison) -> None:
    assert parse(text, TODAY).clauses == (Clause((Filter(name, comparison),)),)
    assert parse(f"-{text}", TODAY).clauses == (Clause((Filter(name, comparison),), negative=True),)


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("x metric:acc>x", 9, "metric: compares with a number, as metric:acc>0.9"),
        ("metric:acc>", 7, "metric: compares with a number"),
        ("metric:acc=good", 7, "metric: compares with a number"),
        ("metric:acc>0.9.1", 7, "metric: compares with a number"),
        ("metric:>0.9", 7, "metric: needs a name in front of >0.9"),
        ("param:lr<x", 6, "param: compares with a number, as param:lr=1e-3"),
        ("param:lr=", 6, "param: compares with a number"),
        ("metric:", 0, "metric: needs a value"),
    ],
)
def test_what_is_no_comparison(text: str, position: int, message: str) -> None:
    with pytest.raises(ExplogError) as caught:
        parse(text, TODAY)
    assert (caught.value.code, caught.value.data["position"]) == ("bad-query", position)
    assert caught.value.message.startswith(message)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """Three experiments; the commits of the first two stand on their steps, that of 203 does not.

    [e201.1] acc=71.40 % lr=1e-3, [e201.2] acc=90 %, [e202.1] acc=0.95 loss=nan, [e203.1] acc=0.5.
    """
    repo = GitRepo(tmp_path / "repo")

    def commit(message: str, acc: object, net: str, rate: str, **more: object) -> str:
        repo.write("metrics.json", json.dumps({"acc": acc, "n": message, **more}))
        repo.write("params.json", f'{{"lr": {rate}, "net": "{net}"}}')
        return repo.commit(message)[:7]

    one = commit("[e201.1] Results- one", "71.40 %", "ViT", "1e-3")
    two = commit("[e201.2] Results- two", "90 %", "resnet", "0.0100")
    three = commit("[e202.1] Results- three", 0.95, "resnet", "0.01", loss=float("nan"))
    commit("[e203.1] Results- four", 0.5, "mlp", "1e-3")
    repo.run("rm", "--quiet", "params.json")
    both = repo.commit("May\n\n* [e204.1] Results- acc=3\n* [e204.2] Results- acc=4")[:7]
    log = tmp_path / "log.org"
    log.write_text(
        f"* TODO [201] A :exp:\n** Experiments\n1. [X] one ({one})\n2. [X] two ({two})\n"
        f"* DONE [202] B :exp_vision:\n** Experiments\n1. [X] three ({three})\n2. [ ] more\n"
        "* TODO [203] C :exp:\n** Experiments\n1. [ ] four\n"
        f"* TODO [204] D :exp:\n** Experiments\n1. [X] five ({both})\n2. [X] six ({both})\n"
    )
    index = open_index(tmp_path / "index.sqlite")
    settings = Settings(logs=(str(log),), repositories=(Root(repo.path),))
    assert sync(settings, index).problems == []
    read_all(settings, index)
    yield index
    index.close()


def names(index: Index, query: str) -> list[str]:
    """Return the steps and commits that QUERY finds: `201.1`, `commit 201.1`."""
    hits = search(index, query).hits
    return sorted(
        f"{'commit ' if hit.kind == 'commit' else ''}{hit.experiment}.{hit.step}" for hit in hits
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("metric:acc>0.9", ["201.1", "201.2", "202.1", "204.1", "204.2"]),
        ("metric:acc>71.4", ["201.2"]),
        ("metric:acc>=71.4", ["201.1", "201.2"]),
        ("metric:acc<71.4%", []),
        ("metric:acc<=71.4%", ["201.1"]),
        ("metric:acc=0.950", ["202.1"]),
        ("metric:acc=3", ["204.1"]),
        ("metric:acc!=3 -metric:acc>3.5", ["202.1"]),
        ("metric:loss", ["202.1"]),
        ("metric:loss=nan", ["202.1"]),
        ("metric:loss>0", []),
        ("metric:lr=1e-3", []),
        ("param:lr=0.001", ["201.1"]),
        ("param:lr=1e-2", ["201.2", "202.1"]),
        ("param:lr<0.005", ["201.1"]),
        ("param:net=vit", ["201.1"]),
        ("param:net!=vit", ["201.2", "202.1"]),
        ("param:net=resnet state:DONE", ["202.1"]),
        ("param:net=resnet tag:exp_vision", ["202.1"]),
        ("param:net=resnet two", ["201.2"]),
        ("metric:acc>80 OR metric:loss", ["201.2", "202.1"]),
        ("param:lr e201", ["201.1", "201.2"]),
    ],
)
def test_steps_are_found_by_what_their_commits_gave(
    index: Index, query: str, found: list[str]
) -> None:
    assert names(index, f"{query} kind:step ") == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("metric:acc<0.9", ["203.1"]),
        ("metric:acc>80", ["201.2"]),
        ("metric:acc=3", ["204.1"]),
        ("param:net=mlp -metric:acc>2", ["203.1"]),
        ("param:net=mlp repo:repo metric:n", []),
    ],
)
def test_commits_are_found_by_what_they_gave(index: Index, query: str, found: list[str]) -> None:
    assert names(index, f"{query} kind:commit") == [f"commit {name}" for name in found]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("metric:acc>80", ["201"]),
        ("metric:acc>0.9 state:DONE", ["202"]),
        ("-metric:acc>0.9", ["203"]),
        ("param:net=mlp metric:acc<1", ["203"]),
    ],
)
def test_the_agenda_knows_them(index: Index, query: str, found: list[str]) -> None:
    assert [place.ident for place in select(index, query)] == found


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("metric:accuracy>0.9", "no commit has the metric accuracy; there are acc, loss; searched"),
        ("param:rate=1", "no commit has the parameter rate; there are lr, net; searched"),
        ("metric:acc>99", "searched"),
    ],
)
def test_an_unknown_name_is_said(index: Index, query: str, note: str) -> None:
    assert search(index, query).note.startswith(note)


def test_a_filter_without_a_value_says_which_names_there_are(index: Index) -> None:
    with pytest.raises(ExplogError, match="metric: needs a value: acc, loss"):
        search(index, "metric: ")


def test_the_numbers_are_looked_up_first(index: Index) -> None:
    for target in (PassageTarget(index), CommitTarget(index)):
        found = target.compared("param", Comparison("lr", "=", "1e-3", 0.001))
        plan = index.read(f"EXPLAIN QUERY PLAN {found.sql}", *found.values)
        searched = [row[3].split(" ")[1] for row in plan]
        assert searched == [
            name for name in ("n", "sampled", "c", "m", "t", "e", "p") if name in searched
        ]
        assert searched[0] == "n"
