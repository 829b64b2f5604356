"""The values that the rest of explog speaks of, each defined once: experiments, steps, commits,
changes, problems.

What is made by the hundred thousand is a named tuple: it is made three times as fast as a frozen
dataclass, and pickled ten times as fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

StepNumber = tuple[int, ...]
"""The number of a step: `(1,)`, or `(1, 2)` for step 2 inside step 1."""


class StepHash(NamedTuple):
    """Digits, in lower case, that may be the hash of a step.

    `in_place` means that they stand as a step's hash does: in brackets, as a link to a commit, or
    at the end in code or behind "commit". Others are a hash only if a repository knows them.
    """

    digits: str
    in_place: bool


class Step(NamedTuple):
    """A step of an experiment, as its log has it.

    `line` counts from the experiment's heading, which is line 0. `box` is " ", "X", "x", "-", or
    None if the step has no checkbox. `hash` is the abbreviation that its text alone shows to be its
    hash, if one does. `hashes` are all digits that may be it, the likeliest first, for one who
    knows which of them are commits.
    """

    number: StepNumber
    line: int
    text: str
    box: str | None
    hash: str | None
    hashes: tuple[StepHash, ...] = ()

    @property
    def ticked(self) -> bool:
        """Whether a reader sees the box ticked."""
        return self.box in ("x", "X")


class Diagnosis(NamedTuple):
    """Something in a log that cannot be read as meant.

    `line` counts from the entry's or the section's; it is 1-based in `file` if that is not empty.
    """

    kind: str
    line: int
    message: str
    experiment: str | None = None
    file: str = ""


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment in a log. `id` is its number in the index, 0 if it is in a buffer only.

    `line` is the 1-based line of its heading in `file`; `start` and `size` count bytes there.
    `ident` is what references call it.
    """

    id: int
    file: str
    line: int
    start: int
    size: int
    ident: str
    title: str
    todo: str | None
    done: bool
    steps: tuple[Step, ...]


class Commit(NamedTuple):
    """A reachable commit in a repository, and how it refers to a step.

    Times are seconds since 1970. `generation` grows from parents to children. `place` is a value
    of `refs.Place`; `results` tells whether it is a results commit.
    """

    oid: str
    repository: str
    common_dir: str
    author: str
    email: str
    author_time: int
    committer_time: int
    generation: int
    place: int
    results: bool


class LineEdit(NamedTuple):
    """The text that is expected on a line of an entry, and the text to put there.

    `line` counts from the heading of the entry, which is line 0. `new` may go on with lines that
    come below it; none of them is a heading.
    """

    line: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be changed in the entry of an experiment.

    `line` is the 1-based line of its heading in `file`, and `text` what the entry is expected to
    read. `messages` tell the user what the change does, one message for each thing done.
    """

    file: str
    line: int
    experiment: str
    text: str
    lines: tuple[LineEdit, ...]
    messages: tuple[str, ...]


PROBLEM_KINDS = (
    "unreadable",
    "duplicate-id",
    "dead-hash",
    "ambiguous",
    "renumbered",
    "dates",
    "unknown-step",
    "unknown-experiment",
    "unticked",
    "cookie",
    "unreferenced",
)
"""What a problem can be, the most serious first."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. `line` is 1-based; what does not apply is None; `kind` is one of
    `PROBLEM_KINDS`.

    `mend` is the one right mending: it takes the problem away and brings no other. Its message
    says what it does.
    """

    kind: str
    file: str | None
    line: int | None
    experiment: str | None
    step: str | None
    message: str
    mend: Change | None = None

    @property
    def order(self) -> tuple[int, str, int, str, str, str]:
        """What sorts problems: the most serious first, then by file and line, then by reference."""
        where = (self.file or "\U0010ffff", self.line or 0)
        what = (self.experiment or "", self.step or "", self.message)
        return PROBLEM_KINDS.index(self.kind), *where, *what


class Flag(NamedTuple):
    """A step at the 1-based `line` of `file`, and what is to be said of its hash."""

    file: str
    line: int
    experiment: str
    hash: str
    message: str
