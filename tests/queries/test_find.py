"""What is found, held against an oracle that looks at every row: the same, in the same order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from explog.errors import ExplogError
from explog.index.database import Index
from explog.index.stamps import first_stamp, seconds_of
from explog.index.words import fold, tokens
from explog.queries import conditions, targets
from explog.queries.find import find, matching_experiments
from explog.queries.query import Clause, Filter, Query, Term, Words, parse
from explog.refs import Place, Reference, step_text
from explog.sync.look import sync
from support.logs import Logs

EXPERIMENTS, COMMITS = ["1", "12", "13", "7b", "2018"], 60
WORDS = [
    *("model", "models", "dropout", "Müller", "C++", "lr=0.01", "top-1", "7.4 %", "12", "12.1"),
    *("e1", "e12", "[e1]", "[e12]", "e1.1", "e12.1", "[e12.1]", "[e12.1.2]", "[e12.10]", "[e7b.1]"),
    *("[e2018.2]", "e12.01", "[e12.01]", "x[e12]", "[e12 .1]", "5"),
]
ASKED = [*WORDS, "mod", "e", "e2", "lr=0", '"model dropout"', "1", "5", "12.", "201", "7b", "e7b"]
ASKED += [
    "kind:commit",
    "kind:step",
    "kind:experiment",
    "after:2019",
    "before:2019",
    "repo:one",
    "repo:none",
]
ASKED += ["#0", "#1", "#2"]


@dataclass(frozen=True)
class Row:
    """A commit or a passage, and all that a query may ask of it.

    `name` is its id or its line. `refers` are the references that it bears or, of a passage, is of:
    experiment, a dot, step. `entries` are the experiments that an agenda shows for it.
    """

    kind: str
    name: str | int
    key: int
    text: str
    refers: tuple[str, ...]
    entries: tuple[str, ...]
    is_of: tuple[str | None, str] = (None, "")
    hashes: tuple[str, ...] = ()
    repository: str = ""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    source, logs = random.Random(17), Logs(tmp_path_factory.mktemp("find"))
    for name in ("one", "two"):
        history = "".join(_commit(source) for _ in range(COMMITS))
        logs.repo(name).run("fast-import", "--quiet", stdin=history)
    logs.log("")
    sync(logs.settings, logs.index)
    oids = [row[0] for row in logs.index.read("SELECT oid FROM commits ORDER BY oid")]
    logs.log("".join(_experiment(source, ident, oids) for ident in EXPERIMENTS))
    assert sync(logs.settings, logs.index).problems == []
    return logs.index


def _some(source: random.Random) -> str:
    return " ".join(source.choices(WORDS, k=source.randint(1, 5)))


def _commit(source: random.Random) -> str:
    message = f"{_some(source)}\n\n{_some(source)}"
    when = 1_500_000_000 + source.randint(0, 40) * 3_000_000
    return (
        f"commit refs/heads/main\ncommitter A <a@example.org> {when} +0000\n"
        f"data {len(message.encode())}\n{message}\n"
    )


def _experiment(source: random.Random, ident: str, oids: list[str]) -> str:
    day = f"[20{source.randint(17, 20)}-03-0{source.randint(1, 9)}]"
    steps = [f"{n}. [ ] {_some(source)} ({source.choice(oids)[:8]})\n" for n in range(1, 13)]
    steps.insert(1, f"   1. [ ] {_some(source)}\n   2. [ ] {_some(source)}\n")
    notes = "".join(f"- {_some(source)}\n" for _ in range(4))
    return f"* [{ident}] {_some(source)} :exp:\n{day}\n** Notes\n{notes}** Experiments\n" + "".join(
        steps
    )


def _commit_rows(index: Index) -> Iterator[Row]:
    for number, oid, key, text, path in list(
        index.read(
            "SELECT c.id, oid, stamp, subject || char(10) || body, path FROM commits c"
            " JOIN repositories r ON r.id = repository"
        )
    ):
        sql = "SELECT experiment, step, place FROM claims WHERE commit_id = ?"
        claims = list(index.read(sql, number))
        refers = tuple(f"{ident}.{step}".rstrip(".") for ident, step, _place in claims)
        entries = tuple(ident for ident, _step, place in claims if place < Place.MENTION)
        yield Row("commit", oid, key, text, refers, entries, (None, ""), (oid,), Path(path).name)


def _passage_rows(index: Index) -> Iterator[Row]:
    for kind, line, key, text, ident, step, digits in index.read(
        "SELECT kind, s.line + p.line, p.stamp, p.text, ident, step, t.hash FROM passages p"
        " JOIN sections s ON s.id = p.section LEFT JOIN experiments e ON e.id = p.experiment"
        " LEFT JOIN steps t ON t.experiment = e.id AND t.number = p.step"
    ):
        place, hashes = f"{ident}.{step}".rstrip("."), () if digits is None else (digits,)
        yield Row(kind, line, key, text, (place,), (ident,), (ident, step), hashes)


def _holds(query: Query, row: Row) -> bool:
    return all(_fulfils(clause, row) for clause in query.clauses)


def _fulfils(clause: Clause, row: Row) -> bool:
    return any(_has(term, row) for term in clause.terms) != clause.negative


def _has(term: Term, row: Row) -> bool:
    if isinstance(term, Filter):
        return _passes(term, row)
    return (
        _has_text(term, row.text)
        or (term.reference is not None and _refers(row, term.reference))
        or (term.hash is not None and _has_hash(row, term.hash))
        or (term.number is not None and _is(row, term.number))
    )


def _passes(term: Filter, row: Row) -> bool:
    if isinstance(term.value, float):
        later = row.key >= first_stamp(int(term.value))
        return seconds_of(row.key) > 0 and (later == (term.name == "after"))
    return term.value in (row.kind, row.repository)


def _has_text(words: Words, text: str) -> bool:
    wanted, there = tokens(fold(words.text)), tokens(fold(text))
    goes_on = words.prefix and words.text[-1].isalnum() and len(wanted[-1]) > 1
    places = range(len(there) - len(wanted) + 1)
    same = any(
        there[at : at + len(wanted)] == wanted
        or (goes_on and _begins(there[at : at + len(wanted)], wanted))
        for at in places
    )
    return same and all(any(fold(one) in fold(text) for one in part) for part in words.signs())


def _begins(there: list[str], wanted: list[str]) -> bool:
    return there[:-1] == wanted[:-1] and there[-1].startswith(wanted[-1])


def _refers(row: Row, reference: Reference) -> bool:
    wanted = str(reference)[1:]
    return any(place == wanted or place.startswith(f"{wanted}.") for place in row.refers)


def _has_hash(row: Row, digits: str) -> bool:
    return any(full.startswith(digits) or digits.startswith(full) for full in row.hashes)


def _is(row: Row, number: Reference) -> bool:
    kind = "step" if number.step else "experiment"
    return row.kind == kind and row.is_of == (number.experiment, step_text(number.step))


def _is_named(query: Query, row: Row) -> bool:
    return any(
        (words.hash is not None and _has_hash(row, words.hash))
        or any(_is(row, meant) for meant in (words.reference, words.number) if meant is not None)
        for words in query.words()
    )


@pytest.fixture(scope="module")
def rows(index: Index) -> tuple[list[Row], list[Row]]:
    """Return the passages and the commits."""
    return list(_passage_rows(index)), list(_commit_rows(index))


@st.composite
def queries(draw: st.DrawFn) -> str:
    """Return a query; `#` and a digit stand for the beginning of a commit's id."""
    text = ""
    for _ in range(draw(st.integers(1, 4))):
        sign = draw(st.sampled_from(["", "", "", "-", "OR "]))
        text += f"{sign}{draw(st.sampled_from(ASKED))} "
    return text if draw(st.booleans()) else text.rstrip()


