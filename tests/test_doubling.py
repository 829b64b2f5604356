"""What is twice as long takes twice as long: no text of a log, a commit or a stranger is hostile.

Each shape is a text that some pattern or loop could take the square of its length for.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from explog.checking.check import check
from explog.config import DEFAULT_DONE, DEFAULT_OPEN
from explog.entries.diff import diff
from explog.entries.text import EntryTexts
from explog.errors import ExplogError
from explog.git.parse import parse_commit
from explog.org.context import file_context
from explog.org.cookies import miscounted
from explog.org.edit import Mark, mark_entry
from explog.org.hashes import beginnings_of_names, find_hashes
from explog.org.options import Keywords, OrgOptions
from explog.org.scan import split_sections
from explog.org.steps import find_steps
from explog.plan.planner import plan
from explog.queries.query import parse
from explog.refs import claims
from explog.rpc import wire
from explog.sync.look import sync
from explog.sync.sections import read_section
from explog.sync.ways import Ways
from support.clock import cpu_seconds
from support.logs import Logs

OPTIONS = OrgOptions(Keywords(DEFAULT_OPEN, DEFAULT_DONE))
WAYS = Ways("exp", "Experiments")
# What takes less can be doubled without anybody noticing.
MEASURABLE = 0.02
LONGEST = 300_000
MOST = 3.0


# What is done with a text


def read(data: bytes) -> None:
    context = file_context(data, OPTIONS, "log.org", lambda name, _file: (name, None))
    for start, end in split_sections(data):
        read_section(data[start:end], context, WAYS)


def mark(data: bytes) -> None:
    with suppress(ExplogError):
        mark_entry(data.decode(), [Mark((1,), "abcdef1", True)], OPTIONS)


def count(data: bytes) -> None:
    lines = data.decode().split("\n")
    steps = find_steps(lines, "Experiments", OPTIONS)
    if steps:
        miscounted(lines, steps, OPTIONS)


def hashes(data: bytes) -> None:
    lines = data.decode().split("\n")
    list(find_hashes(lines))
    list(beginnings_of_names(lines))


def message(data: bytes) -> None:
    claims(parse_commit("a" * 40, b"tree a\n\n" + data).message)


def head(data: bytes) -> None:
    parse_commit("a" * 40, b"tree a\n" + data + b"\n\nx")


def frame(data: bytes) -> None:
    try:
        wire.decode(data)
    except ExplogError:
        wire.recover(data)


def query(data: bytes) -> None:
    with suppress(ExplogError):
        parse(data.decode())


# Texts of N parts

Make = Callable[[int], bytes]
ENTRY = b"* [1] t :exp:\n"
STEPS = ENTRY + b"** Experiments [0/1]\n"


def times(part: bytes, before: bytes = b"", behind: bytes = b"") -> Make:
    return lambda n: before + part * n + behind


def numbered(part: bytes, before: bytes = b"", behind: bytes = b"") -> Make:
    return lambda n: before + b"".join(part % i for i in range(1, n + 1)) + behind


def in_step(part: bytes, behind: bytes = b"[1/2]") -> Make:
    return times(part, STEPS + b"1. [ ] a ", behind + b"\n")


HEADINGS: dict[str, Make] = {
    "blanks before tags": times(b" ", b"* [1] t", b"x :exp:\n"),
    "tabs before tags": times(b" \t", b"* [1] t", b":x :exp:\n"),
    "blanks behind tags": times(b" ", b"* [1] t :exp:", b"\n"),
    "blanks behind a heading": times(b" ", b"* [1] t :exp:", b"x\n"),
    "colons": times(b":a", b"* [1] t ", b" x :exp:\n"),
    "colons and blanks": times(b" :a:", b"* [1] t ", b" x :exp:\n"),
    "colons only": times(b":", b"* [1] t ", b"x\n"),
    "brackets": times(b"[", b"* ", b" [1] t :exp:\n"),
    "bracketed numbers": times(b"[1", b"* ", b" [1] t :exp:\n"),
    "targets": times(b"<<1", b"* ", b" [1] t :exp:\n"),
    "priorities": times(b"[#A", b"* ", b" [1] t :exp:\n"),
    "cookies": times(b"[1/2", b"* [1] ", b" :exp:\n"),
    "stars": times(b"*", b"", b" [1] x :exp:\n"),
    "tags": times(b":a", b"* [1] x ", b":exp:\n** y\n"),
    "many headings": times(b"* x\n"),
    "many sub-headings": times(b"** x\n", ENTRY),
    "sub-headings with ids": numbered(b"** [%d] x\n", ENTRY),
    "many experiments": times(b"* [1] x :exp:\n"),
    "experiments in experiments": lambda n: b"".join(
        b"*" * (i % 12 + 1) + b" [%d] x :exp:\n" % i for i in range(n)
    ),
}
LINES: dict[str, Make] = {
    "blanks in a property": times(b" ", ENTRY + b":PROPERTIES:\n:FOO: x", b"y\n:END:\n"),
    "carriage returns in a property": times(b"\r", ENTRY + b":PROPERTIES:\n:FOO: x", b"y\n:END:\n"),
    "colons of a property": times(b"a", ENTRY + b":PROPERTIES:\n:", b" y\n:END:\n"),
    "pluses of a property": times(b"+", ENTRY + b":PROPERTIES:\n:", b" y\n:END:\n"),
    "properties": numbered(b":F%d: x\n", ENTRY + b":PROPERTIES:\n", b":END:\n"),
    "unclosed blocks": times(b"#+begin_x\n", ENTRY),
    "unclosed blocks of many names": numbered(b"#+begin_x%d\n", ENTRY),
    "unclosed blocks before headings": numbered(b"#+begin_x%d\n* x\n"),
    "unclosed blocks in steps": numbered(b"#+begin_x%d\n", STEPS + b"1. [ ] a\n"),
    "unclosed drawers": times(b":FOO:\n", STEPS + b"1. [ ] a\n"),
    "unclosed drawers of many names": numbered(b":F%d:\n", STEPS + b"1. [ ] a\n"),
    "impossible dates": times(b"[2018-99-99]\n", ENTRY),
    "dates": times(b"[2018-06-06 Wed] x\n", ENTRY),
    "dates in a line": times(b"[2018-06-06]", ENTRY + b"x ", b"\n"),
    "beginnings of dates": times(b"[2018-", ENTRY + b"x ", b"\n"),
    "ranges of dates": times(b"[2018-06-06]--", ENTRY + b"x ", b"\n"),
    "blanks in a date": times(b" ", ENTRY + b"[2018-06-06", b"x\n"),
    "drawers closed at the end": times(b":FOO:\n", ENTRY, b":END:\n"),
    "unclosed environments": numbered(b"\\begin{x%d}\n", STEPS + b"1. [ ] a\n"),
    "clocks": times(b"CLOCK: [2018-06-06 Wed 16:16]--[2018-06-06 Wed 17:16] =>  1:00\n", ENTRY),
    "repeated dates": times(b"<2018-06-06 Wed 10:00 +1w>\n", ENTRY),
    "coding cookies": times(b"-*-coding:a", b"\xff", b"\n"),
    "coding cookies in lines": times(b"#  coding:\n", b"\xff\n"),
    "blanks of a coding cookie": times(b" ", b"\xff\n", b"\n"),
    "keywords": times(b"A ", b"#+TODO: ", b"\n" + ENTRY),
    "keyword lines": numbered(b"#+TODO: A%d | B\n", b"", b"* A1 [1] x :exp:\n"),
    "missing setup files": numbered(b"#+SETUPFILE: f%d\n", b"", ENTRY),
    "file tags": numbered(b":a%d", b"#+FILETAGS: ", b":\n" + ENTRY),
    "notes": times(b"- Note taken on [2018-06-06 Wed 16:16] \\\\\n  x\n", ENTRY + b":LOGBOOK:\n"),
    "links": times(b"[[a][", ENTRY + b"x ", b"\n"),
    "blank lines": times(b"\n", ENTRY, b"x\n"),
    "table rows": times(b"| 1234567 | b |\n", ENTRY + b"| commit | a |\n"),
    "armour": times(b"-----BEGIN PGP MESSAGE-----\n", ENTRY),
}
IN_STEPS: dict[str, Make] = {
    "macros": in_step(b"{{{"),
    "links": in_step(b"[[a]["),
    "links with labels": in_step(b"[[a][b"),
    "code": in_step(b" =a"),
    "verbatim": in_step(b" ~a"),
    "formulas": in_step(b"$a "),
    "a formula": in_step(b" a", b"$aa [1/2]"),
    "formulas in brackets": in_step(b"\\("),
    "angles": in_step(b"<a "),
    "addresses": in_step(b"a://"),
    "words": in_step(b"a"),
    "cookies": in_step(b"[1/2]"),
    "beginnings of cookies": in_step(b"[1"),
    "digits of cookies": in_step(b"1", b"[1/2]"),
    "hashes": in_step(b"(1234567", b")"),
    "hashes and blanks": in_step(b"(1234567)   ", b"x)"),
    "blanks": in_step(b" ", b"x"),
    "items": numbered(b"%d. [ ] x [1/2]\n", STEPS),
    "items in items": lambda n: STEPS + b"".join(b" " * i + b"1. [ ] x\n" for i in range(n // 8)),
    "lines of an item": times(b"   y\n", STEPS + b"1. [ ] x\n"),
    "closed blocks": times(b"#+begin_x\n#+end_x\n", STEPS, b"1. [ ] a\n"),
    "blocks in blocks": lambda n: (
        STEPS
        + b"".join(b"#+begin_x%d\n:X:\n" % i for i in range(n))
        + b"".join(b"#+end_x%d\n1. [ ] a\n" % i for i in reversed(range(n)))
    ),
}
PROSE: dict[str, Make] = {
    "a word and blanks": times(b" ", b"commit", b"x"),
    "words": times(b"commit "),
    "options": times(b" -a", b"git log"),
    "commands": times(b"=git "),
    "code": times(b"=1234567"),
    "words in code": times(b"a ", b"=git show ", b"="),
    "slashes": times(b"/a"),
    "addresses": times(b"/a/commit/"),
    "names": times(b"(a@"),
    "hashes": times(b"1234567 ", b"("),
    "ranges": times(b"1234567..", b"("),
    "links": times(b"magit:"),
    "a link": times(b"a", b"magit:"),
    "digits": times(b"a", b"(", b")"),
    "drawers": times(b":FOO:\n", b"", b":END:\n"),
    "blocks": numbered(b"#+begin_x%d\n"),
    "blanks": times(b" ", b"commit", b"."),
    "a stamp": times(b"x", b"[2018-06-06"),
    "code words": times(b"=a ", b"", b"="),
    "folders": times(b"src/", b"=", b"1234567="),
    "a wide table": times(b"| commit ", b"", b"|\n" + b"| 1234567 " * 100 + b"|\n"),
}
MESSAGES: dict[str, Make] = {
    "references": times(b"[e1.1] "),
    "brackets": times(b"[e"),
    "commas": times(b",", b"[e1]"),
    "many references": numbered(b"[e%d.1]"),
    "steps of a reference": times(b".1", b"[e1", b"]"),
    "lines": times(b"x\n"),
    "body lines": times(b"- [e1.1] Results\n", b"s\n\n"),
    "signs behind a reference": times(b" -:", b"[e1.1]"),
    "prefixes": times(b"fix: ", b"s\n\n", b"[e1.1]"),
    "scopes": times(b"fix(a", b"s\n\n", b"[e1.1]"),
    "quotes": times(b'Revert "', b"", b"[e1.1]"),
    "blank lines": times(b"\n", b"", b"x"),
    "carriage returns": times(b"\r", b"[e1.1]x", b"x"),
    "blanks": times(b" ", b"[e1.1]", b"x"),
}
HEADS: dict[str, Make] = {
    "parents": times(b"parent a\n"),
    "headers": times(b"x\n"),
    "angles": times(b"<", b"author ", b"> 5"),
    "closing angles": times(b">", b"author a <b", b" 5"),
    "digits": times(b"9", b"author a <b> "),
    "blanks in a name": times(b" ", b"author a", b"<b> 5 +0000"),
    "blanks before a date": times(b" ", b"author a <b>", b"x"),
}
FRAMES: dict[str, Make] = {
    "digits and a letter": times(b"1", b"(call 1 x (", b"a))"),
    "a number": times(b"1", b"(call 1 x (", b"))"),
    "decimals": times(b"1", b"(call 1 x (1.", b"))"),
    "exponents": times(b"1e1", b"(call 1 x (", b"))"),
    "brackets": times(b"("),
    "square brackets": times(b"["),
    "quotes": times(b"'", b"(call 1 x (", b"))"),
    "words": times(b"a ", b"(call 1 x (", b"))"),
    "strings": times(b'"a" ', b"(call 1 x (", b"))"),
    "escapes": times(b"\\n", b'(call 1 x ("', b'"))'),
    "octal escapes": times(b"\\303\\244", b'(call 1 x ("', b'"))'),
    "a string without end": times(b"\\n", b'(call 1 x ("'),
    "lists": times(b"() ", b"(call 1 x (", b"))"),
    "lists in lists": times(b"() ", b"(call 1 x " + b"(" * 90, b")" * 91),
    "hashes": times(b"#", b"(call 1 x (", b"))"),
    "signs": times(b"+", b"(call 1 x (", b"1))"),
    "dots": times(b".", b"(call 1 x (", b"))"),
    "blanks": times(b" ", b"(", b"call"),
}
QUERIES: dict[str, Make] = {
    "words": times(b"a "),
    "minuses": times(b"-", b"", b"a"),
    "quotes": times(b'"a" '),
    "filters": times(b"tag:a "),
    "colons": times(b"a:"),
    "blanks": times(b" ", b"a", b"a"),
}
SHAPES: dict[Callable[[bytes], None], dict[str, Make]] = {
    read: {**HEADINGS, **LINES, **IN_STEPS},
    mark: IN_STEPS,
    count: IN_STEPS,
    hashes: PROSE,
    message: MESSAGES,
    head: HEADS,
    frame: FRAMES,
    query: QUERIES,
}


def cases() -> Iterator[object]:
    for function, shapes in SHAPES.items():
        for name, make in shapes.items():
            yield pytest.param(partial(seconds, function), make, id=f"{function.__name__}: {name}")


def seconds(function: Callable[[bytes], None], data: bytes) -> float:
    """Return how long this thread works for FUNCTION(DATA)."""
    begun = time.thread_time()
    function(data)
    return time.thread_time() - begun


@pytest.mark.parametrize(("took", "make"), list(cases()))
def test_twice_as_long_takes_twice_as_long(took: Callable[[bytes], float], make: Make) -> None:
    size, before, now = 500, 0.0, took(make(500))
    while now < MEASURABLE and len(make(2 * size)) < LONGEST:
        size, before = 2 * size, now
        now = took(make(size))
    half, whole = make(size // 2), make(size)
    most = MOST * len(whole) / len(half) / 2
    if now >= MEASURABLE and now > most * before:  # if the machine is busy, only by chance
        before = min(took(half) for _ in range(3))
        now = min(took(whole) for _ in range(3))
        assert now < MEASURABLE or now <= most * before, f"{before:.3f} s, then {now:.3f} s"


def with_steps(folder: Path, count: int) -> Logs:
    """Return a log with one experiment of COUNT steps, and a commit for each."""
    logs = Logs(folder)
    repo = logs.repo("repo")
    commit = (
        "commit refs/heads/main\ncommitter a <a@b> {when} +0000\ndata <<.\n[e1.{n}] Results\n.\n"
    )
    numbers = range(1, count + 1)
    history = "".join(commit.format(when=1_500_000_000 + n, n=n) for n in numbers)
    repo.run("fast-import", "--quiet", stdin=history)
    logs.log(
        f"* [1] t :exp:\n** Experiments [0/{count}]\n"
        + "".join(f"{n}. [ ] step [0/2] of many\n   - [ ] x\n   - [X] y\n" for n in numbers)
    )
    sync(logs.settings, logs.index)
    return logs


def test_four_times_as_many_steps_of_an_entry_take_four_times_as_long(tmp_path: Path) -> None:
    def took(count: int) -> tuple[float, float]:
        logs = with_steps(Path(tempfile.mkdtemp(dir=tmp_path)), count)
        begun = cpu_seconds()
        planned = plan(logs.settings, logs.index, EntryTexts(logs.settings))
        assert len(planned.edits) == count
        diff(planned.changes, planned.texts)
        between = cpu_seconds()
        assert len(check(logs.settings, logs.index)) >= count
        return between - begun, cpu_seconds() - between

    # The best of three: even the time of a processor grows while others use its caches.
    few = list(map(min, zip(*(took(400) for _ in range(3)), strict=True)))
    many = list(map(min, zip(*(took(1600) for _ in range(3)), strict=True)))
    for less, more in zip(few, many, strict=True):
        assert more < max(8 * less, 0.5)
