"""An easy start: the doctor's buffer, and a server that Emacs installs by itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import EmacsFactory
from .emacs import Emacs
from .home import CHECKOUT, explog_init, lisp
from .world import INIT, World

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def shared_init() -> str:
    # The log has a heading in progress; what org knows counts as soon as it is loaded.
    keywords = """'((sequence "TODO" "INPROGRESS" "|" "DONE"))"""
    return f"(setq org-todo-keywords {keywords})\n{INIT}"


BUFFER = "*explog doctor*"

#: How long pip may take for the packages of the server.
INSTALL_SECONDS = 180


def doctor(emacs: Emacs) -> None:
    """Call the doctor, and wait for what the server has to say."""
    emacs.command("explog-doctor")
    # Not on the screen, which may still show what another test was told.
    emacs.wait_until(lambda: "watched" in emacs.buffer_text(BUFFER), what="the server's findings")


def test_the_doctor_finds_all_well(world: World) -> None:
    doctor(world.emacs)
    text = world.emacs.buffer_text(BUFFER)
    assert "✗" not in text
    for words in ("explog-mode is on", "it is ready: process", str(world.log), "watched"):
        assert words in text


def test_the_doctor_finds_what_is_wrong(world: World) -> None:
    missing = world.folder / "missing.org"
    world.watch([world.log, missing], [world.repository.path])
    doctor(world.emacs)
    world.emacs.wait_until(
        lambda: (text := world.emacs.buffer_text(BUFFER)).count("✗") == 1 and str(missing) in text,
        what="the log that is missing",
    )
    missing.write_text("* A heading\n", encoding="utf-8")
    world.emacs.wait_until(lambda: world.status("problems") == "nil", what="no problem")
    world.emacs.keys("g")
    world.emacs.wait_until(
        lambda: "✗" not in (text := world.emacs.buffer_text(BUFFER)) and "watched" in text,
        what="all to be well",
    )


def test_keywords_are_judged_by_the_options_of_org(emacs: EmacsFactory, tmp_path: Path) -> None:
    log = tmp_path / "log.org"
    log.write_text("* INPROGRESS [201] A :exp:\n", encoding="utf-8")
    fresh = emacs(explog_init([log], []))
    fresh.wait_until(lambda: fresh.true("(explog-server-ready-p)"), what="the server")
    assert not fresh.true("(featurep 'org)")
    undeclared = "a title begins with INPROGRESS, which is not a TODO keyword there"
    fresh.command("explog-doctor")
    fresh.wait_until(lambda: undeclared in fresh.buffer_text(BUFFER), what="what is undeclared")
    # The doctor renews itself when the server has taken an option.
    fresh.eval("""(setq org-todo-keywords '((sequence "TODO" "INPROGRESS" "|" "DONE")))""")
    fresh.wait_until(
        lambda: (
            undeclared not in (text := fresh.buffer_text(BUFFER)) and f"✓ {log}: 27 bytes" in text
        ),
        what="the doctor to look again",
    )
    fresh.eval("(explog-server-stop)")
    fresh.wait_until(
        lambda: "not looked at, because the server does not run" in fresh.buffer_text(BUFFER),
        what="the doctor to see that the server stopped",
    )


def test_a_server_of_another_version_is_noticed(world: World) -> None:
    world.emacs.eval('(setq explog-version "9.9")')
    world.emacs.command("explog-restart")
    world.emacs.wait_until(
        lambda: "this package version 9.9; M-x explog-install-server" in world.messages(),
        what="a word on versions",
    )
    world.emacs.wait_until(lambda: world.emacs.true("(explog-server-ready-p)"), what="a server")
    doctor(world.emacs)
    assert "this package version 9.9" in world.emacs.buffer_text(BUFFER)
    world.emacs.eval('(setq explog-version "0.1.0")')


def test_a_server_of_another_build_is_noticed(world: World, tmp_path: Path) -> None:
    source = Path(shutil.copytree(CHECKOUT / "server", tmp_path / "server")) / "explog"
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    world.emacs.eval(f"(setq explog-source-folder {lisp(tmp_path / 'elisp/')})")
    doctor(world.emacs)
    assert "it is version 0.1.0, as this package" in world.emacs.buffer_text(BUFFER)
    with (source / "refs.py").open("a", encoding="utf-8") as file:
        file.write("# as after an upgrade\n")
    doctor(world.emacs)
    assert "another build of version 0.1.0 than this package" in world.emacs.buffer_text(BUFFER)
    world.emacs.eval("(explog-server--compare-builds)")
    assert "another build of version 0.1.0 than this package; M-x" in world.messages()
    world.emacs.eval(f"(setq explog-source-folder {lisp(CHECKOUT / 'elisp/')})")


def packages_can_be_had() -> bool:
    """Tell whether pip reaches an index of packages."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps"]
    command += ["--ignore-installed", "--disable-pip-version-check", "click"]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


def test_install_the_server(emacs: EmacsFactory, tmp_path: Path) -> None:
    if not packages_can_be_had():
        pytest.skip("there is no index of packages to be had")
    log = tmp_path / "log.org"
    log.write_text("* TODO [201] A :exp:\n", encoding="utf-8")
    init = f"""
(setq explog-logs '{lisp([log])}
      explog-server-directory {lisp(tmp_path / "inst")}
      explog-server-command (list (expand-file-name "server/bin/explog" explog-server-directory))
      explog-install-source {lisp(CHECKOUT)})
(add-to-list 'load-path {lisp(CHECKOUT / "elisp")})
(require 'explog)
(explog-mode 1)
"""
    newcomer = emacs(init)
    newcomer.wait_until(
        lambda: "M-x explog-doctor looks for the cause" in newcomer.messages(), what="what to do"
    )
    newcomer.command("explog-install-server")
    newcomer.wait_until(
        lambda: "the server 0.1.0 is installed" in newcomer.buffer_text("*explog install*"),
        what="an installation",
        timeout=INSTALL_SECONDS,
    )
    newcomer.wait_until(lambda: newcomer.true("(explog-server-ready-p)"), what="the server")
    assert [path.name for path in (tmp_path / "inst").iterdir() if path.is_symlink()] == ["server"]
    doctor(newcomer)
    assert "inst/server/bin/explog" in newcomer.buffer_text(BUFFER)
    assert str(log) in newcomer.buffer_text(BUFFER)
