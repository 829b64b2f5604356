"""The steps of an experiment as Emacs finds them in a buffer: the same as here, on odd lists."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from explog.org.options import Keywords, OrgOptions
from explog.org.steps import find_steps
from org.test_lists_org import sections
from support.oracle import ask

DEEP = "".join(f"{' ' * 3 * depth}1. [ ] deep\n" for depth in range(10))
HEAD = "* TODO [1] Title :exp:\n"


def ours(text: str) -> list[list[object]]:
    """Return [number, line, box] of each step of the experiment TEXT."""
    found = find_steps(text.split("\n"), "Experiments", OrgOptions(Keywords(("TODO",), ("DONE",))))
    return [
        [".".join(map(str, number)), item.line, f"[{item.box}]" if item.box else None]
        for number, item in (found.items if found else ())
    ]


def test_emacs_finds_the_same_steps(tmp_path: Path) -> None:
    lists = [section.removeprefix("* H\n") for section in sections(1500, 7)]
    texts = [f"{HEAD}** TODO Experiments [0/2]\n{one}" for one in (*lists, DEEP)]
    # Beneath the second heading, where the first has no name and perhaps no boxes.
    texts += [f"{HEAD}** Plan\n{one}\n** Other\n{two}" for one, two in pairwise(lists)]
    theirs = ask(tmp_path, texts, "steps", "steps-of")
    found = [ours(text) for text in texts]
    for text, here, there in zip(texts, found, theirs, strict=True):
        assert there == here, text
    assert sum(map(bool, found)) > 500
