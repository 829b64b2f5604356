"""Which step gets which commit: the facts that the rule needs, from the index and from git.

This is where experiments meet their candidates, logs with the same id are told apart, and what
cannot be placed is given its reason. Nothing here reads or writes a log.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from explog.config import Settings
from explog.errors import ExplogError
from explog.git.repository import Repository, abbreviate, open_repository, repository_around
from explog.index.commits import all_repositories, find_candidates
from explog.index.database import Index
from explog.index.logs import all_idents
from explog.model import Commit, Experiment, Step, StepNumber
from explog.org.edit import Mark
from explog.plan.facts import Hashes
from explog.plan.rule import Decision, Outcome, Standing, Stray, age, decide
from explog.refs import Place, Reference, id_shape, may_be_id


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A commit that was not placed, and why: a reason of design, and a sentence.

    `line` is that of the step in `file`, or of the experiment's heading, which is at `entry_line`.
    """

    reason: str
    reference: str
    repository: str
    commit: str
    message: str
    file: str | None = None
    line: int | None = None
    entry_line: int | None = None


@dataclass(frozen=True, slots=True)
class Dead:
    """A hash that stands on a step, leads nowhere, and has nothing to take its place.

    `known` tells whether it was a commit once, as far as anyone remembers.
    """

    experiment: Experiment
    step: Step
    known: bool


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A step that bears the hash of `commit`, which claims other steps: `claims`."""

    experiment: Experiment
    step: Step
    commit: str
    claims: frozenset[StepNumber]

    @property
    def message(self) -> str:
        """Say what is wrong: `83d45cd says [e201.2]: the list was renumbered`."""
        references = (f"[{Reference(self.experiment.ident, n)}]" for n in sorted(self.claims))
        return f"{self.step.hash} says {' '.join(references)}: the list was renumbered"


@dataclass(frozen=True, slots=True)
class Placement:
    """A step and the commit that is to stand on it, or whose results tick it.

    `lost` means that it takes the place of one that no branch reaches any more.
    """

    experiment: Experiment
    step: Step
    candidate: Commit
    mark: Mark
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A log or repository that could not be read or written, and the steps left for that."""

    path: str
    error: ExplogError
    steps: frozenset[tuple[str, StepNumber]]


