"""Which references an index knows, asked without changing it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from explog.index.known import what_is_unknown
from support.runs import SERVER, explog_run

EXPLOG = (sys.executable, "-m", "explog")
LOG = "* TODO [201] Title :exp:\n** Experiments [0/2]\n1. [ ] one\n2. [ ] two\n   1. [ ] inner\n"


@pytest.fixture
def index(tmp_path: Path, home: Path) -> Path:
    """The index of a log that the configuration names."""
    (tmp_path / "log.org").write_text(LOG)
    path = home / ".config/explog/config.toml"
    path.parent.mkdir(parents=True)
    made = tmp_path / "index.sqlite"
    path.write_text(f'logs = ["{tmp_path}/log.org"]\nindex = "{made}"\n')
    assert explog_run("index", cwd=tmp_path, command=EXPLOG).returncode == 0
    return made


@pytest.mark.parametrize(
    ("ident", "step", "unknown"),
    [
        ("201", "", None),
        ("201", "1", None),
        ("201", "2.1", None),
        ("201", "3", "step"),
        ("999", "", "experiment"),
        ("999", "1", "experiment"),
    ],
)
def test_what_is_unknown(ident: str, step: str, unknown: str | None, index: Path) -> None:
    before = index.read_bytes()
    assert what_is_unknown(index, ident, step) == unknown
    assert index.read_bytes() == before


def test_no_index_knows_nothing(tmp_path: Path) -> None:
    assert what_is_unknown(tmp_path / "none", "1", "") is None
    (tmp_path / "text").write_text("no database\n")
    assert what_is_unknown(tmp_path / "text", "1", "") is None
    assert not (tmp_path / "none").exists()
    assert os.listdir(tmp_path) == ["text"]


def test_a_run_of_an_unknown_experiment_is_warned_of_and_runs(index: Path, tmp_path: Path) -> None:
    assert index.exists()
    run = subprocess.Popen(
        [*EXPLOG, "run", "e999.1", "--", "cat"],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SERVER)},
    )  # fmt: skip
    assert run.stderr is not None
    said = [run.stderr.readline(), run.stderr.readline()]  # the first: there is no repository
    assert said[1] == b"explog: no log has the experiment 999\n"
    assert run.communicate(b"ran\n", timeout=60)[0] == b"ran\n"
    assert run.returncode == 0
