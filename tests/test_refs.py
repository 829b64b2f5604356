"""The reference grammar, and what a commit message claims."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explog.errors import ExplogError
from explog.refs import (
    Claim,
    Place,
    Reference,
    claims,
    find_references,
    id_shape,
    is_id,
    may_be_id,
    parse_step,
    results_pattern,
    split_message,
    step_text,
)

# Emacs Lisp is held to the same, in tests/elisp/explog-ref-tests.el; `buttons` says where it makes
# fewer of them buttons.
TABLE = json.loads((Path(__file__).parent / "data/references.json").read_text("utf-8"))


def found(text: str) -> list[str]:
    """Return the references in TEXT as they are written."""
    return [str(mention.reference) for mention in find_references(text)]


def claimed(message: str, results: str = r"Results\b") -> dict[str, str]:
    """Return what MESSAGE claims: reference to place, with `!` where it has results."""
    return {
        str(claim.reference): claim.place.name + "!" * claim.results
        for claim in claims(message, results_pattern(results))
    }


@pytest.mark.parametrize("row", TABLE, ids=[row["text"][:40] for row in TABLE])
def test_what_is_a_reference(row: dict[str, object]) -> None:
    assert found(str(row["text"])) == row["references"]


def test_a_mention_is_where_it_says() -> None:
    text = "a [e1] b [e22.3]"
    assert [text[m.start : m.end] for m in find_references(text)] == ["[e1]", "[e22.3]"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("201", True), ("2-a_b", True), ("", False), ("a1", False), ("1.2", False), ("1\n", False)],
)
def test_ids(text: str, expected: bool) -> None:
    assert is_id(text) is expected


@pytest.mark.parametrize(
    ("ident", "others", "expected"),
    [
        ("7", [], True),
        ("99999", ["1"], True),
        ("2e", ["1", "201"], False),
        ("2e", ["201b"], False),
        ("2e", ["1a"], False),  # everybody writes [e2e]
        ("2e-tests", ["3c-data"], False),
        ("10s", ["12b"], False),
        ("3nn", ["4ab"], False),
        ("14n", ["1", "201b"], False),
        ("14n", ["12b"], True),
        ("202b", ["201b"], True),
        ("1300c", ["201b"], True),
        ("201bc", ["201b"], False),
        ("201-b", ["201b"], False),
        ("13-warmup", ["12-dropout"], True),
        ("13_warmup", ["12-dropout"], False),
        ("2024-04-a", ["2024-03-b"], True),
        ("2024-04", ["2024-03-b"], False),
    ],
)
def test_what_may_be_meant_for_an_experiment(ident: str, others: list[str], expected: bool) -> None:
    assert may_be_id(ident, set(map(id_shape, others))) is expected


@settings(derandomize=True, max_examples=150)
@given(st.lists(st.integers(0, 999999), max_size=8).map(tuple))
def test_steps_are_read_as_they_are_written(step: tuple[int, ...]) -> None:
    assert parse_step(step_text(step)) == step
    if step:
        assert found(f"[{Reference('201', step)}]") == [str(Reference("201", step))]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("[e201.1] Results", {"e201.1": "SUBJECT!"}),
        ("[e201.1] Results- XYZ without ABC", {"e201.1": "SUBJECT!"}),
        ("[e201.1]Results: x", {"e201.1": "SUBJECT!"}),
        ("[e201.1]: Results", {"e201.1": "SUBJECT!"}),
        ("[e201.1] — Results", {"e201.1": "SUBJECT!"}),
        ("[e201.1]\r\n", {"e201.1": "SUBJECT"}),
        ("[e201.1] Results\r\n\r\n[e201.2] Results\r\n", {"e201.1": "SUBJECT!", "e201.2": "BODY!"}),
        ("[e201.1] Resultsfor x", {"e201.1": "SUBJECT"}),
        ("[e201.1] results", {"e201.1": "SUBJECT"}),
        ("[e201.1] No Results", {"e201.1": "SUBJECT"}),
        ("Results [e201.1]", {"e201.1": "SUBJECT"}),
        ("Train it, as [e201.1] says", {"e201.1": "SUBJECT"}),
        ("[e201.1] [e202] Results", {"e201.1": "SUBJECT!", "e202": "SUBJECT!"}),
        ("[e201.1], [e201.2]: Results", {"e201.1": "SUBJECT!", "e201.2": "SUBJECT!"}),
        ("[e201.1] Results like [e7.1]", {"e201.1": "SUBJECT!", "e7.1": "SUBJECT"}),
        ("[e201.1]\nResults of it", {"e201.1": "SUBJECT!"}),
        ("\n \n[e201.1] after blank lines\n\nmore", {"e201.1": "SUBJECT"}),
        ("x\n\n[e201.1] Results", {"e201.1": "BODY!"}),
        ("x\n\n* [e201.1] Results\n- [e201.2] t\n+ [e201.3] t", {
            "e201.1": "BODY!", "e201.2": "BODY", "e201.3": "BODY"}),
        ("x\n\n    [e201.1] as merge --squash writes it", {"e201.1": "BODY"}),
        ("x\n\nas [e201.1] said", {"e201.1": "MENTION"}),
        ("x\n\n[e201.1] and [e201.2]", {"e201.1": "BODY", "e201.2": "MENTION"}),
        ("x\n\n[e201.1] and [e201.2]\n[e201.2] Results", {"e201.1": "BODY", "e201.2": "BODY!"}),
        ("x\n\n1. [e201.1] numbered", {"e201.1": "MENTION"}),
        ("[e201.1] x\n\n[e201.1] Results", {"e201.1": "BODY!"}),
        ("[e201.1] x\n\n[e201.1] y", {"e201.1": "SUBJECT"}),
        ("[e201.1] Results\n\n* [e201.1] Results", {"e201.1": "SUBJECT!"}),
        ("x\n\n[e201.1] x\n[e201.1] Results", {"e201.1": "BODY!"}),
        ("fixup! [e201.1] Results", {"e201.1": "MENTION"}),
        ("squash! [e201.1] Results\n\n[e201.2] x", {"e201.1": "MENTION", "e201.2": "MENTION"}),
        ("amend! [e201.1] Results\n\n[e201.1] Results", {"e201.1": "MENTION"}),
        ('Revert "[e201.1] Results"\n\nThis reverts [e201.1]', {"e201.1": "MENTION"}),
        ("Revert the rate, see [e201.1]", {"e201.1": "SUBJECT"}),
        ("fixups for [e201.1]", {"e201.1": "SUBJECT"}),
        ('Reapply "[e201.1] Results"', {"e201.1": "MENTION"}),
        ('Merge "[e201.1] Results"\n\n* changes:\n  [e201.2] x', {
            "e201.1": "MENTION", "e201.2": "MENTION"}),
        ("Merge changes from topic 'x' into main\n\n* changes:\n  [e201.1] Results", {
            "e201.1": "MENTION"}),
        ("Merge branch 'x'\n\n* x:\n  [e201.1] Results", {"e201.1": "BODY!"}),
        ("Merge pull request #12 from ada/b\n\n[e201.1] Results- x", {"e201.1": "BODY!"}),
        ("Merge branch 'b' into 'main'\n\n[e201.1] Results\n\nSee merge request a/b!12", {
            "e201.1": "BODY!"}),
        ("Merged in b (pull request #12)\n\n[e201.1] Results\n\n* [e201.2] Try", {
            "e201.1": "BODY!", "e201.2": "BODY"}),
        ("x (#12)\n\n* feat: [e201.1] Results\n* PROJ-12 [e201.2] t\n* fixup! [e201.3] u", {
            "e201.1": "BODY!", "e201.2": "BODY", "e201.3": "MENTION"}),
        ("x\n\nfeat: [e201.1] Results\n\nfix(a)!: [e201.2] t", {
            "e201.1": "BODY!", "e201.2": "BODY"}),
        ("x\n\nRun it.\nfix: [e201.1] Results", {"e201.1": "MENTION"}),
        ("x\n\nNote: [e201.1] Results\n\nExperiment: [e201.2]", {
            "e201.1": "MENTION", "e201.2": "MENTION"}),
        ("x\n\n- [ ] [e201.1] Results\n- [x] [e201.2] t\n- Baseline: [e201.3]", {
            "e201.1": "MENTION", "e201.2": "MENTION", "e201.3": "MENTION"}),
        ('x\n\n* Revert "[e201.1] Results"\n* [Revert] [e201.2] Results', {
            "e201.1": "MENTION", "e201.2": "MENTION"}),
        ("Squashed commit of the following:\n\n    feat: [e201.1] Results", {"e201.1": "BODY!"}),
        ("[e] plain\n\n[e201.] [ex1]", {}),
        ("", {}),
        ("\n\n", {}),
    ],
)  # fmt: skip
def test_claims(message: str, expected: dict[str, str]) -> None:
    assert claimed(message) == expected


@pytest.mark.parametrize(
    ("results", "message", "is_results"),
    [
        ("Outcome|Result", "[e1.1] Result x", True),
        ("Outcome|Result", "[e1.1] Outcome", True),
        ("Outcome|Result", "[e1.1] No Result", False),
        ("(?i)results", "[e1.1] RESULTS", True),
        ("(?i:results)", "[e1.1] RESULTS", True),
        ("- done", "[e1.1] - done", True),
        ("(?x) res ults  # together", "[e1.1] results", True),
    ],
)
def test_the_results_option(results: str, message: str, is_results: bool) -> None:
    assert claims(message, results_pattern(results)) == (
        Claim(Reference("1", (1,)), Place.SUBJECT, is_results),
    )


@pytest.mark.parametrize("results", ["(", "Results)(", "[", "(?L)x", "*"])
def test_a_bad_results_option_is_named(results: str) -> None:
    with pytest.raises(ExplogError, match="results is no regular expression") as caught:
        results_pattern(results)
    assert caught.value.code == "bad-config"
    assert results in caught.value.message


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("a\nb\n\nc\n", ("a b", "c")),
        ("a\r\nb\r\n\r\nc\r\nd\r\n", ("a b", "c\nd")),
        ("a", ("a", "")),
        ("", ("", "")),
        ("  \n\t\na  \n \n\nc", ("a", "\nc")),
    ],
)
def test_split_message(message: str, expected: tuple[str, str]) -> None:
    assert split_message(message) == expected


@settings(derandomize=True, max_examples=150)
@given(st.text(st.sampled_from("[]e12.x \n\r-*R!"), max_size=60))
def test_any_message_is_read(message: str) -> None:
    references = {str(reference) for reference in found(message.replace("\r\n", "\n"))}
    assert set(claimed(message)) == references


@pytest.mark.parametrize(
    "unit",
    [
        *("[e201.1] ", "[e201.1]\n", "* [e1] ", "[e1.1],;& ", "[e1.1] Results\n"),
        *("[e", "[e1.1.1.1.1", "[e" + "1" * 70, "9" * 50, "[e1." + "9" * 50 + "]"),
        *(" ", "\t-", "- ", "\n", "\r\n"),
    ],
)
def test_megabytes_take_no_longer_than_their_length_asks(unit: str) -> None:
    message = "[e1.1]" + unit * (300_000 // len(unit)) + "[e1.1"
    start = time.process_time()
    for text in (message, "x\n\n" + message, "x\n\n- " + message):
        claims(text)
    assert time.process_time() - start < 5  # one that backtracks takes minutes