class Planner:
    """Gathers decisions over experiments, then asks git once per repository for what it needs.

    EXPERIMENTS are those that it will be asked about.
    """

    def __init__(self, settings: Settings, index: Index, experiments: Iterable[Experiment]) -> None:
        self.settings = settings
        self.index = index
        self.repositories = [
            Repository(Path(record.path), Path(record.common_dir))
            for record in all_repositories(index)
        ]
        self.unplaced: list[Unplaced] = []
        self.dead: list[Dead] = []
        self.misplaced: list[Misplaced] = []
        self.placements: list[Placement] = []
        self.failures: list[Failure] = []
        hashes = (
            one.digits for found in experiments for step in found.steps for one in step.hashes
        )
        self.hashes = Hashes(index, self.repositories, hashes)
        self._owners = Owners(settings)

    def experiment(
        self,
        ident: str,
        entries: Sequence[Experiment],
        only: Collection[StepNumber] | None,
    ) -> None:
        """Decide on the steps of the experiment IDENT, or ONLY on some of them.

        A hash that is reachable no more gets its successor on whichever step it stands.
        """
        claimed = find_candidates(self.index, ident)
        wanted = {step: c for step, c in claimed.items() if only is None or step in only}
        if not entries:
            if may_be_id(ident, self._id_shapes):
                for step, candidates in wanted.items():
                    self._report("unknown-experiment", ident, step, candidates)
            return
        for entry in entries:
            mine = claimed
            if len(entries) > 1:
                mine = self._owners.belonging(entry, entries, claimed)
            self._entry(entry, mine, only)
        if len(entries) > 1:
            for step, candidates in wanted.items():
                lost = [c for c in candidates if self._owners.owner(c.common_dir, entries) is None]
                self._report("ambiguous", ident, step, lost, entries[0])

    @cached_property
    def _id_shapes(self) -> set[str]:
        return set(map(id_shape, all_idents(self.index)))

    def _entry(
        self,
        entry: Experiment,
        claimed: Mapping[StepNumber, Sequence[Commit]],
        only: Collection[StepNumber] | None,
    ) -> None:
        times = Counter(step.number for step in entry.steps)
        steps = [
            self.hashes.with_hash(entry.ident, step, claimed.get(step.number, []))
            for step in entry.steps
        ]
        strays = self.hashes.strays(entry.ident, steps, claimed)
        preference = self.hashes.preference(claimed)
        for step in steps:
            candidates = claimed.get(step.number, [])
            standing = self.hashes.standing(step, candidates)
            asked = only is None or step.number in only
            if not asked and standing is not Standing.UNREACHABLE:
                continue
            if times[step.number] > 1:
                first = next(other for other in steps if other.number == step.number)
                if first is step:
                    self._report("ambiguous", entry.ident, step.number, candidates, entry, step)
                self._note_dead(entry, step, standing)
                continue
            decision = decide(
                step=step.number,
                standing=standing,
                hash_now=step.hash,
                box=step.box,
                candidates=candidates,
                successor=self.hashes.successor(entry.ident, step),
                strays=strays,
                preference=preference,
                tick=self.settings.tick,
            )
            self._take(entry, step, standing, decision, {stray.oid for stray in strays})
        self._note(entry, steps, strays, only)
        for number in claimed.keys() - times.keys():
            if only is None or number in only:
                self._report("unknown-step", entry.ident, number, claimed[number], entry)

    def _note(
        self,
        entry: Experiment,
        steps: Iterable[Step],
        strays: Iterable[Stray],
        only: Collection[StepNumber] | None,
    ) -> None:
        """Note each of STRAYS that concerns one of the STEPS asked for, and that stays there."""
        mended = {
            placement.step.number
            for placement in self.placements
            if placement.experiment is entry
            and placement.mark.hash is not None
            and placement.candidate.place < Place.MENTION
        }
        found = {
            Misplaced(entry, step, stray.oid, stray.claims)
            for stray in strays
            for step in steps
            if step.number == stray.stands and step.hash and step.number not in mended
            if only is None or not stray.claims.union([stray.stands]).isdisjoint(only)
        }
        self.misplaced += sorted(found, key=lambda one: one.step.line)

    def _note_dead(self, entry: Experiment, step: Step, standing: Standing) -> None:
        if standing in (Standing.UNREACHABLE, Standing.UNKNOWN):
            self.dead.append(Dead(entry, step, standing is Standing.UNREACHABLE))

    def _take(
        self,
        entry: Experiment,
        step: Step,
        standing: Standing,
        decision: Decision,
        strayed: Collection[str],
    ) -> None:
        candidate = decision.candidate
        if decision.outcome is Outcome.PLACE and candidate is not None:
            mark = Mark(
                step.number,
                candidate.oid if decision.put_hash else None,
                decision.tick,
                old=step.hash or "",
                commit=candidate.oid,
            )
            lost = decision.put_hash and standing in (Standing.UNREACHABLE, Standing.UNKNOWN)
            self.placements.append(Placement(entry, step, candidate, mark, lost))
            return
        if candidate is not None and decision.outcome is not Outcome.NOTHING:
            reason = decision.outcome.value
            if decision.outcome is Outcome.RENUMBERED and candidate.oid not in strayed:
                reason = "older"
            self._report(reason, entry.ident, step.number, [candidate], entry, step)
        self._note_dead(entry, step, standing)

    def _report(
        self,
        reason: str,
        ident: str,
        step: StepNumber,
        candidates: Sequence[Commit],
        entry: Experiment | None = None,
        record: Step | None = None,
    ) -> None:
        """Report the newest of CANDIDATES that claims STEP, if one does."""
        claiming = [c for c in candidates if c.place != Place.MENTION]
        if not claiming:
            return
        newest = max(claiming, key=age)
        line = None if entry is None else entry.line + (record.line if record else 0)
        file = None if entry is None else entry.file
        where = f"{file}:{line}: " if file else ""
        reference = str(Reference(ident, step))
        message = where + _SENTENCES[reason].format(reference=reference, commit=newest.oid[:10])
        reason = {"dead-hash": "kept-by-hand", "older": "renumbered"}.get(reason, reason)
        entry_line = None if entry is None else entry.line
        self.unplaced.append(
            Unplaced(
                reason, reference, newest.repository, newest.oid, message, file, line, entry_line
            )
        )

    def placed(self) -> list[Placement]:
        """Return the placements with hashes abbreviated as their repositories need it.

        Those of a repository that cannot be read are left out, and added to `failures`.
        """
        wanted: dict[str, list[Placement]] = defaultdict(list)
        for placement in self.placements:
            if placement.mark.hash is not None:
                wanted[placement.candidate.common_dir].append(placement)
        short: dict[str, str] = {}
        for repository in self.repositories:
            some = wanted.get(str(repository.common_dir), [])
            try:
                short.update(abbreviate(repository, (p.candidate.oid for p in some)))
            except ExplogError as error:
                steps = frozenset((p.experiment.ident, p.step.number) for p in some)
                self.failures.append(Failure(str(repository.path), error, steps))
        return [
            replace(p, mark=replace(p.mark, hash=short[p.mark.hash])) if p.mark.hash else p
            for p in self.placements
            if p.mark.hash is None or p.mark.hash in short
        ]


