"""Check the cookies of one entry, and whether a commit names each ticked step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from explog.digits import HASH_IN_NOTE
from explog.entries.text import EntryText
from explog.index.commits import claimed_experiments, find_candidates
from explog.index.database import Index
from explog.model import Experiment, LineEdit, Problem, StepNumber
from explog.org.cookies import miscounted
from explog.org.heading import COOKIE
from explog.plan.facts import Claims
from explog.refs import Place, step_text


def takes_part(index: Index, entries: Iterable[Experiment]) -> set[str]:
    """Return the files with an experiment that a commit names, or with a hash on a step.

    In a log without either, nobody wants to hear that a step has no commit.
    """
    claimed = set(claimed_experiments(index))
    return {
        entry.file
        for entry in entries
        if entry.ident in claimed or any(step.hash for step in entry.steps)
    }


def check_boxes(
    index: Index,
    entry: EntryText,
    placed: Collection[StepNumber],
    claims: Claims | None,
    *,
    active: bool,
) -> Iterator[Problem]:
    """Yield the wrong cookies of ENTRY and, if its log is ACTIVE, the ticks without a commit.

    PLACED are the steps that a backfill has a commit for. CLAIMS are those on the id of the entry,
    if they are known.
    """
    yield from _cookies(entry)
    if active:
        yield from _unreferenced(index, entry, placed, claims)


def _cookies(entry: EntryText) -> Iterator[Problem]:
    if entry.steps is None:
        return
    found = entry.experiment
    for line, changed in miscounted(entry.lines, entry.steps, entry.options).items():
        change = f"{_written(entry.lines[line])} should be {_written(changed[line])}"
        edits = (LineEdit(n, entry.lines[n], new) for n, new in sorted(changed.items()))
        mend = entry.change(tuple(edits), [change])
        step = _step_at(entry, line)
        yield Problem("cookie", found.file, found.line + line, found.ident, step, change, mend)


def _written(text: str) -> str:
    return " ".join(match[0] for match in COOKIE.finditer(text))


def _step_at(entry: EntryText, line: int) -> str | None:
    """Return the number of the step that LINE belongs to, if it belongs to one."""
    above = [step for step in entry.experiment.steps if step.line <= line]
    return step_text(above[-1].number) if above else None


def _unreferenced(
    index: Index, entry: EntryText, placed: Collection[StepNumber], claims: Claims | None
) -> Iterator[Problem]:
    found = entry.experiment
    bare = [step for step in found.steps if step.hash is None and step.number not in placed]
    ticked = [step for step in bare if step.ticked]
    if not ticked:
        return
    # A commit that claims a step, and cannot be placed on it, means another step, unless the list
    # has the number twice.
    times = Counter(step.number for step in found.steps)
    candidates = find_candidates(index, found.ident) if claims is None else claims.candidates
    spoken_of = {
        number
        for number, some in candidates.items()
        if times[number] > 1 or any(one.place == Place.MENTION for one in some)
    }
    outer = {step.number[:size] for step in found.steps for size in range(1, len(step.number))}
    ends = dict(zip((step.line for step in found.steps), _ends(entry), strict=True))
    for step in ticked:  # the box of one with steps inside follows theirs
        if step.number in spoken_of or step.number in outer:
            continue
        if any(HASH_IN_NOTE.search(text) for text in entry.lines[step.line : ends[step.line]]):
            continue
        number = step_text(step.number)
        said = f"step {number} is ticked, and no commit speaks of it"
        line = found.line + step.line
        yield Problem("unreferenced", found.file, line, found.ident, number, said)


def _ends(entry: EntryText) -> list[int]:
    """Return for each step of ENTRY the line of the next step, or the end of its section."""
    starts = [step.line for step in entry.experiment.steps]
    return [*starts[1:], entry.steps.stop if entry.steps else len(entry.lines)]
