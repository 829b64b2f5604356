"""Read YAML, and make nothing of it but texts, numbers, tables and lists, whatever it calls for.

Its parts come one by one, so that a text made to fill the memory is left where it begins to.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from explog.results.rows import (
    DEEPEST,
    MERGE,
    LeftOut,
    Table,
    Tree,
    UnreadableError,
    as_rows,
    observations,
    shortened,
)

# Half a second for a Python that lacks the library in C.
_MOST_PARTS = 20_000
_STANDARD = "tag:yaml.org,2002:"
_NAMES = ("str", "int", "float", "bool", "null", "map", "seq")
_READ_TAGS = {"!", *(f"{_STANDARD}{name}" for name in _NAMES)}
_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE, _FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")
_BOOLEANS = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}


def read_yaml(text: str) -> list[tuple[int, Tree]]:
    """Return what is in TEXT, by rows: the one document, or several, or the tables of a list.

    Raises UnreadableError.
    """
    yaml, loader = _yaml()
    builder = _Builder()
    try:
        for number, event in enumerate(yaml.parse(text, Loader=loader)):
            if number > _MOST_PARTS:
                raise UnreadableError(f"it has more than {_MOST_PARTS:,} parts")
            builder.take(event)
    except yaml.YAMLError as error:
        raise UnreadableError(f"it is no YAML: {_reason(error)}") from error
    documents = builder.documents
    if len(documents) == 1:
        return as_rows(documents[0])
    return observations(list(enumerate(documents, 1)))


@cache
def _yaml() -> tuple[Any, Any]:
    """Return PyYAML and its parser; imported at first use, as few logs need it."""
    import yaml

    return yaml, getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _reason(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is broken"
    return f"{reason} (line {mark.line + 1})" if mark is not None else str(reason)


class _Open:
    """A table or a list whose end has not come yet."""

    def __init__(self, tree: Tree, anchor: str | None, is_table: bool) -> None:
        self.tree = tree
        self.anchor = anchor
        self._is_table = is_table
        self._keys: list[str] = []

    def add(self, value: Tree, key: str) -> None:
        """Add VALUE, which is called KEY if it is the key of the next one."""
        if self._is_table and not self._keys:
            self._keys.append(key)
        elif isinstance(self.tree, Table):
            self.tree.items.append((self._keys.pop(), value))
        elif isinstance(self.tree, list):
            self.tree.append(value)
        else:  # what has a tag that is not read
            self._keys.clear()


class _Builder:
    """Makes trees of the events of the parser."""

    def __init__(self) -> None:
        self.documents: list[Tree] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, Tree] = {}

    def take(self, event: Any) -> None:
        """Take the next EVENT."""
        kind = type(event).__name__
        if kind == "DocumentStartEvent":
            self._anchors = {}
        elif kind == "ScalarEvent":
            is_merge = event.value == "<<" and event.implicit[0]
            self._add(_scalar(event), event.anchor, MERGE if is_merge else event.value)
        elif kind == "AliasEvent":
            if event.anchor not in self._anchors:
                raise UnreadableError(f"its alias *{event.anchor} stands for what is not there yet")
            value = self._anchors[event.anchor]
            self._add(value, None, value if isinstance(value, str) else "")
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            self._begin(event, is_table=kind == "MappingStartEvent")
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            done = self._open.pop()
            self._add(done.tree, done.anchor, "")

    def _begin(self, event: Any, is_table: bool) -> None:
        if len(self._open) > DEEPEST:
            raise UnreadableError(f"it is nested deeper than {DEEPEST} tables")
        tree: Tree = Table([]) if is_table else []
        if not _is_read(event.tag):
            tree = LeftOut(f"of the type {shortened(event.tag)}")
        self._open.append(_Open(tree, event.anchor, is_table))

    def _add(self, value: Tree, anchor: str | None, key: str) -> None:
        if anchor is not None:
            self._anchors[anchor] = value
        if self._open:
            self._open[-1].add(value, key)
        else:
            self.documents.append(value)


def _scalar(event: Any) -> Tree:
    if not _is_read(event.tag):
        return LeftOut(f"of the type {shortened(event.tag)}")
    text: str = event.value
    if event.implicit[0]:  # plain, without quotes or a tag
        return None if text in _NULL else _BOOLEANS.get(text, text)
    return text


def _is_read(tag: str | None) -> bool:
    return tag is None or tag in _READ_TAGS
