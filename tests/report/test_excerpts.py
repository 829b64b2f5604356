"""What a report quotes of an entry: text in, text out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from explog.org.options import Keywords, OrgOptions
from explog.report.excerpts import Excerpts, StateChange
from explog.report.period import Period

OPTIONS = OrgOptions(Keywords(("TODO", "WAIT"), ("DONE",)))
JUNE = Period(date(2018, 6, 1), date(2018, 6, 30))


def excerpts(text: str, *private: str) -> Excerpts:
    return Excerpts(text, OPTIONS, private or ("noexport",))


@pytest.mark.parametrize(
    ("entry", "conclusion"),
    [
        ("* A\n** Conclusions\nBetter by *2 %*.\n", "Better by *2 %*."),
        ("* A\n** TODO Conclusion [0%] :x:\n  One.\n\n  Two.\n** Notes\nn\n", "One.\n\nTwo."),
        ("* A\n** DONE CONCLUSIONS\n- a\n  - b\n", "- a\n  - b"),
        ("* A\n** Conclusions\nAll\n*** Detail\nmore\n** Other\n", "All\n*** Detail\nmore"),
        ("* A\n** Conclusions\n:LOGBOOK:\n- x\n:END:\nSaid\n", "Said"),
        ("* A\n** Conclusions\n# a comment\nSaid\n", "Said"),
        ("* A\n** Conclusions :noexport:\nSecret\n", ""),
        (
            "* A\n** Conclusions\nSaid\n*** Secret :noexport:\nhush\n*** More\nyes\n",
            "Said\n\n*** More\nyes",
        ),
        ("* Conclusions of a title\nText\n", ""),
        ("* A\nno such heading\n", ""),
        (
            "* A\n** Conclusions\n| a | b |\n|---+---|\n| 1 | 2 |\n",
            "| a | b |\n|---+---|\n| 1 | 2 |",
        ),
        (
            "* A\n** Conclusions\n#+begin_src sh\n# kept\nls\n#+end_src\n",
            "#+begin_src sh\n# kept\nls\n#+end_src",
        ),
    ],
)
def test_conclusion(entry: str, conclusion: str) -> None:
    assert excerpts(entry).conclusion() == conclusion


@pytest.mark.parametrize(
    ("entry", "notes"),
    [
        (
            "* A\n- [2018-06-06 Wed] tried it\n  and again\n- other\n",
            ["- [2018-06-06 Wed] tried it\n  and again"],
        ),
        (
            "* A\n- [2018-05-06 Sun] before\n- [2018-06-30 Sat] last day\n",
            ["- [2018-06-30 Sat] last day"],
        ),
        ("* A\n[2018-06-06 Wed 16:16]\n\nText without a date\n", []),
        (
            "* A\nA paragraph of [2018-06-06 Wed]\nwith two lines.\n\nNext\n",
            ["A paragraph of [2018-06-06 Wed]\nwith two lines."],
        ),
        (
            "* A\n** Notes\n  - [2018-06-06 Wed] a\n    1. b\n\n    c\n  - d\n",
            ["- [2018-06-06 Wed] a\n  1. b\n\n  c"],
        ),
        ("* A\n:LOGBOOK:\n- [2018-06-06 Wed] private\n:END:\n", []),
        ("* A\n** Secret :noexport:\n- [2018-06-06 Wed] private\n", []),
        ("* A\n** Conclusions\n- [2018-06-06 Wed] not twice\n", []),
        ("* A\nSCHEDULED: <2018-06-06 Wed>\n", []),
        ("* A\n- [2018-06-31 Sun] no such day\n", []),
        (
            "* A\n1. [X] step\n   - [2018-06-06 Wed] (83d45cd) noted\n2. [ ] two\n",
            ["- [2018-06-06 Wed] (83d45cd) noted"],
        ),
    ],
)
def test_notes(entry: str, notes: list[str]) -> None:
    steps = {n for n, line in enumerate(entry.split("\n")) if line.startswith(("1. [", "2. ["))}
    assert excerpts(entry).notes(JUNE, steps) == notes


def test_due() -> None:
    entry = "* A\nDEADLINE: <2018-07-01 Sun> SCHEDULED: <2018-06-06 Wed +1w>\n** B\nSCHEDULED: <2018-01-01>\n"
    assert excerpts(entry).due() == [
        ("DEADLINE", date(2018, 7, 1)),
        ("SCHEDULED", date(2018, 6, 6)),
    ]
    assert excerpts("* A\nDEADLINE: <2018-06-31>\n").due() == []


def test_state_changes_are_read_in_drawers_too() -> None:
    entry = (
        "* WAIT A\n:LOGBOOK:\n"
        '- State "WAIT"       from "TODO"       [2018-06-08 Fri 11:00] \\\\\n'
        "  Waiting for the cluster\n"
        '- State "TODO"       from              [2018-06-01 Fri]\n:END:\n'
    )
    assert excerpts(entry).state_changes() == [
        StateChange("WAIT", date(2018, 6, 8), "Waiting for the cluster"),
        StateChange("TODO", date(2018, 6, 1), ""),
    ]


@pytest.mark.parametrize(
    ("heading", "line"),
    [
        (
            "State %-12s from %-12S %t",
            'State "WAIT"       from "TODO"       [2018-06-08 Fri 11:00]',
        ),
        ("State %-12s from %-12S %t", 'State "WAIT" from [2018-06-08 Fri]'),
        ("Zustand %-12s von %-12S %t", 'Zustand "WAIT"       von "TODO"       [2018-06-08 Fri]'),
        ("%t: %s <- %S (%u)", '[2018-06-08 Fri 11:00]: "WAIT" <- "TODO" (ada)'),
        ("%s", '"WAIT" [2018-06-08 Fri]'),
        ("→ %s %D", '→ "WAIT" <2018-06-08 Fri>'),
    ],
)
def test_state_changes_in_the_users_own_words(heading: str, line: str) -> None:
    options = replace(OPTIONS, log_note_headings=("Note taken on %t", heading))
    entry = f"* WAIT A\n- {line} \\\\\n  the cluster\n- Note taken on [2018-06-09 Sat]\n"
    found = Excerpts(entry, options, ()).state_changes()
    assert found == [StateChange("WAIT", date(2018, 6, 8), "the cluster")]


def test_words_that_name_no_state_say_nothing() -> None:
    entry = '* WAIT A\n- State "WAIT" from "TODO" [2018-06-08 Fri]\n'
    options = replace(OPTIONS, log_note_headings=("Changed on %t", "%S was it on %t"))
    assert Excerpts(entry, options, ()).state_changes() == []


def test_state_changes_of_other_headings_are_theirs() -> None:
    note = '- State "WAIT"       from "TODO"       [2018-06-08 Fri 11:00]\n  hush\n'
    entry = f"* WAIT A\n** Secret :noexport:\n{note}** Experiments\n{note}"
    assert excerpts(entry).state_changes() == []
