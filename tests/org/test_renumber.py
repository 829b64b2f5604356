"""Lists that get their old numbers back, with org itself as the judge of what is written."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from explog.model import StepNumber
from explog.org.edit import apply_edits
from explog.org.options import Keywords, OrgOptions
from explog.org.renumber import renumber
from explog.org.steps import find_steps
from support.oracle import ask

OPTIONS = OrgOptions(Keywords(("TODO",), ("DONE",)))
HEAD = "* [201] T :exp:\n** Experiments\n"


def lines_of(text: str) -> dict[StepNumber, int]:
    """Return the lines of the steps in TEXT."""
    found = find_steps(text.split("\n"), "Experiments", OPTIONS)
    return {number: item.line for number, item in found.items} if found else {}


def renumbered(
    text: str, wanted: dict[StepNumber, StepNumber], taken: list[StepNumber] | None = None
) -> str | None:
    """Return TEXT after the steps WANTED, by their numbers now, got their numbers."""
    lines, at = text.split("\n"), lines_of(text)
    steps = find_steps(lines, "Experiments", OPTIONS)
    assert steps is not None
    by_line = {at[now]: then for now, then in wanted.items()}
    edits = renumber(lines, steps, by_line, taken or [])
    return None if edits is None else apply_edits(text, edits)


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("1. A\n2. X\n3. B\n4. C", {1: 1, 3: 2, 4: 3}, "1. A\n4. [@4] X\n2. [@2] B\n3. C"),
        ("1. A\n2. B", {1: 1, 2: 2}, None),
        ("1. A\n2. B", {}, None),
        ("1. A\n2. B", {1: 1, 2: 1}, None),
        ("1) [ ] A\n2) [X] B", {2: 7}, "1) [ ] A\n7) [@7] [X] B"),
        ("1. [@5] A\n2. B", {5: 5, 6: 9}, "5. [@5] A\n9. [@9] B"),
        ("1. A\n2. [@5] B\n3. C", {5: 2}, "1. A\n2. B\n3. C"),
        ("1. [@start:5] A", {5: 6}, "6. [@6] A"),
        ("1.  A\n2.  B", {2: 3}, "1.  A\n3.  [@3] B"),
        ("1. A\n2.", {2: 3}, "1. A\n3. [@3] "),
        ("1. A\r\n2. B\r", {2: 3}, "1. A\r\n3. [@3] B\r"),
        ("1. A\n- B\n2. C", {1: 2}, None),
        ("1. [@c] A\n2. B", {2: 4}, None),
        # What is in an item moves with its text.
        (
            "1. A\n   more\n\n   - x\n2. B",
            {1: 10},
            "10. [@10] A\n    more\n\n    - x\n11. B",
        ),
        ("10. [@10] A\n    more\n11. B", {10: 1}, "1. A\n   more\n2. B"),
        ("1. A\n\tmore\n2. B", {1: 10}, None),
        ("1. A\n\n\n   not of the list", {1: 10}, "10. [@10] A\n\n\n   not of the list"),
    ],
)
def test_numbers(before: str, wanted: dict[int, int], after: str | None) -> None:
    found = renumbered(HEAD + before, {(now,): (then,) for now, then in wanted.items()})
    assert found == (None if after is None else HEAD + after)


def test_inner_steps() -> None:
    text = HEAD + "1. A\n   1. a\n   2. b\n2. B\n   1. c"
    assert renumbered(text, {(1, 2): (1, 1)}) == text.replace("1. a", "2. [@2] a").replace(
        "2. b", "1. [@1] b"
    )
    # All that is in a step agrees on its number, or there is none to give.
    assert renumbered(text, {(1, 1): (2, 1), (2, 1): (1, 1)}) == (
        HEAD + "2. [@2] A\n   1. a\n   2. b\n1. [@1] B\n   1. c"
    )
    assert renumbered(text, {(1, 1): (2, 1), (1, 2): (1, 1)}) is None
    assert renumbered(text, {(1, 1): (3,)}) is None


def test_lists_may_be_in_one_another_as_often_as_they_like() -> None:
    text = HEAD + "\n".join(f"{'   ' * depth}1. a" for depth in range(1500))
    assert renumbered(text, {(1,): (4,)}) == text.replace("1. a", "4. [@4] a", 1)


def test_a_number_that_is_spoken_for_is_not_given_away() -> None:
    text = HEAD + "1. X\n2. A"
    assert renumbered(text, {(2,): (1,)}, [(1,), (2,), (5,)]) == HEAD + "6. [@6] X\n1. [@1] A"


def steps(rng: random.Random, depth: int = 0, indent: int = 0) -> list[str]:
    """Return a list as org would write it."""
    lines: list[str] = []
    for number in range(1, 1 + rng.randint(1, 12 if depth == 0 else 4)):
        body = " " * (indent + len(f"{number}. "))
        box = rng.choice(["[ ] ", "[X] ", ""])
        lines.append(f"{' ' * indent}{number}. {box}step")
        if rng.random() < 0.3:
            lines.append(f"{body}goes on here")
        if rng.random() < 0.1:
            lines += ["", f"{body}a second paragraph"]
        if rng.random() < 0.2:
            lines += [f"{body}- a note", f"{body}  and more"]
        elif depth < 2 and rng.random() < 0.3:
            lines += steps(rng, depth + 1, len(body))
    return lines


def test_org_finds_nothing_to_repair(tmp_path: Path) -> None:
    rng = random.Random(204)
    drawn = [HEAD + "\n".join(steps(rng)) + "\n" for _ in range(150)]
    texts = ask(tmp_path, [{"do": "repair", "text": text} for text in drawn])
    mended: list[str] = []
    for text in texts:
        numbers = [number for number in lines_of(text) if len(number) == 1]
        new = rng.sample(range(1, 15), len(numbers))
        pairs = zip(numbers, new, strict=True)
        wanted: dict[StepNumber, StepNumber] = {
            one: (other,) for one, other in pairs if rng.random() < 0.7
        }
        found = renumbered(text, wanted)
        if found is None:
            continue
        at = lines_of(text)
        for now, line in lines_of(found).items():
            before = next(number for number, other in at.items() if other == line)
            assert len(before) == len(now)
            assert wanted.get(before, now) == now
        mended.append(found)
    assert len(mended) > 100
    for text, repaired in zip(
        mended, ask(tmp_path, [{"do": "repair", "text": text} for text in mended]), strict=True
    ):
        assert repaired == text
