"""Read the numbers in the message of a commit: `acc=71.4 %` and `loss: 0.31`.

Only what can be nothing else is read. Of `loss 0.31` nobody knows whether a number of that name is
meant; `fixes: 12` and `at 10:30` have none. A name that is there twice, with different numbers, is
left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from explog.git.repository import Repository
from explog.refs import Claim, Place, claims_of, find_references, line_claims
from explog.results.rows import MOST_ROWS, named, names_sample
from explog.results.values import MESSAGE, Message, Number, Sample, Trouble, Values, trouble
from explog.results.written import NUMBER, read_number

_LETTERS = r"[^\W\d_][\w./@+-]{0,63}"
_VALUE = rf"(?P<number>{NUMBER}|[-+]?(?i:nan|inf)\b)(?P<percent>\s{{0,3}}%)?"
_UNIT = (
    r"(?i:[nmu\u00b5]?s|secs?|seconds?|mins?|minutes?|h|hrs?|hours?|d|days?|[kmgt]i?b|[kmgt]?bits?"
    r"|bytes?|[kmg]?hz|[mck]?m|k?w|k?j|k|pp|pts?|points?|percent|db|it/s|x|fps)(?!\w|\s*[=:])"
)
# Behind it stands what makes another number of it, or more than one: a range, a fraction, a date,
# a version, a time, a list, a change, a unit.
_ENDS = (
    r"(?![\w:]|\.[\w.]|,\d|\s{0,3}%|,?\s{1,3}[-+]?\.?\d"
    r"|\s{0,3}(?:[-\u2010-\u2015~]|\.\.|to\b|or\b)\s{0,3}[-+]?\.?\d"
    rf"|\s{{0,3}}(?:[-=]?>|[\u2192\u00d7\u00b0\u2030/*])|\s{{0,3}}{_UNIT})"
)
_EQUALS = re.compile(rf"(?<![^\s(\[{{,;|])(?P<name>{_LETTERS})\s{{0,3}}=\s{{0,3}}{_VALUE}{_ENDS}")
# Behind a colon, a word that follows makes it prose, unless the number is a percentage.
_FOLLOWS = rf"(?=\s*(?:$|[,;|()\]}}]|\.(?:\s|$)|(?:and\s+)?{_LETTERS}\s{{0,3}}(?:=|:\s)))"
_COLON = re.compile(rf"(?P<name>{_LETTERS}):\s{{1,8}}{_VALUE}{_ENDS}(?(percent)|{_FOLLOWS})")
# Where a name with a colon may begin: at the beginning of what is said, or behind another.
_BULLET = re.compile(r"[ \t]*(?:[-*+\u2022][ \t]+)?")
_BREAK = re.compile(r"[,;|(\]}]\s*(?:and\s+)?|\.\s+|\s+and\s+")
_BLANKS = re.compile(r"\s*")
_DASHES = re.compile(r"[\s:\u2013\u2014-]*")

# Names of what messages count, number or cite.
_NO_METRICS = (
    "at attempt branch bug bugs build by cc chapter chapters chore ci cl close closed closes"
    " commit commits conclusion cve date day days depends docs e eq equation exp experiment"
    " experiments feat fig figs figure figures file files fix fixed fixes fixme gh git hack"
    " hash id in issue issues item jira job jobid jobs line lines link merge month mr note"
    " notes nr on page pages part parts pid port pr prs pull question ref refactor reference"
    " refs related release resolve resolved resolves result results rev review revision rfc"
    " sec section sections see sha slurm step steps style table tables tag task tasks ticket"
    " time to todo url v ver version versions week weeks wip xxx year years"
)
_IS_NO_METRIC = frozenset(_NO_METRICS.split())
_NO_NAME = re.compile(
    r"(?i:e\d[\w.-]*|.*\.(?:py|c|h|cc|cpp|rs|js|ts|go|el|org|md|txt|json|ya?ml|toml|csv|sh|tex|pdf))"
)
_TRAILER = re.compile(
    r"(?i:[a-z0-9-]+-(?:by|id|on|to|in|from|position|url|link|change|request|version|bugs?|cc)"
    r"|cc|bug|link|issue): |\(cherry picked from "
)
_COMMAND = re.compile(r"\s*(?:[$>]|[-+]{2,3}\s)|.*\.(?:py|sh)\s")


class MessageSource:
    """What stands in the messages of commits; RESULTS as `refs.results_pattern` makes it."""

    def __init__(self, results: re.Pattern[str]) -> None:
        self._results = results

    def read(self, repository: Repository, commits: Sequence[Message]) -> Mapping[str, Values]:
        """Return {full id: values} for those of COMMITS that have any."""
        found: dict[str, Values] = {}
        for commit in commits:
            samples, twice = read_message(commit.subject, commit.body, self._results)
            if samples or twice:
                troubles: tuple[Trouble, ...] = ()
                if twice:
                    complaint = f"left out as said twice, and differently: {named(twice)}"
                    troubles = (trouble(MESSAGE, commit.oid, repository, complaint),)
                found[commit.oid] = Values(tuple(samples), troubles)
        return found


def read_message(
    subject: str, body: str, results: re.Pattern[str]
) -> tuple[list[Sample], list[str]]:
    """Return the samples that a message has, and the names that it has with different numbers.

    Where a message claims several steps, as one of several that were squashed, each has what
    stands in its own lines. What is said with results counts for more than what is said without.
    """
    if not any(sign in text for sign in "=:" for text in (subject, body)):
        return [], []
    samples: list[Sample] = []
    twice: dict[str, None] = {}
    for reference, lines in _by_step(_segments(subject, body, results)).items():
        numbers, conflicting = _unambiguous(lines, results)
        twice |= dict.fromkeys(conflicting)
        parameters = {name: numbers.pop(name) for name in list(numbers) if names_sample(name)}
        if numbers:
            samples.append(Sample(MESSAGE, numbers, parameters, reference))
    return samples[:MOST_ROWS], list(twice)


# What is said of a whole experiment is said of none of its steps.
_WHOLE = "e"


class _Segment(NamedTuple):
    """Lines about the steps with REFERENCES, which the first of them claims."""

    references: tuple[str, ...]
    results: bool
    lines: list[str]


def _segments(subject: str, body: str, results: re.Pattern[str]) -> list[_Segment]:
    segments = [_segment(subject, claims_of(subject, "", results), Place.SUBJECT)]
    begins = True
    for line in body.split("\n"):
        claims = list(line_claims(line, begins, results)) if "[e" in line else []
        if any(claim.place is Place.BODY for claim in claims):
            segments.append(_segment(line, claims, Place.BODY))
        else:
            segments[-1].lines.append(line)
        begins = not line.strip()
    return segments


def _segment(line: str, claims: Iterable[Claim], place: Place) -> _Segment:
    own = [claim for claim in claims if claim.place is place]
    steps = tuple(str(claim.reference) for claim in own if claim.reference.step)
    is_results = any(claim.results for claim in own)
    return _Segment(steps or ((_WHOLE,) if own else ()), is_results, [line])


def _by_step(segments: Sequence[_Segment]) -> dict[str, list[str]]:
    """Return the lines about each step; those under "" are about all that the message claims."""
    own: dict[str, list[_Segment]] = {"": []}
    for segment in segments:
        for reference in segment.references or ("",):
            own.setdefault(reference, []).append(segment)
    lines = {
        reference: [line for one in _results(about) for line in one.lines]
        for reference, about in own.items()
        if reference != _WHOLE
    }
    if len(lines) == 2:
        return {"": [line for some in lines.values() for line in some]}
    return lines


def _results(segments: list[_Segment]) -> list[_Segment]:
    return [segment for segment in segments if segment.results] or segments


# Lines


def _unambiguous(
    lines: Iterable[str], results: re.Pattern[str]
) -> tuple[dict[str, Number], list[str]]:
    """Return the numbers in LINES by their names, and the names that have several."""
    found: dict[str, Number] = {}
    conflicting: dict[str, None] = {}
    for line in lines:
        for name, number in _pairs(line, results):
            if found.setdefault(name, number) != number:
                conflicting[name] = None
    return {n: number for n, number in found.items() if n not in conflicting}, list(conflicting)


def _pairs(line: str, results: re.Pattern[str]) -> Iterator[tuple[str, Number]]:
    """Yield the names and numbers on LINE."""
    if ("=" not in line and ":" not in line) or _TRAILER.match(line) or _COMMAND.match(line):
        return
    matches = list(_EQUALS.finditer(line))
    if ":" in line:
        starts = [*_beginnings(line, results), *(match.end() for match in matches)]
        matches += _with_colons(line, starts)
    for match in sorted(matches, key=re.Match.start):
        name, digits = match["name"], match["number"].rstrip(".")  # which may end a sentence
        number = read_number(f"{digits}{match['percent'] or ''}")
        is_metric = name.lower() not in _IS_NO_METRIC and _NO_NAME.fullmatch(name) is None
        if is_metric and number.value is not None:
            yield name, number


def _beginnings(line: str, results: re.Pattern[str]) -> Iterator[int]:
    """Yield where on LINE something is said: at its beginning, and behind what sets it apart."""
    yield _end(_BULLET, line, 0)
    for mention in find_references(line):
        word = results.match(line, mention.end)
        yield _end(_DASHES, line, word.end() if word else mention.end)
    yield from (match.end() for match in _BREAK.finditer(line))


def _with_colons(line: str, starts: Iterable[int]) -> Iterator[re.Match[str]]:
    """Yield the names with a colon and their numbers at STARTS on LINE, and right behind such."""
    done: set[int] = set()
    for start in starts:
        match = _COLON.match(line, _end(_BLANKS, line, start))
        while match is not None and match.start() not in done:
            done.add(match.start())
            yield match
            match = _COLON.match(line, _end(_BLANKS, line, match.end()))


def _end(pattern: re.Pattern[str], line: str, start: int) -> int:
    match = pattern.match(line, start)
    return match.end() if match is not None else start
