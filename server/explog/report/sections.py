"""Make a report: put what is known of a period into sections."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from explog.config import Settings
from explog.entries.text import EntryTexts
from explog.errors import ExplogError
from explog.garbage import few_collections
from explog.index.database import Index
from explog.model import Step, StepNumber
from explog.plan.ends import noted_state
from explog.refs import find_references, step_text
from explog.report import gather
from explog.report.gather import ExperimentFacts, WorkCommit
from explog.report.known import Known, Request
from explog.report.links import CommitLinks
from explog.report.planned import planned_steps
from explog.report.plotted import measured_table
from explog.report.runs import left_failed
from explog.report.timeline import timeline_rows
from explog.report.values import Item, Report, Section
from explog.runs.record import RunRecord
from explog.wording import counted

# A section shows so many experiments, and counts the others.
_MOST = 20
# So many of the newest commits without a reference are named for each repository.
_MOST_COMMITS = 200
_SOON_DAYS = 14


@few_collections()
def make_report(
    settings: Settings,
    index: Index,
    texts: EntryTexts,
    request: Request,
    unread: Iterable[str] = (),
    runs: Sequence[RunRecord] | None = None,
) -> Report:
    """Return the report that REQUEST asks for; raise ExplogError `bad-query`.

    UNREAD are sentences on logs and repositories that could not be read: the report has them, too.
    RUNS are those that are known, the newest first; if they are None, their folders are read.
    """
    known = Known(settings, index, texts, request, runs)
    writer = _Writer(known)
    made = [Section(name, *writer.section(name)) for name in request.sections]
    problems = [*unread, *known.problems, *writer.links.problems()]
    return Report(
        period=request.period,
        query=request.query,
        sections=tuple(section for section in made if section.items),
        timeline=timeline_rows(known),
        problems=tuple(dict.fromkeys(problems)),
        author=request.author,
        chosen=tuple(request.sections),
        metric=request.metric,
        others=known.others,
        measured=measured_table(known, request.metric) if request.metric else None,
    )


class _Writer:
    """Puts what is KNOWN into sections."""

    def __init__(self, known: Known) -> None:
        self._known = known
        claiming = [commit for commit in known.commits if commit.claims]
        newest = [one for some in known.unreferenced.values() for one in some[-_MOST_COMMITS:]]
        self.links = CommitLinks(known.index, [*claiming, *newest])

    def section(self, name: str) -> tuple[tuple[Item, ...], int]:
        """Return the items of section NAME, and how many experiments are left out."""
        groups = list(getattr(self, f"_{name}")())
        shown = groups if name not in ("waiting", "next", "planned") else groups[:_MOST]
        return tuple(item for group in shown for item in group), len(groups) - len(shown)

    # The sections: each yields a group of items for each experiment or repository

    def _concluded(self) -> Iterator[list[Item]]:
        for one in self._known.closed.values():
            excerpts = self._known.excerpts(one)
            text = excerpts.conclusion() if excerpts is not None else ""
            yield [self._item(one, text=text, facts=_state(one), day=one.closed)]

    def _results(self) -> Iterator[list[Item]]:
        metrics = self._known.metrics
        for ident, steps in self._known.results.items():
            one = self._known.experiments[ident]
            found = [
                self._commit_item(one, step, commit, metrics.of(commit, ident, step))
                for step, commit in sorted(steps.items())
            ]
            if found:
                yield [self._item(one, facts=(*_state(one), *self._boxes(one))), *found]

    def _progress(self) -> Iterator[list[Item]]:
        for one in self._known.experiments.values():
            if one.done or one.ident in self._known.waiting_now:
                continue
            others = list(self._moved(one))
            notes = self._known.notes(one)
            states = [(note, noted_state(note)) for note in notes]
            text = "\n\n".join(note for note, state in states if state is None)
            runs = _ended(Counter(state for _note, state in states if state is not None))
            if others or text or runs:
                facts = (*_state(one), *self._boxes(one), *runs)
                yield [self._item(one, text=text, facts=facts), *others]

    def _moved(self, one: ExperimentFacts) -> Iterator[Item]:
        """Yield an item for each step with other commits than results, and for each of several."""
        steps: dict[StepNumber, list[WorkCommit]] = defaultdict(list)
        for commit, claim in self._known.by_experiment.get(one.ident, ()):
            if not claim.results:
                steps[claim.step].append(commit)
        for number, commits in sorted(steps.items()):
            item = self._commit_item(one, number, commits[-1], ())
            known = any(step.number == number for step in self._known.steps(one))
            if len(commits) == 1 or not known:
                yield from (self._commit_item(one, number, commit, ()) for commit in commits)
                continue
            yield item._replace(commit=None, date=None)
            for commit in commits:
                yield item._replace(
                    title=_without_references(commit.subject),
                    commit=self.links.link(commit),
                    date=commit.day,
                    under=True,
                )

    def _waiting(self) -> Iterator[list[Item]]:
        found = 0
        for one in self._known.waiting_now.values():
            if found == _MOST:
                yield []  # it is counted, and its entry need not be read
                continue
            excerpts = self._known.excerpts(one)
            changes = excerpts.state_changes() if excerpts is not None else []
            last = max((c for c in changes if c.to == one.todo), key=lambda c: c.day, default=None)
            text, day = (last.text, last.day) if last is not None else ("", None)
            if max(day or date.min, one.created or date.min) > self._known.period.last:
                continue  # it did not wait then
            found += 1
            item = self._item(one, text=text, facts=_state(one), day=day)
            yield [item, *self._failed_runs(one)]
        stalled = list(self._stalled())
        yield from stalled
        named = self._known.waiting_now.keys() | {group[0].experiment for group in stalled}
        for one in self._known.run_experiments.values():
            failed = self._failed_runs(one)
            if failed and not one.done and one.ident not in named:
                yield [self._item(one, facts=_state(one)), *failed]

    def _failed_runs(self, one: ExperimentFacts) -> list[Item]:
        """Return the runs of ONE that failed or were lost, and were not repeated."""
        failed = left_failed(self._known.runs.get(one.ident, ()))
        steps = {step.number: step for step in self._known.steps(one)} if failed else {}
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
        left = gather.stalled(self._known.index, self._known.period.last)
        theirs = self._known.theirs([one.ident for one, _day in left])
        shown = self._known.shown(one for one, _day in left if one.ident in theirs)
        for one, day in left:
            if shown.get(one.ident) == one and one.ident not in self._known.waiting_now:
                item = self._item(one, facts=(*_state(one), f"last commit {day}"), day=day)
                yield [item, *self._failed_runs(one)]

    def _next(self) -> Iterator[list[Item]]:
        for one in self._known.experiments.values():
            if one.done or one.ident in self._known.waiting_now:
                continue
            excerpts = self._known.excerpts(one)
            soon = self._known.period.last + timedelta(_SOON_DAYS)
            due = [pair for pair in (excerpts.due() if excerpts else []) if pair[1] <= soon]
            step = next((s for s in self._known.steps(one) if s.box == " "), None)
            if step is not None or due:
                day = min((day for _kind, day in due), default=None)
                facts = tuple(f"{kind} {day}" for kind, day in due)
                head = self._item(one, facts=facts, day=day)
                yield [head, *([self._step_item(one, step)] if step is not None else [])]

    def _planned(self) -> Iterator[list[Item]]:
        by_file: dict[str, set[str]] = defaultdict(set)
        shown = {**self._known.experiments, **self._known.closed}
        for one in shown.values():
            by_file[one.file].add(one.ident)
        planned: dict[str, list[Item]] = defaultdict(list)
        for file, idents in by_file.items():
            try:
                found = planned_steps(self._known.settings, file, idents, self._known.period.begin)
            except ExplogError as error:
                self._known.problems.append(error.message)
                continue
            for was in found:
                one = shown[was.experiment]
                now = {step.number: step for step in self._known.steps(one)}.get(was.step)
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
        for path, commits in sorted(self._known.unreferenced.items()):
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
        step = next((s for s in self._known.steps(one) if s.number == number), None)
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
        boxes = Counter(step.ticked for step in self._known.steps(one) if step.box is not None)
        return (f"[{boxes[True]}/{boxes.total()}]",) if boxes else ()


def _state(one: ExperimentFacts) -> tuple[str, ...]:
    return (one.todo,) if one.todo else ()


def _ended(states: Counter[str]) -> tuple[str, ...]:
    """Return how many runs ended, and how: `3 runs: 2 ok, 1 failed`; nothing if none did."""
    if not states:
        return ()
    each = ", ".join(f"{number} {state}" for state, number in states.most_common())
    return (f"{counted(states.total(), 'runs')}: {each}",)


def _without_references(subject: str) -> str:
    """Return SUBJECT without the references that it begins with, unless that is all of it."""
    end = 0
    for mention in find_references(subject):
        if subject[end : mention.start].strip(" \t,"):
            break
        end = mention.end
    return subject[end:].strip(" \t:,-") or subject


def _without_hash(step: Step) -> str:
    """Return the text of STEP without the hash at its end, as the commit is named beside it."""
    if step.hash is None:
        return step.text
    return re.sub(rf"\s*\(\S*{re.escape(step.hash)}\S*\)\s*$", "", step.text)
