"""What an agenda asks of the index: which experiments a query finds, and how far they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from explog.config import Root, Settings
from explog.errors import ExplogError
from explog.index.database import Index, open_index
from explog.queries.agenda import facts, select
from explog.sync.look import sync
from support.repo import GitRepo

LOG = """\
* INPROGRESS [201] ABC in XYZ :exp:
[2018-06-06 Wed 16:16]
** Notes
- adam diverges
** Experiments
1. [X] Without ABC
2. [ ] With sgd
* TODO [202] Another one :exp_vision:
** Experiments
1. [ ] Warm-up with adam
* TODO [203] Nothing yet :exp:
"""
OTHER = """\
* TODO [202] The same id :exp:
adam here too
"""


class World:
    """Two logs with an id in common, and a repository."""

    def __init__(self, folder: Path, project: GitRepo) -> None:
        self.log, self.other = folder / "log.org", folder / "other.org"
        self.log.write_text(LOG, encoding="utf-8")
        self.other.write_text(OTHER, encoding="utf-8")
        project.commit("[e201.1] Results- without ABC", date=_day(7))
        project.commit("[e201.2] sweep of momentum", date=_day(9))
        project.commit("tidy\n\nsee also [e203] for momentum", date=_day(8))
        settings = Settings(
            logs=(str(self.log), str(self.other)), repositories=(Root(project.path),)
        )
        self.index: Index = open_index(folder / "index.sqlite")
        sync(settings, self.index)

    def select(self, text: str) -> list[str]:
        """Return what the query finds, as `log 201`."""
        return [f"{Path(place.file).stem} {place.ident}" for place in select(self.index, text)]


def _day(day: int) -> datetime:
    return datetime(2018, 6, day, 12, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path, git_repo: Callable[..., GitRepo]) -> World:
    return World(tmp_path, git_repo("project"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("adam", ["log 201", "log 202", "other 202"]),
        ("adam log:log", ["log 201", "log 202"]),
        # A commit is of the experiments that it works on, not of those it mentions.
        ("momentum", ["log 201"]),
        ("kind:commit", ["log 201"]),
        ("sgd OR warm-up", ["log 201", "log 202"]),
        ("e201.2", ["log 201"]),
        # What is left out is left out with all that is said of it elsewhere.
        ("adam -sgd", ["log 202", "other 202"]),
        ("adam -momentum", ["log 202", "other 202"]),
        ("-kind:commit", ["log 202", "log 203", "other 202"]),
        ("-adam -nothing", []),
        ("kind:experiment -adam", ["log 203"]),
        ("kind:commit after:2018-06-08", ["log 201"]),
        ("kind:commit after:2018-06-10", []),
        ("-after:2018-06-10", ["log 201", "log 202", "log 203", "other 202"]),
        ("-after:2018-06-08", ["log 202", "log 203", "other 202"]),
        ("no_such_word", []),
    ],
)
def test_select(world: World, query: str, found: list[str]) -> None:
    assert world.select(query) == found


@pytest.mark.parametrize("query", ["kind:no", "OR", '"open'])
def test_a_bad_query_says_why(world: World, query: str) -> None:
    with pytest.raises(ExplogError) as error:
        world.select(query)
    assert error.value.code == "bad-query"


def test_facts(world: World) -> None:
    found = facts(world.index, ["201", "202", "nowhere", "201"])
    rows = sorted((Path(r.file).stem, r.ident, r.ticked, r.steps, r.touched) for r in found)
    assert rows == [
        ("log", "201", 1, 2, _day(9).timestamp()),
        ("log", "202", 0, 1, None),
        ("other", "202", 0, 0, None),
    ]


def test_facts_of_very_many(world: World) -> None:
    assert len(facts(world.index, map(str, range(5000)))) == 4
