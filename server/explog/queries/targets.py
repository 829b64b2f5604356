"""The two targets of a search: commits, and passages of logs.

They differ in their tables, in what a reference or a filter means for them, and in what a row of
theirs says. `explog.queries.find` makes statements of that.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from explog.digits import SHORTEST
from explog.index.commits import IS_EXPERIMENT
from explog.index.database import Index, marks
from explog.index.stamps import seconds_of
from explog.index.words import REPOSITORY, fold
from explog.model import StepNumber
from explog.queries.comparison import Comparison, condition
from explog.queries.query import Words
from explog.queries.sql import NEVER, Condition
from explog.queries.values import names
from explog.refs import Place, Reference, parse_step, step_text

# Numbers `n`, and the commits `c` that gave them, in this order.
_NUMBERS = (
    "numbers n CROSS JOIN sampled ON sampled.sample = n.sample"
    " CROSS JOIN commits c ON c.id = commit_id"
)
_OF_EXPERIMENT = "passages p ON p.section = e.section AND p.experiment = e.id"
# The full-text index is asked for a filter that stands for up to this many words.
_FEW_WORDS = 32
# The passages of up to this many experiments are found faster one after the other than among all.
_FEW = 500


class Match(NamedTuple):
    """A commit or passage that a query found. What does not apply is None.

    `title` is the experiment's, or a commit's subject; `text` is all that was searched; `date` is
    seconds since 1970 of a commit, noon of a passage's day, or None; `exact` means that the query
    names this very thing. `lead` is shown before the text, and not searched.
    """

    kind: str
    experiment: str | None
    step: StepNumber
    title: str
    text: str
    file: str | None
    line: int | None
    repository: str | None
    commit: str | None
    date: int | None
    exact: bool
    lead: str = ""


class SearchTarget:
    """What differs between commits and passages. `key` is the column that is a rowid of `words`."""

    words: str
    alias: str
    key: str
    text: str
    columns: str
    base: str
    tables: str
    # What joins `tables` to experiments `e` in sections `s` of logs `l`.
    experiments: str

    def __init__(self, index: Index) -> None:
        self.index = index

    def reference(self, reference: Reference) -> Condition | None:
        """Return a SELECT of the keys of what REFERENCE means; None if its text finds all that."""
        raise NotImplementedError

    def bears(self, reference: Reference) -> Condition | None:
        """Return the condition that a row whose text may have REFERENCE means it; None if any."""
        raise NotImplementedError

    def named(self, reference: Reference) -> Condition:
        """Return the condition for the very thing that REFERENCE names."""
        raise NotImplementedError

    def number(self, number: Reference) -> Condition:
        """Return a SELECT of the key of the experiment or step with NUMBER."""
        raise NotImplementedError

    def hash(self, words: Words) -> Condition:
        """Return a SELECT of the keys of what a hash means."""
        raise NotImplementedError

    def filter(self, name: str, value: str) -> Condition:
        """Return the condition for a filter other than a date."""
        raise NotImplementedError

    def filter_words(self, _name: str, _value: str) -> list[str]:
        """Return words of the full-text index of which what a filter finds has one; none if any."""
        return []

    def compared(self, kind: str, comparison: Comparison) -> Condition:
        """Return a SELECT of the keys of what has such a metric or parameter, as KIND says."""
        raise NotImplementedError

    def match(self, row: Sequence[object]) -> Match:
        """Return the match for a row of `columns`."""
        raise NotImplementedError


class CommitTarget(SearchTarget):
    """Commits that a branch reaches."""

    words = "commit_words"
    alias = "c"
    key = "c.stamp"
    text = "c.subject || char(10) || c.body"
    columns = (
        "c.subject, c.subject || char(10) || c.body, r.path, c.oid,"
        " c.committer_time,"
        " (SELECT experiment || ' ' || step FROM claims WHERE commit_id = c.id"
        f" AND {IS_EXPERIMENT} ORDER BY place, results DESC, step = '' LIMIT 1)"
    )
    base = "commits c"
    tables = "commits c JOIN repositories r ON r.id = c.repository"
    experiments = (
        f" CROSS JOIN claims k ON k.commit_id = c.id AND k.place < {Place.MENTION:d}"
        " JOIN experiments e ON e.ident = k.experiment JOIN sections s ON s.id = e.section"
        " JOIN logs l ON l.id = s.log"
    )

    def reference(self, reference: Reference) -> Condition | None:
        if not reference.step:
            return None  # whose claims are of a message that has `e201`, as written
        sql = (
            "SELECT stamp FROM claims JOIN commits ON commits.id = commit_id"
            " WHERE experiment = ? AND (step = ? OR step LIKE ?)"
        )
        step = step_text(reference.step)
        return Condition(sql, (reference.experiment, step, f"{step}.%"))

    def bears(self, reference: Reference) -> Condition | None:
        if reference.step:
            return None
        claim = "SELECT 1 FROM claims k WHERE k.commit_id = c.id AND k.experiment = ?"
        return Condition(f"EXISTS ({claim})", (reference.experiment,))

    def named(self, _reference: Reference) -> Condition:
        return NEVER

    def hash(self, words: Words) -> Condition:
        prefix = words.hash or ""
        sql = (
            "SELECT stamp FROM repositories CROSS JOIN commits"
            " ON repository = repositories.id AND oid >= ? AND oid < ?"
        )
        return Condition(sql, (prefix, f"{prefix}g"))

    def filter(self, name: str, value: str) -> Condition:
        if name == "kind":
            return Condition(str(int(value == "commit")))
        if name == "author":
            name_or_mail = "folded(c.author || ' <' || c.email || '>')"
            return Condition(f"instr({name_or_mail}, ?) > 0", (fold(value),))
        if name == "repo":
            wanted = self._repositories(value)
            if not wanted:
                return NEVER
            # The sign makes SQLite take the newest commits, not all of a repository and sort them.
            return Condition(f"+c.repository IN ({','.join(map(str, wanted))})")
        return NEVER

    def filter_words(self, name: str, value: str) -> list[str]:
        wanted = self._repositories(value) if name == "repo" else []
        # Where it is more repositories, enough of the newest commits are theirs.
        return [] if len(wanted) > _FEW_WORDS else [f"{REPOSITORY}{one}" for one in wanted]

    def _repositories(self, value: str) -> list[int]:
        """Return the numbers of the repositories with the name VALUE."""
        paths = self.index.read("SELECT id, path FROM repositories")
        return [number for number, path in paths if names(value, path, ".git")]

    def compared(self, kind: str, comparison: Comparison) -> Condition:
        wanted, values = condition(kind, comparison)
        return Condition(f"SELECT c.stamp FROM {_NUMBERS} WHERE {wanted}", values)

    def match(self, row: Sequence[object]) -> Match:
        subject, text, path, oid, seconds, claim, exact = row
        experiment, _space, step = str(claim or "").partition(" ")
        return Match(
            kind="commit",
            experiment=experiment or None,
            step=parse_step(step),
            title=str(subject),
            text=str(text),
            file=None,
            line=None,
            repository=str(path),
            commit=str(oid),
            date=int(str(seconds)),
            exact=bool(exact),
        )


class PassageTarget(SearchTarget):
    """What stands in logs: titles, steps, notes and conclusions of experiments, and other text."""

    words = "passage_words"
    alias = "p"
    key = "p.stamp"
    text = "p.text"
    columns = (
        "p.kind, e.ident, p.step, coalesce(p.title, e.title), p.text, l.path, s.line + p.line,"
        " p.day, p.stamp"
    )
    base = "passages p"
    tables = (
        "passages p JOIN sections s ON s.id = p.section JOIN logs l ON l.id = s.log"
        " LEFT JOIN experiments e ON e.id = p.experiment"
    )
    experiments = ""

    def reference(self, reference: Reference) -> Condition:
        sql = f"SELECT p.stamp FROM experiments e JOIN {_OF_EXPERIMENT} WHERE e.ident = ?"
        values: tuple[object, ...] = (reference.experiment,)
        if reference.step:
            step = step_text(reference.step)
            sql, values = f"{sql} AND (p.step = ? OR p.step LIKE ?)", (*values, step, f"{step}.%")
        return Condition(sql, values)

    def bears(self, _reference: Reference) -> Condition | None:
        return None

    def named(self, reference: Reference) -> Condition:
        kind = "step" if reference.step else "experiment"
        values = (reference.experiment, kind, step_text(reference.step))
        return Condition("(e.ident = ? AND p.kind = ? AND p.step = ?)", values)

    def number(self, number: Reference) -> Condition:
        kind = "step" if number.step else "experiment"
        sql = (
            f"SELECT p.stamp FROM experiments e JOIN {_OF_EXPERIMENT}"
            " WHERE e.ident = ? AND p.kind = ? AND p.step = ?"
        )
        return Condition(sql, (number.experiment, kind, step_text(number.step)))

    def hash(self, words: Words) -> Condition:
        # A step bears an abbreviation; what is looked for may be shorter or longer.
        prefix = words.hash or ""
        sql = (
            "SELECT p.stamp FROM steps t JOIN experiments e ON e.id = t.experiment"
            f" JOIN {_OF_EXPERIMENT} AND p.step = t.number"
            " WHERE (t.hash >= ? AND t.hash < ?)"
        )
        shorter = [prefix[:size] for size in range(SHORTEST, len(prefix))]
        if shorter:
            sql += f" OR t.hash IN ({','.join('?' * len(shorter))})"
        return Condition(sql, (prefix, f"{prefix}g", *shorter))

    def filter(self, name: str, value: str) -> Condition:
        if name == "kind":
            return NEVER if value in ("commit", "run") else Condition("p.kind = ?", (value,))
        if name == "state":
            states = self.index.read("SELECT DISTINCT todo FROM experiments WHERE todo IS NOT NULL")
            wanted = [state for (state,) in states if fold(state) == fold(value)]
            return self._of_experiments(f"e.todo IN ({marks(wanted)})", *wanted)
        if name == "tag":
            tag = json.dumps(value, ensure_ascii=False)
            return self._of_experiments("instr(coalesce(e.tags, ''), ?) > 0", tag)
        if name == "log":
            paths = self.index.read("SELECT id, path FROM logs")
            found = [number for number, path in paths if names(value, path, ".org")]
            return Condition(f"l.id IN ({','.join(map(str, found))})")
        return NEVER

    def _of_experiments(self, condition: str, *values: str) -> Condition:
        """Return that a passage is of an experiment with CONDITION, on a column of `e`."""
        sql = f"SELECT id, section FROM experiments e WHERE {condition} LIMIT {_FEW + 1}"
        rows = list(self.index.read(sql, *values))
        if not rows:
            return NEVER
        if len(rows) > _FEW:
            return Condition(condition, values)
        experiments, sections = (
            ",".join(map(str, dict.fromkeys(row[column] for row in rows))) for column in (0, 1)
        )
        # The sign keeps SQLite from looking up each experiment in each section.
        sign = "+" if "," in sections else ""
        return Condition(f"(p.section IN ({sections}) AND {sign}p.experiment IN ({experiments}))")

    def compared(self, kind: str, comparison: Comparison) -> Condition:
        """A step is found by what the commit gave that stands on it."""
        wanted, values = condition(kind, comparison)
        # The digits on a step begin the id of its commit.
        sql = (
            f"SELECT p.stamp FROM {_NUMBERS} CROSS JOIN samples m ON m.id = n.sample"
            " CROSS JOIN steps t ON t.hash BETWEEN substr(c.oid, 1, 4) AND c.oid"
            " AND t.hash = substr(c.oid, 1, length(t.hash))"
            f" CROSS JOIN experiments e ON e.id = t.experiment CROSS JOIN {_OF_EXPERIMENT}"
            " AND p.kind = 'step' AND p.step = t.number"
            f" WHERE {wanted} AND m.reference IN ('', 'e' || e.ident || '.' || t.number)"
        )
        return Condition(sql, values)

    def match(self, row: Sequence[object]) -> Match:
        kind, ident, step, title, text, path, line, day, stamp, exact = row
        return Match(
            kind=str(kind),
            experiment=None if ident is None else str(ident),
            step=parse_step(str(step)),
            title=str(title),
            text=str(text),
            file=str(path),
            line=int(str(line)),
            repository=None,
            commit=None,
            date=seconds_of(int(str(stamp))) if day else None,
            exact=bool(exact),
        )
