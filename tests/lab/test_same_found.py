"""A search of the lab finds what its members find in their own indexes, together."""

from __future__ import annotations

import random
from pathlib import PurePath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from explog.errors import ExplogError
from explog.lab.connection import connected
from explog.lab.searching import ask_lab
from explog.queries.find import find
from explog.queries.query import parse
from explog.queries.targets import Match
from support.labs import Lab, Member

# Each worker would start a server of its own.
pytestmark = pytest.mark.xdist_group("postgresql")

WORDS = """\
adam sgd lr=0.01 lr:0.01 --lr C++ C 7.4% 7.4 dropout drop Dropout encoder Straße strasse naïve naive
学習率が高い 学 ﬁne fine ＡＢＣ İstanbul ΣΊΣΥΦΟΣ हिन्दी e201 [e201.1] [e201.1.2] e202 201 201.1 2.5² x_y
conv2d_3 é e\u0301 ½ \U0001f600 a-b it's "quoted" 100% ß\u0301 ọ̈ \u0345a ﷺ 1e-3 ada NOT OR kind:x
""".split()
SEED = 7


def text(chance: random.Random, most: int = 9) -> str:
    """Return some words, and now and then a character of any kind."""
    words = [chance.choice(WORDS) for _ in range(chance.randint(1, most))]
    if chance.random() < 0.3:
        words.append(
            "".join(
                chr(chance.choice([chance.randint(33, 0x2FFF), chance.randint(97, 122)]))
                for _ in range(4)
            )
        )
    return " ".join(words)


def log(chance: random.Random, first: int, hashes: list[str]) -> str:
    """Return a log with experiments, steps that bear HASHES, notes and other text."""
    parts = ["Some text before.\n* Reading list\n" + text(chance) + "\n"]
    for number in range(first, first + 4):
        state = chance.choice(["TODO ", "DONE ", "INPROGRESS ", ""])
        tags = chance.choice([":exp:", ":exp:vision:", ":exp_nlp:"])
        day = chance.choice(["[2018-06-06 Wed]", "", "[2020-01-02 Thu]"])
        steps = "".join(
            f"{n}. [ ] {text(chance)}"
            + (f" ({chance.choice(hashes)[:9]})" if chance.random() < 0.7 else "")
            + "\n"
            + (f"   1. [ ] {text(chance, 3)}\n" if chance.random() < 0.3 else "")
            for n in range(1, 4)
        )
        parts.append(
            f"* {state}[{number}] {text(chance, 4)} {tags}\n{day}\n{text(chance)}\n** Experiments\n{steps}"
            f"** Notes\n- {day} {text(chance)}\n- {text(chance)}\n** Conclusions\n{text(chance)}\n"
        )
    return "".join(parts)


def fill(lab: Lab) -> None:
    """Have both members commit, push, write and publish."""
    chance = random.Random(SEED)
    origin, own = lab.origin(), lab.origin("own")
    first = lab.ada.clone(origin)
    for number in range(24):
        body = f"\n\n{text(chance)}\nacc={number / 24:.3f} loss=nan" if number % 2 else ""
        subject = (
            f"[e{201 + number % 4}.{1 + number % 3}] Results {text(chance)}"
            if number % 3
            else text(chance)
        )
        first.commit(
            subject + body, file="params.yaml", text=f"lr: 1e-{number % 4}\nnet: ViT{number % 2}\n"
        )
    first.run("push", "--quiet", "origin", "HEAD:main")
    first.run("fetch", "--quiet", "origin")
    lab.bob.clone(origin)
    alone = lab.bob.clone(own, "own")
    for number in range(8):
        alone.commit(f"[e30{number % 3}] {text(chance)}", author="Bob Ñandú <bob@x>")
    alone.run("push", "--quiet", "origin", "HEAD:main")
    alone.run("fetch", "--quiet", "origin")
    hashes = first.run("rev-list", "HEAD").split()
    others = alone.run("rev-list", "HEAD").split()
    lab.ada.log(log(chance, 201, hashes))
    lab.bob.log(log(chance, 201, hashes), "bobs.org")
    lab.bob.log(log(chance, 301, others), "more.org")
    for member in (lab.ada, lab.bob):
        member.push()


def queries(hashes: list[str]) -> st.SearchStrategy[str]:
    word = st.sampled_from(WORDS) | st.sampled_from(hashes).map(lambda oid: oid[:9])
    changed = st.one_of(
        word,
        word.map(str.upper),
        word.map(lambda one: one[: max(1, len(one) // 2)]),
        st.lists(word, min_size=1, max_size=3).map(
            lambda some: '"' + " ".join(some).replace('"', "") + '"'
        ),
        st.text(min_size=1, max_size=4),
    )
    a_filter = st.sampled_from(
        "kind:step kind:commit kind:text kind:note state:done state:TODO tag:vision tag:exp log:bobs"
        " log:log.org log:more repo:model repo:own repo:model.git author:ada author:ÑANDÚ author:@x"
        " after:2018-06-07 before:2024-01-01 after:1970 metric:acc>0.5 metric:acc<=0.5 metric:acc"
        " metric:loss=nan metric:acc!=0.2 metric:acc>90% param:lr=1e-3 param:net=vit0 param:net!=vit0".split()
    )
    term = st.one_of(changed, changed, a_filter)
    clause = st.one_of(
        term,
        term,
        term.map(lambda one: f"-{one}"),
        st.tuples(term, term).map(" OR ".join),
    )
    return st.lists(clause, min_size=0, max_size=4).map(" ".join)


def said(match: Match) -> tuple[object, ...]:
    """Return what the lab tells of a match: no lines, and of the place of a file nothing."""
    is_commit = match.kind == "commit"
    place = None if match.file is None else PurePath(match.file).name
    return (
        match.kind,
        match.experiment,
        match.step,
        match.title,
        match.text,
        place,
        match.commit,
        match.date,
        match.exact,
        is_commit,
    )


def own(member: Member, query: str) -> set[tuple[object, ...]]:
    return {said(match) for match in find(member.index, parse(query), 10_000, count_all=True).found}


@pytest.mark.parametrize("words_are", ["rare", "frequent"])
def test_the_lab_finds_what_its_members_find(lab: Lab, words_are: str) -> None:
    fill(lab)
    if words_are == "frequent":  # the other plan
        lab.database.ask("UPDATE explog_lab.vocabulary SET documents = 100000")
    hashes = [row[0] for row in lab.database.ask("SELECT oid FROM explog_lab.commits")]
    assert len(hashes) == 32
    sizes: list[int] = []

    @settings(max_examples=100)
    @given(queries(hashes))
    @example("")
    def check(query: str) -> None:
        try:
            parsed = parse(query)
        except ExplogError:
            return
        wanted = own(lab.ada, query) | own(lab.bob, query)
        sizes.append(len(wanted))
        assert {said(one.match) for one in ask_lab(connection, parsed, 10_000)} == wanted

    with connected(lab.bob.settings.group.address) as connection:
        check()
    assert sum(map(bool, sizes)) > len(sizes) / 4, "most queries find nothing"
