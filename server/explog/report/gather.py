"""What the index knows of a period: its commits, what they claim, and the experiments concerned."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import NamedTuple, TypeAlias

from explog.index.commits import IS_EXPERIMENT
from explog.index.database import Index, batches, marks
from explog.model import StepNumber
from explog.org.passages import STAMP, first_day
from explog.refs import Place, parse_step
from explog.report.period import Period, day_of

QUIET_DAYS = 14
"""An experiment is stalled when no commit worked on it for so many days."""
_STALLED_DAYS = 90


class WorkCommit(NamedTuple):
    """A commit of the period, by its author's date; `claims` are the experiments and steps.

    `id` is its number in the index.
    """

    id: int
    repository: str
    oid: str
    author: str
    email: str
    time: int
    subject: str
    claims: tuple[CommitClaim, ...] = ()

    @property
    def day(self) -> date:
        """The day on which it was made, in the user's time zone."""
        return day_of(self.time)


Worker: TypeAlias = tuple[str, str, str]
"""Who made a commit: the path of the repository, a name and an address."""


class CommitClaim(NamedTuple):
    """That a commit works on an experiment, or on a step of it if `step` is not empty."""

    experiment: str
    step: StepNumber
    results: bool


class ExperimentFacts(NamedTuple):
    """An experiment as the index has it; `line` is the 1-based line of its heading in `file`."""

    ident: str
    file: str
    line: int
    title: str
    todo: str | None
    done: bool
    tags: tuple[str, ...]
    created: date | None
    closed: date | None


def commits_between(index: Index, period: Period) -> list[WorkCommit]:
    """Return the commits that were authored in PERIOD, oldest first, each once.

    Copies of a commit, as a cherry-pick leaves them, are one commit: the one that was made first.
    """
    bounds = int(period.begin), int(period.end)
    claims: dict[int, list[CommitClaim]] = defaultdict(list)
    for number, experiment, step, results in index.read(
        "SELECT commit_id, experiment, step, results FROM commits"
        " JOIN claims ON commit_id = commits.id"
        f" WHERE author_time >= ? AND author_time < ? AND place < ? AND {IS_EXPERIMENT}"
        " ORDER BY commit_id, place, step",
        *bounds,
        Place.MENTION,
    ):
        claims[number].append(CommitClaim(experiment, parse_step(step), bool(results)))
    rows = index.read(
        "SELECT c.id, path, oid, author, email, author_time, subject FROM commits c"
        " JOIN repositories ON repositories.id = repository"
        " WHERE author_time >= ? AND author_time < ?"
        " ORDER BY author_time, committer_time, path, generation, oid",
        *bounds,
    )
    seen: set[tuple[object, ...]] = set()
    found = []
    for row in rows:
        commit = WorkCommit._make((*row, tuple(claims.get(row[0], ()))))
        same = (commit.email, commit.time, commit.subject, commit.claims)
        if same not in seen:
            seen.add(same)
            found.append(commit)
    return found


_EXPERIMENTS = (
    "SELECT ident, path, sections.line + e.line, title, todo, done, tags, created, closed"
    " FROM experiments e JOIN sections ON sections.id = section JOIN logs ON logs.id = log"
)


def experiments_with(index: Index, idents: Iterable[str]) -> list[ExperimentFacts]:
    """Return the experiments with one of IDENTS, in the order of their files."""
    found = [
        _experiment(row)
        for some in batches(dict.fromkeys(idents))
        for row in index.read(f"{_EXPERIMENTS} WHERE ident IN ({marks(some)})", *some)
    ]
    return sorted(found, key=lambda one: (one.file, one.line))


def closed_between(index: Index, period: Period) -> list[ExperimentFacts]:
    """Return the experiments that are done and were closed in PERIOD, by the day of it."""
    rows = index.read(
        f"{_EXPERIMENTS} WHERE done AND closed BETWEEN ? AND ? ORDER BY closed, path, 3",
        period.first.isoformat(),
        period.last.isoformat(),
    )
    return list(map(_experiment, rows))


def noted_between(index: Index, period: Period) -> set[str]:
    """Return the ids of experiments whose notes bear a date of PERIOD."""
    first, last = period.first.isoformat(), period.last.isoformat()
    rows = index.read(f"{_NOTED} p.day BETWEEN ? AND ? AND p.kind IN ('note', 'step')", first, last)
    found = {ident for ident, _text in rows}
    # What stands right beneath a heading is one passage, whatever dates are in it.
    alike = next(first[:size] for size in (7, 4, 0) if first[:size] == last[:size])
    rows = index.read(f"{_NOTED} p.kind = 'experiment' AND p.text LIKE ?", f"%{alike}%")
    return found | {ident for ident, text in rows if ident not in found and _noted(text, period)}


