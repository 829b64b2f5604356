"""The manual leaves nothing out: each command, option and face of a user's is in it."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import click
import pytest

from support import commands

CHECKOUT = Path(__file__).parents[1]
DESIGN = (CHECKOUT / "docs" / "design.md").read_text(encoding="utf-8")
MANUAL = (CHECKOUT / "docs" / "explog.org").read_text(encoding="utf-8")
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
LISP = {path.name: path.read_text(encoding="utf-8") for path in (CHECKOUT / "elisp").glob("*.el")}


def named(pattern: str) -> list[str]:
    """Return the names that the group of PATTERN finds in the Emacs Lisp files, without ours."""
    found = {name for text in LISP.values() for name in re.findall(pattern, text, re.MULTILINE)}
    # What org calls for a dynamic block, users meet by the block's own name.
    return sorted(name for name in found if "--" not in name and ":" not in name)


COMMANDS = named(r"^;;;###autoload.*\n\((?:defun|define-\S+-mode|transient-define-prefix) (\S+)")
OPTIONS = named(r"^\(defcustom (\S+)")
FACES = named(r"^\(defface (\S+)")
PICTURES = sorted((CHECKOUT / "docs" / "pictures").glob("*.svg"))


def test_there_is_something_to_look_for() -> None:
    assert "explog-capture" in COMMANDS
    assert "explog-logs" in OPTIONS
    assert "explog-ref" in FACES


@pytest.mark.parametrize("name", [*COMMANDS, *OPTIONS, *FACES])
def test_emacs(name: str) -> None:
    assert re.search(rf"[=~]{re.escape(name)}[=~]|M-x {re.escape(name)}\b", MANUAL)


@pytest.mark.parametrize("command", sorted(commands.COMMANDS))
def test_terminal(command: str) -> None:
    assert re.search(rf"explog {command}\b", MANUAL)
    for parameter in commands.COMMANDS[command].params:
        if isinstance(parameter, click.Option):
            for option in parameter.opts:
                assert f"{option}" in MANUAL, f"{command} {option}"


def test_links() -> None:
    targets = re.findall(r"^:CUSTOM_ID: (\S+)$", MANUAL, re.MULTILINE)
    assert len(targets) == len(set(targets))
    assert set(re.findall(r"\[\[#([^]]+)\]", MANUAL)) <= set(targets)


def test_citations_of_the_design_lead_somewhere() -> None:
    code = [path for name in ("server", "elisp", "tests") for path in (CHECKOUT / name).rglob("*")]
    cited = {
        section
        for path in code
        if path.suffix in (".py", ".el", ".sql")
        for section in re.findall(
            r"design\.md[^\n]{0,20}section (\d+)", path.read_text(encoding="utf-8")
        )
    }
    assert cited
    assert cited <= set(re.findall(r"^## (\d+)\. ", DESIGN, re.MULTILINE))


def test_readme_has_the_commands() -> None:
    for name in re.findall(r"explog-[a-z-]+", README):
        assert name in MANUAL, name


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_picture(path: Path) -> None:
    assert f"pictures/{path.name}" in MANUAL
    picture = path.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\s\"<]+", picture)) == {"http://www.w3.org/2000/svg"}
    assert str(CHECKOUT) not in picture
    assert tempfile.gettempdir() not in picture


def test_pictures_are_there() -> None:
    for name in re.findall(r"pictures/(\w+\.svg)", README + MANUAL):
        assert (CHECKOUT / "docs" / "pictures" / name).is_file(), name


def test_version() -> None:
    from explog import __version__

    assert f"This manual is for version {__version__}." in MANUAL
