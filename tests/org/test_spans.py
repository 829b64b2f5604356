"""Hashes on steps, in every form that a person gives them: read, and followed in that form."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explog.errors import ExplogError
from explog.model import Step
from explog.org.edit import Mark, apply_edits, mark_entry
from explog.org.options import Keywords, OrgOptions
from explog.org.steps import find_steps, read_step

OPTIONS = OrgOptions(Keywords(("TODO",), ("DONE",)))
HEAD = "* TODO [201] T :exp:\n** TODO Experiments\n"
WHOLE = "83d45cd1128a8feda93af551ba099234fa52c48b"
OLD_WHOLE = "2c8ddad93e2c8ddad93e2c8ddad93e2c8ddad93e"


def read(body: str) -> Step:
    """Return the first step of BODY."""
    lines = (HEAD + body).split("\n")
    found = find_steps(lines, "Experiments", OPTIONS)
    assert found is not None
    return read_step(lines, *found.items[0])


def followed(body: str, **more: str) -> str:
    """Return BODY after its first step was given a new hash."""
    text = HEAD + body
    marks = [Mark((1,), "83d45cd", **more)]  # type: ignore[arg-type]  # texts alone are passed
    return apply_edits(text, mark_entry(text, marks, OPTIONS)).removeprefix(HEAD)


IN_PLACE = [
    "1. [X] a (2c8ddad)",
    "1. [X] a (2c8ddad) ran overnight",
    "1. a (2c8ddad)\n   a remark",
    "1. a (2c8ddad)\\\\\n   a remark",
    "1. a (2c8ddad).",
    "1. a (2c8ddad), better",
    "1. a (2c8ddad) :tag:",
    "1. a (2c8ddad) [2024-01-01 Mon]",
    "1. a (2c8ddad) <2024-01-01 Mon 10:00>",
    "1. a (2c8ddad) [1/2]",
    "1. a (2c8ddad, eval-harness)",
    "1. a (eval-harness, 2c8ddad)",
    "1. a (eval-harness 2c8ddad)",
    "1. a (eval-harness@2c8ddad)",
    "1. a (eval-harness: 2c8ddad)",
    "1. a (WER 5.1, lr 0.1, bs 3, 2c8ddad)",
    "1. a (commit 2c8ddad)",
    "1. a (see commit 2c8ddad in eval-harness)",
    "1. a (=2c8ddad=)",
    "1. a (=2c8ddad=) more",
    "1. a (~2c8ddad~)",
    "1. a (*2c8ddad*)",
    '1. a (2c8ddad "Results, better", 2024-01-02)',
    '1. a 2c8ddad ("Results, better", 2024-01-02)',
    '1. a =2c8ddad "Results, better"=',
    "1. a =2c8ddad=",
    "1. a ~2c8ddad~",
    "1. a ~2c8ddad~\n   a remark",
    "1. a `2c8ddad`",
    "1. a commit 2c8ddad",
    "1. a commit: =2c8ddad=.",
    "1. a [2c8ddad]",
    "1. a (see\n   2c8ddad)",
    "1. 2c8ddad",
    "1. a [[orgit-rev:~/repo::2c8ddad][2c8ddad]] b",
    "1. a [[orgit-rev:/a-1234567/repo::2c8ddad][2c8ddad (magit-rev)]]",
    "1. a [[magit-rev:~/repo::2c8ddad][the commit]]",
    "1. a [[https://example.org/x/y/commit/2c8ddad][see here]] b",
    "1. a [[https://example.org/x/y/-/commit/2c8ddad]]",
    "1. a [[https://git.example.org/x.git/commit/?id=2c8ddad][c]]",
    "1. a https://example.org/x/y/commit/2c8ddad and more",
    "1. a <https://example.org/x/y/commit/2c8ddad>",
    "1. a [[file:runs/1234567/x][2c8ddad]]",
    "1. a (1111111) and (2c8ddad)",
    "1. a (1111111, 2c8ddad)",
    "1. a =run1= as in 1111111 (2c8ddad)",
]


@pytest.mark.parametrize("body", IN_PLACE)
def test_a_hash_in_its_place_is_read_and_followed_in_its_form(body: str) -> None:
    step = read(body)
    assert step.hash == "2c8ddad"
    assert followed(body) == body.replace("2c8ddad", "83d45cd")
    assert read(followed(body)).hash == "83d45cd"


@pytest.mark.parametrize("body", IN_PLACE)
def test_capitals_stay_capitals(body: str) -> None:
    body = body.replace("2c8ddad", "2C8DDAD")
    assert read(body).hash == "2c8ddad"
    assert followed(body) == body.replace("2C8DDAD", "83D45CD")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"1. a ({OLD_WHOLE})", f"1. a ({WHOLE})"),
        (f"1. a https://x.org/commit/{OLD_WHOLE}", f"1. a https://x.org/commit/{WHOLE}"),
        (
            f"1. a [[orgit-rev:~/r::{OLD_WHOLE}][2c8ddad]]",
            f"1. a [[orgit-rev:~/r::{WHOLE}][83d45cd]]",
        ),
        ("1. a (2c8ddad93e)", "1. a (83d45cd)"),
    ],
)
def test_a_whole_id_stays_whole(before: str, after: str) -> None:
    assert followed(before, commit=WHOLE) == after
    assert followed(before.replace(OLD_WHOLE, OLD_WHOLE.upper()), commit=WHOLE).lower() == after


ELSEWHERE = [
    "1. a 2c8ddad",
    "1. a 2c8ddad, better",
    "1. a *2c8ddad* b",
    "1. a =2c8ddad= b",
    "1. a, commit 2c8ddad, and more",
    "1. a → 2c8ddad",
    "1. a run 2c8ddad",
    "1. a (run 2c8ddad)",
    "1. a f(2c8ddad)",
    "1. (it was better by a mile than 2c8ddad was before)",
]


@pytest.mark.parametrize("body", ELSEWHERE)
def test_what_a_repository_must_know_is_named_and_left_alone_unasked(body: str) -> None:
    step = read(body)
    assert step.hash is None
    assert [(one.digits, one.in_place) for one in step.hashes] == [("2c8ddad", False)]
    assert followed(body) == f"{body} (83d45cd)"
    assert followed(body, old="2c8ddad") == body.replace("2c8ddad", "83d45cd")


@pytest.mark.parametrize(
    "text",
    [
        "(012345)", "0.1234567", "1e-1234567", "(1234567.5)", "#1234567", "(#1234567)",
        "550e8400-e29b-41d4-a716-446655440000", "(2c8ddad~1)", "(2c8ddad^)", "(2c8ddad..3c8ddad)",
        "runs/2c8ddad/log", "run-2c8ddad", "lr=1234567", "2c8ddadx", "x2c8ddad", "0x2c8ddad",
        "[[file:runs/2c8ddad/x][log]]", "https://example.org/runs/2c8ddad", "(" + "1" * 65 + ")",
        "v1.2c8ddad", "2c8ddad.py.2c8ddad-x",
    ],
)  # fmt: skip
def test_what_is_part_of_something_else_is_no_hash(text: str) -> None:
    body = f"1. a {text}"
    assert (read(body).hash, read(body).hashes) == (None, ())
    assert followed(body) == f"{body} (83d45cd)"


def test_the_hash_of_another_paragraph_is_none_of_the_step() -> None:
    body = "1. a\n\n   (2c8ddad)"
    assert read(body).hashes == ()
    assert followed(body) == "1. a (83d45cd)\n\n   (2c8ddad)"


def test_several_come_with_the_likeliest_first() -> None:
    step = read("1. as 1111111 (2222222, x) and =3333333= (4444444)\n   5555555 more")
    assert [one.digits for one in step.hashes] == [
        "4444444",
        "2222222",
        "5555555",
        "3333333",
        "1111111",
    ]
    assert step.hash == "4444444"


def test_what_is_to_be_replaced_must_be_there() -> None:
    assert followed("1. a (2c8ddad)", old="") == "1. a (2c8ddad) (83d45cd)"
    with pytest.raises(ExplogError, match="7654321 is not on line 3 of the entry") as caught:
        followed("1. a (2c8ddad)", old="7654321")
    assert caught.value.code == "changed"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("1. a (2c8ddad)", "a"),
        ("1. a (2c8ddad) b", "a b"),
        ("1. a (2c8ddad, x) b", "a (2c8ddad, x) b"),
        ("1. a (2c8ddad)\n   b", "a b"),
    ],
)
def test_the_text_of_a_step_is_without_its_hash(body: str, text: str) -> None:
    assert read(body).text == text


PIECES = [
    "(2c8ddad)", "(2c8ddad, x)", "=2c8ddad=", "2C8DDAD", "[[orgit-rev:~/r::2c8ddad][2c8ddad]]",
    "1111111", "(deadbeef)", "run", "commit", "(", ")", "[", "]", "=", "~", "text", "http://x/commit/",
    "\n   ", "[[", "][", "]]", ":tag:", "[2024-01-01 Mon]", ".", "\"", "é", "\udcff",
]  # fmt: skip


@settings(derandomize=True, max_examples=500)
@given(st.lists(st.sampled_from(PIECES), max_size=10), st.sampled_from([" ", ""]))
def test_nothing_but_digits_changes_and_the_new_hash_is_read(pieces: list[str], gap: str) -> None:
    body = f"1. x{gap}{gap.join(pieces)}"
    after = followed(body)
    assert followed(after) == after
    assert read(after).hash == "83d45cd"
    was = read(body)
    if was.hash is None:
        assert after.replace(" (83d45cd)", "", 1) == body
    else:
        assert len(after) == len(body) - (len(was.hash) - 7) * after.lower().count("83d45cd")


@pytest.mark.parametrize(
    "unit", ["(2c8ddad) ", "[[a:2c8ddad][2c8ddad]] ", "2c8ddad\n   ", "(", "=2c8ddad "]
)
def test_long_paragraphs_take_no_longer_than_their_length_asks(unit: str) -> None:
    start = time.process_time()
    read(f"1. a {unit * 5000}")
    assert time.process_time() - start < 5
