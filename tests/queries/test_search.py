"""Search over a small log and two repositories: what is found, in which order, and where it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from explog.config import Root, Settings
from explog.errors import ExplogError
from explog.index.database import Index, open_index
from explog.queries.search import MARK_END, MARK_START, Hit, search
from explog.sync.look import sync
from support.repo import GitRepo

LOG = """\
#+TODO: TODO INPROGRESS | DONE

* INPROGRESS [201] ABC in XYZ model [0%]   :@work:exp:
:PROPERTIES:
:ID:       201
:END:
[2018-06-06 Wed 16:16]

- Test if adding ABC improves results with lr=0.01 on resnet50.

** Notes
- [2018-06-07 Thu] conv2d_3 diverges, naïve init
- 学習率が高い

** TODO Experiments [0/2]
1. [ ] Test XYZ without ABC
2. [ ] Test XYZ with ABC

** TODO Conclusions
C++ port is faster.

* DONE [202] Another one :exp_vision:
** Experiments
1. [X] Warm-up schedule
"""


class World:
    """A log, two repositories, and an index of them."""

    def __init__(self, folder: Path, make: Callable[..., GitRepo]) -> None:
        self.log = folder / "log.org"
        self.log.write_text(LOG, encoding="utf-8")
        self.one, self.two = make("one"), make("two")
        self.results = self.one.commit("[e201.1] Results- without ABC\n\nloss=0.3", date=_day(7))
        self.other = self.two.commit(
            "[e202.1] warm-up, Jürgen's way", date=_day(8), author="Jürgen <j@x>"
        )
        self.plain = self.one.commit("tidy C code", date=_day(9))
        roots = (Root(self.one.path), Root(self.two.path))
        self.settings = Settings(logs=(str(self.log),), repositories=roots)
        self.index: Index = open_index(folder / "index.sqlite")
        self.sync()

    def sync(self) -> None:
        assert sync(self.settings, self.index).problems == []

    def find(self, query: str) -> list[Hit]:
        result = search(self.index, query)
        assert result.total == len(result.hits)
        return list(result.hits)

    def names(self, query: str) -> list[str]:
        """Return each hit in short: its kind, and experiment.step or the commit's number."""
        commits = {self.results: "results", self.other: "other", self.plain: "plain"}
        return [
            f"{hit.kind} {commits[hit.commit]}"
            if hit.commit
            else f"{hit.kind} {hit.experiment}" + (f".{hit.step}" if hit.step else "")
            for hit in self.find(query)
        ]


def _day(number: int) -> datetime:
    return datetime(2018, 6, number, 12, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path, git_repo: Callable[..., GitRepo]) -> World:
    return World(tmp_path, git_repo)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("lr=0.01", {"experiment 201"}),
        ("lr=0.1", set()),
        ("resnet50", {"experiment 201"}),
        ("resn", {"experiment 201"}),
        ("conv2d_3", {"note 201"}),
        ("conv2d_", {"note 201"}),
        ("naive", {"note 201"}),
        ("lr:0.01", {"experiment 201"}),
        ("lr: 0.01", {"experiment 201"}),
        ("lr = 0.01", {"experiment 201"}),
        ("--lr 0.01", {"experiment 201"}),
        ("--lr=0.01", {"experiment 201"}),
        ("lr 0.01", {"experiment 201"}),
        ("lr=0.0 ", set()),
        ("loss: 0.3", {"commit results"}),
        ("ABC AND NOT lr=0.01", {"step 201.1", "step 201.2", "commit results"}),
        ("+resnet50", {"experiment 201"}),
        ("201 ", {"experiment 201"}),
        ("201.1", {"step 201.1"}),
        ("202 ", {"experiment 202"}),
        ("-201 kind:experiment", {"experiment 202"}),
        ("NAÏVE", {"note 201"}),
        ("学習", {"note 201"}),
        ("率が", {"note 201"}),
        ("C++", {"conclusion 201"}),
        ("C code", {"commit plain"}),
        ("warm-up", {"step 202.1", "commit other"}),
        ('"without ABC"', {"step 201.1", "commit results"}),
        ('"ABC without"', set()),
        ("abc -with", {"step 201.1", "commit results"}),
        ("e202", {"experiment 202", "step 202.1", "commit other"}),
        ("e201.1", {"step 201.1", "commit results"}),
        ("[e201.1]", {"step 201.1", "commit results"}),
        ("e999", set()),
        ("kind:commit", {"commit results", "commit other", "commit plain"}),
        ("kind:note OR kind:conclusion", {"note 201", "conclusion 201"}),
        ("state:done", {"experiment 202", "step 202.1"}),
        ("tag:exp_vision kind:experiment", {"experiment 202"}),
        ("tag:exp", {"experiment 201", "note 201", "step 201.1", "step 201.2", "conclusion 201"}),
        ("repo:one", {"commit results", "commit plain"}),
        ("log:log kind:experiment", {"experiment 201", "experiment 202"}),
        ("author:jurgen", {"commit other"}),
        ("kind:commit after:2018-06-08 before:2018-06-09", {"commit other"}),
        ("kind:note after:2018-06-07", {"note 201"}),
        ("-kind:commit -tag:exp", {"experiment 202", "step 202.1"}),
        ("resnet50 OR schedule", {"experiment 201", "step 202.1"}),
        ("e202 OR resnet50 ", {"experiment 202", "step 202.1", "commit other", "experiment 201"}),
        ("-e201 -e202", {"commit plain"}),
    ],
)
def test_a_query_finds(world: World, query: str, found: set[str]) -> None:
    assert set(world.names(query)) == found


