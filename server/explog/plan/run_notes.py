"""Plan the notes on runs that have ended: which entry, which step, which lines. Nothing is written.

A run never ticks a box. Where it is not clear which step is meant, nothing is planned, and a
sentence says why.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from explog.config import Settings
from explog.entries.text import EntryText, EntryTexts
from explog.errors import ExplogError
from explog.git.repository import Repository, abbreviate
from explog.index.commits import all_repositories, commits_with_prefix
from explog.index.database import Index
from explog.index.logs import find_experiments
from explog.model import Change, Experiment
from explog.org.notes import StepNote
from explog.plan.ends import End, said_of, stamp_of
from explog.plan.noted import Given
from explog.plan.owners import Owners
from explog.refs import Reference, find_references
from explog.runs.show import one_line
from explog.stuck import is_silent

# Digits of a commit that no repository here has.
_DIGITS = 10


class RunNote(NamedTuple):
    """A note on `end`, of which the reference is `of`, and the text of it."""

    end: End
    of: Reference
    text: str

    @property
    def kept(self) -> str:
        """What is kept of it, to know it again in the entry of the experiment."""
        return f"{self.of.experiment} {self.text}"

    @property
    def message(self) -> str:
        """Say what it does, for the user: `e201.1: ok, 2:31:07 on node7`."""
        return f"{self.of}: {said_of(self.end)}"


class Left(NamedTuple):
    """Ends that get no note now, and why: all of them for the same reference.

    `reason` is one that programs know, as of a commit without a place; it is empty if no change of
    a log will give them one. `entry` is the experiment that is meant, if one is.
    """

    ends: tuple[End, ...]
    reason: str
    why: str
    entry: Experiment | None = None

    @property
    def message(self) -> str:
        """Say which runs they are, and why there is no note."""
        runs = [run.record.run for end in self.ends for run in end.runs]
        more = f" and {len(runs) - 1} more" if len(runs) > 1 else ""
        return f"{one_line(runs[0])}{more}: {self.why}"


@dataclass(slots=True)
class RunNotesPlan:
    """What is to be written: one change of an entry, and the notes that it makes.

    `there` are notes that stand in their entries already. `failures` are those of logs that cannot
    be read now.
    """

    changes: list[tuple[Change, tuple[RunNote, ...]]] = field(default_factory=list)
    there: list[RunNote] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    failures: list[tuple[End, ExplogError]] = field(default_factory=list)

    def leave(self, end: End, reason: str, why: str, entry: Experiment | None = None) -> None:
        """Leave END without a note, for a REASON that WHY says in a sentence."""
        for number, one in enumerate(self.left):
            if (one.ends[0].reference, one.why) == (end.reference, why):
                self.left[number] = one._replace(ends=(*one.ends, end))
                return
        self.left.append(Left((end,), reason, why, entry))


def references_of(ends: Iterable[End]) -> set[str]:
    """Return the ids of the experiments that ENDS are of."""
    found = (_reference(end) for end in ends)
    return {reference.experiment for reference in found if reference is not None}


def plan_run_notes(
    settings: Settings,
    index: Index,
    texts: EntryTexts,
    ends: Sequence[End],
    given: Iterable[Given],
    worktrees: Mapping[str, str],
) -> RunNotesPlan:
    """Plan notes for ENDS, the oldest first; notes that were GIVEN stand in the logs already.

    WORKTREES has the common directories of the repositories, by the real names of their worktrees.
    """
    planned = RunNotesPlan()
    notes = _written(index, ends, worktrees, planned)
    experiments, unreadable = texts.experiments(index, references_of(ends))
    owners = Owners(settings)
    by_entry: dict[tuple[str, int], list[RunNote]] = defaultdict(list)
    entries = {(one.file, one.line): one for one in experiments}
    for note in notes:
        named = [one for one in experiments if one.ident == note.of.experiment]
        if not named and any(one.ident == note.of.experiment for one in unreadable):
            error = ExplogError("changed", f"experiment {note.of.experiment} is being changed")
            planned.failures.append((note.end, error))
            continue
        meant = _meant(note.end, note.of, named, owners, worktrees)
        if isinstance(meant, Experiment):
            by_entry[meant.file, meant.line].append(note)
        else:
            planned.leave(note.end, *meant)
    old = Counter(one.note for one in given if one.note)
    for place, some in by_entry.items():
        try:
            _plan_entry(texts.entry(entries[place]), settings, some, old, planned)
        except ExplogError as error:
            planned.failures += [(note.end, error) for note in some]
    return planned


def _reference(end: End) -> Reference | None:
    mentions = list(find_references(f"[{end.reference}]"))
    if len(mentions) != 1 or mentions[0].end != len(end.reference) + 2:
        return None
    return mentions[0].reference


def _written(
    index: Index, ends: Iterable[End], worktrees: Mapping[str, str], planned: RunNotesPlan
) -> list[RunNote]:
    """Return the notes on ENDS; those of which none can be written are left in PLANNED."""
    known: list[tuple[End, Reference, str]] = []
    for end in ends:
        reference, stamp = _reference(end), stamp_of(end)
        if reference is None or stamp is None:
            planned.leave(end, "", "its record has wrong values")
        elif not reference.step:
            planned.leave(end, "", f"its end is not noted, as [{reference}] names no step")
        else:
            known.append((end, reference, stamp))
    short = _abbreviations(index, [end for end, _reference, _stamp in known], worktrees)
    return [
        RunNote(end, of, " ".join((stamp, *([f"({short[head]})"] if head else ()), said_of(end))))
        for end, of, stamp in known
        for head in [end.head]
    ]


def _abbreviations(
    index: Index, ends: Iterable[End], worktrees: Mapping[str, str]
) -> dict[str, str]:
    """Return {commit: its abbreviation in its repository} of what ENDS ran on."""
    records = all_repositories(index)
    tops = {record.common_dir: record.path for record in records}
    wanted: dict[str, set[str]] = defaultdict(set)
    short: dict[str, str] = {}
    for end in ends:
        if end.head is None:
            continue
        top = tops.get(worktrees.get(end.first.repository or "", ""))
        others = [] if top else [path for _oid, path in commits_with_prefix(index, end.head)]
        wanted[top or next(iter(others), "")].add(end.head)
        short[end.head] = end.head[:_DIGITS]
    for record in records:
        if wanted[record.path] and not is_silent(record.path):
            repository = Repository(Path(record.path), Path(record.common_dir))
            with suppress(ExplogError):
                short.update(abbreviate(repository, sorted(wanted[record.path])))
    return short


def runs_without_place(
    settings: Settings, index: Index, ends: Iterable[End], worktrees: Mapping[str, str]
) -> list[Left]:
    """Return those of ENDS whose reference means no step that the logs have, or several."""
    planned = RunNotesPlan()
    known = [(end, of) for end in ends if (of := _reference(end)) is not None and of.step]
    found = list(find_experiments(index, {of.experiment for _end, of in known}))
    owners = Owners(settings)
    for end, of in known:
        named = [one for one in found if one.ident == of.experiment]
        meant = _meant(end, of, named, owners, worktrees)
        if not isinstance(meant, Experiment):
            planned.leave(end, *meant)
    return planned.left


def _meant(
    end: End,
    of: Reference,
    named: Sequence[Experiment],
    owners: Owners,
    worktrees: Mapping[str, str],
) -> Experiment | tuple[str, str, Experiment | None]:
    """Return the one of the experiments NAMED that END, a run for OF, means.

    If none is meant, or not one step of it, return what `leave` takes.
    """
    if not named:
        return "unknown-experiment", f"it was run for [{of}], and no log has that experiment", None
    entry: Experiment | None = named[0]
    if len(named) > 1:
        common_dir = worktrees.get(end.first.repository or "", "")
        entry = owners.owner(common_dir, named) if common_dir else None
    times = 2 if entry is None else sum(step.number == of.step for step in entry.steps)
    if times > 1:
        return "ambiguous", f"it was run for [{of}], and there is more than one", entry
    # Where no step could be read, the text of the entry says why.
    if entry is not None and (times == 1 or not entry.steps):
        return entry
    return "unknown-step", f"it was run for [{of}], and the experiment has no such step", entry


def _plan_entry(
    entry: EntryText,
    settings: Settings,
    notes: Sequence[RunNote],
    old: Counter[str],
    planned: RunNotesPlan,
) -> None:
    """Plan NOTES for ENTRY into PLANNED; OLD counts those that were given, and stand there.

    Raises ExplogError `unreadable` amid a merge.
    """
    standing: dict[str, int] = {}
    new: list[RunNote] = []
    for note in notes:
        if note.text not in standing:
            standing[note.text] = sum(note.text in line for line in entry.lines)
        if standing[note.text] > old[note.kept]:
            old[note.kept] += 1
            planned.there.append(note)
        else:
            new.append(note)
    wanted = [StepNote(note.of.step, note.text) for note in new]
    edits, failed = entry.noted(wanted, settings.steps_heading)
    done: list[RunNote] = []
    for note, step_note in zip(new, wanted, strict=True):
        if step_note in failed:
            error = failed[step_note]
            said = f"it was run for [{note.of}]: {error.message}"
            planned.leave(note.end, error.code, said, entry.experiment)
        else:
            done.append(note)
    if done:
        change = entry.change(edits, [note.message for note in done])
        planned.changes.append((change, tuple(done)))
