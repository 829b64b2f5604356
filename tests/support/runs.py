"""Running `explog run` as a program of its own, and reading what it left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SERVER = Path(__file__).parents[2] / "server"
COMMAND = (sys.executable, "-m", "explog.runs")


def explog_run(
    *words: str | Path, cwd: Path, command: tuple[str, ...] = COMMAND, **env: Any
) -> subprocess.CompletedProcess[bytes]:
    """Run `explog run WORDS` in CWD, with pipes as its output."""
    return subprocess.run(
        [*command, *map(str, words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(SERVER), **env},
        capture_output=True,
        check=False,
        timeout=120,
    )


def start_run(*words: str | Path, cwd: Path, **options: Any) -> subprocess.Popen[bytes]:
    """Start `explog run WORDS` in CWD, in a process group of its own."""
    env = {**os.environ, "PYTHONPATH": str(SERVER), **options.pop("env", {})}
    return subprocess.Popen(
        [*COMMAND, *map(str, words)], cwd=cwd, env=env, process_group=0, **options
    )


def run_folders(cwd: Path) -> list[Path]:
    """Return the folders of the runs in CWD/runs."""
    return sorted(path.parent for path in (cwd / "runs").glob("*/run.json"))


def only_run(cwd: Path) -> Path:
    """Return the folder of the only run in CWD/runs."""
    (folder,) = run_folders(cwd)
    return folder


def record_of(cwd: Path) -> dict[str, Any]:
    """Return the record of the only run in CWD/runs."""
    table = json.loads((only_run(cwd) / "run.json").read_text())
    assert isinstance(table, dict)
    return table


def output_of(cwd: Path) -> bytes:
    """Return what the only run in CWD/runs printed, as it was kept."""
    first, _newline, rest = (only_run(cwd) / "output.log").read_bytes().partition(b"\n")
    assert first.startswith(b"[e"), first
    return rest
