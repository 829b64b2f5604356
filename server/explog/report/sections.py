"""Make a report of what the index knows of a period, and of the entries concerned."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from explog.config import Settings, is_archive
from explog.entries.text import EntryText, EntryTexts
from explog.errors import ExplogError
from explog.index.database import Index
from explog.index.logs import find_experiments
from explog.model import Experiment, Step, StepNumber
from explog.org.options import org_options
from explog.queries.agenda import select
from explog.refs import step_text
from explog.report import gather
from explog.report.excerpts import Excerpts
from explog.report.gather import CommitClaim, ExperimentFacts, WorkCommit
from explog.report.links import CommitLinks
from explog.report.metrics import StepMetrics
from explog.report.people import by_author, with_names
from explog.report.period import Period
from explog.report.planned import planned_steps
from explog.report.runs import WorkRun, left_failed, runs_between
from explog.report.values import SECTIONS, Bar, Dot, Item, Report, Section, TimelineRow
from explog.wording import counted

# A section shows so many experiments, and counts the others.
_MOST = 20
# So many of the newest commits without a reference are named for each repository.
_MOST_COMMITS = 200
_MERGE = re.compile(r"Merge (?:branch|tag|commit|pull request|remote-tracking branch|[0-9a-f]{7})")
_SOON_DAYS = 14


class Request(NamedTuple):
    """What a report is asked for: the experiments that QUERY finds, the commits of AUTHOR."""

    period: Period
    query: str = ""
    author: str = "all"
    sections: Sequence[str] = SECTIONS


def make_report(
    settings: Settings,
    index: Index,
    texts: EntryTexts,
    request: Request,
    unread: Iterable[str] = (),
) -> Report:
    """Return the report that REQUEST asks for; raise ExplogError `bad-query`.

    UNREAD are sentences on logs and repositories that could not be read: the report has them, too.
    """
    writer = _Writer(settings, index, texts, request)
    sections = []
    for name in request.sections:
        items, more = writer.section(name)
        if items:
            sections.append(Section(name, items, more))
    return Report(
        period=request.period,
        query=request.query,
        sections=tuple(sections),
        timeline=writer.timeline(),
        problems=tuple(dict.fromkeys([*unread, *writer.problems, *writer.links.problems])),
    )


class _Writer:
    """Gathers what the sections say, each thing once."""

    def __init__(
        self,
        settings: Settings,
        index: Index,
        texts: EntryTexts,
        request: Request,
    ) -> None:
        self.problems: list[str] = []
        self.links = CommitLinks()
        self._settings = settings
        self._index = index
        self._texts = texts
        self._request = request
        self._entries: dict[tuple[str, str], EntryText | None] = {}
        self._options = org_options(settings)

    @property
    def period(self) -> Period:
        return self._request.period

    def section(self, name: str) -> tuple[tuple[Item, ...], int]:
        """Return the items of section NAME, and how many experiments are left out."""
        groups = list(getattr(self, f"_{name}")())
        shown = groups if name not in ("waiting", "next", "planned") else groups[:_MOST]
        return tuple(item for group in shown for item in group), len(groups) - len(shown)

    # What is known

    @cached_property
    def _commits(self) -> list[WorkCommit]:
        """The commits of the period, oldest first."""
        commits = with_names(gather.commits_between(self._index, self.period))
        return by_author(commits, self._request.author)

    @cached_property
    def _selected(self) -> set[tuple[str, str]] | None:
        """(file, id) of the experiments that the query finds; None without a query."""
        if not self._request.query.strip():
            return None
        return {(one.file, one.ident) for one in select(self._index, self._request.query)}

    @cached_property
    def _experiments(self) -> dict[str, ExperimentFacts]:
        """The experiments by id that the period's commits, notes and states are about."""
        claimed = [claim.experiment for commit in self._commits for claim in commit.claims]
        noted = gather.noted_between(self._index, self.period) if self._everybody else set()
        return self._shown(gather.experiments_with(self._index, [*claimed, *sorted(noted)]))

    @property
    def _everybody(self) -> bool:
        return self._request.author == "all"

    def _shown(self, found: Iterable[ExperimentFacts]) -> dict[str, ExperimentFacts]:
        """Return those of FOUND that are asked for and not private, by id."""
        shown: dict[str, ExperimentFacts] = {}
        for one in found:
            if self._selected is not None and (one.file, one.ident) not in self._selected:
                continue
            if set(one.tags) & set(self._settings.exclude_tags):
                continue
            known = shown.get(one.ident)
            if known is None or is_archive(known.file):
                shown[one.ident] = one
        return shown

    @cached_property
    def _by_experiment(self) -> dict[str, list[tuple[WorkCommit, CommitClaim]]]:
        """The commits of each experiment, oldest first, with what they claim of it."""
        found: dict[str, list[tuple[WorkCommit, CommitClaim]]] = defaultdict(list)
        for commit in self._commits:
            for claim in commit.claims:
                if claim.experiment in self._experiments:
                    found[claim.experiment].append((commit, claim))
        return found

    @cached_property
    def _runs(self) -> dict[str, list[WorkRun]]:
        """The runs of each experiment, oldest first. They have no author."""
        found: dict[str, list[WorkRun]] = defaultdict(list)
        if self._everybody:
            for run in runs_between(self._settings, self._index, self.period):
                found[run.experiment].append(run)
        return found

    @cached_property
    def _run_experiments(self) -> dict[str, ExperimentFacts]:
        """The experiments that ran, by id."""
        return self._shown(gather.experiments_with(self._index, self._runs)) if self._runs else {}

    @cached_property
    def _read(self) -> dict[tuple[str, str], Experiment]:
        idents = {one.ident for one in [*self._experiments.values(), *self._closed.values()]}
        return self._find(idents)

    def _find(self, idents: Iterable[str]) -> dict[tuple[str, str], Experiment]:
        found = find_experiments(self._index, sorted(set(idents)))
        return {(one.file, one.ident): one for one in found}

    @cached_property
    def _closed(self) -> dict[str, ExperimentFacts]:
        found = gather.closed_between(self._index, self.period)
        if not self._everybody:
            claimed = {claim.experiment for one in self._commits for claim in one.claims}
            found = [one for one in found if one.ident in claimed]
        return self._shown(found)

    def _entry(self, one: ExperimentFacts) -> EntryText | None:
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

    def _excerpts(self, one: ExperimentFacts) -> Excerpts | None:
        entry = self._entry(one)
        if entry is None:
            return None
        return Excerpts(entry.text, entry.options, self._settings.exclude_tags)

    def _steps(self, one: ExperimentFacts) -> tuple[Step, ...]:
        entry = self._entry(one)
        return entry.experiment.steps if entry is not None else ()

    # The sections: each yields a group of items for each experiment or repository

    def _concluded(self) -> Iterator[list[Item]]:
        for one in self._closed.values():
            excerpts = self._excerpts(one)
            text = excerpts.conclusion() if excerpts is not None else ""
            yield [self._item(one, text=text, facts=_state(one), day=one.closed)]

    def _results(self) -> Iterator[list[Item]]:
        last = {
            ident: {claim.step: commit for commit, claim in worked if claim.results}
            for ident, worked in self._by_experiment.items()
        }
        measured = [
            (commit, ident, step) for ident, steps in last.items() for step, commit in steps.items()
        ]
        metrics = StepMetrics(self._settings, self._index, measured)
        for ident, steps in last.items():
            one = self._experiments[ident]
            found = [
                self._commit_item(one, step, commit, metrics.of(commit, ident, step))
                for step, commit in sorted(steps.items())
            ]
            if found:
                yield [self._item(one, facts=(*_state(one), *self._boxes(one))), *found]

    def _progress(self) -> Iterator[list[Item]]:
        for ident, one in self._experiments.items():
            if one.done or one.ident in self._waiting_now:
                continue
            others = [
                self._commit_item(one, claim.step, commit, ())
                for commit, claim in self._by_experiment.get(ident, ())
                if not claim.results
            ]
            text = "\n\n".join(self._notes(one))
            if others or text:
                facts = (*_state(one), *self._boxes(one))
                yield [self._item(one, text=text, facts=facts), *others]

    def _notes(self, one: ExperimentFacts) -> list[str]:
        entry, excerpts = self._entry(one), self._excerpts(one)
        if entry is None or excerpts is None:
            return []
        steps = entry.steps.items if entry.steps is not None else ()
        return excerpts.notes(self.period, {item.line for _number, item in steps})

    @cached_property
    def _waiting_now(self) -> dict[str, ExperimentFacts]:
        found = self._shown(gather.waiting(self._index))
        if self._everybody:
            return found
        return {ident: one for ident, one in found.items() if ident in self._experiments}

    def _waiting(self) -> Iterator[list[Item]]:
        found = 0
        for one in self._waiting_now.values():
            if found == _MOST:
                yield []  # it is counted, and its entry need not be read
                continue
            excerpts = self._excerpts(one)
            changes = excerpts.state_changes() if excerpts is not None else []
            last = max((c for c in changes if c.to == one.todo), key=lambda c: c.day, default=None)
            text, day = (last.text, last.day) if last is not None else ("", None)
            if max(day or date.min, one.created or date.min) > self.period.last:
                continue  # it did not wait then
            found += 1
            item = self._item(one, text=text, facts=_state(one), day=day)
            yield [item, *self._failed_runs(one)]
        if self._everybody:
            stalled = list(self._stalled())
            yield from stalled
            named = self._waiting_now.keys() | {group[0].experiment for group in stalled}
            for one in self._run_experiments.values():
                failed = self._failed_runs(one)
                if failed and not one.done and one.ident not in named:
                    yield [self._item(one, facts=_state(one)), *failed]

    def _failed_runs(self, one: ExperimentFacts) -> list[Item]:
        """Return the runs of ONE that failed or were lost, and were not repeated."""
        failed = left_failed(self._runs.get(one.ident, ()))
        steps = {step.number: step for step in self._steps(one)} if failed else {}
        return [
            Item(
                experiment=one.ident,
                step=step_text(run.step) or None,
                title=run.title,
                date=run.last,
                facts=(run.said,),
                file=one.file,
                line=one.line + (steps[run.step].line if run.step in steps else 0),
            )
            for run in failed
        ]

    def _stalled(self) -> Iterator[list[Item]]:
        left = gather.stalled(self._index, self.period.last)
        shown = self._shown(one for one, _day in left)
        for one, day in left:
            if shown.get(one.ident) == one and one.ident not in self._waiting_now:
                item = self._item(one, facts=(*_state(one), f"last commit {day}"), day=day)
                yield [item, *self._failed_runs(one)]

    def _next(self) -> Iterator[list[Item]]:
        for one in self._experiments.values():
            if one.done or one.ident in self._waiting_now:
                continue
            excerpts = self._excerpts(one)
            soon = self.period.last + timedelta(_SOON_DAYS)
            due = [pair for pair in (excerpts.due() if excerpts else []) if pair[1] <= soon]
            step = next((s for s in self._steps(one) if s.box == " "), None)
            if step is not None or due:
                day = min((day for _kind, day in due), default=None)
                facts = tuple(f"{kind} {day}" for kind, day in due)
                head = self._item(one, facts=facts, day=day)
                yield [head, *([self._step_item(one, step)] if step is not None else [])]

    def _planned(self) -> Iterator[list[Item]]:
        by_file: dict[str, set[str]] = defaultdict(set)
        shown = {**self._experiments, **self._closed}
        for one in shown.values():
            by_file[one.file].add(one.ident)
        planned: dict[str, list[Item]] = defaultdict(list)
        for file, idents in by_file.items():
            try:
                found = planned_steps(self._settings, file, idents, self.period.begin)
            except ExplogError as error:
                self.problems.append(error.message)
                continue
            for was in found:
                one = shown[was.experiment]
                now = {step.number: step for step in self._steps(one)}.get(was.step)
                planned[was.experiment].append(self._planned_item(one, was.step, was.text, now))
        for ident, items in planned.items():
            yield [self._item(shown[ident], facts=_state(shown[ident])), *items]

    def _planned_item(
        self, one: ExperimentFacts, number: StepNumber, text: str, now: Step | None
    ) -> Item:
        fact = "gone" if now is None else "done" if now.ticked else "open"
        line = None if now is None else one.line + now.line
        return Item(one.ident, step_text(number), text, facts=(fact,), file=one.file, line=line)

    def _unreferenced(self) -> Iterator[list[Item]]:
        if self._selected is not None:
            return
        found: dict[str, list[WorkCommit]] = defaultdict(list)
        for commit in self._commits:
            if not commit.claims and not _MERGE.match(commit.subject):
                found[commit.repository].append(commit)
        for path, commits in sorted(found.items()):
            items = [
                Item(title=one.subject, commit=self.links.link(one), date=one.day, file=path)
                for one in commits[-_MOST_COMMITS:]
            ]
            yield [Item(title=path, facts=(counted(len(commits), "commits"),), file=path), *items]

    # Items

    def _item(
        self,
        one: ExperimentFacts,
        *,
        text: str = "",
        facts: Iterable[str] = (),
        day: date | None = None,
    ) -> Item:
        return Item(
            experiment=one.ident,
            title=one.title,
            text=text,
            date=day,
            facts=tuple(facts),
            file=one.file,
            line=one.line,
        )

    def _step_item(self, one: ExperimentFacts, step: Step) -> Item:
        return Item(
            experiment=one.ident,
            step=step_text(step.number),
            title=_without_hash(step),
            file=one.file,
            line=one.line + step.line,
        )

    def _commit_item(
        self,
        one: ExperimentFacts,
        number: StepNumber,
        commit: WorkCommit,
        metrics: tuple[str, ...],
    ) -> Item:
        step = next((s for s in self._steps(one) if s.number == number), None)
        return Item(
            experiment=one.ident,
            step=step_text(number) or None,
            title=_without_hash(step) if step is not None else commit.subject,
            commit=self.links.link(commit),
            date=commit.day,
            metrics=metrics,
            file=one.file,
            line=one.line + step.line if step is not None else one.line,
        )

    def _boxes(self, one: ExperimentFacts) -> tuple[str, ...]:
        boxes = Counter(step.ticked for step in self._steps(one) if step.box is not None)
        return (f"[{boxes[True]}/{boxes.total()}]",) if boxes else ()

    def timeline(self) -> tuple[TimelineRow, ...]:
        """Return a row for each experiment with commits or runs, the first begun first."""
        rows = []
        for ident in dict.fromkeys([*self._by_experiment, *self._run_experiments]):
            one = self._experiments.get(ident) or self._run_experiments[ident]
            days = Counter[date]()
            for commit, claim in self._by_experiment.get(ident, ()):
                days[commit.day] |= 2 if claim.results else 1
            dots = tuple(Dot(day, bool(kind & 2)) for day, kind in sorted(days.items()))
            closed = one.closed if one.done and one.closed in self.period else None
            rows.append(TimelineRow(ident, one.title, dots, closed, self._bars(ident)))
        return tuple(sorted(rows, key=lambda row: (row.days[0], row.experiment)))

    def _bars(self, ident: str) -> tuple[Bar, ...]:
        """Return the days of the period on which experiment IDENT ran, each span once."""
        spans = {
            Bar(max(run.first, self.period.first), min(run.last, self.period.last), run.failed)
            for run in self._runs.get(ident, ())
        }
        return tuple(sorted(spans))


def _state(one: ExperimentFacts) -> tuple[str, ...]:
    return (one.todo,) if one.todo else ()


def _without_hash(step: Step) -> str:
    """Return the text of STEP without the hash at its end, as the commit is named beside it."""
    if step.hash is None:
        return step.text
    return re.sub(rf"\s*\(\S*{re.escape(step.hash)}\S*\)\s*$", "", step.text)
