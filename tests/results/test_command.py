"""`explog results` in a terminal: what it prints where, its exit status, its pictures."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import pytest

from explog.results.render import FORMATS
from support.commands import COMMANDS
from support.repo import GitRepo
from support.runs import explog_run
from support.trackers import put_folder

LOG = """\
* [201] ABC in XYZ model :exp:
** Experiments
1. [ ] Test XYZ without ABC
2. [ ] Test XYZ with ABC
3. [ ] Write it up
"""
SEEDS = "seed,acc\n1,71.4\n2,71.9\n3,72.0\n"


@pytest.fixture
def repo(git_repo: Callable[..., GitRepo]) -> GitRepo:
    return git_repo("proj")


@pytest.fixture
def given(tmp_path: Path, repo: GitRepo) -> list[str]:
    (tmp_path / "log.org").write_text(LOG, encoding="utf-8")
    repo.commit("base", file="base")
    repo.write("params.yaml", "lr: 0.1\nlayers: 3\n")
    repo.commit("[e201.1] Results", file="metrics.csv", text=SEEDS)
    repo.write("params.yaml", "lr: 0.01\nlayers: 3\n")
    repo.run("rm", "--quiet", "metrics.csv")
    text = '{"acc": 72.40, "loss": 0.31}'
    repo.commit("[e201.2] Results- better", file="metrics.json", text=text)
    return ["--log", str(tmp_path / "log.org"), "--repo", str(repo.path)]


def results(*args: str | Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "explog", "results", *map(str, args)],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == status, done.stderr
    return done


def rows(given: Sequence[str], *args: str) -> list[dict[str, str]]:
    text = results(*given, "--format", "csv", *args).stdout
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_table(given: list[str]) -> None:
    done = results(
        *given, "201", "--best", "max:acc", "--columns", "step,text,n,parameters,metrics"
    )
    assert done.stdout == (
        "step   text                  n  lr             acc    loss\n"
        "201.1  Test XYZ without ABC  3  0.1   71.77 ± 0.32\n"
        "201.2  Test XYZ with ABC     1  0.01         72.40 *  0.31\n"
    )
    assert done.stderr == ""


def test_the_same_table_with_new_hashes_after_a_rebase(given: list[str], repo: GitRepo) -> None:
    before = rows(given, "201")
    repo.branch("other", "main~2")
    repo.commit("another beginning", file="zero")
    repo.run("rebase", "--quiet", "other", "main")
    after = rows(given, "201")
    assert [row.pop("commit") for row in after] == [
        repo.run("rev-parse", "main~1"),
        repo.run("rev-parse", "main"),
    ]
    hashes = [row.pop("commit") for row in before]
    assert after == before
    assert repo.run("branch", "--contains", hashes[0]) == ""


def test_runs_beside_commits(given: list[str], repo: GitRepo) -> None:
    write = 'printf \'{"acc": %s}\' "$1" >"$EXPLOG_RUN_DIR/metrics.json"'
    for acc in ("70", "72"):
        done = explog_run("e201.3", "--", "sh", "-c", write, "-", acc, cwd=repo.path)
        assert done.returncode == 0, done.stderr
    explog_run("e201.3", "--", "sh", "-c", f"{write}; exit 1", "-", "1", cwd=repo.path)
    _one, two, three = rows(given, "201")
    assert (two["acc"], two["source"]) == ("72.40", "metrics.json")
    assert (three["n"], three["acc"], three["acc sd"]) == ("2", "71.0", "1.4")
    assert (three["commit"], three["source"]) == (repo.head, "runs/e201.3-*/metrics.json")
    (row,) = json.loads(results(*given, "201.3", "--json").stdout)["rows"]
    assert (row["source"], row["metrics"]["acc"]["values"]) == (three["source"], [70, 72])
    repo.commit("[e201.3] Results", file="metrics.json", text='{"acc": 71}')
    assert rows(given, "201.3")[0]["acc"] == "71"


def test_runs_of_other_programs(given: list[str], repo: GitRepo) -> None:
    put_folder("wandb", repo.path)
    put_folder("tb_logs", repo.path)
    _one, two, three = json.loads(results(*given, "201", "--json").stdout)["rows"]
    assert two["source"] == "metrics.json, tb_logs (e201.2)"
    assert (two["commit"], two["metrics"]["acc"]["mean"]) == (repo.head, 72.4)
    assert (three["source"], three["commit"]) == ("wandb (bold-fox-4)", None)
    assert three["metrics"]["acc"] == {"values": [0.73], "mean": 0.73, "sd": None}


def test_json(given: list[str], repo: GitRepo) -> None:
    done = results(*given, "201.2", "--json")
    said = json.loads(done.stdout)
    assert said == {
        "metrics": ["acc", "loss"],
        "rows": [
            {
                "experiment": "201",
                "step": "2",
                "title": "ABC in XYZ model",
                "repository": str(repo.path),
                "commit": repo.head,
                "date": said["rows"][0]["date"],
                "source": "metrics.json",
                "n": 1,
                "metrics": {
                    "acc": {"values": [72.4], "mean": 72.4, "sd": None},
                    "loss": {"values": [0.31], "mean": 0.31, "sd": None},
                },
                "parameters": {},
            }
        ],
    }


def test_every_results_commit_is_an_observation(given: list[str], repo: GitRepo) -> None:
    repo.commit("[e201.2] Results again", file="metrics.json", text='{"acc": 72.60}')
    assert [row["acc"] for row in rows(given, "201.2")] == ["72.60"]
    (row,) = rows(given, "201.2", "--all")
    assert (row["n"], row["acc"], row["acc sd"]) == ("2", "72.50", "0.14")


def test_a_copy_of_a_commit_is_no_observation(given: list[str], repo: GitRepo) -> None:
    repo.branch("other", "main~2")
    repo.run("cherry-pick", "main~1")
    (row,) = rows(given, "201.1", "--all")
    assert (row["n"], row["acc"]) == ("3", "71.77")


def test_parameters_that_are_asked_for(given: list[str]) -> None:
    (row,) = rows(given, "201.1", "--parameters", "layers,seed")
    assert (row["layers"], row["seed"]) == ("3", "1, 2, 3")
    assert "lr" not in row


def test_an_unknown_metric(given: list[str]) -> None:
    done = results(*given, "201", "--metrics", "ac,loss", status=2)
    assert done.stderr == "explog: no step has the metric ac; did you mean acc?\n"
    assert "0.31" in done.stdout


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["999"], "no log has the experiment 999"),
        (["201.3"], "no commit stands on any of these steps"),
        (["201", "--best", "acc"], "best: 'acc' is not max:METRIC or min:METRIC"),
        (["201", "--columns", "x"], "there is no column x; there are step, title"),
        (
            ["201", "--plot", "x.gif"],
            "x.gif: the name of a picture ends in one of .svg, .png, .pdf",
        ),
        (["tag:nothing"], "no commit stands on any of these steps"),
    ],
)
def test_what_cannot_be_shown(given: list[str], args: list[str], sentence: str) -> None:
    assert sentence in results(*given, *args, status=2).stderr


def test_plot(given: list[str], tmp_path: Path) -> None:
    file = tmp_path / "acc.svg"
    done = results(*given, "201", "--metrics", "acc", "--plot", file)
    assert (done.stdout, done.stderr) == ("", "")
    assert ">71.77 ± 0.32</text>" in file.read_text(encoding="utf-8")
    results(*given, "201", "--metrics", "acc", "--plot", file, "--against", "lr")
    assert ">lr</text>" in file.read_text(encoding="utf-8")


def test_formats_are_those_that_there_are() -> None:
    (option,) = (one for one in COMMANDS["results"].params if one.name == "form")
    assert isinstance(option.type, click.Choice)
    assert sorted(option.type.choices) == sorted(FORMATS)