def test_a_hash_finds_its_commit_and_the_step_that_bears_it(world: World) -> None:
    bearing = world.log.read_text("utf-8").replace(
        "without ABC\n", f"without ABC ({world.results[:7]})\n", 1
    )
    world.log.write_text(bearing, encoding="utf-8")
    world.sync()
    for digits in (5, 7, 12, 40):
        assert set(world.names(world.results[:digits])) == {"commit results", "step 201.1"}


def test_the_thing_that_is_named_comes_first(world: World) -> None:
    assert world.names("201")[0] == "experiment 201"
    assert world.names("201.1")[0] == "step 201.1"
    assert world.names("e201")[0] == "experiment 201"
    assert world.names("e201.1")[0] == "step 201.1"
    assert world.names(world.plain[:8])[0] == "commit plain"
    assert world.names(f"{world.plain[:8]} OR abc")[0] == "commit plain"


def test_a_hit_says_where_it_is(world: World) -> None:
    (step,) = [hit for hit in world.find("e201.1") if hit.kind == "step"]
    lines = LOG.splitlines()
    assert (step.experiment, step.step, step.file) == ("201", "1", str(world.log))
    assert step.line is not None
    assert lines[step.line - 1] == "1. [ ] Test XYZ without ABC"
    assert (step.title, step.repository, step.commit) == ("ABC in XYZ model", None, None)
    assert step.date == "2018-06-06"
    (note,) = world.find("conv2d_3")
    assert note.line is not None
    assert "conv2d_3" in lines[note.line - 1]
    assert note.date == "2018-06-07"
    (commit,) = world.find("loss=0.3")
    assert (commit.commit, commit.repository) == (world.results, str(world.one.path))
    assert (commit.experiment, commit.step) == ("201", "1")
    assert (commit.file, commit.line, commit.date) == (None, None, "2018-06-07T12:00:00Z")


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("naive", "naïve"),
        ("LR=0.01", "lr=0.01"),
        ("resn", "resn"),
        ("学習", "学習"),
        ("C++", "C++"),
    ],
)
def test_a_snippet_marks_the_match(world: World, query: str, marked: str) -> None:
    assert f"{MARK_START}{marked}{MARK_END}" in world.find(query)[0].snippet


def test_a_phrase_is_marked_over_any_blank(world: World) -> None:
    snippets = [hit.snippet for hit in world.find('"without ABC"')]
    assert all(f"{MARK_START}without ABC{MARK_END}" in snippet for snippet in snippets)


