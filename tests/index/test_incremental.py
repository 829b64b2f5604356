"""What an index holds after any history of looks is what one look at the end would give."""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explog.config import Root, Settings
from explog.git.discovery import discover
from explog.index.database import Index, open_index
from explog.index.words import tokens
from explog.results.reading import read_all
from explog.sync.look import sync
from support.objects import settled
from support.repo import GitRepo

WORDS = ["alpha", "beta", "gamma", "学習率", "lr=0.01", "naïve"]


def dump(index: Index) -> dict[str, list[tuple[object, ...]]]:
    """Return all that the index says, without the numbers that its rows happen to have."""
    queries = {
        "commits": "SELECT path, oid, author, email, author_time, committer_time, generation,"
        " subject, body FROM commits JOIN repositories r ON r.id = repository",
        "claims": "SELECT oid, experiment, step, place, results FROM claims"
        " JOIN commits ON commits.id = commit_id",
        "experiments": "SELECT path, s.line + e.line, s.start + e.start, e.size, ident, aliases,"
        " title, todo, done, tags, created FROM experiments e JOIN sections s ON s.id = section"
        " JOIN logs ON logs.id = log",
        "steps": "SELECT ident, position, number, t.line, text, box, hash FROM steps t"
        " JOIN experiments e ON e.id = t.experiment",
        "passages": "SELECT path, ident, p.title, kind, step, s.line + p.line, text, day"
        " FROM passages p JOIN sections s ON s.id = p.section JOIN logs ON logs.id = log"
        " LEFT JOIN experiments e ON e.id = p.experiment",
        "diagnoses": "SELECT kind, s.line + d.line, message, experiment FROM diagnoses d"
        " JOIN sections s ON s.id = section",
        "logs": "SELECT path, digest, problem FROM logs",
        "repositories": "SELECT path, common_dir FROM repositories",
        "values": "SELECT oid, source, kind, name, n.text, value, unit FROM readings"
        " JOIN commits c ON c.id = commit_id LEFT JOIN sampled USING (commit_id)"
        " LEFT JOIN samples m ON m.id = sample LEFT JOIN numbers n USING (sample)",
        "samples": "SELECT source FROM samples",
    }
    found = {name: sorted(index.read(sql), key=repr) for name, sql in queries.items()}
    for word in [*WORDS, "commit", "step"]:
        rows = index.read(
            "SELECT coalesce(oid, w.rowid) FROM commit_words w LEFT JOIN commits ON stamp = w.rowid"
            " WHERE commit_words MATCH ?1 UNION ALL"
            " SELECT coalesce(p.text, w.rowid) FROM passage_words w LEFT JOIN passages p"
            " ON stamp = w.rowid"
            " WHERE passage_words MATCH ?1",
            f'"{" ".join(tokens(word))}"',
        )
        found[f"words {word}"] = sorted(rows, key=repr)
    return found


