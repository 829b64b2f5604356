"""The reference grammar: `[e201]`, `[e201.1]`, `[e201.1.2]`, and what a commit says with it.

Everything here is a pure function of text. It knows no git, no org and no index.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from explog.errors import ExplogError
from explog.grammar import ABBREVIATION_PATTERN, ID_PATTERN, REFERENCE_PATTERN, STEP_PATTERN
from explog.subjects import after_prefixes, is_quote

_REFERENCE = re.compile(REFERENCE_PATTERN)
_ID = re.compile(ID_PATTERN)
_STEP = re.compile(STEP_PATTERN)
_RUN = rf"(?:\[e{ID_PATTERN}(?:\.{STEP_PATTERN})?\][ \t,;&]*)+"
_REFERENCES = re.compile(_RUN)
_BODY_RUN = re.compile(rf"[ \t]*(?:[-*+][ \t]+)?({_RUN})")
# What a squash leaves before a subject: a bullet, or at least four blanks.
_SQUASHED = re.compile(r"[ \t]*[-*+][ \t]+|[ \t]{4,}")

_FLAGS = re.compile(r"\(\?[aiLmsux]+\)")

DEFAULT_RESULTS = r"Results\b"


# Named tuples, as these are made for each of hundreds of thousands of commits.
class Reference(NamedTuple):
    """A reference to an experiment (`step` is empty) or to one of its steps."""

    experiment: str
    step: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"e{self.experiment}" + "".join(f".{n}" for n in self.step)


class Mention(NamedTuple):
    """A reference found in text, at `text[start:end]`."""

    reference: Reference
    start: int
    end: int


class Place(IntEnum):
    """Where a commit bears a reference; of two without results, the smaller value is stronger."""

    SUBJECT = 0
    BODY = 1
    MENTION = 2


class Claim(NamedTuple):
    """What one commit says of one reference.

    `results` is true for a results commit: the line is a reference followed by `Results`.
    """

    reference: Reference
    place: Place
    results: bool = False

    @property
    def strength(self) -> tuple[bool, Place]:
        """What orders claims, the strongest first: results count for more than the subject."""
        return not self.results, self.place


def is_id(text: str) -> bool:
    """Tell whether TEXT can be the id of an experiment."""
    return _ID.fullmatch(text) is not None


# Many subjects have abbreviations in brackets.
_ABBREVIATION = re.compile(ABBREVIATION_PATTERN)
_DIGITS, _LETTERS = re.compile(r"[0-9]+"), re.compile(r"[A-Za-z]+")


def id_shape(ident: str) -> str:
    """Return what IDENT has in common with ids like it: `201b` and `1300c` are `000a`.

    One and two digits, and a single letter, are told from more of them.
    """
    digits = _DIGITS.sub(lambda run: "0" * min(len(run[0]), 3), ident)
    return _LETTERS.sub(lambda run: "a" * min(len(run[0]), 2), digits)


def may_be_id(ident: str, shapes: Collection[str]) -> bool:
    """Tell whether IDENT, which no log has, is meant for an experiment, and is a mistake if so.

    It is if it is a number, or has one of the SHAPES of ids that logs have. `[e2e]` is neither.
    """
    if ident.isdigit():
        return True
    return id_shape(ident) in shapes and _ABBREVIATION.fullmatch(ident) is None


def is_step(text: str) -> bool:
    """Tell whether TEXT is the number of a step, as `1.2`."""
    return _STEP.fullmatch(text) is not None


@lru_cache
def parse_step(text: str) -> tuple[int, ...]:
    """Return the numbers of a step written as `1` or `1.2`; empty text is no step."""
    return tuple(map(int, text.split("."))) if text else ()


@lru_cache
def step_text(step: tuple[int, ...]) -> str:
    """Return STEP as it is written: `1.2`."""
    return ".".join(map(str, step))


def find_references(text: str) -> Iterator[Mention]:
    """Yield every reference in TEXT, in order."""
    for match in _matches(text):
        yield Mention(_reference(match), match.start(), match.end())


def _matches(text: str) -> Iterator[re.Match[str]]:
    # The lookbehind has a search try every character, which takes ten times as long.
    at = text.find("[e")
    while at >= 0:
        match = _REFERENCE.match(text, at)
        if match is not None:
            yield match
        at = text.find("[e", at + 2)


def _reference(match: re.Match[str]) -> Reference:
    return Reference(match[1], parse_step(match[2] or ""))


_SHOWN = 100


def results_pattern(results: str = DEFAULT_RESULTS) -> re.Pattern[str]:
    """Compile the option `results`: a regexp for what follows a results commit's reference."""
    try:
        own = re.compile(results)
    except (re.error, OverflowError, RecursionError) as error:
        said = repr(results) if len(results) <= _SHOWN else f"{results[:_SHOWN]!r}…"
        message = f"the option results is no regular expression: {said}: {error}"
        raise ExplogError("bad-config", message) from error
    # Flags like (?i) stand for all of it, and so must come first.
    flags = _FLAGS.match(results)
    rest = results[flags.end() :] if flags else results
    end = "\n" if own.flags & re.VERBOSE else ""  # a comment may come last
    return re.compile(rf"[\s:\u2013\u2014-]*(?:{rest}{end})", own.flags)


