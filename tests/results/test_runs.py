"""Runs as a source of results: which of them count, with what, and what is wrong in their folders."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from explog import stuck
from explog.config import Project
from explog.results.answering import ask_each
from explog.results.asked import Asked
from explog.results.find import find_table
from explog.results.own_runs import runs_of
from explog.results.run_folder import RunFolderReader
from explog.results.table import Row, Table
from explog.runs.record import write_record
from explog.sync.look import sync
from support.hanging import be_impatient
from support.logs import Logs
from support.records import NOW, put_run, record
from support.waiting import wait_until

LOG = """\
* [201] ABC in XYZ model :exp:
** Experiments
1. [ ] Test XYZ without ABC
2. [ ] Test XYZ with ABC
3. [ ] Write it up
"""


class World:
    """A log, a repository, and runs in it."""

    def __init__(self, folder: Path) -> None:
        self.logs = Logs(folder)
        self.logs.log(LOG)
        self.repo = self.logs.repo("proj")
        self.runs = self.repo.path / "runs"
        self.count = 0

    def run(self, reference: str = "e201.1", /, files: object = None, **values: Any) -> Path:
        """Put a run that ended well into its folder, one minute after the one before it.

        FILES has contents by relative name, or only the content of `metrics.json`.
        """
        self.count += 1
        name = f"{reference}-20260105T10{self.count:02}00-node7-{self.count}"
        end = NOW + 60 * self.count
        head = self.repo.head if "head" not in values else None
        common: dict[str, Any] = {
            "reference": reference, "state": "ok", "end": end, "head": head,
            "repository": str(self.repo.path),
        }  # fmt: skip
        folder = put_run(self.runs / name, **(common | values))
        named = isinstance(files, dict) and all("." in name for name in files)
        for path, content in (
            files if isinstance(files, dict) and named else {"metrics.json": files}
        ).items():
            if content is not None:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                text = content if isinstance(content, str | bytes) else json.dumps(content)
                (folder / path).write_bytes(text.encode() if isinstance(text, str) else text)
        return folder

    def table(self, text: str = "201", *, every: bool = False) -> Table:
        settings, index = self.logs.settings, self.logs.index
        assert sync(settings, index).problems == []
        return find_table(
            settings, index, text, Asked(), every=every, runs=partial(runs_of, settings, index)
        )

    def row(self, text: str = "201", *, every: bool = False) -> Row:
        table = self.table(text, every=every)
        assert table.troubles == ()
        (row,) = table.rows
        return row

    def shown(self, text: str = "201", *, every: bool = False) -> dict[str, dict[str, str]]:
        """Return the cells of each step, by metric."""
        rows = self.table(text, every=every).rows
        return {row.result.number: {n: c.text for n, c in row.metrics.items()} for row in rows}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.repo.commit("base", file="base")
    yield world
    world.logs.index.close()


# Which commit and which source


def test_a_step_without_commits_has_what_its_run_gave(world: World) -> None:
    folder = world.run("e201.2", {"acc": 71.40, "val": {"loss": 0.3}})
    row = world.row()
    assert (row.result.reference, row.n) == ("e201.2", 1)
    assert {name: cell.text for name, cell in row.metrics.items()} == {
        "acc": "71.4",
        "val.loss": "0.3",
    }
    assert row.source == f"runs/{folder.name}/metrics.json"
    assert (row.result.repository, row.result.commit) == (str(world.repo.path), world.repo.head)
    assert (row.result.abbreviation, row.result.time) == (world.repo.head[:7], NOW + 60)


def test_the_commit_is_the_snapshot_of_what_was_not_committed(world: World) -> None:
    world.run(files={"acc": 1}, snapshot="ab" * 20)
    assert (world.row().result.commit, world.row().result.abbreviation) == ("ab" * 20, "abababa")


def test_a_run_outside_of_git_has_no_commit(world: World) -> None:
    world.run(files={"acc": 1}, head=None, repository=None)
    row = world.row()
    assert (row.result.commit, row.result.repository, row.metrics["acc"].text) == ("", "", "1")


def test_the_files_of_the_commit_come_before_its_message_before_the_runs(world: World) -> None:
    world.run(files={"acc": 1, "loss": 2, "f1": 3})
    commit = world.repo.commit(
        "[e201.1] Results- loss=0.5, acc=9", file="metrics.json", text='{"acc": 0.7}'
    )
    row = world.row()
    assert {name: cell.text for name, cell in row.metrics.items()} == {
        "acc": "0.7",
        "loss": "0.5",
        "f1": "3",
    }
    assert row.source.split(", ")[:2] == ["metrics.json", "message"]
    assert row.source.split(", ")[2].startswith("runs/e201.1-")
    assert row.result.commit == commit


def test_a_results_commit_without_numbers_stays_the_commit(world: World) -> None:
    world.run(files={"acc": 1})
    commit = world.repo.commit("[e201.1] Results: good")
    assert (world.row().result.commit, world.row().metrics["acc"].text) == (commit, "1")


def test_a_commit_before_the_run_is_not_where_its_values_come_from(world: World) -> None:
    before = world.repo.commit("[e201.1] Before- train.py")
    world.run(files={"acc": 1}, snapshot="cd" * 20)
    assert world.row().result.commit == "cd" * 20
    world.run("e201.1", {"loss": 1}, head=None, repository=None, state="failed")
    assert world.row().result.commit == "cd" * 20
    world.repo.commit("[e201.2] Before- train.py")
    assert {one.result.number: one.n for one in world.table().rows} == {"1": 1, "2": 0}
    assert before != world.repo.head


def test_a_hash_put_there_by_hand_stays(world: World) -> None:
    mine = world.repo.commit("no reference")
    world.logs.log(LOG.replace("without ABC", f"without ABC ({mine[:8]})"))
    world.run(files={"acc": 1}, snapshot="cd" * 20)
    assert (world.row().result.commit, world.row().n) == (mine, 1)


def test_parameters_of_the_run_and_of_the_commit(world: World) -> None:
    world.run(files={"metrics.json": {"acc": 1}, ".hydra/config.yaml": "lr: 0.1\n"})
    world.run("e201.2", {"metrics.json": {"acc": 2, "f1": 3}, "params.yaml": "lr: 0.2\n"})
    assert [row.parameter("lr") for row in world.table().rows] == ["0.1", "0.2"]
    world.repo.write("params.yaml", "lr: 0.3\n")
    world.repo.commit("[e201.2] Results", file="metrics.json", text='{"acc": 4}')
    one, two = world.table().rows
    assert (one.parameter("lr"), two.parameter("lr")) == ("0.1", "0.3")
    assert {name: cell.text for name, cell in two.metrics.items()} == {"acc": "4", "f1": "3"}


def test_parameters_in_the_code_that_ran(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.repo.commit("begin", file="params.yaml", text="lr: 0.1\nlayers: 3\n")
    world.run("e201.1", {"acc": 1})
    world.repo.write("params.yaml", "lr: 0.2\nlayers: 3\n")
    snapshot = world.repo.commit("which no branch has")
    world.repo.run("update-ref", "refs/explog/runs/a", snapshot)
    world.repo.run("reset", "--quiet", "--hard", "HEAD~1")
    world.run(
        "e201.2", {"metrics.json": {"acc": 2}, "config.json": {"layers": 4}}, snapshot=snapshot
    )
    world.run("e201.3", {"acc": 3}, snapshot="ab" * 20)  # which is gone
    one, two, three = world.table().rows
    assert [row.parameter("lr") for row in (one, two, three)] == ["0.1", "0.2", ""]
    assert [row.parameter("layers") for row in (one, two, three)] == ["3", "4", ""]
    monkeypatch.setattr("explog.results.run_code.ParameterSource", None)  # a commit is read once
    assert [row.parameter("lr") for row in world.table().rows] == ["0.1", "0.2", ""]


# Which runs


def test_runs_are_a_sample(world: World) -> None:
    for acc in (71.4, 71.9, 72.0):
        world.run(files={"acc": acc})
    row = world.row()
    assert (row.n, row.metrics["acc"].text) == (3, "71.77 ± 0.32")
    assert row.source == "runs/e201.1-*/metrics.json"


@pytest.mark.parametrize("state", ["failed", "killed", "lost", "requeued"])
def test_what_did_not_end_well_does_not_count(world: World, state: str) -> None:
    world.run(files={"acc": 9}, state=state)
    assert world.table().rows == ()
    world.run(files={"acc": 1})
    assert world.row().n == 1


def test_a_run_counts_while_it_runs_and_none_has_ended(world: World) -> None:
    def running(acc: float) -> None:
        folder = world.run(files={"acc": acc}, state="running", end=None)
        os.utime(folder / "run.json")

    running(9)
    assert world.shown() == {"1": {"acc": "9"}}
    world.run(files={"acc": 1})
    assert world.shown() == {"1": {"acc": "1"}}
    running(9)
    assert world.shown() == {"1": {"acc": "1"}}


def test_runs_of_older_code_count_with_all(world: World) -> None:
    world.run(files={"acc": 1})
    world.repo.commit("mend it", file="mended")
    world.run(files={"acc": 3})
    world.run(files={"acc": 5})
    world.run(files=None)  # which says nothing
    assert world.row().metrics["acc"].text == "4.0 ± 1.4"
    assert world.row(every=True).n == 3


def test_references_are_those_of_steps_that_there_are(world: World) -> None:
    for reference in ("e201", "e201.9", "e202.1", "e201.1.1", "201.2", "e2011", "", "e201.x"):
        world.run(reference, {"acc": 1})
    assert world.shown() == {"2": {"acc": "1"}}


def test_a_folder_that_was_renamed_is_found_by_its_record(world: World) -> None:
    world.run(files={"acc": 1}).rename(world.runs / "the good one")
    assert world.shown("201.1") == {"1": {"acc": "1"}}
    assert world.shown("201.2") == {}


def test_a_worktree_is_named_by_its_repository(world: World, tmp_path: Path) -> None:
    other = tmp_path / "other"
    world.repo.run("worktree", "add", "--quiet", "--detach", str(other))
    folder = world.run(files={"acc": 1}, repository=str(other))
    (other / "runs").mkdir()
    folder.rename(other / "runs" / folder.name)
    assert world.row().result.repository == str(world.repo.path)
    assert world.row().source == f"runs/{folder.name}/metrics.json"


def test_a_run_of_another_machine_is_of_the_repository_that_has_its_commit(world: World) -> None:
    world.run(files={"acc": 1}, repository="/scratch/ada/proj")
    assert world.row().result.repository == str(world.repo.path)


def test_two_logs_with_the_same_id(world: World) -> None:
    other = world.logs.log("* [201] Another :exp:\n** Experiments\n1. [ ] Other\n", "other.org")
    world.run(files={"acc": 1})
    assert world.table().rows == ()
    world.logs.projects = (Project(other, (world.repo.path,)),)
    assert world.row().result.file == str(other)


def test_a_number_that_a_list_has_twice_has_no_runs(world: World) -> None:
    world.logs.log(LOG.replace("3. [ ] Write", "3. [@1] Write"))
    world.run(files={"acc": 1})
    assert world.table().rows == ()


# What is in a folder


def test_files_of_all_kinds(world: World) -> None:
    world.run(
        "e201.1",
        {
            "dvclive/metrics.json": {"acc": 1, "step": 9},
            "dvclive/plots/metrics/acc.tsv": "step\tacc\n0\t0.1\n",
        },
    )
    world.run("e201.2", {"metrics.csv": "seed,acc\n1,1\n2,3\n"})
    world.run("e201.3", {"results/seed1.json": {"acc": 1}, "results/seed2.json": {"acc": 2}})
    assert world.shown() == {
        "1": {"acc": "1", "step": "9"},
        "2": {"acc": "2.0 ± 1.4"},
        "3": {"acc": "1.5 ± 0.71"},
    }


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"acc": 0.', "it is no JSON"),
        (b"", "it is empty"),
        (b"\0\1", "it is binary"),
        (b'{"acc": 1' + b" " * (1 << 20) + b"}", "it is larger than 1 MB (1.0 MB)"),
        (b"[" * 100_000, "it is nested too deep"),
        (b'{"acc": 1e400}', "left out as too large a number: acc = 1e400"),
    ],
)
def test_what_cannot_be_read_is_named(world: World, content: bytes, sentence: str) -> None:
    world.run("e201.2", {"acc": 1})
    folder = world.run(files={"metrics.json": content})
    (trouble,) = world.table().troubles
    assert trouble.startswith(f"{folder}/metrics.json: {sentence}")
    assert world.shown() == {"2": {"acc": "1"}}


def test_nothing_is_followed_out_of_the_folder(world: World, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "metrics.json").write_text('{"secret": 1}')
    folder = world.run(files={"results.json": {"acc": 1}})
    (folder / "metrics.json").symlink_to(tmp_path / "secret" / "metrics.json")
    (folder / "results").symlink_to(tmp_path / "secret")
    (folder / "sub").symlink_to(tmp_path / "secret")
    (world.runs / "e201.2-20260105T101500-node7-1").symlink_to(tmp_path / "secret")
    table = world.table()
    assert table.troubles == (
        f"{folder}/metrics.json: it is a symbolic link, which is not followed",
    )
    assert world.shown() == {"1": {"acc": "1"}}


def test_a_pipe_is_not_waited_for(world: World) -> None:
    folder = world.run(files={"results.json": {"acc": 1}})
    os.mkfifo(folder / "metrics.json")
    (folder / "metrics.yaml").mkdir()
    assert world.table().troubles == (f"{folder}/metrics.json: it is no file",)
    assert world.shown() == {"1": {"acc": "1"}}


def test_a_folder_is_searched_only_so_far(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[object] = []
    scandir = os.scandir

    def counting(path: int) -> object:
        listed.append(path)
        return scandir(path)

    folder = world.run(
        files={"metrics.json": {"acc": 1}, "checkpoints/a/b/metrics.json": {"acc": 2}}
    )
    world.logs.trackers = ()
    monkeypatch.setattr("explog.results.folder.os.scandir", counting)
    assert world.shown() == {"1": {"acc": "1"}}
    inside = [path for path in listed if isinstance(path, int)]
    assert len(inside) == 2  # the folder and `checkpoints`, as `*/metrics.json` may be there
    assert folder.exists()


def test_files_that_stay_as_they_are_are_read_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = world.run(files={"acc": 1})
    assert world.shown() == {"1": {"acc": "1"}}
    with monkeypatch.context() as patch:
        patch.setattr("explog.results.run_folder.read_small", None)
        assert world.shown() == {"1": {"acc": "1"}}
    (folder / "metrics.json").write_text('{"acc": 2.5}')
    assert world.shown() == {"1": {"acc": "2.5"}}


def test_a_record_from_the_end_of_time(world: World) -> None:
    world.run(files={"acc": 1}, end=9e14)
    world.run("e201.2", {"acc": 1}, start=-9e14, end=None)
    assert [row.result.time for row in world.table().rows] == [253402300799, 0]


def test_names_with_control_characters(world: World) -> None:
    folder = world.runs / "e201.1-\x1b[31m\n"
    put_run(folder, reference="e201.1", state="ok")
    (folder / "metrics.json").write_text('{"acc": 1}')
    assert world.row().source.isprintable()
    (folder / "metrics.json").write_text("{")
    assert all(trouble.isprintable() for trouble in world.table().troubles)


# A drive that does not answer


def test_a_folder_that_does_not_answer_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    be_impatient(monkeypatch)
    over = threading.Event()
    hangs = str(tmp_path / "hangs")

    def hang() -> int:
        over.wait()
        return 0

    asked = [("/one", lambda: 1), (hangs, hang), (hangs, hang), ("/two", lambda: 2)]
    assert ask_each(asked) == ([1, 2], [hangs])
    assert stuck.is_silent(hangs)
    over.set()
    wait_until(lambda: not stuck.is_silent(hangs), "it answers")
    assert ask_each(asked) == ([1, 0, 0, 2], [])


def test_an_error_of_whom_is_asked_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        ask_each([("/one", lambda: 1 // 0)])


def test_a_record_is_no_file_of_metrics(world: World) -> None:
    folder = world.run(files=None)
    write_record(folder, record(folder.name, reference="e201.1", state="ok"))
    settings = world.logs.settings
    assert (
        RunFolderReader(replace(settings, metrics=("*.json",))).read(str(folder), "x").samples == ()
    )