class History:
    """A log and a repository that change at random, from a seed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.source = random.Random(seed)
        self.repo = GitRepo(folder / "repo")
        self.repo.commit("first")
        self.log = folder / "log.org"
        self.next = 1
        self.written = 1_500_000_000
        self.sections = ["#+TODO: TODO | DONE\n"]
        self._save()
        self.settings = Settings(logs=(str(self.log),), repositories=(Root(self.repo.path),))

    def step(self) -> None:
        """Make one change."""
        action = self.source.choice(
            [
                self._add,
                self._add,
                self._change,
                self._drop,
                self._commit,
                self._commit,
                self._results,
                self._amend,
                self._branch,
                self._delete_branch,
                self._reset,
                self._gc,
                self._keywords,
            ]
        )
        action()

    def _save(self) -> None:
        self.log.write_text("".join(self.sections), encoding="utf-8")
        # Written long ago, as what was written just now is waited for.
        self.written += 1
        os.utime(self.log, (self.written, self.written))

    def _entry(self, ident: int) -> str:
        words = self.source.choices(WORDS, k=4)
        steps = "".join(
            f"{n}. [{self.source.choice(' X')}] step {self.source.choice(WORDS)}\n"
            for n in range(1, self.source.randint(1, 4))
        )
        bad = "<2024-02-31 Sat>\n" if self.source.random() < 0.2 else ""
        title = f"* TODO [{ident}] {' '.join(words)} :exp:\n"
        return f"{title}{bad}** Notes\n- {words[0]}\n** Experiments\n{steps}"

    def _add(self) -> None:
        self.sections.insert(self.source.randint(1, len(self.sections)), self._entry(self.next))
        self.next += 1
        self._save()

    def _change(self) -> None:
        if len(self.sections) > 1:
            index = self.source.randrange(1, len(self.sections))
            self.sections[index] = self._entry(self.source.randint(1, self.next))
            self._save()

    def _drop(self) -> None:
        if len(self.sections) > 1:
            del self.sections[self.source.randrange(1, len(self.sections))]
            self._save()

    def _keywords(self) -> None:
        self.sections[0] = self.source.choice(
            ["#+TODO: TODO | DONE\n", "#+TODO: OPEN | TODO\n", ""]
        )
        self._save()

    def _commit(self) -> None:
        reference = f"[e{self.source.randint(1, 5)}.{self.source.randint(1, 3)}]"
        self.repo.commit(f"{reference} commit {self.source.choice(WORDS)}")

    def _results(self) -> None:
        number = self.source.randint(0, 99)
        self.repo.write("metrics.json", f'{{"acc": {number}}}')
        if self.source.random() < 0.5:
            self.repo.write("params.yaml", f"lr: {number % 3}")
        step = f"[e{self.source.randint(1, 5)}.{self.source.randint(1, 3)}]"
        self.repo.commit(f"{step} Results- n={number}")

    def _amend(self) -> None:
        self.repo.amend(f"[e{self.source.randint(1, 5)}.1] Results {self.source.choice(WORDS)}")

    def _branches(self) -> list[str]:
        return self.repo.run("for-each-ref", "--format=%(refname:short)", "refs/heads").split()

    def _branch(self) -> None:
        self.repo.branch(f"b{len(self._branches())}{self.source.randint(0, 99999)}")
        self._commit()

    def _delete_branch(self) -> None:
        others = [name for name in self._branches() if name != "main"]
        self.repo.switch("main")
        if others:
            self.repo.run("branch", "-D", self.source.choice(others))

    def _reset(self) -> None:
        count = int(self.repo.run("rev-list", "--count", "HEAD"))
        if count > 2:
            self.repo.run(
                "reset", "-q", "--hard", f"HEAD~{self.source.randint(1, min(3, count - 1))}"
            )

    def _gc(self) -> None:
        self.repo.run("reflog", "expire", "--expire=now", "--all")
        self.repo.run("gc", "-q", "--prune=now")


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_incremental_equals_rebuilt(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    folder = tmp_path_factory.mktemp("history")
    history = History(folder, seed)
    index = open_index(folder / "incremental.sqlite")
    for _ in range(14):
        for _ in range(history.source.randint(1, 3)):
            history.step()
        assert sync(history.settings, index).problems == []
        read_all(history.settings, index)
    fresh = open_index(folder / "rebuilt.sqlite")
    sync(history.settings, fresh)
    read_all(history.settings, fresh)
    assert dump(index) == dump(fresh)
    for table in ("commit_words", "passage_words"):
        index.write(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")
    index.close()
    fresh.close()


def test_nothing_is_read_where_nothing_changed(tmp_path: Path) -> None:
    history = History(tmp_path, 1)
    for _ in range(20):
        history.step()
    index = open_index(tmp_path / "index.sqlite")
    sync(history.settings, index)
    _settle(history)
    sync(history.settings, index)
    before = index.one("SELECT total_changes()")
    report = sync(history.settings, index)
    assert not report.changed
    assert index.one("SELECT total_changes()") == before
    subprocess.run(["git", "status"], cwd=history.repo.path, check=True, capture_output=True)
    assert not sync(history.settings, index).changed


def _settle(history: History) -> None:
    """Make every stamp older than the tick in which a second write would go unseen."""
    old = time.time() - 10
    os.utime(history.log, (old, old))
    [repository] = discover([(history.repo.path, 0)])
    settled(repository)  # nobody can set the time of the last change
