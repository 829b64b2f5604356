"""What the user does not want to see any more: edits that were dropped, and problems.

Both are kept in the state folder, and are known by what they say rather than by their lines. The
configuration may name problems, too, as where a CI has no home folder: KIND or KIND REFERENCE.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, TypeAlias

from explog.errors import ExplogError
from explog.model import PROBLEM_KINDS, Problem
from explog.refs import find_references, step_text
from explog.state import change_state, read_state

_NAME = "ignored"


class DroppedEdit(NamedTuple):
    """A commit that shall not get onto a step; `file` is free of links."""

    file: str
    experiment: str
    step: str
    commit: str


class IgnoredProblem(NamedTuple):
    """A problem without its line; `file` is free of links, and `message` has no line numbers."""

    kind: str
    file: str | None
    experiment: str | None
    step: str | None
    message: str


_Row: TypeAlias = DroppedEdit | IgnoredProblem
_KINDS: Mapping[str, type[DroppedEdit] | type[IgnoredProblem]] = {
    "edits": DroppedEdit,
    "problems": IgnoredProblem,
}


def dropped_edit(file: str, experiment: str, step: str, commit: str) -> DroppedEdit:
    """Return what is kept of an edit that was dropped; COMMIT is a full id."""
    return DroppedEdit(os.path.realpath(file), experiment, step, commit)


def ignored_problem(
    kind: str, file: str | None, experiment: str | None, step: str | None, message: str
) -> IgnoredProblem:
    """Return what is kept of a problem that is ignored."""
    real = None if file is None else os.path.realpath(file)
    return IgnoredProblem(kind, real, experiment, step, without_lines(message))


def without_lines(message: str) -> str:
    """Return MESSAGE without the numbers of lines, which change."""
    return re.sub(r":\d+", "", message)


def read_dropped() -> frozenset[DroppedEdit]:
    """Return the edits that were dropped."""
    return frozenset(row for row in _rows("edits") if isinstance(row, DroppedEdit))


def read_ignored() -> frozenset[IgnoredProblem]:
    """Return the problems that the user ignores."""
    return frozenset(row for row in _rows("problems") if isinstance(row, IgnoredProblem))


def keep_dropped(edits: Iterable[DroppedEdit], *, dropped: bool) -> None:
    """Keep that EDITS are DROPPED, or that they are not; raise OSError if that is not possible."""
    _keep("edits", edits, dropped)


def keep_ignored(problems: Iterable[IgnoredProblem], *, ignored: bool) -> None:
    """Keep that PROBLEMS are IGNORED, or that they are not; raise OSError as `keep_dropped`."""
    _keep("problems", problems, ignored)


@contextmanager
def must_be_kept(what: str) -> Iterator[None]:
    """Have the user told that WHAT could not be kept: raise ExplogError `not-kept` for OSError."""
    try:
        yield
    except OSError as error:
        reason = f"{what} cannot be kept: {error.filename}: {error.strerror}"
        raise ExplogError("not-kept", reason) from error


def _keep(kind: str, rows: Iterable[_Row], there: bool) -> None:
    some = set(rows)

    def change(table: dict[str, object]) -> Mapping[str, object]:
        left = [row for row in _read(table, kind) if row not in some]
        return {**table, kind: [*left, *sorted(some, key=str)] if there else left}

    change_state(_NAME, change)


def _rows(kind: str) -> list[_Row]:
    return _read(read_state(_NAME), kind)


def _read(table: Mapping[str, object], kind: str) -> list[_Row]:
    """Return the rows of KIND in TABLE, without what is none."""
    make, rows = _KINDS[kind], table.get(kind)
    return [
        make(*row)
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, list)
        and len(row) == len(make._fields)
        and all(value is None or isinstance(value, str) for value in row)
    ]


# Patterns


class Pattern(NamedTuple):
    """Problems of one kind: of all logs, of one experiment, or of one step."""

    kind: str
    experiment: str | None = None
    step: str | None = None

    def matches(self, problem: Problem) -> bool:
        """Tell whether PROBLEM is one of those meant."""
        return (
            self.kind == problem.kind
            and self.experiment in (None, problem.experiment)
            and self.step in (None, problem.step)
        )


def read_pattern(text: str) -> Pattern:
    """Read KIND or KIND REFERENCE, as `dead-hash e201.1`. Raises ExplogError `bad-config`."""
    kind, _, rest = text.strip().partition(" ")
    if kind not in PROBLEM_KINDS:
        close = difflib.get_close_matches(kind, PROBLEM_KINDS, 1)
        kinds = ", ".join(PROBLEM_KINDS)
        advice = f"did you mean {close[0]}?" if close else f"there are: {kinds}"
        raise ExplogError("bad-config", f"ignore: unknown kind of problem {kind!r}; {advice}")
    if not rest.strip():
        return Pattern(kind)
    name = rest.strip().removeprefix("[").removesuffix("]")
    found = list(find_references(f"[{name}]"))
    if len(found) != 1 or found[0].end != len(name) + 2:
        said = f"ignore: expected a reference as e201 or e201.1 behind {kind}, not {name!r}"
        raise ExplogError("bad-config", said)
    reference = found[0].reference
    return Pattern(kind, reference.experiment, step_text(reference.step) or None)
