"""Settings: what they read, and what they say of what they cannot read."""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explog.config import Project, Root, Settings, Tick, with_overrides
from explog.config_file import (
    _READERS,
    default_config_path,
    from_mapping,
    keep_emacs_settings,
    load,
)
from explog.errors import ExplogError
from explog.lab_settings import LabSettings
from explog.state import state_file

FULL = """
logs = ["~/log.org", "/srv/*.org"]
repositories = ["~/a", {path = "/srv/b", depth = 2}]
index = "~/index.sqlite"
tag = "run"
steps_heading = "Steps"
results = "Outcome"
tick = "always"
metrics = ["out/*.{json,csv}"]
run_notes = false
parameters = []
trackers = ["/srv/mlruns", "wandb"]
todo_open = ["TODO"]
todo_done = []

[projects]
"~/log.org" = ["~/a"]
"""


def test_a_whole_file(tmp_path: Path, home: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode())
    assert load(file) == Settings(
        logs=("~/log.org", "/srv/*.org"),
        repositories=(Root(home / "a"), Root(Path("/srv/b"), 2)),
        projects=(Project(home / "log.org", (home / "a",)),),
        index=home / "index.sqlite",
        tag="run",
        steps_heading="Steps",
        results="Outcome",
        tick="always",
        metrics=("out/*.{json,csv}",),
        run_notes=False,
        parameters=(),
        trackers=("/srv/mlruns", "wandb"),
        todo_open=("TODO",),
        todo_done=(),
    )


def test_the_settings_of_a_lab(tmp_path: Path, home: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        """
        lab = "service=group"
        publish_logs = ["~/log.org"]
        publish = {default = "none", "~/a" = "all", "/srv/b" = "pushed"}
        scope = "lab"
        """,
        encoding="utf-8",
    )
    group = load(file).group
    assert group == LabSettings(
        "service=group",
        "none",
        ((home / "a", "all"), (Path("/srv/b"), "pushed")),
        ("~/log.org",),
        "lab",
    )
    assert group.published(home / "a" / ".git", home / "a") == "all"
    assert group.published(home / "c") == "none"
    file.write_text("publish = 'all'", encoding="utf-8")
    assert load(file).group == LabSettings(publish="all")


def test_no_file_is_no_settings_but_a_named_one_must_be_there(home: Path) -> None:
    assert load() == Settings()
    with pytest.raises(ExplogError, match=r"no\.toml: there is no such file"):
        load(home / "no.toml")


