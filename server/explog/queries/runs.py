"""Runs as hits of a search. They are not in the index: their records are small, and say all.

A query finds runs if it asks for them: `kind:run`, `host:node7`, or a state that only runs have,
`state:failed`. Otherwise the same command, run a hundred times, would hide what was written of it.
"""

from __future__ import annotations

import os
import re
import shlex
import time
from collections.abc import Callable, Iterable, Sequence

from explog.index.database import Index
from explog.index.words import fold
from explog.queries.find import matching_experiments
from explog.queries.marking import pattern_of
from explog.queries.query import Clause, Filter, Query, Term, Words
from explog.queries.targets import Match
from explog.queries.values import names
from explog.refs import Reference, find_references
from explog.runs.commits import duration
from explog.runs.folder import short_host
from explog.runs.listing import FoundRun
from explog.runs.record import OUTPUT, STATES, RunRecord
from explog.runs.show import one_line, state_and_why

_Test = Callable[[FoundRun], bool]


def asks_for_runs(query: Query) -> bool:
    """Tell whether QUERY asks for runs."""
    return any(
        _asks(term) for clause in query.clauses if not clause.negative for term in clause.terms
    )


def _asks(term: Term) -> bool:
    if not isinstance(term, Filter):
        return False
    is_kind = term.name == "kind" and term.value == "run"
    return is_kind or term.name == "host" or _state(term) is not None


def find_runs(index: Index, query: Query, runs: Iterable[FoundRun]) -> list[FoundRun]:
    """Return those of RUNS that QUERY finds, in their order."""
    found = list(runs)
    # Words take longest, and are looked for in what the filters leave.
    for clause in sorted(query.clauses, key=_has_words):
        if not found:
            break
        test = _clause(index, clause)
        found = [run for run in found if test(run)]
    return found


def _has_words(clause: Clause) -> bool:
    return any(isinstance(term, Words) for term in clause.terms)


def run_matches(index: Index, runs: Sequence[FoundRun]) -> list[Match]:
    """Return RUNS as matches, with the titles that their experiments have in INDEX."""
    read = {run.folder: _reference(run.record) for run in runs}
    idents = {reference.experiment for reference in read.values() if reference is not None}
    titles = dict(_titles(index, idents))
    return [_match(run, read[run.folder], titles) for run in runs]


def hosts_of(runs: Iterable[FoundRun]) -> list[str]:
    """Return the hosts of RUNS, without their domains."""
    return sorted({short_host(run.record.host) for run in runs})


# What a query means for runs


def _clause(index: Index, clause: Clause) -> _Test:
    tests = [_term(index, term) for term in clause.terms]
    return lambda run: any(test(run) for test in tests) is not clause.negative


def _term(index: Index, term: Term) -> _Test:
    if isinstance(term, Words):
        return _words(term)
    value = term.value
    if term.name in ("after", "before") and isinstance(value, float):
        after, at = term.name == "after", value
        return lambda run: (run.record.start >= at) is after
    text = str(value)
    state = _state(term)
    if term.name in ("state", "tag", "log") and state is None:
        return _of_experiments(index, term)
    tests: dict[str, Callable[[RunRecord], bool]] = {
        "kind": lambda _record: text == "run",
        "host": lambda record: text in (record.host, short_host(record.host)),
        "repo": lambda record: names(text, record.repository or "", ".git"),
        "state": lambda record: record.state == state,
    }
    test = tests.get(term.name)
    return lambda run: test is not None and test(run.record)


def _state(term: Filter) -> str | None:
    """Return the state of runs that TERM asks for, or None."""
    text = str(term.value).lower()
    return text if term.name == "state" and text in STATES else None


def _of_experiments(index: Index, term: Filter) -> _Test:
    """Return what is true of runs for the experiments that TERM is true of."""
    found = matching_experiments(index, Query((Clause((term,)),)))
    idents = {ident for _log, ident in found}

    def test(run: FoundRun) -> bool:
        reference = _reference(run.record)
        return reference is not None and reference.experiment in idents

    return test


def _words(words: Words) -> _Test:
    pattern = re.compile(pattern_of(words))
    meant = [str(one) for one in (words.reference, words.number) if one is not None]

    def test(run: FoundRun) -> bool:
        record = run.record
        if any(_is_for(record, reference) for reference in meant):
            return True
        commits = filter(None, (record.head, record.head_after, record.snapshot))
        if words.hash is not None and any(one.startswith(words.hash.lower()) for one in commits):
            return True
        return pattern.search(fold(_text(record))) is not None

    return test


def _is_for(record: RunRecord, reference: str) -> bool:
    """Tell whether RECORD is of a run for REFERENCE, or for a step of it."""
    return record.reference == reference or record.reference.startswith(f"{reference}.")


def _text(record: RunRecord) -> str:
    """Return the text of RECORD that words are looked for in."""
    return "\n".join((" ".join(record.argv), record.title or "", record.branch or "", record.run))


# What is said of one


def _match(run: FoundRun, reference: Reference | None, titles: dict[str, str]) -> Match:
    record = run.record
    ident = None if reference is None else reference.experiment
    return Match(
        kind="run",
        experiment=ident,
        step=() if reference is None else reference.step,
        title=titles.get(ident or "", ""),
        text=one_line(_what(record)),
        file=os.path.join(run.folder, OUTPUT),
        line=1,
        repository=record.repository,
        commit=None,
        date=int(record.start),
        exact=False,
        lead=one_line(f"{_outcome(record)}: "),
    )


def _outcome(record: RunRecord) -> str:
    """Return how RECORD is, how long it took, and where: `failed (1), 0:12 on node7`."""
    seconds = time.time() - record.start if record.state == "running" else record.seconds
    took = "" if seconds is None else f", {duration(max(0.0, seconds))}"
    return f"{state_and_why(record)}{took} on {record.host}"


def _what(record: RunRecord) -> str:
    """Return what RECORD ran: its command, behind its title if it has one."""
    command = shlex.join(record.argv)
    return f"{record.title} ({command})" if record.title else command


def _reference(record: RunRecord) -> Reference | None:
    mention = next(find_references(f"[{record.reference}]"), None)
    return None if mention is None else mention.reference


def _titles(index: Index, idents: Iterable[str]) -> Iterable[tuple[str, str]]:
    for ident in idents:
        row = index.first("SELECT title FROM experiments WHERE ident = ?", ident)
        if row is not None:
            yield ident, str(row[0])
