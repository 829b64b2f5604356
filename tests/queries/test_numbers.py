"""A number that was used is never given again, wherever it was used."""

from __future__ import annotations

from pathlib import Path

import pytest

from explog.config import Root, Settings
from explog.index.database import Index, open_index
from explog.queries.numbers import next_id, next_step
from explog.sync.look import sync
from support.repo import GitRepo

LOG = """\
* TODO [201] First :exp:
See [e202.7] and [e203.1.2].
** Experiments
1. [ ] one
   1. [ ] inner
2. [ ] two
* TODO [202b] Second :exp:
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "log.org").write_text(LOG, encoding="utf-8")
    return Settings(
        logs=(str(tmp_path / "log.org"),),
        repositories=(Root(tmp_path / "proj"),),
        index=tmp_path / "index.sqlite",
    )


@pytest.fixture(autouse=True)
def repo(settings: Settings) -> GitRepo:
    return GitRepo(settings.repositories[0].path)


@pytest.fixture
def index(settings: Settings) -> Index:
    return open_index(settings.index_path())


def test_of_a_log_alone(settings: Settings, index: Index) -> None:
    sync(settings, index)
    assert next_id(index) == 202
    assert next_step(index, "201", ()) == 3
    assert next_step(index, "201", (1,)) == 2
    assert next_step(index, "201", (2,)) == 1
    assert next_step(index, "202b", ()) == 1
    assert next_step(index, "202", ()) == 8, "a text speaks of step 7"
    assert next_step(index, "203", (1,)) == 3
    assert next_step(index, "999", ()) == 1


def test_of_commits(settings: Settings, index: Index, repo: GitRepo) -> None:
    repo.commit("Begin")
    repo.commit("[e201.5] Try")
    repo.commit("[e201.2.4] Try\n\nAs in [e417] and [e201.2.6].")
    repo.commit("[e20240101123] [e300b] A date, and no number")
    sync(settings, index)
    assert next_id(index) == 418
    assert next_step(index, "201", ()) == 6
    assert next_step(index, "201", (2,)) == 7
    repo.run("reset", "--hard", "HEAD~3")
    sync(settings, index)
    assert next_step(index, "201", ()) == 6, "no branch reaches it, and it was used"
    assert next_step(index, "201", (2,)) == 5, "a mere mention went with its commit"


def test_of_an_archive(settings: Settings, index: Index, tmp_path: Path) -> None:
    archived = LOG.replace("201", "305").replace("2. [ ] two", "9. [@9] [ ] nine")
    (tmp_path / "log.org_archive").write_text(archived, encoding="utf-8")
    sync(settings, index)
    assert next_id(index) == 306
    assert next_step(index, "305", ()) == 10


def test_of_an_entry_that_lost_its_tag_to_the_archive(
    settings: Settings, index: Index, tmp_path: Path
) -> None:
    """org keeps the tags that an entry had inherited as a property."""
    (tmp_path / "log.org_archive").write_text(
        "* DONE [305] Archived\n:PROPERTIES:\n:ARCHIVE_ITAGS: work exp\n:END:\n"
        "** Experiments\n1. [X] one\n"
        "* DONE [306] Another\n:PROPERTIES:\n:ARCHIVE_ITAGS: work\n:END:\n",
        encoding="utf-8",
    )
    sync(settings, index)
    assert next_id(index) == 306
    assert next_step(index, "305", ()) == 2