_DEFAULT_RESULTS = results_pattern()


def split_message(message: str) -> tuple[str, str]:
    """Return (subject, body) of a commit message, the subject folded to one line as git does."""
    text = message.rstrip("\n")
    subject, _blank, body = text.partition("\n\n")
    if subject and subject == subject.strip() and subject.isprintable() and "\r" not in body:
        return subject, body  # as nearly all are: one line, an empty one, the rest
    lines = message.replace("\r\n", "\n").split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip()), len(lines))
    blank = next((n for n in range(first, len(lines)) if not lines[n].strip()), len(lines))
    subject = " ".join(line.strip() for line in lines[first:blank])
    return subject, "\n".join(lines[blank + 1 :]).rstrip("\n")


def claims(message: str, results: re.Pattern[str] = _DEFAULT_RESULTS) -> tuple[Claim, ...]:
    """Return what a commit MESSAGE claims, each reference once, at its strongest place.

    A subject counts wherever the reference stands in it; a body line counts where it begins with
    the reference, as squash and squash-merge leave it; anything else is a mention. A commit whose
    subject only quotes another one, as it takes it back or is to be folded into it, claims nothing.
    Prefixes such as `feat: ` may stand before a reference.
    """
    if "[e" not in message:
        return ()
    return claims_of(*split_message(message), results)


def claims_of(
    subject: str, body: str, results: re.Pattern[str] = _DEFAULT_RESULTS
) -> tuple[Claim, ...]:
    """Return what `claims` does for a message that was split."""
    if "[e" not in subject and "[e" not in body:
        return ()
    found: dict[Reference, Claim] = {}
    if is_quote(subject):
        for text in (subject, body):
            for mention in find_references(text):
                found.setdefault(mention.reference, Claim(mention.reference, Place.MENTION))
        return tuple(found.values())
    claims = _subject_claims(subject, results)
    if "[e" in body:
        claims += _body_claims(body, results)
    if len(claims) == 1:
        return tuple(claims)
    for claim in claims:
        known = found.get(claim.reference)
        if known is None or claim.strength < known.strength:
            found[claim.reference] = claim
    return tuple(found.values())


def _subject_claims(subject: str, results: re.Pattern[str]) -> list[Claim]:
    found = list(_matches(subject))
    head = _results_end(subject, found[0].start(), results) if found else 0
    return [Claim(_reference(match), Place.SUBJECT, match.end() <= head) for match in found]


def _results_end(subject: str, start: int, results: re.Pattern[str]) -> int:
    """Return where those references of a results commit end that begin at START; else 0."""
    run = _REFERENCES.match(subject, start)
    if run is None or results.match(subject, run.end()) is None:
        return 0
    return run.end() if start == 0 or after_prefixes(subject) == start else 0


def _body_claims(body: str, results: re.Pattern[str]) -> Iterator[Claim]:
    begins = True
    for line in body.split("\n"):
        if "[e" in line:
            yield from line_claims(line, begins, results)
        begins = not line.strip()


def line_claims(line: str, begins: bool, results: re.Pattern[str]) -> Iterator[Claim]:
    """Yield what LINE of a body claims and mentions; BEGINS tells if a paragraph begins there."""
    run = _leading_references(line, begins)
    is_results = bool(run and results.match(line, run.end()))
    for mention in find_references(line):
        leading = bool(run and mention.end <= run.end())
        place = Place.BODY if leading else Place.MENTION
        yield Claim(mention.reference, place, leading and is_results)


def _leading_references(line: str, begins: bool) -> re.Match[str] | None:
    """Return the references that LINE of a body begins with; BEGINS tells if a paragraph does.

    Where it may be the subject of a commit that was squashed, there may be prefixes before them.
    """
    run = _BODY_RUN.match(line)
    squashed = _SQUASHED.match(line)
    if run is not None or not (squashed or begins):
        return run
    at = squashed.end() if squashed else 0
    if is_quote(line, at):
        return None
    return _REFERENCES.match(line, after_prefixes(line, at, body=True))
