"""`#+SETUPFILE:`: its keywords and tags are the log's, and its change is one of the log."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from explog.org.context import LogContext
from explog.org.files import log_context
from explog.org.options import Keywords, OrgOptions
from support.logs import Logs

OPTIONS = OrgOptions(Keywords(("TODO",), ("DONE",)))
ENTRY = "* RUNNING [201] x :exp:\n** RUNNING Experiments [0/1]\n1. [ ] a\n"


def context(folder: Path, text: str) -> LogContext:
    """Return what holds for a log with TEXT in FOLDER."""
    return log_context(folder / "log.org", text.encode(), OPTIONS)


@pytest.mark.parametrize("name", ["setup.org", '"setup.org"', "./setup.org", "sub/../setup.org"])
def test_keywords_and_tags(tmp_path: Path, name: str) -> None:
    (tmp_path / "setup.org").write_text("#+TODO: IDEA RUNNING(r!) | FINISHED\n#+FILETAGS: :a:b:\n")
    found = context(tmp_path, f"#+SETUPFILE: {name}\n#+TODO: WAIT | DONE\n#+FILETAGS: c\n")
    assert found.options.keywords == Keywords(("IDEA", "RUNNING", "WAIT"), ("FINISHED", "DONE"))
    assert found.filetags == {"a", "b", "c"}
    assert found.setup_files == (str(tmp_path / "setup.org"),)
    assert found.missing == ()


def test_in_one_another_and_around(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "one.org").write_text("#+TODO: ONE | X\n#+SETUPFILE: sub/two.org\n")
    (tmp_path / "sub/two.org").write_text("#+TODO: TWO | Y\n#+setupfile: ../one.org\n")
    found = context(tmp_path, "#+SETUPFILE: one.org\n")
    assert found.options.keywords == Keywords(("ONE", "TWO"), ("X", "Y"))


@pytest.mark.parametrize(
    "name", ["https://example.org/setup.org", "/ssh:host:setup.org", "ftp://x/y", ""]
)
def test_addresses_are_not_followed(tmp_path: Path, name: str) -> None:
    found = context(tmp_path, f"#+SETUPFILE: {name}\n")
    assert (found.options, found.setup_files, found.missing) == (OPTIONS, (), ())


@pytest.mark.parametrize(
    "text", ["#+begin_src org\n#+SETUPFILE: x.org\n#+end_src\n", "# +SETUPFILE: x\n"]
)
def test_what_is_no_keyword(tmp_path: Path, text: str) -> None:
    assert context(tmp_path, text).missing == ()


def test_home_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "s.org").write_text("#+TODO: A | B\n")
    (tmp_path / "folder").mkdir()
    assert context(tmp_path / "folder", "#+SETUPFILE: ~/s.org\n").options.keywords.open == ("A",)
    assert context(tmp_path, "* x\n#+SETUPFILE: folder\n").missing == ((1, "folder"),)


def test_one_that_is_missing_is_told_of_until_it_is_there(tmp_path: Path) -> None:
    logs = Logs(tmp_path)
    logs.repo("proj").commit("[e201.1] Results- a")
    log = logs.log(f"x\n#+SETUPFILE: setup.org\n{ENTRY}")
    [problem] = [one for one in logs.check() if one.kind == "unreadable"]
    assert problem.line == 2
    assert problem.message == "the setup file setup.org cannot be read"
    (tmp_path / "setup.org").write_text("#+TODO: RUNNING | DONE\n")
    logs.backfill()
    assert "** RUNNING Experiments [1/1]\n1. [X] a (" in log.read_text()
    assert logs.check() == []


def test_a_setup_file_that_changes_has_the_log_read_again(tmp_path: Path) -> None:
    logs = Logs(tmp_path)
    logs.repo("proj").commit("[e201.1] Results- a")
    setup = tmp_path / "setup.org"
    setup.write_text("#+TODO: OTHER | DONE\n")
    os.utime(setup, (1_600_000_000, 1_600_000_000))
    preparation = "** Preparation\n1. [ ] order the discs\n"
    log = logs.log(f"#+SETUPFILE: setup.org\n{ENTRY.replace('** R', preparation + '** R')}")
    logs.check()
    setup.write_text("#+TODO: RUNNING | DONE\n")
    os.utime(setup, (1_600_000_100, 1_600_000_100))
    logs.backfill()
    assert "1. [ ] order the discs\n** RUNNING Experiments [1/1]\n1. [X] a (" in log.read_text()