_NOTED = (
    "SELECT ident, p.text FROM passages p JOIN experiments e"
    " ON e.section = p.section AND e.id = p.experiment WHERE"
)


def _noted(text: str, period: Period) -> bool:
    """Tell whether TEXT of an entry, its title first, bears a date of PERIOD that is not its own.

    Its own date is the one that its text begins with: when it was made.
    """
    _title, _newline, said = text.partition("\n")
    own = STAMP.match(said)
    stamps = STAMP.finditer(said, own.end() if own is not None else 0)
    return any(first_day(stamp[0]) in period for stamp in stamps)


def workers(index: Index, idents: Iterable[str]) -> dict[str, set[Worker]]:
    """Return {experiment: those who ever worked on it} for those of IDENTS that have commits."""
    found: dict[str, set[Worker]] = defaultdict(set)
    for some in batches(dict.fromkeys(idents)):
        rows = index.read(
            "SELECT DISTINCT experiment, path, author, email FROM claims"
            " JOIN commits ON commits.id = commit_id"
            " JOIN repositories ON repositories.id = repository"
            f" WHERE experiment IN ({marks(some)}) AND place < ?",
            *some,
            Place.MENTION,
        )
        for experiment, *worker in rows:
            path, author, email = map(str, worker)
            found[experiment].add((path, author, email))
    return found


def waiting(index: Index) -> list[ExperimentFacts]:
    """Return the open experiments whose state says that they wait, in the order of their files."""
    rows = index.read(
        f"{_EXPERIMENTS} WHERE NOT done AND (todo LIKE 'WAIT%' OR todo IN ('HOLD', 'BLOCKED'))"
        " ORDER BY path, 3"
    )
    return list(map(_experiment, rows))


def stalled(index: Index, day: date) -> list[tuple[ExperimentFacts, date]]:
    """Return the open experiments that commits left QUIET_DAYS before DAY, the last left first.

    Those that were left for more than _STALLED_DAYS are at rest, and not among them.
    """
    quiet = Period(day - timedelta(QUIET_DAYS - 1), day)
    before = Period(day - timedelta(_STALLED_DAYS), quiet.first - timedelta(1))
    rows = index.read(
        "SELECT experiment, max(author_time) FROM commits JOIN claims ON commit_id = commits.id"
        " WHERE author_time >= ? AND author_time < ? AND place < ? GROUP BY experiment",
        int(before.begin),
        int(quiet.end),
        Place.MENTION,
    )
    last = {ident: day_of(time) for ident, time in rows if time < quiet.begin}
    found = [(one, last[one.ident]) for one in experiments_with(index, last) if not one.done]
    return sorted(found, key=lambda pair: pair[1], reverse=True)


def results_before(
    index: Index, experiment: str, step: StepNumber, time: int
) -> tuple[StepNumber, str] | None:
    """Return the step before STEP of EXPERIMENT, and its newest results commit by its full id.

    That is the nearest earlier step of the same list that has one made before TIME, in seconds.
    """
    rows = index.read(
        "SELECT step, oid FROM claims JOIN commits ON commits.id = commit_id"
        " WHERE experiment = ? AND results AND place < ? AND author_time < ?"
        " ORDER BY author_time, oid",
        experiment,
        Place.MENTION,
        time,
    )
    numbers = ((parse_step(text), oid) for text, oid in rows)
    earlier = {
        number: str(oid)
        for number, oid in numbers
        if len(number) == len(step) and number[:-1] == step[:-1] and number < step
    }
    return max(earlier.items()) if earlier else None


def _experiment(row: Collection[object]) -> ExperimentFacts:
    ident, file, line, title, todo, done, tags, created, closed = row
    return ExperimentFacts(
        ident=str(ident),
        file=str(file),
        line=int(str(line)),
        title=str(title),
        todo=None if todo is None else str(todo),
        done=bool(done),
        tags=tuple(json.loads(str(tags) or "[]")),
        created=_day(created),
        closed=_day(closed),
    )


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10]) if text else None
    except ValueError:
        return None
