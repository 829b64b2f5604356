"""Records of runs, written as `explog run` would write them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from explog.runs.record import RunRecord, write_record

NOW = 1_800_000_000.0


def record(name: str = "", **values: Any) -> RunRecord:
    """Return the record of a run NAME that runs elsewhere and began before NOW, with VALUES."""
    plain = RunRecord(
        run=name, reference="e1", state="running", argv=("true",), cwd=".", repository=None,
        branch=None, head=None, head_after=None, snapshot=None, changed=(), pushed=None,
        host="elsewhere", pid=1, start=NOW - 1000,
    )  # fmt: skip
    return plain._replace(**values)


def put_run(folder: Path, beat: float = NOW, **values: Any) -> Path:
    """Write the record of a run into FOLDER, which was touched at BEAT."""
    folder.mkdir(parents=True, exist_ok=True)
    write_record(folder, record(folder.name, **values))
    os.utime(folder / "run.json", (beat, beat))
    return folder
