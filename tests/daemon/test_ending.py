"""To end a run: only the process that wrote the record, and only on this machine."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from explog.daemon.ending import end_run
from explog.errors import ExplogError
from explog.runs.listing import host_name
from explog.runs.process import identity
from support.records import put_run
from support.runs import only_run, record_of, start_run


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is no run."""
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    yield process
    process.communicate()


def test_a_run_is_ended_by_a_signal(tmp_path: Path) -> None:
    words = ("e1", "--", "sh", "-c", "echo begun; exec cat")
    process = start_run(*words, cwd=tmp_path, stdin=-1, stdout=-1, stderr=-1)
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    folder = str(only_run(tmp_path))
    end_run(folder)
    process.wait(60)  # its input is still open
    process.communicate()
    assert (process.returncode, record_of(tmp_path)["state"]) == (-15, "killed")
    with pytest.raises(ExplogError, match="it is killed"):
        end_run(folder)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"state": "ok"}, "it is ok"),
        ({"host": "elsewhere"}, "it runs on elsewhere"),
        ({"process": None}, "its process is not there any more"),
        ({"process": "boot:1"}, "its process is not there any more"),
        ({"pid": 0}, "its process is not there any more"),
        ({"pid": -1}, "its process is not there any more"),
    ],
)
def test_another_process_is_left_alone(
    other: subprocess.Popen[bytes], tmp_path: Path, values: dict[str, Any], why: str
) -> None:
    right = {"host": host_name(), "pid": other.pid, "process": identity(other.pid)}
    folder = put_run(tmp_path / "run", **{**right, **values})
    with pytest.raises(ExplogError, match=f"run is not ended: {why}") as caught:
        end_run(str(folder))
    assert caught.value.code == "not-ended"
    assert other.poll() is None


def test_a_record_that_cannot_be_read(tmp_path: Path) -> None:
    folder = put_run(tmp_path / "run")
    (folder / "run.json").write_text(json.dumps({"schema": 1}))
    with pytest.raises(ExplogError, match="it has no run"):
        end_run(str(folder))
