"""A query as the lab takes it: JSON, of which the lab makes conditions of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explog.digits import SHORTEST
from explog.index.words import fold, tokens
from explog.lab.words import Tokenizer
from explog.queries.comparison import KINDS, Comparison
from explog.queries.query import Clause, Filter, Query, Term, Words
from explog.refs import Reference, step_text

_FOLDED = ("author", "state")
_KNOWN = ("kind", "repo", "log", "author", "state", "tag")


def question(query: Query) -> dict[str, object]:
    """Return QUERY as JSON for the lab."""
    tokenizer = Tokenizer()
    return {"clauses": [_clause(clause, tokenizer) for clause in query.clauses]}


def _clause(clause: Clause, tokenizer: Tokenizer) -> dict[str, object]:
    terms = [_term(term, tokenizer) for term in clause.terms]
    return {"negative": clause.negative, "terms": terms}


def _term(term: Term, tokenizer: Tokenizer) -> Mapping[str, object]:
    return _words(term, tokenizer) if isinstance(term, Words) else _filter(term)


def _words(words: Words, tokenizer: Tokenizer) -> dict[str, object]:
    found = tokens(words.text)
    # A letter would be the beginning of nearly every word.
    goes_on = words.prefix and words.text[-1].isalnum() and len((found or [""])[-1]) > 1
    asked: dict[str, Any] = {
        "words": tokenizer.words(" ".join(found)),
        "prefix": goes_on,
        "looks": [[_plain(fold(one)) for one in part] for part in words.signs()],
    }
    if words.reference is not None:
        asked["reference"] = _reference(words.reference)
    if words.number is not None:
        asked["number"] = _reference(words.number)
    if words.hash is not None:
        sizes = range(SHORTEST, len(words.hash))
        asked |= {"hash": words.hash, "shorter": [words.hash[:size] for size in sizes]}
    return asked


def _reference(reference: Reference) -> dict[str, str]:
    return {"experiment": reference.experiment, "step": step_text(reference.step)}


def _filter(term: Filter) -> dict[str, object]:
    value = term.value
    if isinstance(value, Comparison):
        return _comparison(term.name, value)
    if isinstance(value, float):
        return {"filter": term.name, "value": str(int(value))}
    if term.name not in _KNOWN:
        return {"filter": "never"}
    return {"filter": term.name, "value": _plain(fold(value) if term.name in _FOLDED else value)}


def _comparison(kind: str, comparison: Comparison) -> dict[str, object]:
    asked: dict[str, object] = {
        "filter": "number",
        "kind": KINDS[kind],
        "metric": _plain(comparison.name),
        "operator": comparison.operator,
        "unit": comparison.unit,
        "folded": _plain(fold(comparison.text)),
    }
    if comparison.number is not None:
        asked["number"] = str(comparison.number)
    return asked


def _plain(text: str) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
