"""Notes put under steps: text before and after. `test_notes_elisp.py` compares with `explog-note`."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explog.model import StepNumber
from explog.org.edit import apply_edits
from explog.org.lists import parse_section
from explog.org.notes import StepNote, add_notes
from explog.org.options import Keywords, OrgOptions
from explog.org.steps import find_steps, read_step
from org.test_lists_org import sections

OPTIONS = OrgOptions(Keywords(("TODO",), ("DONE",)))
HEAD = "* TODO [201] ABC :exp:\n** TODO Experiments [/]\n"
NOTE = "[2026-01-05 Mon 10:15] (83d45cd) ok, 2:31:07 on node7"


def noted(
    body: str, *steps: StepNumber, text: str = NOTE, options: OrgOptions = OPTIONS
) -> tuple[str, list[str]]:
    """Return BODY, the steps of an entry, with a note on each of STEPS, and what went wrong."""
    entry = HEAD + body
    notes = [StepNote(step, text) for step in steps]
    edits, failed = add_notes(entry.split("\n"), notes, options, "Experiments")
    after = apply_edits(entry, edits)
    assert after.startswith(HEAD)
    return after.removeprefix(HEAD), [error.message for error in failed.values()]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1. [ ] a\n2. [ ] b\n", "1. [ ] a\n   - NOTE\n2. [ ] b\n"),
        ("1. [ ] a", "1. [ ] a\n   - NOTE"),
        ("1. [ ] a\n", "1. [ ] a\n   - NOTE\n"),
        ("1. [ ] a\n\n2. b\n", "1. [ ] a\n   - NOTE\n\n2. b\n"),
        ("1. [ ] a\n\n\ntext\n", "1. [ ] a\n   - NOTE\n\n\ntext\n"),
        ("1. [ ] a\ntext\n", "1. [ ] a\n   - NOTE\ntext\n"),
        ("1. [ ] a\n* TODO [202] B :exp:\n", "1. [ ] a\n   - NOTE\n* TODO [202] B :exp:\n"),
        ("1) [X] a (1234567)\n", "1) [X] a (1234567)\n   - NOTE\n"),
        ("1.  [@1] [ ] a\n", "1.  [@1] [ ] a\n    - NOTE\n"),
        ("  1. [ ] a\n", "  1. [ ] a\n     - NOTE\n"),
        ("\t1. [ ] a\n", "\t1. [ ] a\n\t   - NOTE\n"),
        ("1.\t[ ] a\n", "1.\t[ ] a\n   - NOTE\n"),
        ("1.\n", "1.\n  - NOTE\n"),
        ("1. [ ] a\n   more\n\n   and more\n2. b\n", "1. [ ] a\n   more\n\n   and more\n   - NOTE\n2. b\n"),
        ("1. [ ] a\n   - [2026-01-01] old\n2. b\n", "1. [ ] a\n   - [2026-01-01] old\n   - NOTE\n2. b\n"),
        ("1. [ ] a\n    + old\n      more\n", "1. [ ] a\n    + old\n      more\n    + NOTE\n"),
        ("1. [ ] a\n   * old\n", "1. [ ] a\n   * old\n   * NOTE\n"),
        ("1. [ ] a\n   - old\n\n   - new\n", "1. [ ] a\n   - old\n\n   - new\n   - NOTE\n"),
        ("1. [ ] a\n   - old\n   text\n", "1. [ ] a\n   - old\n   text\n   - NOTE\n"),
        ("1. [ ] a\n   - old\n     1. x\n", "1. [ ] a\n   - old\n     1. x\n   - NOTE\n"),
        ("1. [ ] a\n   - [ ] todo\n", "1. [ ] a\n   - [ ] todo\n   Notes:\n   - NOTE\n"),
        ("1. [ ] a\n   1. [ ] b\n", "1. [ ] a\n   1. [ ] b\n   Notes:\n   - NOTE\n"),
        (
            "1. [ ] a\n   1. [ ] b\n   Notes:\n   - old\n",
            "1. [ ] a\n   1. [ ] b\n   Notes:\n   - old\n   - NOTE\n",
        ),
        (
            "1. [ ] a\n   :LOGBOOK:\n   CLOCK: [2026-01-05 Mon 10:15]\n   :END:\n2. b\n",
            "1. [ ] a\n   :LOGBOOK:\n   CLOCK: [2026-01-05 Mon 10:15]\n   :END:\n   - NOTE\n2. b\n",
        ),
        (
            "1. [ ] a\n   #+begin_src sh\n\n\n- x\n   #+end_src\n2. b\n",
            "1. [ ] a\n   #+begin_src sh\n\n\n- x\n   #+end_src\n   - NOTE\n2. b\n",
        ),
        ("1. [ ] a\n   | t |\n", "1. [ ] a\n   | t |\n   - NOTE\n"),
        ("1. [ ] a\r\n2. b\r\n", "1. [ ] a\r\n   - NOTE\r\n2. b\r\n"),
        ("- Note taken on [2026-01-05 Mon 10:15] \\\\\n  x\n1. [ ] a\n", None),
    ],
)  # fmt: skip
def test_a_note_on_the_first_step(before: str, after: str | None) -> None:
    wanted = after if after is not None else before + "   - NOTE\n"
    assert noted(before, (1,)) == (wanted.replace("NOTE", NOTE), [])


def test_notes_on_several_steps_of_which_one_is_in_the_other() -> None:
    before = "1. [ ] a\n   1. [ ] b\n   2. [ ] c\n2. [ ] d\n"
    after = (
        "1. [ ] a\n   1. [ ] b\n   2. [ ] c\n      - NOTE\n      - NOTE\n   Notes:\n   - NOTE\n"
        "2. [ ] d\n   - NOTE\n"
    )
    for steps in (
        [(1, 2), (1, 2), (1,), (2,)],
        [(2,), (1,), (1, 2), (1, 2)],
    ):
        assert noted(before, *steps)[0].replace(NOTE, "NOTE") == after


@pytest.mark.parametrize(
    ("body", "step", "why"),
    [
        ("1. [ ] a\n", (2,), "there is no step 2"),
        ("no list\n", (1,), "there is no step 1"),
        ("1. [ ] a\n2. b\n2. c\n", (2,), "step 2 is there 2 times"),
    ],
)
def test_a_step_that_is_not_there_once(body: str, step: StepNumber, why: str) -> None:
    assert noted(body, step) == (body, [why])


def test_one_note_without_a_place_keeps_no_other_back() -> None:
    after, failed = noted("1. [ ] a\n", (3,), (1,))
    assert (after, len(failed)) == (f"1. [ ] a\n   - {NOTE}\n", 1)


LISTS = [section.removeprefix("* H\n") for section in sections(400, 11)]


def contents(text: str) -> list[object]:
    """Return what the steps of TEXT say, without their lines."""
    lines = text.split("\n")
    found = find_steps(lines, "Experiments", OPTIONS)
    return [read_step(lines, *pair)._replace(line=0) for pair in (found.items if found else ())]


def note_lines(text: str) -> list[int]:
    return [n for n, line in enumerate(text.split("\n")) if NOTE in line]


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_note_adds_lines_inside_its_step_and_nothing_else(data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(LISTS))
    found = find_steps((HEAD + body).split("\n"), "Experiments", OPTIONS)
    numbers = [number for number, _item in found.items] if found else []
    chosen = data.draw(st.lists(st.sampled_from(numbers), max_size=3)) if numbers else []
    after, failed = noted(body, *chosen)
    added = note_lines(after)
    written = [number for number in chosen if numbers.count(number) == 1]
    assert len(added) <= len(written)
    assert failed or len(added) == len(written)
    # Without its lines, the old text is there again.
    lines = after.split("\n")
    drop = {*added, *(n - 1 for n in added if lines[n - 1].strip() == "Notes:")}
    assert "\n".join(line for n, line in enumerate(lines) if n not in drop) == body
    # Other steps read as before, and so does this one.
    assert contents(HEAD + after) == contents(HEAD + body)
    # Each note is an item that org sees inside the step.
    section = parse_section(lines, 0, len(lines))
    items = {item.line: item for item in section.walk()}
    for line in added:
        assert items[line].parent is not None
        assert items[line].number is None
