"""Which runs are meant by words such as `state:failed host:node7 e201 lr`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from explog.errors import ExplogError
from explog.runs.listing import FoundRun
from explog.runs.naming import parse_experiment
from explog.runs.record import STATES, RunRecord

FILTERS = ("state", "host", "branch", "job")


def select(runs: Iterable[FoundRun], words: Sequence[str]) -> list[FoundRun]:
    """Return those of RUNS that every one of WORDS is true of.

    A word is a filter, `state:failed`; a reference, `e201`, of which steps count, too; or text in
    the command, the title, the branch or the name. A minus before it says that it is not true.
    Raises ExplogError `bad-query`.
    """
    tests = [(word[1:], False) if word[:1] == "-" else (word, True) for word in words]
    for word, _wanted in tests:
        _check(word)
    return [
        run for run in runs if all(_is_true(word, run.record) == wanted for word, wanted in tests)
    ]


def _check(word: str) -> None:
    name, colon, value = word.partition(":")
    if not word or (colon and name in FILTERS and not value):
        raise ExplogError("bad-query", f"{word!r}: a word is missing")
    if colon and name == "state" and value not in STATES:
        raise ExplogError("bad-query", f"{word}: the states are {', '.join(STATES)}")


def _is_true(word: str, run: RunRecord) -> bool:
    name, colon, value = word.partition(":")
    if colon and name in FILTERS:
        return value in _values(name, run)
    reference = parse_experiment(word) if word[:1] in ("e", "[") else None
    if reference:
        return run.reference == reference or run.reference.startswith(f"{reference}.")
    texts = (*run.argv, run.title or "", run.branch or "", run.run)
    return any(word.lower() in text.lower() for text in texts)


def _values(name: str, run: RunRecord) -> tuple[str | None, ...]:
    """Return the values that RUN has for the filter NAME."""
    if name == "host":
        return run.host, run.host.partition(".")[0]
    if name == "job":
        return (run.job.id if run.job else None,)
    return (run.state if name == "state" else run.branch,)
