"""Show a plan as a diff, and write it: each log whole or not at all, and only as planned on."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from explog.config import Settings
from explog.entries.files import write_log
from explog.errors import ExplogError
from explog.plan.edits import Edit, Plan, render
from explog.plan.planner import Failure

CONTEXT = 3
"""How many lines that do not change a hunk has on either side."""
_NO_NEWLINE = b"\n\\ No newline at end of file\n"


@dataclass(slots=True)
class Written:
    """What a backfill did, and what it could not do."""

    edits: list[Edit] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def diff(plan: Plan, settings: Settings) -> bytes:
    """Return the plan as one unified diff, in the logs' own encodings."""
    out: list[bytes] = []
    for file, edits in plan.by_file().items():
        old = plan.texts[file]
        name = _diff_name(file)
        out += [b"--- " + name, b"+++ " + name]
        out += _hunks(_lines(old), _lines(render(old, edits, settings)))
    return b"".join(out)


def _hunks(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the hunks between OLD and NEW, whose lines are as many: an edit replaces lines only.

    difflib, which may not know that, takes 12 s for a log that needs a tenth of one.
    """
    changed = [n for n, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
    for first, last in hunk_spans(changed):
        span = range(max(0, first - CONTEXT), min(len(old), last + CONTEXT + 1))
        where = b"%d,%d" % (span.start + 1, len(span))
        yield b"@@ -%s +%s @@\n" % (where, where)
        for same, numbers in itertools.groupby(span, lambda n: old[n] == new[n]):
            run = list(numbers)
            if same:
                yield from (b" " + old[n] for n in run)
            else:
                yield from (b"-" + old[n] for n in run)
                yield from (b"+" + new[n] for n in run)


def hunk_spans(changed: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of the changed lines that belong into one hunk."""
    group: list[int] = []
    for number in changed:
        if group and number - group[-1] - 1 > 2 * CONTEXT:
            yield group[0], group[-1]
            group = []
        group.append(number)
    if group:
        yield group[0], group[-1]


def _lines(data: bytes) -> list[bytes]:
    """Split at line feeds only, as `patch` does, and say where the last one is missing."""
    lines = data.split(b"\n")
    last = [lines[-1] + _NO_NEWLINE] if lines[-1] else []
    return [line + b"\n" for line in lines[:-1]] + last


def _diff_name(file: str) -> bytes:
    """Return a file name as git writes it on its line of a diff, quoted where it needs to be."""
    name = os.fsencode(file)
    if any(byte < 32 or byte in b'"\\' for byte in name):
        quoted = (bytes([b]) if b >= 32 and b not in b'"\\' else b"\\%03o" % b for b in name)
        return b'"' + b"".join(quoted) + b'"\n'
    return name + (b"\t\n" if b" " in name else b"\n")


def write(
    plan: Plan, settings: Settings, files: Collection[str] | None = None
) -> Iterator[tuple[str, list[Edit], ExplogError | None]]:
    """Write the plan, or what it has for FILES; yield each file, its edits, and what hindered."""
    for file, edits in plan.by_file().items():
        if files is not None and file not in files:
            continue
        try:
            old = plan.texts[file]
            write_log(Path(file), old, render(old, edits, settings))
        except ExplogError as error:
            yield file, edits, error
        else:
            yield file, edits, None


def carry_out(
    first: Plan,
    settings: Settings,
    plan_anew: Callable[[], Plan],
    files: Collection[str] | None = None,
) -> Written:
    """Write the plan FIRST, or what it has for FILES.

    For the files that changed since they were planned on, PLAN_ANEW is called, once.
    """
    result = Written()
    changed = _carry_out(first, settings, files, result)
    if changed:
        again = {failure.path for failure in changed}
        result.failures += _carry_out(plan_anew(), settings, again, result)
    return result


def _carry_out(
    plan: Plan, settings: Settings, files: Collection[str] | None, result: Written
) -> list[Failure]:
    """Write PLAN; return the failures of files that changed meanwhile, put others into RESULT."""
    failures = [f for f in plan.failures if files is None or f.path in files]
    for file, edits, error in write(plan, settings, files):
        if error is None:
            result.edits += edits
        else:
            steps = frozenset((edit.experiment, edit.step) for edit in edits)
            failures.append(Failure(file, error, steps))
    result.failures += [failure for failure in failures if failure.error.code != "changed"]
    return [failure for failure in failures if failure.error.code == "changed"]