def test_what_is_rewritten_or_deleted_is_found_no_more(world: World) -> None:
    world.one.branch("aside")
    lost = world.one.commit("a dead end")
    world.sync()
    assert [hit.commit for hit in world.find('"dead end"')] == [lost]
    world.one.switch("main")
    world.one.run("branch", "-D", "aside")
    world.log.write_text(LOG.replace("resnet50", "resnet101"), encoding="utf-8")
    world.sync()
    assert world.find('"dead end"') == []
    assert world.find("resnet50") == []
    assert world.names("resnet101") == ["experiment 201"]


def test_very_many_matches_are_counted_all(tmp_path: Path) -> None:
    log = tmp_path / "log.org"
    log.write_text("".join(f"* [{n}] same word :exp:\n" for n in range(1, 1201)), encoding="utf-8")
    index = open_index(tmp_path / "index.sqlite")
    sync(Settings(logs=(str(log),)), index)
    result = search(index, "same", limit=10)
    assert (result.total, len(result.hits), result.complete) == (1200, 10, True)
    quick = search(index, "same", limit=10, count_all=False)
    assert not quick.complete
    assert quick.total < 1200


def test_a_bad_query_is_an_error(world: World) -> None:
    with pytest.raises(ExplogError, match="quote"):
        search(world.index, '"open')


@pytest.mark.parametrize("word", ["w", "-w", "-x.", "e1", "e1 OR", "-e1", "abcd1", "state:a"])
def test_as_many_words_as_a_query_can_have_are_looked_for(world: World, word: str) -> None:
    query = f"{word} " * (1990 // (len(word) + 1)) + "model"
    assert search(world.index, query).complete


def test_a_state_is_found_in_any_case(world: World) -> None:
    world.log.write_text(
        "#+TODO: Läuft | Fertig\n* Läuft [7] A :exp:\n* [8] B :exp:\n", encoding="utf-8"
    )
    world.sync()
    assert world.names("state:LÄUFT") == world.names("state:läuft") == ["experiment 7"]


def test_archives_are_searched(world: World) -> None:
    archive = world.log.with_name("log.org_archive")
    archive.write_text("* DONE [150] An old model :exp:\n", encoding="utf-8")
    world.sync()
    (hit,) = world.find("old model")
    assert (hit.experiment, hit.file, hit.line) == ("150", str(archive), 1)
    archive.unlink()
    world.sync()
    assert world.find("old model") == []


SPELLINGS = """\
#+TITLE: Meine Ergebnisse

Ein Überblick über alles.

* Ideas [1/2]
Try dropout on the Straße.

- batch size: 128
- acc 7.4 %, loss 7.5%
** Ｆｕｌｌ width ﬁnder
optimizer = adam; --wd 1e-3; "seed": 17
nai\u0308ve re\u0301sume\u0301
* [301] Warm-up :exp:
** Ablation of the schedule
x
* Later
** [302] Another :exp:
"""


@pytest.fixture
def spelled(tmp_path: Path) -> Index:
    log = tmp_path / "log.org"
    log.write_text(SPELLINGS, encoding="utf-8")
    index = open_index(tmp_path / "index.sqlite")
    assert sync(Settings(logs=(str(log),)), index).problems == []
    return index


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("Ergebnisse", [1]),
        ("Überblick", [3]),
        ("ideas", [5]),
        ("dropout", [5]),
        ("strasse", [5]),
        ("STRASSE", [5]),
        ("Straße", [5]),
        ("batch size=128", [8]),
        ("batch size", [8]),
        ("7.4%", [9]),
        ("7.4 %", [9]),
        ("7.5 %", [9]),
        ("7.5%", [9]),
        ("full", [10]),
        ("ｆｕｌｌ", [10]),
        ("finder", [10]),
        ("ﬁnder", [10]),
        ("optimizer=adam", [10]),
        ("optimizer:adam", [10]),
        ("wd=1e-3", [10]),
        ("1e-3", [10]),
        ("seed=17", [10]),
        ("naïve", [10]),
        ("nai\u0308ve", [10]),
        ("résumé", [10]),
        ("ablation", [14]),
        ("kind:text later", [16]),
        ("kind:text", [1, 3, 5, 8, 9, 10, 16]),
        ("state:TODO", []),
        ("kind:text -tag:exp", [1, 3, 5, 8, 9, 10, 16]),
        ("kind:text -state:TODO", [1, 3, 5, 8, 9, 10, 16]),
    ],
)
def test_all_text_of_a_log_is_found(spelled: Index, query: str, lines: list[int]) -> None:
    result = search(spelled, query)
    assert sorted(hit.line or 0 for hit in result.hits if not result.note) == lines


