"""Boxes ticked and cookies recounted, with org itself as the judge."""

from __future__ import annotations

import random
from pathlib import Path

from explog.org.cookies import miscounted
from explog.org.edit import Mark, apply_edits, mark_entry
from explog.org.options import Keywords, OrgOptions
from explog.org.steps import find_steps
from support.oracle import ask

OPTIONS = OrgOptions(Keywords(("TODO", "WAIT"), ("DONE",)))
COOKIES = ["[/]", "[%]", "[0/0]", "[33%]", "[1/2]"]
TEXTS = """\
train
train {c}
{c} train
code ={c}= and ~a {c}~ but *{c}*
a link [[file:a][to {c}]]
[[{c}]]
<<{c}>>
{{{m({c})}}}
\\({c}\\) and ${c}$
ends here (83d45cd)
a=b {c} c=d
$5 {c} $6
tag :: {c}
[fn:1] {c}
<https://a/{c}>
[[a] {c}""".split("\n")
BETWEEN = [
    "some {c} text",
    "# a comment {c}",
    "| a | {c} |",
    ": fixed {c}",
    "#+title: {c}",
    "",
    "",
    ":LOGBOOK:\n- [ ] logged {c}\n- [X] done\n:END:",
    "#+begin_quote\n1. [X] quoted {c}\n   - [ ] inner\n#+end_quote",
    "#+begin_src org\n1. [X] {c}\n#+end_src",
    "#+begin_example\n- [ ] {c}\n#+end_example",
    "-----",
    "CLOCK: [2024-01-01 Mon 10:00] {c}",
    "- [ ] another list {c}",
    "+ [X] done {c}\n  - [ ] so",
]
PROPERTIES = [
    *[""] * 4,
    ":COOKIE_DATA: recursive",
    ":COOKIE_DATA: todo",
    ":COOKIE_DATA: checkbox",
    ":cookie_data: checkbox Recursive",
    ":COOKIE_DATA: TODO",
    ":ORDERED: t",
    ":ORDERED: t\n:COOKIE_DATA: recursive",
    ":ORDERED: nil",
    ":ORDERED:",
]
HEADINGS = ["TODO Experiments {c}", "Experiments {c} :exp:", "{c} Experiments", "Experiments"]


def entry(rng: random.Random) -> str:
    """Return an experiment with steps of any depth, boxes and cookies."""
    properties = rng.choice(PROPERTIES)
    drawer = f":PROPERTIES:\n{properties}\n:END:\n" if properties else ""
    parts = [
        "* TODO [201] Title [0%] :exp:",
        f"text {cookie(rng)}",
        "** Notes [0/0]",
        "- [ ] a note",
        f"** {fill(rng, rng.choice(HEADINGS))}\n{drawer}".rstrip("\n"),
        *(fill(rng, rng.choice(BETWEEN)) for _ in range(rng.choice([0, 0, 1]))),
        *steps(rng, 0, 0),
        *(fill(rng, rng.choice(BETWEEN)) for _ in range(rng.choice([0, 0, 1, 2]))),
        "** Conclusions [0/0]",
        "- [X] one",
    ]
    return "\n".join(parts) + "\n"


def steps(rng: random.Random, indent: int, depth: int) -> list[str]:
    """Return the lines of one list with all that is in it."""
    lines: list[str] = []
    ordered = depth == 0 or rng.random() < 0.6
    for number in range(1, 1 + rng.randint(1, 4)):
        bullet = f"{number}." if ordered else rng.choice("-+")
        # No `[x]`, which is ticked for a reader alone: a list with one becomes one that org reads so.
        box = rng.choice(["[ ] ", "[ ] ", "[ ] ", "[X] ", "[-] ", "[X] ", ""])
        lines.append(f"{' ' * indent}{bullet} {box}{fill(rng, rng.choice(TEXTS))}")
        body = " " * (indent + len(bullet) + 1)
        if rng.random() < 0.2:
            lines.append(body + fill(rng, rng.choice(TEXTS)))
        if rng.random() < 0.1:
            lines += ["", body + fill(rng, "more {c}")]
        if rng.random() < 0.1:
            # No box in it: org then loses count of the boxes that the item has of its own.
            lines += [f"{body}:LOGBOOK:", f"{body}- logged {cookie(rng)}", f"{body}:END:"]
        if depth < 2 and rng.random() < 0.4:
            lines += steps(rng, len(body), depth + 1)
    return lines


def fill(rng: random.Random, text: str) -> str:
    """Return TEXT with a cookie for each `{c}`."""
    while "{c}" in text:
        text = text.replace("{c}", cookie(rng), 1)
    return text


def cookie(rng: random.Random) -> str:
    """Return some cookie, right or wrong."""
    return rng.choice(COOKIES)


def target(rng: random.Random, text: str) -> tuple[tuple[int, ...], int] | None:
    """Return (number, line) of some step of TEXT with an open box, or None."""
    found = find_steps(text.split("\n"), "Experiments", OPTIONS)
    open_ones = [(n, i.line) for n, i in (found.items if found else ()) if i.box in (" ", "-")]
    return rng.choice(open_ones) if open_ones else None


def unticks(before: str, after: str) -> bool:
    """Tell whether a box that was ticked, or half, is open in AFTER."""
    pairs = zip(before.split("\n"), after.split("\n"), strict=True)
    return any(" [ ] " not in one and " [ ] " in other for one, other in pairs)


def test_ticking_a_box_does_what_org_does(tmp_path: Path) -> None:
    rng = random.Random(201)
    drawn = [(text, target(rng, text)) for text in (entry(rng) for _ in range(300))]
    cases = [(text, at) for text, at in drawn if at is not None]
    answers = ask(tmp_path, [{"do": "tick", "text": text, "line": at[1]} for text, at in cases])
    compared = changed = 0
    for (_text, (number, _line)), answer in zip(cases, answers, strict=True):
        before, after = answer["before"], answer["after"]
        if after is None:
            continue  # org saw it ticked already, when it set the boxes above others right
        edits = mark_entry(before, [Mark(number, tick=True)], OPTIONS)
        if unticks(before, after):
            # :ORDERED: makes org take away all ticks that stand after an open box. A user's tick
            # stays; the steps after an open one are for the user to sort out.
            assert ":ORDERED:" in before
            assert not unticks(before, apply_edits(before, edits))
            continue
        assert apply_edits(before, edits) == after, before
        compared += 1
        changed += before != after
    assert compared > 200
    assert changed > 150


def test_a_cookie_that_org_counted_is_not_wrong(tmp_path: Path) -> None:
    rng = random.Random(202)
    texts = [entry(rng) for _ in range(300)]
    answers = ask(tmp_path, [{"do": "tick", "text": text, "line": 0} for text in texts])
    wrong = 0
    for text, answer in zip(texts, answers, strict=True):
        assert _miscounted(answer["before"]) == {}, answer["before"]
        wrong += bool(_miscounted(text))
    assert wrong > 150


def _miscounted(text: str) -> dict[int, dict[int, str]]:
    lines = text.split("\n")
    steps = find_steps(lines, "Experiments", OPTIONS)
    return miscounted(lines, steps, OPTIONS) if steps else {}
