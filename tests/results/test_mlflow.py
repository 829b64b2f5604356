"""Runs that MLflow keeps, in files and in a database, are results of the steps that they name."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explog.results.trackers import mlflow_database
from explog.results.trackers.mlflow_database import read_database
from explog.results.trackers.mlflow_folder import _last, read_mlruns
from support.trackers import IDENTS, Tracked, put_database, put_mlruns

COMMIT = "83d45cd0" * 5
SHOWN = {
    "1": {"acc": "0.7165 ± 0.0035", "bleu": "nan", "ppl": "inf", "val/loss": "0.2835 ± 0.0035"},
    "2": {"acc": "0.72", "bleu": "nan", "ppl": "inf", "val/loss": "0.28"},
    "3": {"acc": "0.73", "bleu": "nan", "ppl": "inf", "val/loss": "0.27"},
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Tracked]:
    world = Tracked(tmp_path)
    yield world
    world.index.close()


@pytest.mark.parametrize(("put", "name"), [(put_mlruns, "mlruns"), (put_database, "mlflow.db")])
def test_runs_by_name_tag_and_note(world: Tracked, put: Callable[[Path], Path], name: str) -> None:
    put(world.top)
    table = world.table()
    assert table.troubles == ()
    assert {number: sorted(cells.items()) for number, cells in world.shown().items()} == {
        number: sorted(cells.items()) for number, cells in SHOWN.items()
    }
    one, two, three = table.rows
    assert [row.source for row in table.rows] == [
        f"{name} (*)",
        f"{name} (calm-owl-3)",
        f"{name} (bold-fox-4)",
    ]
    assert (one.n, one.parameter("lr"), one.parameter("optimizer")) == (2, "0.1", "adam")
    assert sorted(one.parameter("seed").split(", ")) == ["1", "2"]
    assert {row.result.commit for row in table.rows} == {COMMIT}
    assert three.result.repository == str(world.top)
    assert two.result.time > 1_700_000_000


def test_a_database_counts_before_files_of_the_same_runs(world: Tracked) -> None:
    put_mlruns(world.top)
    put_database(world.top)
    assert world.table().rows[0].n == 2
    assert world.table().rows[0].source == "mlflow.db (*)"


def test_the_commit_of_a_step_counts_before(world: Tracked) -> None:
    put_mlruns(world.top)
    world.repo.commit("[e201.2] Results", file="metrics.json", text='{"acc": 0.5}')
    assert world.shown()["2"] == {**SHOWN["2"], "acc": "0.5"}


def test_a_setting_says_where_to_look(world: Tracked, tmp_path: Path) -> None:
    elsewhere = put_mlruns(tmp_path / "cluster")
    assert world.shown() == {}
    world.logs.trackers = (str(elsewhere),)
    assert world.shown()["2"] == SHOWN["2"]
    put_mlruns(world.top)
    world.logs.trackers = ()
    assert world.shown() == {}


def test_a_folder_that_two_worktrees_have_counts_once(world: Tracked, tmp_path: Path) -> None:
    other = tmp_path / "other"
    world.repo.run("worktree", "add", "--quiet", "--detach", str(other))
    (other / "mlruns").symlink_to(put_mlruns(world.top))
    row = world.table().rows[0]
    assert (row.n, row.result.repository) == (2, str(world.top))


# Files


def test_what_does_not_count(world: Tracked) -> None:
    place = put_mlruns(world.top)
    for meta in place.glob("*/*/meta.yaml"):
        meta.write_text(
            meta.read_text().replace("lifecycle_stage: active", "lifecycle_stage: deleted")
        )
    assert world.shown() == {}


def test_links_and_pipes_are_not_followed(world: Tracked, tmp_path: Path) -> None:
    place = put_mlruns(world.top)
    (experiment,) = (one for one in place.iterdir() if one.name != "0")
    shutil.move(experiment, tmp_path / "secret")
    experiment.symlink_to(tmp_path / "secret")
    assert world.shown() == {}
    experiment.unlink()
    shutil.move(tmp_path / "secret", experiment)
    (note,) = experiment.glob("*/tags/mlflow.note.content")
    loss = note.parents[1] / "metrics" / "val" / "loss"
    loss.unlink()
    os.mkfifo(loss)
    (note.parents[1] / "metrics" / "acc").unlink()
    (note.parents[1] / "metrics" / "acc").symlink_to("/etc/passwd")
    assert world.shown()["3"] == {"bleu": "nan", "ppl": "inf"}
    assert sorted(world.table().troubles) == [
        f"{note.parents[1]}: the metric acc: it is a symbolic link, which is not followed",
        f"{note.parents[1]}: the metric val/loss: it is no file",
    ]


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ("1 0.5 0\n2 0.6 1\n", "0.6"),
        ("1 0.5 7\n2 0.6 1\n", "0.5"),  # as of a run that went on
        ("2 0.5 0\n1 0.6 0\n", "0.5"),
        ("1 0.5\n", "0.5"),  # as old versions write it
        ("1 0.5 0\n2 0.6 1", "0.5"),  # half written
        ("1 nan 0\n", "nan"),
        ("1 -inf 0 model 7\n", "-inf"),
        ("", None),
        ("x\n1 y 2\nz 0.5 0\n1 0.5 z\n", None),
        ("1 0.5 " + "9" * 50 + "\n", None),
    ],
)
def test_the_value_of_a_metric(lines: str, value: str | None) -> None:
    found = _last(lines.encode())
    assert (found.text if found else None) == value


@given(st.binary(max_size=200))
def test_no_bytes_make_a_metric_fail(data: bytes) -> None:
    _last(data)


@given(st.lists(st.binary(max_size=60), min_size=5, max_size=5))
def test_no_bytes_make_a_folder_fail(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]
) -> None:
    place = tmp_path_factory.mktemp("mlruns")
    run = place / "1" / "a"
    names = (
        "meta.yaml",
        "tags/mlflow.runName",
        "tags/mlflow.note.content",
        "params/lr",
        "metrics/acc",
    )
    for name, part in zip(names, parts, strict=True):
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        begin = {"meta.yaml": b"status: 3\n", "tags/mlflow.runName": b"e201.1"}.get(name, b"")
        (run / name).write_bytes(begin + part)
    for one in read_mlruns(str(place), "mlruns", IDENTS).runs:
        assert one.reference.startswith("e201.1")
    shutil.rmtree(place)


# The database


def test_a_database_that_is_none(world: Tracked) -> None:
    path = world.top / "mlflow.db"
    path.write_text("no database")
    assert world.table().troubles == (f"{path}: its runs cannot be read: file is not a database",)
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE other (x)")
    assert world.table().troubles == (f"{path}: its runs cannot be read: no such table: tags",)


def test_a_database_is_not_written(world: Tracked) -> None:
    path = put_database(world.top)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
    before = path.read_bytes()
    assert world.shown()["2"]["acc"] == "0.72"
    assert path.read_bytes() == before
    assert [one.name for one in world.top.glob("mlflow*")] == ["mlflow.db"]


def test_a_database_that_somebody_writes(world: Tracked) -> None:
    path = put_database(world.top)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("UPDATE latest_metrics SET value = 0.9 WHERE key = 'acc'")
        database.commit()
        assert world.shown()["2"]["acc"] == "0.9"


def test_a_question_without_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow_database, "_SECONDS", 0.1)
    path = put_database(tmp_path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE tags")
        database.execute(
            "CREATE VIEW tags AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n)"
            " SELECT x AS run_uuid, x AS key, x AS value FROM n WHERE x > 1"
        )
    assert read_database(str(path), "db", IDENTS).troubles == [
        f"{path}: its runs cannot be read: interrupted"
    ]


_CELLS = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=9),
    st.binary(max_size=9),
)


@given(st.lists(_CELLS, min_size=12, max_size=12))
def test_no_cells_make_a_database_fail(
    tmp_path_factory: pytest.TempPathFactory, cells: list[object]
) -> None:
    path = tmp_path_factory.mktemp("db") / "mlflow.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "CREATE TABLE runs (run_uuid, name, status, end_time, start_time, lifecycle_stage)"
        )
        database.execute("CREATE TABLE tags (run_uuid, key, value)")
        database.execute("CREATE TABLE latest_metrics (run_uuid, key, value, is_nan)")
        database.execute("CREATE TABLE params (run_uuid, key, value)")
        database.execute(
            "INSERT INTO runs VALUES (?, 'e201.1', 'FINISHED', ?, ?, 'active')", cells[:3]
        )
        run = cells[0]
        database.execute("INSERT INTO tags VALUES (?, ?, ?)", (run, *cells[3:5]))
        database.execute("INSERT INTO latest_metrics VALUES (?, ?, ?, ?)", (run, *cells[5:8]))
        database.execute("INSERT INTO params VALUES (?, ?, ?)", (run, *cells[8:10]))
        database.commit()
    found = read_database(str(path), "db", IDENTS)
    assert [one.reference for one in found.runs] == ["e201.1"]
    shutil.rmtree(path.parent)
