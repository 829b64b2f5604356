"""The query language: words, phrases, references, hashes and filters to a tree.

    adam lr=0.01          both, the last word as the beginning of one; as well: adam AND lr=0.01
    lr=0.01               also where it is written lr: 0.01, lr = 0.01 or --lr 0.01
    "learning rate"       a phrase
    adam OR sgd           either; OR binds closer than the blank that means "and"
    -sweep  -kind:commit  without; as well: NOT sweep
    +sweep  --sweep       like sweep
    e201  e201.1  [e201.1]  83d45cd
    201  201.1            the text, and the experiment or step with that number
    kind: state: tag: repo: log: author: host: after: before:
    scope:lab  scope:mine                  where to search, which is no condition
    metric:acc>0.9  param:lr=1e-3  param:net=vit  metric:acc

Text in, values out; `explog.queries.find` asks the index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from explog.digits import TYPED_HASH
from explog.errors import ExplogError
from explog.grammar import ID_PATTERN, STEP_PATTERN
from explog.lab_settings import SCOPES, LabSettings
from explog.queries.comparison import KINDS as COMPARING
from explog.queries.comparison import Comparison, read_comparison
from explog.refs import Reference, parse_step

KINDS = ("experiment", "step", "note", "conclusion", "text", "commit", "run")
FILTERS = (
    "kind", "state", "tag", "repo", "log", "author", "host", "after", "before", "metric", "param",
    "scope",
)  # fmt: skip

_REFERENCE = re.compile(rf"\[?e({ID_PATTERN})(?:\.({STEP_PATTERN}))?\]?")
_NUMBER = re.compile(rf"({ID_PATTERN})(?:\.((?:[1-9][0-9]{{0,5}}\.)*[1-9][0-9]{{0,5}}))?")
# A setting with blanks in it, `lr = 0.01` or `lr: 0.01`, and a percentage, `7.4 %`, are one word.
_SETTING = rf"(?!(?:{'|'.join(FILTERS)}):)[^\W\d][\w./-]*(?:\s*=\s*[^\s=\"]\S*|:\s+[-+.]?\d\S*)"
_PERCENTAGE = r"\d[\d.,]*\s+%(?!\S)"
_TOKEN = re.compile(
    r'(?P<minus>NOT\s+(?=\S)|--(?=[^\W\d_])|-|\+(?=["\w])|)'
    rf"(?:(?P<spaced>{_SETTING}|{_PERCENTAGE})"
    r'|(?:(?P<name>[a-z]+):)?(?:"(?P<quoted>[^"]*)(?P<end>"?)|(?P<bare>\S+)))'
)
_BLANKS = re.compile(r"\s+")
_NEGATIVE = ("-", "NOT")
_PAIR = re.compile(r"([^\W\d][\w./-]*)[=:]([-+.]?\w.*)")
_PERCENT = re.compile(r"(?<=\d)%")
# SQLite cannot take in what is hundreds of conditions more; nobody types as many.
_LONGEST = 2000
_EPOCH = date(1970, 1, 1)
# Halves of characters, as bytes that are no text come from a terminal: nothing indexed has any.
_HALVES = re.compile("[\ud800-\udfff]")
_AGO = re.compile(r"(\d{1,4})([dwmy])")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


class Words(NamedTuple):
    """Text to find: a word, or a phrase when QUOTED; PREFIX: its last word may go on.

    With a REFERENCE or a HASH it is found also where that is meant. NUMBER is what it may be the
    number of: an experiment, or a step.
    """

    text: str
    quoted: bool = False
    prefix: bool = False
    reference: Reference | None = None
    hash: str | None = None
    number: Reference | None = None

    def parts(self) -> tuple[str, ...]:
        """Return the words of a phrase, the name and the value of a setting, or the word."""
        pair = None if self.quoted else _PAIR.fullmatch(self.text)
        if self.quoted:
            return tuple(self.text.split())
        return pair.groups() if pair is not None else (self.text,)

    def signs(self) -> list[tuple[str, ...]]:
        """Return the parts with signs, which a text has to have in one of their spellings.

        The full-text index drops signs. Between the name and the value of a setting, and before
        `%`, anything may stand that is no word.
        """
        parts = (self.text,) if self.quoted else self.parts()
        return [
            (part, _PERCENT.sub(" %", part))[: 1 + ("%" in part)]
            for part in parts
            if _has_signs(part)
        ]


def _has_signs(text: str) -> bool:
    return any(not (character.isalnum() or character.isspace()) for character in text)


class Filter(NamedTuple):
    """A condition that is no text.

    The value of `after` and `before` is seconds since 1970, that of `metric` and `param` compares.
    """

    name: str
    value: str | float | Comparison


Term = Words | Filter


class Clause(NamedTuple):
    """At least one of the terms holds, or none of them does when NEGATIVE."""

    terms: tuple[Term, ...]
    negative: bool = False


class Query(NamedTuple):
    """All of the clauses hold; `scope` is where to search, if the query says so."""

    clauses: tuple[Clause, ...]
    scope: str | None = None

    def words(self) -> Iterator[Words]:
        """Yield what is to be found as text, for marking and ranking."""
        for clause in self.clauses:
            if not clause.negative:
                yield from (term for term in clause.terms if isinstance(term, Words))


class _Token(NamedTuple):
    clause: Clause
    start: int
    operator: bool = False


def parse(text: str, today: date | None = None) -> Query:
    """Parse a query; TODAY is what dates such as `2w` count from.

    Raises ExplogError `bad-query`, with `position` (characters from 0) in its data.
    """
    if len(text) > _LONGEST:
        reason = f"a query has at most {_LONGEST} characters"
        raise ExplogError("bad-query", reason, position=_LONGEST, reason=reason)
    text = _HALVES.sub("\N{REPLACEMENT CHARACTER}", text)
    said = list(_tokens(text, today or date.today()))
    scope, tokens = _scope(said, text)
    clauses: list[Clause] = []
    joining = False
    for index, token in enumerate(tokens):
        if token.operator:
            if joining or not clauses or index == len(tokens) - 1:
                raise bad_query("OR stands between two things", text, token.start)
            joining = True
        elif joining:
            if token.clause.negative or clauses[-1].negative:
                raise bad_query("what is left out cannot be an alternative", text, token.start)
            clauses[-1] = Clause(clauses[-1].terms + token.clause.terms)
            joining = False
        else:
            clauses.append(token.clause)
    if tokens[-1:] == said[-1:]:
        clauses = _open_end(clauses, text)
    return Query(tuple(clauses), scope)


def asks_lab(query: Query, group: LabSettings) -> bool:
    """Tell whether QUERY searches the lab of GROUP as well: it says so, or it is the default."""
    return (query.scope or (group.scope if group.address else "mine")) == "lab"


def _scope(tokens: list[_Token], text: str) -> tuple[str | None, list[_Token]]:
    """Return where TOKENS of the query TEXT say to search, the last if twice, and the others."""
    scope, others = None, []
    for token in tokens:
        term = next(iter(token.clause.terms), None)
        if not isinstance(term, Filter) or term.name != "scope":
            others.append(token)
        elif token.clause.negative:
            raise bad_query(
                "scope: says where to search, and cannot be left out", text, token.start
            )
        else:
            scope = str(term.value)
    return scope, others


def _open_end(clauses: list[Clause], text: str) -> list[Clause]:
    """Let the last word go on, if the query ends with it."""
    if clauses and not text[-1:].isspace() and not clauses[-1].negative:
        *others, last = clauses[-1].terms
        if isinstance(last, Words) and not last.quoted:
            clauses[-1] = Clause((*others, last._replace(prefix=True)))
    return clauses


def _tokens(text: str, today: date) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        start = match.start()
        if match[0] == "OR":
            yield _Token(Clause(()), start, operator=True)
            continue
        if match[0] == "AND" and text.strip() != "AND":
            continue
        if match["quoted"] is not None and not match["end"]:
            raise bad_query("a quote is not closed", text, match.end() - len(match["quoted"]) - 1)
        negative = match["minus"].rstrip() in _NEGATIVE
        yield _Token(Clause((_term(match, text, today),), negative), start)


def _term(match: re.Match[str], text: str, today: date) -> Term:
    name, quoted, bare = match["name"], match["quoted"], match["bare"]
    start = match.start() + len(match["minus"])
    if match["spaced"] is not None:
        return Words(_BLANKS.sub("", match["spaced"]))
    if name in FILTERS:
        value = bare if quoted is None else quoted
        return _filter(name, value, text, start + len(name) + 1, today)
    if quoted is not None and name is None:
        if not quoted.strip():
            raise bad_query("a phrase needs words", text, start)
        return _checked(Words(quoted, quoted=True), text, start)
    word = text[start : match.end()]
    if word.endswith(":") and word[:-1] in FILTERS:
        raise bad_query(f"{word} needs a value", text, start, filter=word[:-1])
    if word in ("-", "NOT") or not word:
        raise bad_query(f"{word or '-'} needs what is to be left out", text, match.start())
    reference = _REFERENCE.fullmatch(word)
    if reference is not None:
        step = parse_step(reference[2] or "")
        return Words(word, reference=Reference(reference[1], step))
    is_hash = TYPED_HASH.fullmatch(word) is not None
    number = _NUMBER.fullmatch(word) if not is_hash or word.isdigit() else None
    found = Words(
        word,
        hash=word if is_hash else None,
        number=Reference(number[1], parse_step(number[2] or "")) if number is not None else None,
    )
    return _checked(found, text, start)


def _checked(words: Words, text: str, start: int) -> Words:
    if not any(character.isalnum() for character in words.text):
        raise bad_query("nothing is found by signs alone", text, start)
    return words


def _filter(name: str, value: str, text: str, start: int, today: date) -> Filter:
    if not value:
        raise bad_query(f"{name}: needs a value", text, start, filter=name)
    if name == "kind" and value not in KINDS:
        raise bad_query(f"kind: is one of {', '.join(KINDS)}", text, start)
    if name == "scope" and value not in SCOPES:
        raise bad_query(f"scope: is {' or '.join(SCOPES)}", text, start)
    if name in COMPARING:
        try:
            return Filter(name, read_comparison(name, value))
        except ValueError as error:
            raise bad_query(str(error), text, start) from error
    if name not in ("after", "before"):
        return Filter(name, value)
    day = _day(value, today)
    if day is None:
        raise bad_query("a date is written 2018-06-06, 2018-06, 2w or yesterday", text, start)
    day = max(day, _EPOCH)  # nothing is older, and the first years are outside of some zones
    return Filter(name, datetime(day.year, day.month, day.day).timestamp())


def may_ask_for_runs(text: str) -> bool:
    """Tell whether the query TEXT may ask for runs, without parsing it."""
    return re.search(r'host:|state:|kind:"?run', text) is not None


def days_ago(text: str) -> int | None:
    """Return how many days TEXT is, as `2w`; None if it is no such length of time."""
    match = _AGO.fullmatch(text)
    return None if match is None else int(match[1]) * _DAYS[match[2]]


def _day(value: str, today: date) -> date | None:
    """Return the day that VALUE means; a month or a year means its first."""
    named = {"today": 0, "yesterday": 1}
    if value in named:
        return today - timedelta(days=named[value])
    days = days_ago(value)
    try:
        if days is not None:
            return today - timedelta(days)
        parts = [int(part) for part in value.split("-")]
        return date(*[*parts, 1, 1][:3]) if len(parts) <= 3 else None
    except (ValueError, OverflowError):
        return None


def bad_query(reason: str, text: str, position: int, **data: object) -> ExplogError:
    """Return the error that the query TEXT is wrong at POSITION, for REASON."""
    message = f"{reason}:\n  {text}\n  {' ' * position}^"
    return ExplogError("bad-query", message, position=position, reason=reason, **data)