def test_text_has_the_title_of_its_heading(spelled: Index) -> None:
    (hit,) = search(spelled, "batch").hits
    assert hit.kind == "text"
    assert (hit.title, hit.experiment, hit.step, hit.commit) == ("Ideas", None, None, None)


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("strasse", "Straße"),
        ("finder", "ﬁnder"),
        ("full", "Ｆｕｌｌ"),
        ("naive", "nai\u0308ve"),
        ("optimizer=adam", "optimizer = adam"),
        ("7.4%", "7.4 %"),
        ("seed: 17", 'seed": 17'),
    ],
)
def test_what_is_spelled_otherwise_is_marked(spelled: Index, query: str, marked: str) -> None:
    (hit,) = search(spelled, query).hits
    assert f"{MARK_START}{marked}{MARK_END}" in hit.snippet


@pytest.mark.parametrize(
    ("query", "word", "lines"),
    [
        ("dropuot", "dropout", [5]),
        ("dorpout", "dropout", [5]),
        ("droput straße", "dropout", [5]),
        ("xdropout", "dropout", [5]),
        ("drpout", "dropout", [5]),
        ("drpot", "", None),
        ("optimisierer ", "", None),
        ("shcedule", "schedule", [14]),
        ("ablatoin", "ablation", [14]),
        ("overvew überblick", "", None),
        ("ablatx", "", None),
        ("droput 17", "dropout", []),
        ('"dropuot"', "", None),
    ],
)
def test_a_misspelled_word(spelled: Index, query: str, word: str, lines: list[int] | None) -> None:
    result = search(spelled, query)
    assert ("did you mean" in result.note) == bool(word)
    assert word in result.note
    assert "searched 1 log and 0 commits in 0 repositories" in result.note
    if lines is not None:
        assert [hit.line for hit in result.hits] == lines
        assert result.total == len(lines)


def test_a_word_that_is_being_typed_is_compared_by_its_beginning(spelled: Index) -> None:
    typed = search(spelled, "ablatx", count_all=False)
    assert "did you mean “ablation”" in typed.note
    assert [hit.line for hit in typed.hits] == [14]
    assert "did you mean" not in search(spelled, "ablatx ", count_all=False).note


def test_what_is_found_needs_no_note(world: World) -> None:
    assert search(world.index, "ABC").note == ""
    assert search(world.index, "").note == ""


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("nonsense", "searched 1 log and 4 commits in 2 repositories"),
        ("state:WAIT", "no experiment is in the state WAIT; there are DONE, INPROGRESS; searched"),
        (
            "state:WAIT ABC",
            "no experiment is in the state WAIT; there are DONE, INPROGRESS; searched",
        ),
        ("tag:home", "no experiment has the tag home; there are @work, exp, exp_vision; searched"),
        ("repo:three", "no repository is called three; there are one, two; searched"),
        ("log:notes", "no log is called notes; there are log; searched"),
        ("repo:one -repo:three state:DONE", "searched"),
    ],
)
def test_where_nothing_is_found(world: World, query: str, note: str) -> None:
    world.one.commit("more")
    world.sync()
    result = search(world.index, query)
    assert result.hits == ()
    assert result.note.startswith(note)


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("state:", "DONE, INPROGRESS"),
        ("ABC tag: x", "@work, exp, exp_vision"),
        ("repo:", "one, two"),
        ("log:", "log"),
        ("kind:", "experiment, step, note, conclusion, text, commit"),
        ("kind:foo", "experiment, step, note, conclusion, text, commit"),
    ],
)
def test_a_filter_without_a_value_says_which_there_are(
    world: World, query: str, values: str
) -> None:
    with pytest.raises(ExplogError, match=values) as caught:
        search(world.index, query)
    assert caught.value.code == "bad-query"
    assert isinstance(caught.value.data["position"], int)
