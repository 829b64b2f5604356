"""Asks a real Emacs in batch mode what org, or our Lisp, makes of a text."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PROGRAM = os.environ.get("EMACS", "emacs")
ROOT = Path(__file__).parents[2]


def ask(
    folder: Path, questions: Sequence[Any], script: str = "oracle", function: str = "oracle-one"
) -> list[Any]:
    """Return the answers to QUESTIONS, all from one Emacs; FOLDER holds what is passed on.

    FUNCTION of SCRIPT, a file in tests/org, answers each; by default it is org that answers.
    """
    asked, answered = folder / "asked.json", folder / "answered.json"
    asked.write_text(json.dumps(questions), encoding="utf-8")
    command = [PROGRAM, "-Q", "--batch", "-L", str(ROOT / "elisp")]
    for name in ("answer", script):
        command += ["-l", str(ROOT / f"tests/org/{name}.el")]
    done = subprocess.run(
        [*command, "-f", "answer-all", function, str(asked), str(answered)],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(answered.read_text(encoding="utf-8"))
    return answers
