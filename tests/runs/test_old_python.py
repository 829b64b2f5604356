"""What runs on a cluster's node: Python 3.9 and its standard library, and nothing that starts slowly."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from support.runs import SERVER

FOLDER = SERVER / "explog/runs"
MODULES = sorted(FOLDER.glob("*.py"))
# What `explog run` may import beside the standard library.
OURS = (
    "explog.runs", "explog.errors", "explog.grammar", "explog.run_settings", "explog.wording",
    "explog.git.safe",
)  # fmt: skip
FILES = [
    *MODULES,
    *(SERVER / f"{name.replace('.', '/')}.py" for name in OURS[1:]),
    SERVER / "explog/__init__.py",
    SERVER / "explog/git/__init__.py",
]
# Each takes longer than all that a run needs.
SLOW = {"argparse", "asyncio", "dataclasses", "inspect", "logging", "pathlib", "shutil", "tempfile"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_syntax_is_that_of_python_3_9(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            standard = name.partition(".")[0] in sys.stdlib_module_names
            assert standard or name.startswith(OURS), name


def test_what_is_imported_at_the_start() -> None:
    form = "import sys, explog.runs.run, explog.runs.command; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-I", "-c", f"import sys; sys.path.insert(0, {str(SERVER)!r}); {form}"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert "explog.runs.child" in loaded
    assert loaded & SLOW == set()
    assert {name for name in loaded if name.startswith("explog.")} <= {
        name for name in loaded if name.startswith((*OURS, "explog.git"))
    }
