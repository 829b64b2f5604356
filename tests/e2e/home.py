"""The home folder and the environment of an Emacs under test: nothing of the developer's own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]

EARLY_INIT = """\
;;; -*- lexical-binding: t; -*-
;; Packages in a fresh home would all be compiled again in the background, on every start.
(setq native-comp-deferred-compilation nil native-comp-jit-compilation nil)
{native_code}
;; Emacs would spend half of its few seconds collecting garbage.
(setq gc-cons-threshold (* 64 1024 1024))
(setq package-directory-list (append '{folders} package-directory-list))
{early_init}
(load {probe} nil t)
"""

INIT = ";;; -*- lexical-binding: t; -*-\n{init}\n"

GITCONFIG = """\
[user]
\tname = Ada Tester
\temail = ada@example.org
[core]
\tfsync = none
[init]
\tdefaultBranch = main
"""


def lisp(value: object) -> str:
    """Return VALUE (text, path, number, bool, None or a list of these) as Lisp reads it."""
    if value is None or value is False:
        return "nil"
    if value is True:
        return "t"
    if isinstance(value, str | Path):
        return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, Iterable):
        return "(" + " ".join(map(lisp, value)) + ")"
    return str(value)


def furnish(home: Path, init: str, early_init: str) -> None:
    """Make HOME, with INIT as its init.el and EARLY_INIT as a part of its early-init.el.

    EXPLOG_ELPA names further package folders, for a magit that is not the system's.
    """
    configuration = home / ".emacs.d"
    configuration.mkdir(parents=True)
    folders = [path for path in os.environ.get("EXPLOG_ELPA", "").split(os.pathsep) if path]
    early = EARLY_INIT.format(
        probe=lisp(Path(__file__).with_name("probe.el")),
        folders=lisp(folders),
        native_code=_native_code(),
        early_init=early_init,
    )
    (configuration / "early-init.el").write_text(early, encoding="utf-8")
    (configuration / "init.el").write_text(INIT.format(init=init), encoding="utf-8")
    (home / ".gitconfig").write_text(GITCONFIG, encoding="utf-8")


def _native_code() -> str:
    """Return Lisp that has Emacs keep native code in the folders of EXPLOG_TEST_ELN."""
    folders = [path for path in os.environ.get("EXPLOG_TEST_ELN", "").split(os.pathsep) if path]
    if not folders:
        return ""
    old = "native-comp-eln-load-path"
    return f"(when (boundp '{old}) (setq {old} (append '{lisp(folders)} (cdr {old}))))"


def explog_init(
    logs: Iterable[Path], repositories: Iterable[Path], options: str = "", *, mode: bool = True
) -> str:
    """Return an init.el with explog from this checkout, watching LOGS and REPOSITORIES.

    OPTIONS is Lisp that comes before explog is loaded; with MODE, `explog-mode` is turned on.
    The server runs in the Python that runs the tests.
    """
    folders = " ".join(f"({lisp(folder)} . 0)" for folder in repositories)
    return f"""
(setenv "PYTHONPATH" {lisp(CHECKOUT / "server")})
(setq explog-server-command '{lisp([sys.executable, "-m", "explog"])}
      explog-logs '{lisp(logs)}
      explog-repositories '({folders}))
{options}
(add-to-list 'load-path {lisp(CHECKOUT / "elisp")})
(require 'explog)
{"(explog-mode 1)" if mode else ""}
"""


def environment(home: Path, temporary: Path) -> dict[str, str]:
    """Return a whole environment around HOME and the folder TEMPORARY."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "SHELL": "/bin/sh",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