def test_the_default_file_is_read() -> None:
    default_config_path().parent.mkdir(parents=True)
    default_config_path().write_text('tag = "run"', encoding="utf-8")
    assert load().tag == "run"


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("tags = 'x'", "unknown setting 'tags'; did you mean tag?"),
        ("colour = 'x'", "unknown setting 'colour'; there are: alphabetical_lists,"),
        ("tag = 1", "tag: expected a string, not 1"),
        ("tag = ''", "tag: expected a string, not ''"),
        ("tag = ':exp:'", "tag: expected a tag of letters"),
        ("tag = 'my tag'", "tag: expected a tag of letters"),
        ("logs = 'x.org'", "logs: expected a list of strings, not 'x.org'"),
        ("logs = [1]", "logs: expected a string, not 1"),
        ("logs = ['']", "logs: expected a string, not ''"),
        ("logs = ['a\\u0000b']".replace("'", '"'), "logs: expected a string"),
        ("repositories = '~/a'", "repositories: expected a list of paths or {path, depth}"),
        ("repositories = [1]", "repositories: expected a path or {path, depth}, not 1"),
        ("repositories = [{depth = 1}]", "repositories: expected a path or {path, depth}"),
        ("repositories = [{path = 'a', deep = 1}]", "repositories: expected a path or"),
        ("repositories = [{path = 1}]", "repositories: expected a string, not 1"),
        ("repositories = [{path = 'a', depth = -1}]", "repositories: expected a depth from 0 to"),
        ("repositories = [{path = 'a', depth = 11}]", "repositories: expected a depth from 0 to"),
        ("repositories = [{path = 'a', depth = true}]", "repositories: expected a depth from 0"),
        ("repositories = [{path = 'a', depth = '1'}]", "repositories: expected a depth from 0"),
        ("projects = ['a']", "projects: expected a table of log = [repositories]"),
        ("[projects]\n'a.org' = 'b'", "projects: expected a list of strings, not 'b'"),
        ("[projects]\n'a.org' = [1]", "projects: expected a string, not 1"),
        ("index = 1", "index: expected a string, not 1"),
        ("results = '('", "results is no regular expression: '('"),
        ("results = 1", "results: expected a string"),
        ("run_notes = 1", "run_notes: expected true or false, not 1"),
        ("metrics = 'metrics.json'", "metrics: expected a list of strings"),
        (
            "metrics = ['/srv/m.json']",
            "metrics: expected patterns of files, as a repository has them",
        ),
        ("parameters = ['[z-a].yaml']", "parameters: expected wildcards, not '[z-a].yaml': bad"),
        ("trackers = 'wandb'", "trackers: expected a list of strings"),
        ("steps_heading = []", "steps_heading: expected a string"),
        ("tick = 'sometimes'", "tick: expected always, results or never, not 'sometimes'"),
        ("tick = ['always']", "tick: expected always, results or never"),
        ("todo_open = [' TODO']", "todo_open: expected TODO keywords without"),
        ("todo_open = ['TODO(t)']", "todo_open: expected TODO keywords without"),
        ("todo_done = ['|']", "todo_done: expected TODO keywords without"),
        ("todo_done = 'DONE'", "todo_done: expected a list of strings"),
        ("alphabetical_lists = 1", "alphabetical_lists: expected true or false, not 1"),
        ("hierarchical_statistics = 'no'", "hierarchical_statistics: expected true or false"),
        ("inlinetask_min_level = 1", "inlinetask_min_level: expected a number of stars"),
        ("inlinetask_min_level = true", "inlinetask_min_level: expected a number of stars"),
        ("archive_location = 1", "archive_location: expected a string"),
        ("lock_files = ['a']", "lock_files: expected a table of log = lock file"),
        ("[lock_files]\na = 1", "lock_files: expected a string"),
        ("lab = 1", "lab: expected the address of a database"),
        ("publish = 'secret'", "publish: expected pushed, all or none, or a table of"),
        ("publish = {default = 'most'}", "publish: expected pushed, all or none, or a table of"),
        ("publish_logs = 'log.org'", "publish_logs: expected a list of strings, not 'log.org'"),
        ("scope = 'world'", "scope: expected mine or lab, not 'world'"),
        ("problems = ['a']", "unknown setting 'problems'; did you mean projects?"),
    ],
)
def test_bad_settings_are_named_and_the_others_apply(toml: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        f"steps_heading = 'Mine'\n{toml}".replace("steps_heading = 'Mine'\nsteps", "steps")
    )
    settings = load(file)
    [problem] = settings.problems
    assert problem.startswith(f"{file}: ")
    assert said in problem
    name = said.partition(":")[0]
    expected = Settings() if "steps_heading" in toml else Settings(steps_heading="Mine")
    tick: Tick = "never" if name == "tick" else "results"
    assert settings == replace(expected, problems=settings.problems, tick=tick)


@pytest.mark.parametrize(
    ("toml", "said"),
    [("tag = ", "Invalid value"), ("tag = 'a'\ntag = 'b'", "Cannot overwrite a value")],
)
def test_a_file_that_is_not_toml_is_an_error(toml: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(toml, encoding="utf-8")
    with pytest.raises(ExplogError) as caught:
        load(file)
    assert caught.value.code == "bad-config"
    assert caught.value.message.startswith(f"{file}: ")
    assert said in caught.value.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
NAMES = [field.name for field in fields(Settings) if field.name != "problems"]


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), JSON, max_size=6))
def test_whatever_the_values_are(table: dict[str, Any]) -> None:
    """Each value is read or named, and one value changes nothing for another."""
    settings = from_mapping(table)
    alone = {name: from_mapping({name: value}) for name, value in table.items()}
    assert settings.problems == tuple(p for one in alone.values() for p in one.problems)
    for name in NAMES:
        expected = alone[name] if name in alone else Settings()
        assert getattr(settings, name) == getattr(expected, name)