@pytest.mark.parametrize("few", [16, 0], ids=["each", "between"])
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=queries(), most=st.sampled_from([3, 20, 1000]))
def test_the_same_as_by_looking_at_every_row(
    index: Index,
    rows: tuple[list[Row], list[Row]],
    few: int,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    most: int,
) -> None:
    monkeypatch.setattr(conditions, "_FEW", few)
    monkeypatch.setattr(targets, "_FEW_WORDS", few)
    for number, row in enumerate(rows[1][:3]):
        text = text.replace(f"#{number}", str(row.name)[: (4, 8, 40)[number]])
    try:
        query = parse(text)
    except ExplogError:
        reject()
    wanted = [[row for row in some if _holds(query, row)] for some in rows]
    for some in wanted:
        some.sort(key=lambda row: (_is_named(query, row), row.key), reverse=True)
    shown = [(row.kind, row.name, _is_named(query, row)) for some in wanted for row in some[:most]]

    found = find(index, query, most, count_all=True)

    assert [(hit.kind, hit.commit or hit.line, hit.exact) for hit in found.found] == shown
    assert (found.total, found.complete) == (sum(map(len, wanted)), True)
    assert find(index, query, most, count_all=False).found == found.found
    entries = {ident for some in wanted for row in some for ident in row.entries}
    shown_entries = {ident for _log, ident in matching_experiments(index, query)}
    assert shown_entries == entries & set(EXPERIMENTS)
