"""Notes on steps as `explog-note` writes them in a buffer: the same text, in the same places.

On lists with irregular indentation, and below two blank lines, org may read an item otherwise when it is
asked about that item alone; then the note stands elsewhere in the same step.
"""

from __future__ import annotations

import random
from pathlib import Path

from explog.model import StepNumber
from explog.org.edit import apply_edits
from explog.org.notes import StepNote, add_notes
from explog.org.options import Keywords, OrgOptions
from explog.org.steps import find_steps
from explog.refs import step_text
from org.test_lists_org import tidy
from support.oracle import ask

HEAD = "* TODO [1] Title :exp:\n** TODO Experiments [0/2]\n"
NOTE = "[2026-01-05 Mon 10:15] ok"
OPTIONS = OrgOptions(Keywords(("TODO",), ("DONE",)))


def ours(text: str, step: StepNumber) -> str | None:
    """Return TEXT with a note on STEP, or None if that is refused."""
    edits, failed = add_notes(text.split("\n"), [StepNote(step, NOTE)], OPTIONS, "Experiments")
    return None if failed else apply_edits(text, edits)


def steps_of(text: str) -> list[StepNumber]:
    found = find_steps(text.split("\n"), "Experiments", OPTIONS)
    numbers = [number for number, _item in found.items] if found else []
    return [number for number in numbers if numbers.count(number) == 1]


def test_emacs_puts_the_same_notes_in_the_same_places(tmp_path: Path) -> None:
    rng = random.Random(13)
    texts = [HEAD + "\n".join(tidy(rng)) for _ in range(400)]
    texts = [text for text in texts if "\n\n\n" not in text]
    asked = [(text, step) for text in texts for step in steps_of(text)[:3]]
    questions = [[text, step_text(step), NOTE] for text, step in asked]
    theirs = ask(tmp_path, questions, "notes", "notes-noted")
    for (text, step), there in zip(asked, theirs, strict=True):
        here = ours(text, step)
        assert here == there, (text, step)
    assert sum(there is not None for there in theirs) > 300
