"""The benchmark still runs, small and quick, and has a figure for everything. Nothing is timed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import MEASURES
from bench.workshop import EMACS, ROOT

pytestmark = pytest.mark.e2e


def test_every_row_has_figures(tmp_path: Path) -> None:
    """A row that could not be measured would make it exit 1."""
    if shutil.which(EMACS) is None:
        pytest.skip(f"no {EMACS} to test with")
    bench = [sys.executable, "-m", "bench", "--quick", "--scale", "0.005", f"--cache={tmp_path}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run(
        bench, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")][2:]
    assert len(rows) >= len(MEASURES)
    assert [row for row in rows if not re.search(r"\d", row[2])] == []
