"""What is known of a period: its commits and runs, and the experiments and entries concerned."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from explog.config import Settings, is_archive
from explog.entries.text import EntryText, EntryTexts
from explog.errors import ExplogError
from explog.index.database import Index
from explog.index.logs import find_experiments
from explog.model import Experiment, Step, StepNumber
from explog.queries.agenda import select
from explog.report import gather
from explog.report.excerpts import Excerpts
from explog.report.gather import CommitClaim, ExperimentFacts, WorkCommit
from explog.report.metrics import StepMetrics
from explog.report.people import by_author, with_names, worked_on
from explog.report.period import Period
from explog.report.runs import WorkRun, read_records, runs_between
from explog.report.values import SECTIONS
from explog.runs.record import RunRecord

_MERGE = re.compile(r"Merge (?:branch|tag|commit|pull request|remote-tracking branch|[0-9a-f]{7})")


class Request(NamedTuple):
    """What a report is asked for: the experiments that `query` finds, the commits of `author`.

    `metric` is the one to plot; empty for none.
    """

    period: Period
    query: str = ""
    author: str = "all"
    sections: Sequence[str] = SECTIONS
    metric: str = ""


class Known:
    """What the index, the logs and the folders of runs say, each asked for once."""

    def __init__(
        self,
        settings: Settings,
        index: Index,
        texts: EntryTexts,
        request: Request,
        runs: Sequence[RunRecord] | None = None,
    ) -> None:
        """RUNS are those that are known, the newest first; if they are None, they are read."""
        self.settings = settings
        self.index = index
        self.problems: list[str] = []
        """A sentence for each entry that could not be read."""
        self._texts = texts
        self._records = runs
        self._request = request
        self._entries: dict[tuple[str, str], EntryText | None] = {}
        self._excerpts: dict[tuple[str, str], Excerpts | None] = {}

    @property
    def period(self) -> Period:
        """The period that was asked for."""
        return self._request.period

    @cached_property
    def commits(self) -> list[WorkCommit]:
        """The commits of the period, oldest first."""
        return by_author(self._all_commits, self._request.author)

    @cached_property
    def _all_commits(self) -> list[WorkCommit]:
        return with_names(gather.commits_between(self.index, self.period))

    @property
    def others(self) -> tuple[str, ...]:
        """Who made commits in the period, if the author made none."""
        return () if self.commits else tuple(sorted({one.author for one in self._all_commits}))

    @cached_property
    def selected(self) -> set[tuple[str, str]] | None:
        """(file, id) of the experiments that the query finds; None without a query."""
        if not self._request.query.strip():
            return None
        return {(one.file, one.ident) for one in select(self.index, self._request.query)}

    @cached_property
    def experiments(self) -> dict[str, ExperimentFacts]:
        """The experiments by id that the period's commits, notes and states are about."""
        claimed = [claim.experiment for commit in self.commits for claim in commit.claims]
        noted = self.theirs(gather.noted_between(self.index, self.period))
        return self.shown(gather.experiments_with(self.index, [*claimed, *sorted(noted)]))

    @property
    def everybody(self) -> bool:
        """Whether the report is about the work of all authors."""
        return self._request.author == "all"

    def theirs(self, idents: Collection[str]) -> set[str]:
        """Return those of the experiments IDENTS that the author ever worked on."""
        if self.everybody:
            return set(idents)
        return worked_on(gather.workers(self.index, idents), self._request.author)

    def shown(self, found: Iterable[ExperimentFacts]) -> dict[str, ExperimentFacts]:
        """Return those of FOUND that are asked for and not private, by id."""
        shown: dict[str, ExperimentFacts] = {}
        for one in found:
            if self.selected is not None and (one.file, one.ident) not in self.selected:
                continue
            if set(one.tags) & set(self.settings.exclude_tags):
                continue
            known = shown.get(one.ident)
            if known is None or is_archive(known.file):
                shown[one.ident] = one
        return shown

    @cached_property
    def by_experiment(self) -> dict[str, list[tuple[WorkCommit, CommitClaim]]]:
        """The commits of each experiment, oldest first, with what they claim of it."""
        found: dict[str, list[tuple[WorkCommit, CommitClaim]]] = defaultdict(list)
        for commit in self.commits:
            for claim in commit.claims:
                if claim.experiment in self.experiments:
                    found[claim.experiment].append((commit, claim))
        return found

    @cached_property
    def unreferenced(self) -> dict[str, list[WorkCommit]]:
        """The commits without a reference by repository, oldest first; none if there is a query."""
        found: dict[str, list[WorkCommit]] = defaultdict(list)
        for commit in self.commits if self.selected is None else ():
            if not commit.claims and not _MERGE.match(commit.subject):
                found[commit.repository].append(commit)
        return found

    @cached_property
    def results(self) -> dict[str, dict[StepNumber, WorkCommit]]:
        """The last results commit of each step, by experiment; an experiment may have none."""
        return {
            ident: {claim.step: commit for commit, claim in worked if claim.results}
            for ident, worked in self.by_experiment.items()
        }

    @cached_property
    def metrics(self) -> StepMetrics:
        """What these results commits measured."""
        measured = [
            (commit, ident, step)
            for ident, steps in self.results.items()
            for step, commit in steps.items()
        ]
        return StepMetrics(self.settings, self.index, measured)

    @cached_property
    def runs(self) -> dict[str, list[WorkRun]]:
        """The runs of each experiment, oldest first. They have no author."""
        found: dict[str, list[WorkRun]] = defaultdict(list)
        if self.everybody:
            records = self._records
            if records is None:
                records = read_records(self.settings, self.index, self.period)
            for run in runs_between(records, self.period):
                found[run.experiment].append(run)
        return found

    @cached_property
    def run_experiments(self) -> dict[str, ExperimentFacts]:
        """The experiments that ran, by id."""
        return self.shown(gather.experiments_with(self.index, self.runs)) if self.runs else {}

    @cached_property
    def _read(self) -> dict[tuple[str, str], Experiment]:
        idents = {one.ident for one in [*self.experiments.values(), *self.closed.values()]}
        return self._find(idents)

    def _find(self, idents: Iterable[str]) -> dict[tuple[str, str], Experiment]:
        found = find_experiments(self.index, sorted(set(idents)))
        return {(one.file, one.ident): one for one in found}

    @cached_property
    def closed(self) -> dict[str, ExperimentFacts]:
        """The experiments that were closed in the period, by id."""
        found = gather.closed_between(self.index, self.period)
        theirs = self.theirs([one.ident for one in found])
        return self.shown(one for one in found if one.ident in theirs)

    def entry(self, one: ExperimentFacts) -> EntryText | None:
        """Return the text of an entry; None, and a problem, if it cannot be read."""
        key = one.file, one.ident
        if key not in self._entries:
            try:
                experiment = self._read.get(key) or self._find([one.ident])[key]
                self._entries[key] = self._texts.entry(experiment)
            except ExplogError as error:
                self.problems.append(error.message)
                self._entries[key] = None
        return self._entries[key]

    def excerpts(self, one: ExperimentFacts) -> Excerpts | None:
        """Return what may be quoted of an entry; None if it cannot be read."""
        key = one.file, one.ident
        if key not in self._excerpts:
            entry, private = self.entry(one), self.settings.exclude_tags
            self._excerpts[key] = (
                Excerpts(entry.text, entry.options, private) if entry is not None else None
            )
        return self._excerpts[key]

    def steps(self, one: ExperimentFacts) -> tuple[Step, ...]:
        """Return the steps of an experiment; none if its entry cannot be read."""
        entry = self.entry(one)
        return entry.experiment.steps if entry is not None else ()

    def notes(self, one: ExperimentFacts) -> list[str]:
        """Return the notes of the period in an entry."""
        entry, excerpts = self.entry(one), self.excerpts(one)
        if entry is None or excerpts is None:
            return []
        steps = entry.steps.items if entry.steps is not None else ()
        return excerpts.notes(self.period, {item.line for _number, item in steps})

    @cached_property
    def waiting_now(self) -> dict[str, ExperimentFacts]:
        """The experiments that wait, by id."""
        found = self.shown(gather.waiting(self.index))
        theirs = self.theirs(found)
        return {ident: one for ident, one in found.items() if ident in theirs}
