"""Find every problem of the logs, and the mend of those that have one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from explog.checking.boxes import check_boxes, takes_part
from explog.checking.dates import check_dates
from explog.checking.entries import entry_texts
from explog.checking.living import kept_hashes
from explog.checking.renumbering import EntryPlace, Renumberings
from explog.checking.runs import check_runs
from explog.config import Settings
from explog.digits import is_surely_hash
from explog.entries.text import EntryText, EntryTexts
from explog.errors import ExplogError
from explog.garbage import few_collections
from explog.git.repository import is_boundary
from explog.index.commits import all_repositories
from explog.index.database import Index
from explog.index.logs import all_diagnoses
from explog.model import Change, Experiment, Problem, Step, StepNumber
from explog.org.edit import StepMarks
from explog.plan.owners import Owners
from explog.plan.planner import plan
from explog.plan.plans import Dead, Edit, Misplaced, Plan, Unplaced
from explog.refs import Reference, find_references, step_text
from explog.runs.listing import FoundRun
from explog.sync.report import Progress, Unreadable


@few_collections()
def check(
    settings: Settings,
    index: Index,
    progress: Progress | None = None,
    unread: Sequence[Unreadable] = (),
    runs: Iterable[FoundRun] = (),
) -> list[Problem]:
    """Return all problems, the most serious first. Reads files, and writes none.

    INDEX is up to date. UNREAD are the files and repositories that could not be read meanwhile, and
    RUNS those that are known.
    """
    texts = EntryTexts(settings)
    planned = plan(settings, index, texts)
    entries = planned.experiments
    job = _Check(settings, index, planned, entries)
    problems = [*_unread(unread), *_diagnosed(index)]

    def failed(file: str, error: ExplogError) -> None:
        problems.append(_unreadable(file, error.message))

    for entry in entry_texts(texts, entries, job.texts, failed, progress):
        problems += job.entry(entry)
    for failure in planned.failures:
        failed(failure.path, failure.error)
    problems += _duplicates(settings, index, planned, job.sound(entries))
    problems += job.unplaced()
    problems += check_dates(index, job.sound(entries))
    problems += check_runs(settings, index, runs)
    if knows_all(settings, index, unread):
        problems += job.unknown()
    return sorted(dict.fromkeys(problems), key=lambda problem: problem.order)


def knows_all(settings: Settings, index: Index, unread: Sequence[Unreadable]) -> bool:
    """Tell whether all commits of the repositories are known.

    Some are not if a repository could not be read, or is a shallow clone.
    """
    repositories = all_repositories(index)
    logs = {str(path) for path in settings.log_files()}
    shallow = any(is_boundary(tip) for record in repositories for tip in record.tips)
    return bool(repositories) and not shallow and all(one.file in logs for one in unread)


def _unreadable(file: str, message: str, line: int | None = None) -> Problem:
    return Problem("unreadable", file, line, None, None, message.removeprefix(f"{file}: "))


def _unread(unread: Iterable[Unreadable]) -> Iterator[Problem]:
    """Yield a problem for each log or repository that could not be read."""
    for one in {one.file: one for one in unread}.values():
        yield _unreadable(one.file, one.message)


def _diagnosed(index: Index) -> Iterator[Problem]:
    for found in all_diagnoses(index):
        problem = _unreadable(found.file, found.message, found.line)
        yield replace(problem, experiment=found.experiment)


class _Check:
    """Finds the problems of the entries one by one, and of the commits that could not be placed."""

    def __init__(
        self,
        settings: Settings,
        index: Index,
        planned: Plan,
        entries: Sequence[Experiment],
    ) -> None:
        self.settings = settings
        self.index = index
        self.planned = planned
        self.active = takes_part(index, entries)
        self.conflicts: set[EntryPlace] = set()
        self._namesakes = Counter(entry.ident for entry in entries)
        self.renumberings = Renumberings(settings, index, planned, self._namesakes)
        self._planned = {
            (entry.experiment.file, entry.experiment.line): entry for entry in planned.entries
        }
        self.texts = {place: one.text for place, one in self._planned.items() if one.text}
        self._failed: dict[str, set[StepNumber]] = defaultdict(set)
        for failure in planned.failures:
            for ident, step in failure.steps:
                self._failed[ident].add(step)
        self._dead: dict[EntryPlace, list[Dead]] = defaultdict(list)
        off_branches = [dead.step.hash for dead in planned.dead if dead.known]
        off_branches += [edit.step.hash for edit in planned.edits if edit.lost]
        self._kept = kept_hashes(index, filter(None, off_branches))
        for dead in planned.dead:
            if dead.step.hash not in self._kept:
                self._dead[dead.experiment.file, dead.experiment.line].append(dead)
        self._misplaced: dict[tuple[EntryPlace, str], list[Misplaced]] = defaultdict(list)
        for one in planned.misplaced:
            where = one.experiment.file, one.experiment.line
            self._misplaced[where, one.commit].append(one)
        # The steps whose commit cannot be placed, because something else stands there.
        self._blocked = {(u.file, u.line) for u in planned.unplaced if u.reason == "kept-by-hand"}

    def entry(self, entry: EntryText) -> Iterator[Problem]:
        """Yield what is wrong in one entry."""
        found = entry.experiment
        place = (found.file, found.line)
        if entry.conflict is not None:
            self.conflicts.add(place)
            return
        planned = self._planned.get(place)
        edits, marks = planned.edits if planned is not None else (), entry.marks
        for edit in edits:
            yield from self._edit(entry, marks, edit)
        for dead in self._dead.get(place, ()):
            if dead.known:
                said = f"{dead.step.hash} is on no branch any more, and nothing took its place"
                yield _at_step("dead-hash", found, dead, said)
        self.renumberings.consider(entry)
        placed = {edit.step.number for edit in edits}.union(self._failed[found.ident])
        # Of several entries with the same id, each has a part of the claims in its plan.
        alone = self._namesakes[found.ident] == 1
        claims = planned.claims if planned is not None and alone else None
        yield from check_boxes(self.index, entry, placed, claims, active=found.file in self.active)

    def _edit(self, entry: EntryText, marks: StepMarks, edit: Edit) -> Iterator[Problem]:
        """Yield the problem that EDIT mends, if it mends one: most edits are just work to do."""
        tick = edit.mark._replace(hash=None)
        kind, said = "dead-hash", ""
        if edit.lost and edit.step.hash not in self._kept:
            said = f"{edit.step.hash} is on no branch any more; {edit.mark.hash} took its place"
        elif edit.commit.results and marks.alone(tick):
            kind, said = "unticked", f"{edit.commit.oid[:10]} has its results, and its box is open"
        if said:
            title = f"{edit.message}, ticked" if edit.mark.hash and edit.mark.tick else edit.message
            mend = entry.change(marks.together([edit.mark]), [title])
            step = step_text(edit.step.number)
            yield Problem(kind, edit.file, edit.line, edit.experiment.ident, step, said, mend)

    def unplaced(self) -> Iterator[Problem]:
        """Yield what is wrong with commits that could not be placed; call it after all entries."""
        mends = self.renumberings.mends()
        moved: set[tuple[str | None, int | None]] = set()
        by_hand: list[Unplaced] = []
        for unplaced in self.planned.unplaced:
            place = (unplaced.file or "", unplaced.entry_line or 0)
            if unplaced.reason == "kept-by-hand":
                by_hand.append(unplaced)
            elif place not in self.conflicts:
                bearing = self._bearing(unplaced, place)
                for problem in _unplaced(unplaced, bearing, mends.get(place)):
                    if problem.kind == "renumbered":
                        moved.add((problem.file, problem.line))
                    yield problem
        for misplaced in self.planned.misplaced:
            found = misplaced.experiment
            problem = _misplaced(misplaced, mends.get((found.file, found.line)))
            if (problem.file, problem.line) not in moved:
                moved.add((problem.file, problem.line))
                yield problem
        # Nobody put the other hash on these steps: it came with its step.
        for unplaced in by_hand:
            if (unplaced.file, unplaced.line) in moved:
                yield _as_said(unplaced, "renumbered", "and another step has its number now")

    def _bearing(self, unplaced: Unplaced, place: EntryPlace) -> list[tuple[Experiment, Step]]:
        """Return the steps of the entry at PLACE that bear the hash of UNPLACED by mistake."""
        found = self._misplaced.get((place, unplaced.commit), ())
        return [(one.experiment, one.step) for one in found]

    def unknown(self) -> Iterator[Problem]:
        """Yield the hashes on steps that no repository knows, unless they are just text."""
        for dead in self.planned.dead:
            found, digits = dead.experiment, dead.step.hash or ""
            where = (found.file, found.line + dead.step.line)
            if not dead.known and (is_surely_hash(digits) or where in self._blocked):
                yield _at_step("dead-hash", found, dead, f"no repository knows {digits}")

    def sound(self, entries: Iterable[Experiment]) -> list[Experiment]:
        """Return ENTRIES without those in which a merge is not resolved."""
        return [entry for entry in entries if (entry.file, entry.line) not in self.conflicts]


def _misplaced(one: Misplaced, mend: Change | None) -> Problem:
    found, line = one.experiment, one.experiment.line + one.step.line
    step = step_text(one.step.number)
    return Problem("renumbered", found.file, line, found.ident, step, one.message, mend)


def _at_step(kind: str, found: Experiment, dead: Dead, message: str) -> Problem:
    line, step = found.line + dead.step.line, step_text(dead.step.number)
    return Problem(kind, found.file, line, found.ident, step, message)


def _unplaced(
    unplaced: Unplaced,
    bearing: Sequence[tuple[Experiment, Step]],
    mend: Change | None,
) -> Iterator[Problem]:
    """Yield the problems of one commit: one for each step that is BEARING its hash by mistake."""
    for entry, step in bearing:
        written, line = step_text(step.number), entry.line + step.line
        said = f"{step.hash} on step {written} says [{unplaced.reference}]: the list was renumbered"
        yield Problem("renumbered", entry.file, line, entry.ident, written, said, mend)
    if bearing:
        return
    problem = _as_said(unplaced, unplaced.reason)
    yield replace(problem, mend=mend) if problem.kind == "renumbered" else problem


def _as_said(unplaced: Unplaced, kind: str, because: str | None = None) -> Problem:
    """Return the problem with what a commit says; BECAUSE tells it, or else UNPLACED does."""
    reference = _reference(unplaced.reference)
    said = unplaced.message.removeprefix(f"{unplaced.file}:{unplaced.line}: ")
    if because is not None:
        said = f"{unplaced.commit[:10]} says [{reference}], {because}"
    return Problem(
        kind,
        unplaced.file,
        unplaced.line,
        reference.experiment,
        step_text(reference.step),
        f"{said} ({unplaced.repository})",
    )


def _reference(text: str) -> Reference:
    return next(find_references(f"[{text}]")).reference


def _duplicates(
    settings: Settings, index: Index, planned: Plan, entries: Iterable[Experiment]
) -> Iterator[Problem]:
    """Yield the entries with the id of another one, unless the two can be told apart."""
    by_ident: Mapping[str, list[Experiment]] = defaultdict(list)
    for entry in entries:
        by_ident[entry.ident].append(entry)
    owners = Owners(settings)
    repositories = [record.common_dir for record in all_repositories(index)]
    ambiguous = {u.reference for u in planned.unplaced if u.reason == "ambiguous"}
    doubtful = {_reference(text).experiment for text in ambiguous}
    for ident, some in by_ident.items():
        if len(some) < 2:
            continue
        known = {id(owners.owner(repository, some)) for repository in repositories}
        if ident not in doubtful and all(id(entry) in known for entry in some):
            continue
        first, *others = some
        for other in others:
            said = f"{Reference(ident)} is also at {first.file}:{first.line}"
            yield Problem("duplicate-id", other.file, other.line, ident, None, said)