def test_the_terminal_takes_from_emacs_what_the_file_does_not_say(home: Path) -> None:
    table: dict[str, object] = {
        "logs": ["/emacs.org"],
        "tag": "run",
        "todo_open": ["RUNNING"],
        "todo_done": ["[X]"],
        "hierarchical_statistics": False,
        "inlinetask_min_level": False,
    }
    keep_emacs_settings(table)
    path = state_file("emacs")
    assert home in path.parents
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent)] == [0o600, 0o700]
    assert load() == from_mapping(table)
    default_config_path().parent.mkdir(parents=True)
    default_config_path().write_text('tag = "mine"\ntodo_open = ["TODO"]', encoding="utf-8")
    assert load() == from_mapping(
        {"logs": ["/emacs.org"], "tag": "mine", "todo_open": ["TODO"],
         "hierarchical_statistics": False, "inlinetask_min_level": False}
    )  # fmt: skip
    assert load(default_config_path()) == from_mapping({"tag": "mine", "todo_open": ["TODO"]})


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"tag": 1}'])
def test_settings_of_emacs_that_cannot_be_read(data: bytes) -> None:
    state_file("emacs").parent.mkdir(parents=True)
    state_file("emacs").write_bytes(data)
    assert replace(load(), problems=()) == Settings()


def test_what_is_no_text_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b"tag = '\xff'")
    for bad in (file, tmp_path):
        with pytest.raises(ExplogError) as caught:
            load(bad)
        assert caught.value.code == "bad-config"
        assert caught.value.message.startswith(f"{bad}: ")


def files(*logs: str) -> list[str]:
    """Return the names of the files that LOGS stand for."""
    return [path.name for path in Settings(logs=logs).log_files()]


def test_logs_are_files_globs_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b.org", "a.org", ".hidden.org", "c.txt", "[x].org", "sub/d.org"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".#a.org").symlink_to("ada@host.1:1")
    monkeypatch.chdir(tmp_path)
    assert files(".") == ["[x].org", "a.org", "b.org"]
    assert files(str(tmp_path), "a.org", "./a.org") == ["[x].org", "a.org", "b.org"]
    assert files("*.txt", "a.org") == ["c.txt", "a.org"]
    assert files("[x].org") == ["[x].org"]
    assert files("**/*.org") == ["[x].org", "a.org", "b.org", "d.org"]
    assert files("gone.org", "none*.org") == ["gone.org"]
    assert all(path.is_absolute() for path in Settings(logs=("a.org", "gone.org")).log_files())


WILDCARDS = json.loads((Path(__file__).parent / "data/wildcards.json").read_text("utf-8"))


@pytest.mark.parametrize("row", WILDCARDS["rows"], ids=[row["log"] for row in WILDCARDS["rows"]])
def test_wildcards_stand_for_the_files_of_a_table(row: dict[str, Any], tmp_path: Path) -> None:
    """Emacs Lisp is held to the same table, in tests/elisp/explog-log-tests.el."""
    for name in WILDCARDS["tree"]:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    found = Settings(logs=(f"{tmp_path}/{row['log']}",)).log_files()
    assert sorted(str(path.relative_to(tmp_path)) for path in found) == sorted(row["files"])


