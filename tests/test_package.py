"""The checkout is an Emacs package: package-vc compiles what Emacs loads, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import pytest

from support.repo import GitRepo

CHECKOUT = Path(__file__).parents[1]
EMACS = os.environ.get("EMACS", "emacs")
MADE = [".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "build", "dist", "*.elc"]

INSTALL = """
(progn
  (setq package-archives nil)
  (package-initialize)
  (package-vc-install `(explog :url ,(getenv "SOURCE") :lisp-dir "elisp" :doc "docs/explog.org"))
  (princ "\\nInstalled:")
  (require 'explog)
  (princ (locate-library "explog"))
  (when (executable-find "install-info")
    (require 'info)
    (info "(explog)Installing")
    (princ "\\nInfo:")
    (princ (buffer-string))))
"""


def _emacs(form: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run an Emacs without an init file that evaluates FORM."""
    return subprocess.run(
        [EMACS, "-Q", "--batch", "--eval", form],
        env=os.environ | env, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def _lisp_files() -> list[str]:
    folders = (CHECKOUT / name for name in ("docs", "elisp", "server", "tests", ".ci"))
    return [str(path.relative_to(CHECKOUT)) for folder in folders for path in folder.rglob("*.el")]


def test_the_files_that_are_not_of_the_package_are_ignored() -> None:
    patterns = (CHECKOUT / ".elpaignore").read_text(encoding="utf-8").splitlines()
    compiled = [
        name for name in _lisp_files() if not any(fnmatch(name, pattern) for pattern in patterns)
    ]
    assert compiled
    assert {Path(name).parent.name for name in compiled} == {"elisp"}


@pytest.mark.e2e
def test_package_vc_installs_it_without_a_warning(
    git_repo: Callable[..., GitRepo], home: Path
) -> None:
    if _emacs("(require 'package-vc)").returncode:
        pytest.skip("this Emacs has no package-vc; Emacs 29 and newer have it")
    source = git_repo("explog")
    shutil.copytree(CHECKOUT, source.path, ignore=shutil.ignore_patterns(*MADE), dirs_exist_ok=True)
    source.run("add", "--all")
    source.commit("Everything")
    done = _emacs(INSTALL, SOURCE=f"file://{source.path}")
    assert done.returncode == 0, done.stderr
    package = home / ".emacs.d/elpa/explog"
    assert f"Installed:{package}/elisp/explog.elc" in done.stdout
    assert [
        line for line in done.stderr.splitlines() if "Warning:" in line or "Error:" in line
    ] == []
    assert {path.parent.name for path in package.rglob("*.elc")} == {"elisp"}
    # What Emacs made there is no change of the checkout that it pulls into.
    status = ["git", "-C", str(package), "status", "--porcelain"]
    assert subprocess.run(status, capture_output=True, check=True).stdout == b""
    assert "Info:" not in done.stdout or "Info:File: explog.info,  Node: Installing" in done.stdout