class Owners:
    """Which of the logs with the same id a commit's repository means."""

    def __init__(self, settings: Settings) -> None:
        self._projects: dict[str, set[str]] = defaultdict(set)
        for project in settings.projects:
            repositories = map(open_repository, project.repositories)
            self._projects[os.path.realpath(project.log)].update(
                str(repository.common_dir) for repository in repositories if repository
            )
        self._real: dict[str, str] = {}
        self._around: dict[str, set[str]] = {}

    def belonging(
        self,
        entry: Experiment,
        entries: Sequence[Experiment],
        claimed: Mapping[StepNumber, Sequence[Commit]],
    ) -> dict[StepNumber, list[Commit]]:
        """Return the candidates whose repository says that ENTRY, among ENTRIES, is meant."""
        found: dict[StepNumber, list[Commit]] = {}
        for step, candidates in claimed.items():
            mine = [c for c in candidates if self.owner(c.common_dir, entries) is entry]
            if mine:
                found[step] = mine
        return found

    def owner(self, repository: str, entries: Sequence[Experiment]) -> Experiment | None:
        """Return whose of ENTRIES the commits of REPOSITORY, a common directory, are.

        That is as a project says, else by where the log lies.
        """
        for repositories in (self._named, self._containing):
            owners = [e for e in entries if repository in repositories(e.file)]
            if owners:
                return owners[0] if len(owners) == 1 else None
        return None

    def _named(self, log: str) -> set[str]:
        if log not in self._real:  # asked for each commit: a copy of a log has all ids twice
            self._real[log] = os.path.realpath(log)
        return self._projects.get(self._real[log], set())

    def _containing(self, log: str) -> set[str]:
        """Return the repository, by common directory, in a worktree of which LOG lies, if any."""
        if log not in self._around:
            found = repository_around(Path(log))
            self._around[log] = {str(found.common_dir)} if found is not None else set()
        return self._around[log]


_SENTENCES = {
    "unknown-experiment": "{commit} says [{reference}], and no log has that experiment",
    "unknown-step": "{commit} says [{reference}], and the experiment has no such step",
    "ambiguous": "{commit} says [{reference}], and there is more than one",
    "renumbered": "{commit} says [{reference}], and its hash stands on another step",
    "older": "{commit} says [{reference}], and the list was renumbered after it was made",
    "kept-by-hand": "{commit} says [{reference}], and another hash was put there by hand",
    "dead-hash": "{commit} says [{reference}], and a hash that no repository knows stands there",
}
