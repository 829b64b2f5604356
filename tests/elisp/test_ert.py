"""The ERT suites as pytest items: one batch Emacs for each `*-tests.el` beside this file."""

import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SUITES = sorted(HERE.glob("*-tests.el"))
SECONDS = 300  # many times what a suite takes


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.stem)
def test_ert(suite: Path) -> None:
    """Every test of the suite passes; a suite without tests does not."""
    emacs = os.environ.get("EMACS", "emacs")
    load = ["-l", str(HERE / "init.el"), "-l", str(HERE / "run.el")]
    done = subprocess.run(
        [emacs, "-Q", "--batch", *load, str(suite)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=SECONDS,
        check=False,
    )
    print(done.stdout)
    if done.returncode != 0:
        pytest.fail(f"{emacs} left {suite.name} with {done.returncode}", pytrace=False)
