"""Commits with a subject: by its words and by looking at all, the same are found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from explog.index import alike
from explog.index.alike import commits_named, commits_of_times
from explog.sync.look import sync
from support.logs import Logs

SUBJECTS = [
    *("wip", "wip", "wip.", "WIP", "more wip", "wip more", "[e1.1] wip", '[e1.1] Results: a "b"'),
    *(
        "...",
        "+",
        "Müller's run",
        "Mu\u0308ller's run",
        "学習率を上げる",
        "ｆｕｌｌ width",
        "ﬁne-tune, naïve",
    ),
    *(
        "a b c d e f g h i j k l m n",
        "a b c d e f g h i j k l m o",
        "x_y",
        "x y",
        "\U0001f41b fix ½",
    ),
]


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    logs = Logs(tmp_path)
    for name in ("one", "two"):
        repo = logs.repo(name)
        for number, subject in enumerate(SUBJECTS):
            repo.commit(f"{subject}\n\nwip 学習" if number % 2 else subject)
    sync(logs.settings, logs.index)
    return logs


@pytest.mark.parametrize("few", [16, 0], ids=["by words", "by looking at all"])
def test_all_commits_with_a_subject_are_found(
    logs: Logs, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alike, "_FEW", few)
    named = Counter(SUBJECTS)
    for subject in [*named, "wi", "nothing", ""]:
        found = list(commits_named(logs.index, [subject]))
        assert [said for _commit, said in found] == [subject] * 2 * named[subject]
        assert len({(commit.oid, commit.common_dir) for commit, _said in found}) == len(found)
    some = list(named)[:9]
    everything = Counter(said for _commit, said in commits_named(logs.index, some))
    assert everything == {subject: 2 * named[subject] for subject in some}


def test_words_are_asked_for_and_no_table_is_read_through(logs: Logs) -> None:
    told: list[str] = []
    logs.index._connection.set_trace_callback(told.append)
    assert list(commits_named(logs.index, ["more wip"]))
    logs.index._connection.set_trace_callback(None)
    asked = [sql for sql in told if sql.startswith("SELECT oid")]
    plans = [row[3] for sql in asked for row in logs.index.read(f"EXPLAIN QUERY PLAN {sql}")]
    assert plans
    assert not [plan for plan in plans if plan.startswith("SCAN commits")]


def test_commits_of_a_second(logs: Logs) -> None:
    (time,) = logs.index.one("SELECT author_time FROM commits WHERE subject = 'x_y' LIMIT 1")
    found = [subject for _commit, subject in commits_of_times(logs.index, [time])]
    assert found == ["x_y"] * 2