def test_a_log_with_two_names_is_one_log(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.org").touch()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "b.org").symlink_to("real/a.org")
    logs = [str(tmp_path / name) for name in ("link", "real/a.org", "b.org")]
    assert Settings(logs=tuple(logs)).log_files() == [tmp_path / "link/a.org"]


def test_archives_are_where_org_puts_them(tmp_path: Path, home: Path) -> None:
    log = tmp_path / "log.org"
    log.write_text("#+title: x\n#+ARCHIVE: old/mine.org::* Old\n#+archive: ::* Here\n")
    names = ["log.org_archive", "archive/log.org.old", "old/mine.org"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (home / "all.org").touch()
    assert Settings(logs=(str(log),)).log_files() == [log, *(tmp_path / names[n] for n in (0, 2))]
    settings = Settings(logs=(str(log),), archive_location="archive/%s.old::* From %s")
    assert settings.log_files() == [log, *(tmp_path / names[n] for n in (0, 1, 2))]
    settings = Settings(logs=(str(log),), archive_location="~/all.org::datetree/")
    assert home / "all.org" in settings.log_files()
    os.mkfifo(tmp_path / "pipe.org")
    assert Settings(logs=(str(tmp_path / "pipe.org"),)).log_files() == [tmp_path / "pipe.org"]


def test_home_stands_for_home(home: Path) -> None:
    assert Settings(logs=("~/x.org",)).log_files() == [home / "x.org"]


def test_each_scope_has_an_index_of_its_own(tmp_path: Path) -> None:
    scopes: list[dict[str, Any]] = [
        {},
        {"logs": ["a.org"]},
        {"repositories": ["/a"]},
        {"repositories": [{"path": "/a", "depth": 1}]},
        {"results": "x"},
        {"metrics": ["x"]},
        {"parameters": ["x"]},
        {"projects": {"/a.org": ["/a"]}},
    ]
    indexes = {from_mapping(scope).index_path() for scope in scopes}
    assert len(indexes) == len(scopes)
    assert from_mapping({"tag": "run"}).index_path() in indexes
    assert Settings(index=tmp_path / "x").index_path() == tmp_path / "x"
    assert Settings(logs=("a\udcff.org",)).index_path() not in indexes


def test_a_command_line_overrides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = from_mapping({"logs": ["a.org"], "repositories": ["/a"], "tag": "run"})
    assert with_overrides(settings) == settings
    changed = with_overrides(settings, ["b.org"], ["r"], tmp_path / "i")
    assert changed.logs == ("b.org",)
    assert changed.repositories == (Root(tmp_path / "r"),)
    assert changed.index == tmp_path / "i"
    assert changed.tag == "run"


ODD: list[object] = [
    *(
        None,
        True,
        False,
        -1,
        10**30,
        1.5,
        float("nan"),
        float("inf"),
        "",
        "\0",
        "\ud800",
        "x" * 5000,
    ),
    *([], [[]], [None], ["\ud800"], [""], {}, {"": ""}, {"a": 1}, {"a": ["\0"]}, {"\ud800": []}),
    *(
        [{"path": 1}],
        [{"path": "x", "depth": 10**30}],
        [{"depth": 1}],
        "a{99999999999}",
        "(" * 5000,
    ),
]


@pytest.mark.parametrize("name", sorted(_READERS))
def test_every_setting_checks_its_value(name: str) -> None:
    """What is accepted can be used, and what is not is named in one line."""
    for value in ODD:
        settings = from_mapping({name: value})
        for problem in settings.problems:
            assert name in problem
            assert "\n" not in problem
            assert len(problem) < 400
            problem.encode()
        settings.log_files()
        with suppress(ExplogError):
            settings.index_path()


@pytest.mark.parametrize(
    "text",
    ["since = " + "1" * 5000, "a = " + "[" * 5000, "tag = '\\ud800'", "a.b.c.d = 1", "= 1", "\0"],
)
def test_odd_files_are_refused_with_their_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    try:
        problems = list(load(path).problems)
    except ExplogError as error:
        problems = [error.message]
    assert problems
    assert all(problem.startswith(f"{path}: ") for problem in problems)


def test_a_configuration_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(ExplogError, match="it is not a file"):
            load(path)
    assert load(Path(os.devnull)) == Settings()
