"""Flags: the steps that bear the hash of another number, and when that is looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from explog.checking.flags import find_flags
from explog.config import Root, Settings
from explog.daemon.flagging import Flagging
from explog.index.database import open_index
from explog.sync.look import sync
from support.repo import GitRepo

Make = Callable[..., GitRepo]

LOG = """\
* TODO [201] First :exp:
** Experiments
1. [ ] one
2. [ ] two{two}

* TODO [202] Second :exp:
** Experiments
1. [ ] one
"""


def test_a_flag_comes_and_goes(tmp_path: Path, git_repo: Make) -> None:
    repo = git_repo("proj")
    short = repo.commit("[e201.2] Start")[:7]
    log = tmp_path / "log.org"
    settings = Settings(
        logs=(str(log),), repositories=(Root(repo.path),), index=tmp_path / "index.sqlite"
    )
    index = open_index(tmp_path / "index.sqlite")
    flagging = Flagging()

    def look(text: str) -> list[tuple[int, str]]:
        log.write_text(text, encoding="utf-8")
        flagging.note(sync(settings, index), index)
        assert not flagging.look(settings, index)
        return [(flag.line, flag.message) for flag in flagging.flags]

    right = LOG.format(two=f" ({short})")
    renumbered = right.replace("2. [ ] two", "2. [ ] new\n3. [ ] two")
    said = f"{short} says [e201.2]: the list was renumbered"
    assert look(right) == []
    assert look(renumbered) == [(5, said)]
    assert look(renumbered.replace("Second", "Other")) == [(5, said)]
    assert look(f"# above\n{renumbered}") == [(6, said)]
    assert look(right) == []
    assert look(renumbered) == [(5, said)]
    moved = renumbered.replace("two", "TWO")
    repo.run("commit", "--amend", "--quiet", "--allow-empty", "-m", "[e201.3] Start")
    assert look(moved) == [], "the commit was reworded, as it should be"
    log.unlink()
    flagging.note(sync(settings, index), index)
    flagging.look(settings, index)
    assert flagging.flags == []
    index.close()


def test_a_step_that_was_taken_out(tmp_path: Path, git_repo: Make) -> None:
    repo = git_repo("proj")
    short = repo.commit("[e201.2] Start")[:7]
    log = tmp_path / "log.org"
    log.write_text(
        f"* TODO [201] First :exp:\n** Experiments\n1. [ ] two ({short})\n", encoding="utf-8"
    )
    settings = Settings(
        logs=(str(log),), repositories=(Root(repo.path),), index=tmp_path / "index.sqlite"
    )
    index = open_index(tmp_path / "index.sqlite")
    sync(settings, index)
    [flag] = find_flags(settings, index, ["201"])
    assert (flag.file, flag.line, flag.experiment, flag.hash) == (str(log), 3, "201", short)
    index.close()
