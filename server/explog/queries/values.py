"""The values that a filter of a query can have: states, tags, repositories, logs, metrics."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence

from explog.index.commits import all_repositories
from explog.index.database import Index
from explog.index.logs import all_logs
from explog.index.words import fold
from explog.lab_settings import SCOPES
from explog.queries.comparison import KINDS as COMPARING
from explog.queries.comparison import Comparison
from explog.queries.query import KINDS, Filter
from explog.runs.record import STATES
from explog.wording import listed

MOST_LISTED = 20
"""How many values are listed for people."""

_OF = {
    "state": "no experiment is in the state {}",
    "tag": "no experiment has the tag {}",
    "repo": "no repository is called {}",
    "log": "no log is called {}",
    "host": "no run was on the host {}",
    "metric": "no commit has the metric {}",
    "param": "no commit has the parameter {}",
}


def values(index: Index, name: str, hosts: Sequence[str] = ()) -> list[str]:
    """Return the values that the filter NAME can have, most frequent first; empty if any.

    HOSTS are those of the runs that are known; without any, no state is one of a run.
    """
    if name in ("kind", "host", "scope"):
        return list({"kind": KINDS, "host": hosts, "scope": SCOPES}[name])
    if name == "state":
        sql = "SELECT todo FROM experiments WHERE todo IS NOT NULL GROUP BY todo"
        found = [row[0] for row in index.read(f"{sql} ORDER BY count(*) DESC, todo")]
        return [*found, *(STATES if hosts else ())]
    if name == "tag":
        counts: Counter[str] = Counter()
        for tags, count in index.read("SELECT tags, count(*) FROM experiments GROUP BY tags"):
            counts.update(dict.fromkeys(json.loads(tags), count))
        return [tag for tag, _count in counts.most_common()]
    if name == "repo":
        return [short_name(record.path, ".git") for record in all_repositories(index)]
    if name == "log":
        return [short_name(record.path, ".org") for record in all_logs(index)]
    sql = "SELECT name FROM numbers WHERE kind = ? GROUP BY name ORDER BY count(*) DESC, name"
    kind = COMPARING.get(name)
    return [] if kind is None else [row[0] for row in index.read(sql, kind)]


def unknown_value(index: Index, term: Filter, hosts: Sequence[str] = ()) -> str | None:
    """Say which values there are, if nothing has the value of TERM; None if something has it.

    HOSTS are as for `values`.
    """
    if term.name not in _OF:
        return None
    found = values(index, term.name, hosts)
    wanted = term.value.name if isinstance(term.value, Comparison) else str(term.value)
    known = {
        "state": lambda: fold(wanted) in map(fold, found),
        "tag": lambda: wanted in found,
        "host": lambda: wanted.partition(".")[0] in found,
        "repo": lambda: any(names(wanted, one.path, ".git") for one in all_repositories(index)),
        "log": lambda: any(names(wanted, one.path, ".org") for one in all_logs(index)),
        "metric": lambda: wanted in found,
        "param": lambda: wanted in found,
    }
    if known[term.name]():
        return None
    there_are = f"there are {listed(found, MOST_LISTED)}" if found else "there is none"
    return f"{_OF[term.name].format(wanted)}; {there_are}"


def short_name(path: str, suffix: str) -> str:
    """Return the name of the file or folder PATH, without SUFFIX."""
    return os.path.basename(path).removesuffix(suffix)


def names(value: str, path: str, suffix: str) -> bool:
    """Tell whether VALUE is the name of the file or folder PATH, or a part of its whole path."""
    name = os.path.basename(path)  # there may be thousands, and pathlib takes ten times as long
    return value in (name, name.removesuffix(suffix)) or ("/" in value and value in path)
