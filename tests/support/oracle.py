"""Asks a real Emacs in batch mode what org makes of a text; see tests/org/oracle.el."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PROGRAM = os.environ.get("EMACS", "emacs")
ORACLE = Path(__file__).parents[1] / "org" / "oracle.el"


def ask(folder: Path, questions: Sequence[dict[str, Any]]) -> list[Any]:
    """Return org's answers to QUESTIONS, all from one Emacs; FOLDER holds what is passed on."""
    lisp, asked, answered = folder / "oracle.el", folder / "asked.json", folder / "answered.json"
    shutil.copyfile(ORACLE, lisp)
    asked.write_text(json.dumps(questions), encoding="utf-8")
    command = [PROGRAM, "-Q", "--batch", "-l", str(lisp), "-f", "oracle-answer"]
    done = subprocess.run(
        [*command, str(asked), str(answered)],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(answered.read_text(encoding="utf-8"))
    return answers
