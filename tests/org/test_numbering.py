"""Which items are steps, and their numbers: the list that a reader sees."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explog.errors import ExplogError
from explog.org.context import file_context
from explog.org.edit import Mark, apply_edits, mark_entry
from explog.org.entry import read_experiment
from explog.org.options import Keywords, OrgOptions
from explog.org.scan import scan_section
from explog.org.steps import find_steps

OPTIONS = OrgOptions(Keywords(("TODO",), ("DONE",)))
HEAD = "* TODO [201] T :exp:\n** TODO Experiments\n"
STATE = '- State "DONE"       from "TODO"       [2024-01-01 Mon 10:00]\n'
NOTE = "- Note taken on [2024-01-01 Mon 10:00] \\\\\n  it converges\n"
LIST = "1. [X] a\n2. [ ] b\n"


def numbers(body: str, options: OrgOptions = OPTIONS) -> str:
    """Return the steps under the heading of the steps, as "1 a, 2 b"."""
    lines = (HEAD + body).split("\n")
    found = find_steps(lines, "Experiments", options)
    assert found is not None
    return ", ".join(
        f"{'.'.join(map(str, number))} {lines[item.line][item.text_column :].strip()}"
        for number, item in found.items
    )


@pytest.mark.parametrize(
    "above",
    [
        STATE,
        STATE + STATE,
        NOTE,
        NOTE + STATE,
        STATE + "CLOCK: [2024-01-01 Mon 10:00]--[2024-01-01 Mon 11:00] =>  1:00\n",
        "CLOCK: [2024-01-01 Mon 10:00]\n",
        "- CLOSING NOTE [2024-01-01 Mon 10:00] \\\\\n  ready\n",
        "- Rescheduled from \"[2024-01-01 Mon]\" on [2024-01-01 Mon 10:00]\n",
        "- Not scheduled, was \"[2024-01-01 Mon]\" on [2024-01-01 Mon 10:00]\n",
        "- New deadline from \"[2024-01-01 Mon]\" on [2024-01-01 Mon 10:00]\n",
        "- Removed deadline, was \"[2024-01-01 Mon]\" on [2024-01-01 Mon 10:00]\n",
        "- Refiled on [2024-01-01 Mon 10:00]\n",
        "- what clock-out writes, whose heading is empty\n",
        "- Zustand \"DONE\" von \"TODO\" [2024-01-01 Mo 10:00]\n",
        "CLOSED: [2024-01-01 Mon 10:00]\n" + STATE,
        ":LOGBOOK:\n" + STATE + ":END:\n",
        ":LOGBOOK:\n- [ ] x\n1. [ ] y\n:END:\n" + STATE,
        "A paragraph.\n",
        "A paragraph.\n\n" + STATE,
        STATE + "\n",
        STATE + "\n\n",
        "- [ ] order the discs\n\nand\n",
        "- [ ] order the discs\n",
        "\\begin{enumerate}\n1. [ ] x\n\\end{enumerate}\n",
        "#+begin_src org\n1. [ ] x\n#+end_src\n",
        "| 1. | [ ] |\n",
        "*************** TODO an inline task\n1. [ ] x\n*************** END\n",
        "*************** an inline task of one line\n",
        NOTE + "  1. a note may count\n  2. up\n",
    ],
)  # fmt: skip
def test_what_stands_above_the_steps_hides_none(above: str) -> None:
    assert numbers(above + LIST) == "1 a, 2 b"


@pytest.mark.parametrize(
    "between",
    [
        "The curve is odd.\n",
        "\nThe curve is odd, see below.\n\n",
        "\n\n",
        "CLOCK: [2024-01-01 Mon 10:00]\n",
        ":LOGBOOK:\n- x\n:END:\n",
        "#+begin_src sh\n1. [ ] x\n#+end_src\n",
        "text\n- a bullet\n- [ ] another\n\n\n",
        STATE,
        "*************** TODO an inline task\n1. [ ] x\n*************** END\n",
        "   \\begin{align}\n3. x\n   \\end{align}\n",
        "| a |\n",
        "For this we need a protocol:\n  1. do this\n  2. do that\n",
    ],
)
def test_one_numbering_goes_on_behind_what_stands_between(between: str) -> None:
    assert numbers(LIST + between + "3. [ ] c\n4. [ ] d") == "1 a, 2 b, 3 c, 4 d"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # A list that begins anew is another one, and what follows it may go on either.
        (LIST + "text\n1. x\n2. y", "1 a, 2 b"),
        (LIST + "text\n1. x\n2. y\ntext\n3. z", "1 a, 2 b"),
        (LIST + "text\n2. x", "1 a, 2 b"),
        (LIST + "text\n5. [ ] e", "1 a, 2 b, 5 e"),
        (LIST + "text\n3. [@7] g\n4. h", "1 a, 2 b, 7 g, 8 h"),
        # Indentation says what is in what.
        ("1. a\n   1. x\n\n\n   2. y\n2. b", "1 a, 1.1 x, 1.2 y, 2 b"),
        ("1. a\n   1. x\n   text\n   2. y\n2. b", "1 a, 1.1 x, 1.2 y, 2 b"),
        ("1. a\n\n\n   1. x\n   2. y\n2. b", "1 a, 1.1 x, 1.2 y, 2 b"),
        ("1. a\ntext\n   1. x\n   2. y\n2. b", "1 a, 2 b"),
        ("1. a\ntext\n   2. b\n", "1 a, 2 b"),
        ("   1. a\n   2. b\n3. c", "1 a, 2 b, 3 c"),
        # org takes the steps for a part of its note where they are indented.
        (STATE + "  1. [ ] a\n  2. [ ] b", "1 a, 2 b"),
        (NOTE + "  1. [ ] a\n  2. [ ] b", "1 a, 2 b"),
        (NOTE + "  1. a note may count\n", ""),
        ("- remark\n1. a\n- remark\n2. b", "1 a, 2 b"),
    ],
)
def test_lists(body: str, expected: str) -> None:
    assert numbers(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("1. [@3] a\n4. b\n5. c", "3 a, 4 b, 5 c"),
        ("1. [@3] a\n2. b\n3. c", "3 a, 4 b, 5 c"),
        ("3. [@3] a\n4. b", "3 a, 4 b"),
        ("1. [@5] a\n2. b\n7. c\n8. d", "5 a, 6 b, 7 c, 8 d"),
        ("1. [@3] a\n7. b\n8. c", "3 a, 7 b, 8 c"),
        ("1. a\n2. [@7] b\n3. c", "1 a, 7 b, 8 c"),
        ("2. [@1] a\n3. b", "1 a, 2 b"),
        ("1. a\n3. c", "1 a, 3 c"),
        ("1. [@c] a\n2. b", "1 a, 2 b"),
        # Neither what org counts nor what one reads: it is left out.
        ("1. [@5] a\n3. c\n4. d", "5 a"),
        ("1. [@5] a\n3. c\n4. [@8] d", "5 a, 8 d"),
    ],
)
def test_counters(body: str, expected: str) -> None:
    assert numbers(body) == expected


DAMAGED = [
    STATE + "- [X] a\n- [ ] b",
    STATE + "- [X] a (83d45cd)\n- [ ] b",
    "- [X] a (83d45cd)\n- [ ] b",
    STATE + "- [X] a (83d45cd)\n- [X] b\n1. [ ] new",
    "- [X] a (83d45cd)\n- [X] b (1234567)\n\n\n1. [ ] new",
    NOTE + "- [X] a\ntext\n1. [ ] new",
]


@pytest.mark.parametrize("body", DAMAGED)
def test_steps_that_org_took_the_numbers_off_are_told_of_and_left_alone(body: str) -> None:
    text = HEAD + body
    found = read_experiment(text, 40, (), OPTIONS)
    assert found is not None
    assert found.steps == ()
    [diagnosis] = found.diagnoses
    line = next(n for n, row in enumerate(text.split("\n")) if row.startswith("- [X] a"))
    assert (diagnosis.kind, diagnosis.line) == ("unreadable", 40 + line)
    assert "bullets instead of numbers" in diagnosis.message
    with pytest.raises(ExplogError, match=f"line {line + 1} of the entry: the steps have bul") as e:
        mark_entry(text, [Mark((1,), "83d45cd")], OPTIONS)
    assert e.value.code == "unreadable"


@pytest.mark.parametrize("body", ["- a\n- b", "- [ ] a\n- [ ] b", STATE + "- a"])
def test_bullets_alone_are_no_damage(body: str) -> None:
    found = read_experiment(HEAD + body, 0, (), OPTIONS)
    assert found is not None
    assert (found.steps, found.diagnoses) == ((), ())


def test_a_number_that_is_not_certain_is_told_of() -> None:
    found = read_experiment(HEAD + "1. [@5] a\n3. c", 40, (), OPTIONS)
    assert found is not None
    assert [step.number for step in found.steps] == [(5,)]
    assert [(d.line, d.kind) for d in found.diagnoses] == [(43, "unreadable")]
    assert "`[@5]`" in found.diagnoses[0].message
    with pytest.raises(ExplogError) as caught:
        mark_entry(HEAD + "1. [@5] a\n3. c", [Mark((3,), "83d45cd")], OPTIONS)
    assert caught.value.code == "unreadable"


def test_notes_in_the_users_own_words() -> None:
    german = replace(OPTIONS, log_note_headings=("Zustand %-12s von %-12S %t", "%t", ""))
    damaged = HEAD + '- Zustand "DONE" von "TODO" [2024-01-01]\n- [X] a\n1. [ ] new'
    found = read_experiment(damaged, 0, (), german)
    assert found is not None
    assert [d.line for d in found.diagnoses] == [3]
    plain = read_experiment(damaged, 0, (), OPTIONS)
    assert plain is not None
    assert [step.text for step in plain.steps] == ["new"]


@pytest.mark.parametrize("alphabetical", [False, True])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1. [ ] a\n   a. [ ] x\n   b. [ ] y\n2. [ ] b", "1. [ ] a (83d45cd)\n"),
        ("1. [ ] a\n   a) x\n   b) y", "1. [ ] a (83d45cd)\n"),
        ("1. [ ] a\n   A. x\n      more\n   B. y", "1. [ ] a (83d45cd)\n"),
        ("1. [ ] a (1234567)\n   a. x\n   b. y (7654321)", "1. [ ] a (83d45cd)\n"),
    ],
)
def test_a_hash_stands_before_lettered_items(before: str, after: str, alphabetical: bool) -> None:
    options = replace(OPTIONS, alphabetical=alphabetical)
    text = HEAD + before
    done = apply_edits(text, mark_entry(text, [Mark((1,), "83d45cd")], options))
    assert done.startswith(HEAD + after)


def test_a_name_is_no_lettered_item() -> None:
    text = HEAD + "1. [ ] as in\n   A. Miller's paper\n"
    done = apply_edits(text, mark_entry(text, [Mark((1,), "83d45cd")], OPTIONS))
    assert done.endswith("A. Miller's paper (83d45cd)\n")


def test_an_inline_task_ends_no_entry_and_is_no_heading() -> None:
    task = "*************** TODO [7] task :exp:\nDEADLINE: <2024-01-01>\n*************** END\n"
    text = f"* [201] T :exp:\n{task}** Experiments\n1. [ ] a\n{task}2. [ ] b\n"
    found = read_experiment(text, 0, (), OPTIONS)
    assert found is not None
    assert [step.number for step in found.steps] == [(1,), (2,)]
    data = text.encode()
    for level, count in ((15, 2), (None, 6), (3, 2), (16, 6)):
        options = replace(OPTIONS, inlinetask_min_level=level)
        assert len(scan_section(data, file_context(data, options))) == count


LINES = [
    STATE.rstrip("\n"), *NOTE.rstrip("\n").split("\n"), "1. [ ] a", "2. [X] b (83d45cd)", "3. [ ] c",
    "4. d", "1. [@3] e", "2. f", "   1. g", "   2. h", "   a. [ ] i", "- [ ] j", "- [X] k (1234567)",
    "text", "   text", "", "", "| t |", ":LOGBOOK:", ":END:", "#+begin_src x", "#+end_src",
    "\\begin{a}", "\\end{a}", "*************** t", "*************** END", "CLOCK: [2024-01-01 Mon]",
]  # fmt: skip


@settings(derandomize=True, max_examples=300)
@given(st.lists(st.sampled_from(LINES), max_size=14))
def test_each_step_bears_the_number_that_is_written_or_counted(body: list[str]) -> None:
    lines = (HEAD + "\n".join(body)).split("\n")
    found = find_steps(lines, "Experiments", OPTIONS)
    assert found is not None
    at = [item.line for _number, item in found.items]
    assert at == sorted(set(at))
    counters = any("[@" in line for line in lines)
    for number, item in found.items:
        written = re.match(r"\s*([0-9]+)\.", lines[item.line])
        assert written is not None
        assert counters or number[-1] == int(written[1])
    for (one, _), (other, _) in zip(found.items, found.items[1:], strict=False):
        # Within a list of org's numbers may be given twice; they go on from list to list.
        assert one[:-1] == other[:-1] or one[:1] != other[:1] or len(one) != len(other)


@pytest.mark.parametrize(
    "unit",
    [STATE, "1. a\n\n\n", "1. [@5] a\ntext\n", "*************** t\n", "\\begin{a}\n", "a. x\n"],
)
def test_many_lines_take_no_longer_than_their_number_asks(unit: str) -> None:
    text = HEAD + unit * 10_000
    start = time.process_time()
    read_experiment(text, 0, (), OPTIONS)
    assert time.process_time() - start < 5
