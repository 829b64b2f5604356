"""The numbers in messages of commits: what is unambiguous, and no more."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explog.refs import results_pattern
from explog.results.message import read_message
from support.clock import cpu_seconds

RESULTS = results_pattern()


def said(message: str, results: re.Pattern[str] = RESULTS) -> list[str]:
    """Return what MESSAGE says as `acc=71.4%`, behind the reference if it is of one step alone."""
    subject, _blank, body = message.partition("\n\n")
    samples, twice = read_message(subject, body, results)
    return [
        *(
            " ".join(
                [
                    *([sample.reference] if sample.reference else []),
                    *(f"{n}={v.text}{v.unit}" for n, v in sample.metrics.items()),
                    *(f"({n}={v.text})" for n, v in sample.parameters.items()),
                ]
            )
            for sample in samples
        ),
        *(f"twice: {name}" for name in twice),
    ]


LINES = [
    # name=number
    ("acc=71.4 %, loss 0.31", "acc=71.4%"),
    ("acc=71.40%", "acc=71.40%"),
    ("acc = 0.7140 and loss=1e-3", "acc=0.7140 loss=1e-3"),
    ("val/acc=0.5, top-1=0.7, mAP@0.5=.25; Größe=3", "val/acc=0.5 top-1=0.7 mAP@0.5=.25 Größe=3"),
    ("(acc=1) [loss=2] {n=3}|k=4", "acc=1 loss=2 n=3 k=4"),
    ("we reach acc=71.4. And more.", "acc=71.4"),
    ("acc=71.", "acc=71"),
    ("acc=+1 bias=-2 x=\u22123", "acc=+1 bias=-2 x=\u22123"),
    ("loss=nan, other=-Inf", "loss=nan other=-inf"),
    ("acc=71.4 after 3 epochs", "acc=71.4"),
    ("acc=71.4 ± 0.3 (was 70.1)", "acc=71.4"),
    ("seed=3 acc=1", "acc=1 (seed=3)"),
    ("seed=3", ""),
    # name: number
    ("acc: 71.4", "acc=71.4"),
    ("- acc: 71.4 %, loss: 0.31", "acc=71.4% loss=0.31"),
    ("* acc: 71.4 % on the test set", "acc=71.4%"),
    ("acc: 71.4 loss: 0.31 f1=2", "acc=71.4 loss=0.31 f1=2"),
    ("f1=2, acc: 71.4; and loss: 3.", "f1=2 acc=71.4 loss=3"),
    ("good (acc: 71.4)", "acc=71.4"),
    ("good. acc: 71.4 and loss: 0.3", "acc=71.4 loss=0.3"),
    ("acc:\t1", "acc=1"),
    # neither
    ("acc 71.4", ""),
    ("acc:71.4", ""),
    ("acc: 3 runs failed", ""),
    ("in the end the accuracy: 71.4", ""),
    ("acc=", ""),
    ("acc=good, loss=x1", ""),
    # another number
    ("acc=71.4-72.1", ""),
    ("acc=71.4 - 72.1", ""),
    ("acc=71.4 – 72.1", ""),
    ("acc=71..72", ""),
    ("acc=71.4 -> 72.1", ""),
    ("acc=71.4 → 72.1", ""),
    ("acc=71.4 % -> 72 %", ""),
    ("acc=71.4 to 72.1", ""),
    ("acc=71.4 or 72.1", ""),
    ("acc=3/4", ""),
    ("acc=1,000", ""),
    ("acc=0,71", ""),
    ("acc=71.4, 72.1, 73.0", ""),
    ("acc=71.4 72.1", ""),
    ("acc=~71", ""),
    ("acc>=71 acc<=71 acc==71 acc!=71 acc:=71", ""),
    ("version=1.2.3 x=1.2.3.4", ""),
    ("day=2024-01-02", ""),
    ("t=10:30", ""),
    ("x=0x1F y=1e3x z=3a", ""),
    ("acc=71.4 %d", ""),
    ("shape=3x4 size=3 × 4 area=3*4", ""),
    ("latency=12 ms, memory=3 GB, t=5s, gain=2 pp", ""),
    ("latency: 12 ms", ""),
    ("T=3 °C p=4‰", ""),
    ("n=1e400", ""),
    # no metric
    ("fixes: 12", ""),
    ("Fixes: 12", ""),
    ("closes: 12, see: 4, issue: 7, PR: 12, bug=4", ""),
    ("step: 3, table: 4, line: 5, id=6, job=123456", ""),
    ("commit=1234567 sha=1234567 hash: 1234567", ""),
    ("e201.1: 3", ""),
    ("e201.1=3 e201=4", ""),
    ("train.py: 12", ""),
    ("at 10:30", ""),
    ("2024-01-02: 3", ""),
    ("http://x.org/?a=1&b=2", ""),
    ("see http://x.org/a=1", ""),
    ("localhost:8080 cuda:0", ""),
    ("--lr=0.1 -x=3", ""),
    ("$ train lr=0.1", ""),
    ("python train.py lr=0.1", ""),
    ("> acc=3", ""),
    ("+++ acc=3", ""),
    ('{"acc": 71.4}', ""),
    ("Change-Id: 123", ""),
    ("Signed-off-by: 3", ""),
    ("Cr-Commit-Position: 12", ""),
    ("Reviewed-on: 1", ""),
    ("Cc: 3", ""),
    ("git-svn-id: 12", ""),
    ("feat: 3, chore: 4", ""),
    ("a=b=3", ""),
    # said twice
    ("acc=1, acc=1", "acc=1"),
    ("acc=1, acc=2, loss=3", "loss=3\ntwice: acc"),
    ("acc=1, acc: 2", "twice: acc"),
    ("acc=1 acc=1%", "twice: acc"),
]


@pytest.mark.parametrize(("line", "wanted"), LINES)
def test_what_a_line_says(line: str, wanted: str) -> None:
    assert said(f"[e201.1] Results\n\n{line}") == wanted.splitlines()


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ("[e201.1] Results- acc=71.4 %, loss 0.31", ["acc=71.4%"]),
        ("[e201.1] Results: acc: 71.4", ["acc=71.4"]),
        ("[e201.1] Results: 71.4", []),
        ("[e201.1] Results (acc: 71.4)", ["acc=71.4"]),
        ("feat: [e201.1] Results — acc: 71.4", ["acc=71.4"]),
        ("[e201.1]: acc: 71.4", ["acc=71.4"]),
        ("[e201.1] Results acc=1\n\nloss: 2\n\nacc=1\n", ["acc=1 loss=2"]),
        ("[e201.1] Results acc=1\n\nacc=1.02\n", ["twice: acc"]),
        # who signs off has git put it behind a paragraph that looks like trailers
        ("[e201.1] Results\n\nacc: 71.4\nSigned-off-by: Ada <a@b>\nFixes: 12", ["acc=71.4"]),
        # two steps in a subject have the same numbers
        ("[e201.1] [e201.2] Results acc=1", ["e201.1 acc=1", "e201.2 acc=1"]),
        # squashed: each step has what stands in its lines
        ("May (#12)\n\n* [e201.1] Results acc=1\n\nloss: 2\n\n* [e201.2] Results acc=3", ["e201.1 acc=1 loss=2", "e201.2 acc=3"]),
        ("May n=5\n\n* [e201.1] Results acc=1\n* [e201.2] Results acc=3", ["n=5", "e201.1 acc=1", "e201.2 acc=3"]),
        ("[e201.1] Results acc=1\n\n[e201.2] Results acc=3", ["e201.1 acc=1", "e201.2 acc=3"]),
        ("[e201.1] Results acc=1\n\nas in [e201.2] loss=3", ["acc=1 loss=3"]),
        ("[e201.1] Results acc=1\n\n[e201] acc=3", ["acc=1"]),
        ("[e201.1] acc=0\n\n[e201.1] Results acc=1", ["acc=1"]),
        ("[e201.1] Results acc=0\n\n[e201.1] Results acc=1", ["twice: acc"]),
        ("[e201.1] work acc=3", ["acc=3"]),
        ("acc=3", ["acc=3"]),
    ],
)  # fmt: skip
def test_whose_numbers_they_are(message: str, wanted: list[str]) -> None:
    assert said(message) == wanted


def test_results_by_another_name() -> None:
    assert said("[e1.1] Ergebnis: acc: 3", results_pattern("Ergebnis")) == ["acc=3"]


@given(st.text(st.sampled_from("ab1.5e-%:=,; \n[]().e201R>→/") | st.characters(), max_size=80))
def test_no_message_makes_the_reader_fail(message: str) -> None:
    for line in said(message):
        assert line


@pytest.mark.parametrize(
    "text",
    ["a" * 250_000, "a=" * 125_000, "a: " * 80_000, "a=1 " * 60_000, "a: 1 " * 50_000, "1" * 250_000, "a=" + "1" * 250_000,
     "a=1_" + "1_" * 120_000, "a=1" + " " * 250_000 + "x", ", " * 120_000 + ": ", "[e1.1] " * 35_000 + ": ", "[e1.1] a=1\n" * 20_000,
     "".join(f"[e1.{n}] a=1\n" for n in range(1, 15_000)), ". " * 120_000 + "a: 1", "\n" * 250_000 + "a=1", "a: 1" + "%" * 250_000,
     "a = 1 a: 1 % " * 20_000, "://a.py " * 30_000 + "=", ".py" * 80_000 + "=", "a=1 ±" * 50_000, " and" * 60_000 + " a: 1"],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_no_message_takes_long(text: str) -> None:
    begun = cpu_seconds()
    read_message("[e1.1] Results", text, RESULTS)
    assert cpu_seconds() - begun < 1.5
