"""The program in a terminal: what each command prints where, and its exit status."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from explog.ignored import dropped_edit, keep_dropped
from explog.index.database import open_index
from explog.results.kept import kept_values
from support.commands import COMMANDS
from support.program import explog
from support.repo import GitRepo

Make = Callable[..., GitRepo]
ENTRY = "* TODO [201] Title :exp:\n** Experiments [0/2]\n1. [ ] one\n2. [ ] two\n"


def printed(*args: str | Path, status: int = 0, **env: str) -> Any:
    """Run explog with --json and return what it printed."""
    done = explog(*args, "--json", **env)
    assert done.returncode == status, done.stderr
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.org"
    path.write_text(ENTRY)
    return path


@pytest.fixture
def repo(git_repo: Make) -> GitRepo:
    made = git_repo("proj")
    made.commit("[e201.1] Start")
    made.commit("[e201.2] Results: good")
    made.commit("[e999.1] Nowhere")
    return made


@pytest.fixture
def given(log: Path, repo: GitRepo) -> list[str]:
    return ["--log", str(log), "--repo", str(repo.path)]


def test_program_is_installed() -> None:
    script = Path(sys.executable).with_name("explog")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("explog, version ")


def test_manual_pages_are_installed() -> None:
    folder = Path(sys.prefix) / "share/man/man1"
    whole = (folder / "explog.1").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"explog\\-{name}(1)" in whole
        page = (folder / f"explog-{name}.1").read_text(encoding="utf-8")
        for option in COMMANDS[name].params:
            for written in option.opts if option.param_type_name == "option" else ():
                assert written.replace("-", "\\-") in page
    assert str(Path.home()) not in whole


def test_bash_completes_commands_and_options() -> None:
    script = Path(sys.prefix) / "share/bash-completion/completions/explog"
    program = Path(sys.executable).with_name("explog")
    for words, wanted in (("sea", {"search"}), ("backfill --wr", {"--write"})):
        line = f"explog {words}"
        done = subprocess.run(
            ["bash", "--norc", "-c", f'. "$0"; COMP_WORDS=({line}); COMP_CWORD={len(words.split())};'
             ' _explog_completion "$1"; echo "${COMPREPLY[@]}"', script, program],
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert set(done.stdout.split()) == wanted


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["backfill", "--help"], ["serve", "-h"]])
def test_help(args: list[str]) -> None:
    done = explog(*args)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: ")


@pytest.mark.parametrize(
    "args",
    [
        ["nonsense"],
        ["backfill", "--nonsense"],
        ["backfill", "extra"],
        ["index", "--log"],
        ["search"],
    ],
)
def test_wrong_usage(args: list[str]) -> None:
    done = explog(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: " in done.stderr


# Commands


def test_index(given: list[str]) -> None:
    done = explog("index", *given)
    assert (done.returncode, done.stderr) == (0, "")
    expected = "3 commits in 1 repository, 1 experiment with 2 steps in 1 log\n"
    assert done.stdout == expected
    found = printed("index", *given)
    assert found == {
        "repositories": 1,
        "commits": 3,
        "logs": 1,
        "experiments": 1,
        "steps": 2,
        "problems": [],
    }


def test_a_comparison_reads_the_values_of_results(
    given: list[str], repo: GitRepo, tmp_path: Path
) -> None:
    oid = repo.commit("[e201.2] Results: acc=3", file="metrics.json", text='{"acc": 3.0}')
    file = tmp_path / "index.sqlite"
    found = printed("search", "metric:acc=3", *given, "--index", file)
    assert [hit["commit"] for hit in found["hits"] if hit["kind"] == "commit"] == [oid]
    index = open_index(file)
    assert kept_values(index, [oid])[oid].samples[0].metrics["acc"].text == "3.0"
    index.close()


def test_backfill_shows_a_diff_and_writes_nothing(given: list[str], log: Path) -> None:
    done = explog("backfill", *given)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[:2] == [f"--- {log}", f"+++ {log}"]
    assert sum(line.startswith("+") for line in lines) == 4
    assert "\x1b" not in done.stdout + done.stderr
    assert done.stderr.splitlines() == [
        f"explog: not placed: {done.stderr[20:30]} says [e999.1], and no log has that experiment",
        "explog: 2 steps to write; do it with --write",
    ]
    assert log.read_text() == ENTRY


def test_backfill_writes(given: list[str], log: Path) -> None:
    done = explog("backfill", "--write", *given)
    assert done.returncode == 0
    assert done.stderr.endswith("explog: 2 steps written\n")
    assert "[1/2]" in log.read_text()
    again = explog("backfill", "--write", *given)
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr.endswith("explog: 0 steps written\n")
    assert explog("backfill", *given).stderr.endswith("explog: nothing to write\n")


@pytest.mark.parametrize("write", [False, True])
def test_backfill_json(given: list[str], log: Path, repo: GitRepo, write: bool) -> None:
    oids = repo.run("log", "--reverse", "--format=%H").split()
    found = printed("backfill", *given, *(["--write"] if write else []))
    assert found == {
        "edits": [
            {
                "file": str(log),
                "line": 3,
                "experiment": "201",
                "step": "1",
                "repository": str(repo.path),
                "commit": oids[0],
                "old": "1. [ ] one",
                "new": f"1. [ ] one ({oids[0][:7]})",
            },
            {
                "file": str(log),
                "line": 4,
                "experiment": "201",
                "step": "2",
                "repository": str(repo.path),
                "commit": oids[1],
                "old": "2. [ ] two",
                "new": f"2. [X] two ({oids[1][:7]})",
            },
        ],
        "unplaced": [
            {
                "reason": "unknown-experiment",
                "reference": "e999.1",
                "repository": str(repo.path),
                "commit": oids[2],
                "message": f"{oids[2][:10]} says [e999.1], and no log has that experiment",
            }
        ],
    }
    assert (log.read_text() != ENTRY) == write


def test_what_replaces_a_dead_hash_is_named(given: list[str], log: Path, repo: GitRepo) -> None:
    log.write_text(ENTRY.replace("one", "one (83d45cd)"))
    oid = repo.run("log", "--reverse", "--format=%H").split()[0]
    done = explog("backfill", *given)
    said = f"explog: e201.1 ← {oid[:7]} (proj): replaces a dead hash, 83d45cd"
    assert said in done.stderr.splitlines()
    edits = printed("backfill", *given)["edits"]
    assert [edit.get("replaces") for edit in edits] == ["83d45cd", None]


@pytest.mark.parametrize(
    ("cookie", "message", "said"),
    [
        ("[7/2]", "[e201.2] Start", ["explog: 1 cookie is wrong in these entries;"]),
        ("[7/2]", "[e201.2] Results", []),  # a tick has all counted
        ("[0/2]", "[e201.2] Start", []),
    ],
)
def test_cookies_that_a_backfill_leaves_wrong_are_told_of(
    log: Path, git_repo: Make, cookie: str, message: str, said: list[str]
) -> None:
    made = git_repo("other")
    made.commit(message)
    log.write_text(ENTRY.replace("[0/2]", cookie))
    done = explog("backfill", "--log", log, "--repo", made.path)
    lines = done.stderr.splitlines()
    assert [line.partition(" M-x")[0] for line in lines if "cookie" in line] == said


def test_what_was_dropped_is_named_and_not_written(
    given: list[str], log: Path, repo: GitRepo
) -> None:
    oid = repo.run("log", "--reverse", "--format=%H").split()[0]
    keep_dropped([dropped_edit(str(log), "201", "1", oid)], dropped=True)
    found = printed("backfill", *given)
    assert [edit["step"] for edit in found["edits"]] == ["2"]
    assert found["dropped"] == [
        {
            "file": str(log),
            "line": 3,
            "experiment": "201",
            "step": "1",
            "repository": str(repo.path),
            "commit": oid,
        }
    ]
    done = explog("backfill", "--write", *given)
    assert f"explog: dropped: e201.1 ← {oid[:7]} (" in done.stderr
    assert done.stderr.endswith("explog: 1 step written\n")
    assert "1. [ ] one\n2. [X] two (" in log.read_text()


def test_a_misspelled_word_shows_the_nearest_hits(given: list[str]) -> None:
    done = explog("search", "Resluts", *given)
    assert (done.returncode, done.stdout) == (0, explog("search", "results", *given).stdout)
    assert "did you mean “results”" in done.stderr
    assert len(printed("search", "Resluts", *given)["hits"]) == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (["start", "-good"], "[e201.1]"),
        (["-start", "good"], "[e201.2]"),
        (["results", "-hidden"], "[e201.2]"),
        (["--limit", "1", "good", "-s"], "[e201.2]"),
        (["good", "--limit=1"], "[e201.2]"),
        (["--", "good"], "[e201.2]"),
        (["good", "--results"], "[e201.2]"),
    ],
)
def test_a_word_that_is_left_out_needs_no_dashes_before_it(
    given: list[str], query: list[str], found: str
) -> None:
    done = explog("search", *given, *query, "kind:commit")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    assert found in done.stdout


def test_help_names_the_configuration(tmp_path: Path) -> None:
    folder = str(tmp_path / "conf")
    said = explog("search", "--help", XDG_CONFIG_HOME=folder).stdout
    assert f"{folder}/explog/config.toml" in "".join(said.split())
    assert f"{folder}/explog/config.toml" in explog("index", XDG_CONFIG_HOME=folder).stderr


def test_search(given: list[str], repo: GitRepo) -> None:
    done = explog("search", "good", *given)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert done.stdout.startswith(f"{repo.path}:")
    found = printed("search", "good", *given)
    assert set(found) == {"total", "hits"}
    assert set(found["hits"][0]) == {
        "kind",
        "experiment",
        "step",
        "title",
        "snippet",
        "file",
        "line",
        "repository",
        "commit",
        "date",
    }
    assert (found["hits"][0]["file"], found["hits"][0]["line"]) == (None, None)
    nothing = explog("search", "nothing-like-it", *given)
    searched = "searched 1 log and 3 commits in 1 repository"
    said = (0, "", f"explog: nothing found: {searched}\n")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == said
    # A reference that the text begins with is not said twice; one that it does not have is.
    assert done.stdout.count("[e201.2]") == 1
    assert " [e201.1] " in explog("search", "kind:step", *given).stdout
    partly = explog("search", "good", *given, "--log", "/nowhere/log.org")
    assert (partly.returncode, partly.stdout) == (2, done.stdout)
    assert "/nowhere/log.org" in partly.stderr
    bad = explog("search", '"open', *given)
    assert bad.returncode == 2
    assert printed("search", '"open', *given, status=2)["error"]["code"] == "bad-query"


def test_doctor(given: list[str], tmp_path: Path) -> None:
    done = explog("doctor", *given)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert all(line.startswith("ok ") for line in done.stdout.splitlines())
    names = [finding["name"] for finding in printed("doctor", *given)["findings"]]
    assert names == ["explog", "git", "sqlite", "plots", "log", "repository", "index"]
    bad = ["--log", str(tmp_path / "no.org"), "--repo", str(tmp_path / "nowhere")]
    worse = explog("doctor", *bad)
    assert worse.returncode == 1
    assert str(tmp_path / "no.org") in worse.stdout
    assert str(tmp_path / "nowhere") in worse.stdout
    findings = printed("doctor", *bad, status=1)["findings"]
    assert [finding["ok"] for finding in findings].count(False) == 2
    assert all(finding["hint"] for finding in findings if not finding["ok"])


def test_doctor_knows_what_is_meant_for_a_state(tmp_path: Path) -> None:
    log = tmp_path / "log.org"
    entry = "* INPROGRESS [201] ABC :exp:\n* INPROGRESS [202] A :exp:\n* WAITING [203] :exp:\n"
    log.write_text(f"#+TODO: TODO | DONE\n{entry}* NEXT talk\n* TODO [204] DONE :exp:\n", "utf-8")
    findings = printed("doctor", "--log", str(log), status=1)["findings"]
    assert [found["message"] for found in findings if "keyword" in found["message"]] == [
        f"{log}: 2 titles begin with INPROGRESS, which is not a TODO keyword there",
        f"{log}: a title begins with WAITING, which is not a TODO keyword there",
    ]
    log.write_text(f"#+TODO: TODO INPROGRESS WAITING | DONE\n{entry}", "utf-8")
    assert "keyword" not in explog("doctor", "--log", str(log)).stdout


def test_doctor_without_anything() -> None:
    findings = printed("doctor", status=1)["findings"]
    assert [finding["name"] for finding in findings if not finding["ok"]] == [
        "logs",
        "repositories",
    ]


def test_check(given: list[str], log: Path, repo: GitRepo) -> None:
    log.write_text(ENTRY.replace("one", "one (83d45cd)").replace("[0/2]", "[2/2]"))
    done = explog("check", *given)
    oids = repo.run("log", "--format=%H").split()
    results, nowhere = oids[1][:10], oids[0][:10]
    gone = f"83d45cd is on no branch any more; {oids[2][:7]} took its place"
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"{log}:3: dead-hash: {gone}",
        f"explog: unknown-experiment: {nowhere} says [e999.1], and no log has that experiment"
        f" ({repo.path})",
        f"{log}:4: unticked: {results} has its results, and its box is open",
        f"{log}:2: cookie: [2/2] should be [0/2]",
    ]
    assert done.stderr == "explog: 4 problems\n"
    found = printed("check", *given, status=1)
    assert list(found) == ["problems"]
    assert found["problems"][0] == {
        "kind": "dead-hash",
        "file": str(log),
        "line": 3,
        "experiment": "201",
        "step": "1",
        "message": gone,
    }
    assert found["problems"][1]["file"] is None
    assert "[2/2]" in log.read_text()


def test_check_ignores_what_the_configuration_names_and_ends_with_0(
    given: list[str], log: Path, tmp_path: Path
) -> None:
    log.write_text(ENTRY.replace("one", "one (83d45cd)").replace("[0/2]", "[2/2]"))
    config = tmp_path / "ci.toml"
    config.write_text('ignore = ["dead-hash e201.1", "unticked e201", "cookie"]')
    args = [*given, "--config", str(config), "--ignore", "unknown-experiment e999"]
    done = explog("check", *args, HOME="/nonexistent", XDG_STATE_HOME="/nonexistent")
    said = "explog: no problem found, 4 ignored\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, "", said)
    done = explog("check", "--ignored", *args)
    kinds = [line.split(": ")[1] for line in done.stdout.splitlines()]
    assert kinds == ["dead-hash", "unknown-experiment", "unticked", "cookie"]
    found = printed("check", *args)
    assert (found["problems"], [row["kind"] for row in found["ignored"]]) == ([], kinds)
    again = explog("check", *args[:-1], "unknown-experiment e99")
    assert (again.returncode, again.stderr) == (1, "explog: 1 problem, 3 ignored\n")


def test_check_says_what_is_wrong_with_a_pattern(given: list[str], tmp_path: Path) -> None:
    done = explog("check", *given, "--ignore", "dead-has e201")
    said = "ignore: unknown kind of problem 'dead-has'; did you mean dead-hash?"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"explog: {said}\n")
    config = tmp_path / "ci.toml"
    config.write_text('ignore = ["cookie 201"]')
    done = explog("check", *given, "--config", config)
    assert f"{config}: ignore: expected a reference as e201 or e201.1 behind cookie" in done.stderr


def test_check_finds_nothing(given: list[str], log: Path, repo: GitRepo) -> None:
    repo.run("reset", "--hard", "HEAD~1")
    explog("backfill", "--write", *given)
    done = explog("check", *given)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "explog: no problem found\n")
    assert printed("check", *given) == {"problems": []}
    assert printed("check", "--hashes", *given)["problems"] == []
    assert log.exists()


def test_check_of_what_cannot_be_read(given: list[str], tmp_path: Path) -> None:
    gone = tmp_path / "gone.org"
    done = explog("check", *given, "--log", gone)
    assert done.returncode == 1
    assert f"{gone}: unreadable: there is no such log\n" in done.stdout
    assert explog("check").returncode == 2
    assert explog("check", "--config", gone).returncode == 2


def test_check_hashes(given: list[str], tmp_path: Path, repo: GitRepo) -> None:
    repo.run("reset", "--hard", "HEAD~1")
    notes = tmp_path / "notes.org"
    live = repo.head[:7]
    notes.write_text(f"* Notes\nfrom commit {live}\nto commit 83d45cd, lr (0.1234567)\n")
    given = ["--log", str(notes), *given[2:]]
    done = explog("check", "--hashes", *given)
    found = printed("check", "--hashes", *given, status=1)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-2:] == [
        f"explog: unknown-experiment: {repo.head[:10]} says [e201.2], and no"
        f" log has that experiment ({repo.path})",
        f"{notes}:2: hash: {live} lives in {repo.path}, on a branch",
    ]
    assert done.stdout.startswith(f"{notes}:3: dead-hash: no repository knows 83d45cd\n")
    assert done.stderr == (
        "explog: 2 hashes: 1 alive in 1 repository, 1 dead\nexplog: 3 problems\n"
    )
    assert found["hashes"][1] == {
        "file": str(notes),
        "line": 3,
        "hash": "83d45cd",
        "state": "dead",
        "repositories": [],
        "commit": None,
        "now": None,
    }
    assert found["hashes"][0]["repositories"] == [str(repo.path)]
    assert [problem["kind"] for problem in found["problems"]].count("dead-hash") == 1
    assert list(found) == ["problems", "hashes"]


# Options


@pytest.mark.parametrize("command", ["index", "backfill", "doctor"])
def test_options_stand_before_or_after_the_command(given: list[str], command: str) -> None:
    after = printed(command, *given)
    before = explog("--json", *given, command)
    assert json.loads(before.stdout) == after
    both = explog(*given[:2], command, *given[2:], "--json")
    assert json.loads(both.stdout) == after


def test_repeated_options_add_up(given: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.org").write_text(ENTRY.replace("201", "301"))
    (tmp_path / "b.org").write_text(ENTRY.replace("201", "401"))
    found = printed("--log", tmp_path / "a.org", "index", "--log", tmp_path / "b.org", *given)
    assert (found["logs"], found["experiments"]) == (3, 3)


def test_index_file(given: list[str], tmp_path: Path) -> None:
    assert explog("index", *given, "--index", tmp_path / "deep/here.sqlite").returncode == 0
    assert (tmp_path / "deep/here.sqlite").exists()


def test_index_that_cannot_be_written_is_kept_in_memory(given: list[str], log: Path) -> None:
    done = explog("backfill", *given, "--index", log / "index.sqlite")
    assert done.returncode == 0
    assert "kept in memory" in done.stderr
    assert "+2. [X] two" in done.stdout


def _config(log: Path, repo: GitRepo) -> str:
    return f'logs = ["{log}"]\nrepositories = ["{repo.path}"]\n'


def test_config_file(log: Path, repo: GitRepo, home: Path) -> None:
    path = home / ".config/explog/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(_config(log, repo) + 'tick = "never"\n')
    found = printed("backfill")
    assert [edit["new"][:6] for edit in found["edits"]] == ["1. [ ]", "2. [ ]"]
    path.unlink()
    assert explog("backfill").returncode == 2
    other = home / "other.toml"
    other.write_text(_config(log, repo))
    assert len(printed("backfill", "--config", other)["edits"]) == 2
    assert len(json.loads(explog("--config", other, "--json", "backfill").stdout)["edits"]) == 2


@pytest.mark.parametrize("command", ["index", "backfill", "search", "doctor"])
@pytest.mark.parametrize("text", ["logs = [", "\ud800"])
def test_config_that_cannot_be_read(tmp_path: Path, command: str, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    more = ["x"] if command == "search" else []
    done = explog(command, *more, "--config", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"explog: {path}: ")
    assert done.stderr.count("\n") == 1
    assert printed(command, *more, "--config", path, status=2)["error"]["code"] == "bad-config"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("repositories = 5", "repositories: expected a list of paths or {path, depth}, not 5"),
        ("nonsense = 1", "unknown setting 'nonsense'"),
        ('results = "("', "is no regular expression"),
        ('tick = "maybe"', "tick: expected always, results or never"),
    ],
)
def test_one_bad_setting_does_not_stop_the_others(tmp_path: Path, text: str, said: str) -> None:
    path, log = tmp_path / "config.toml", tmp_path / "mine.org"
    log.write_text("* TODO [201] Title :exp:\n", encoding="utf-8")
    path.write_text(f'logs = ["{log}"]\n{text}\n', encoding="utf-8")
    done = explog("index", "--config", path, "--json")
    assert done.returncode == 2, "a part of the work may be missing"
    assert json.loads(done.stdout)["experiments"] == 1
    [line] = done.stderr.splitlines()
    assert line.startswith(f"explog: {path}: ")
    assert said in line
    assert said in explog("doctor", "--config", path).stdout


def test_config_that_is_missing(tmp_path: Path) -> None:
    done = explog("index", "--config", tmp_path / "no.toml")
    assert done.returncode == 2
    assert done.stderr == f"explog: {tmp_path / 'no.toml'}: there is no such file\n"


@pytest.mark.parametrize("command", ["index", "backfill"])
def test_nothing_to_look_at(command: str) -> None:
    done = explog(command)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("explog: nothing to look at: ")


# What cannot be read or written


def test_missing_log_and_repository(given: list[str], tmp_path: Path) -> None:
    more = ["--log", str(tmp_path / "no.org"), "--repo", str(tmp_path / "nowhere")]
    for command in ("index", "backfill"):
        done = explog(command, *given, *more)
        assert done.returncode == 2
        assert f"explog: {tmp_path / 'no.org'}: there is no such log\n" in done.stderr
        assert f"explog: {tmp_path / 'nowhere'}: there is no such folder\n" in done.stderr
        assert done.stdout, "the rest is done all the same"
    found = printed("index", *given, *more, status=2)
    assert {problem["kind"] for problem in found["problems"]} == {"missing"}


def test_log_that_is_a_folder_or_unreadable(given: list[str], tmp_path: Path) -> None:
    (tmp_path / "utf16.org").write_bytes(b"\xff\xfe*\0 \0x\0")
    done = explog("backfill", *given, "--log", tmp_path / "utf16.org")
    assert done.returncode == 2
    assert "UTF-16" in done.stderr


def test_log_that_cannot_be_written(given: list[str], log: Path) -> None:
    log.with_name(".#log.org").symlink_to("ada@host.1")
    done = explog("backfill", "--write", *given)
    assert done.returncode == 2
    assert "being edited in another Emacs (ada@host.1)" in done.stderr
    assert "explog: 0 steps written" in done.stderr
    assert printed("backfill", "--write", *given, status=2)["edits"] == []
    assert log.read_text() == ENTRY


def test_names_that_are_no_text(git_repo: Make, tmp_path: Path) -> None:
    repo = git_repo("r\udcff")
    repo.commit("[e201.1] Start")
    path = tmp_path / "l\udcfe.org"
    path.write_text(ENTRY)
    args = ["--log", str(path), "--repo", str(repo.path)]
    for command, status in (("index", 2), ("backfill", 2), ("doctor", 0)):
        done = subprocess.run(
            [sys.executable, "-m", "explog", command, *args], capture_output=True, check=False
        )
        assert done.returncode == status, done.stderr
        assert b"unexpected" not in done.stderr
        if status:
            assert done.stderr.count(b"its name is no UTF-8") == 2
        else:
            assert b"l\xfe.org" in done.stdout


# How it ends


def test_reader_that_goes_away(given: list[str], log: Path) -> None:
    log.write_text("".join(ENTRY.replace("201", str(n)) for n in range(100, 300)))
    process = subprocess.Popen(
        [sys.executable, "-m", "explog", "search", "--limit=1000", "kind:step", *given],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(60) == 141
    assert process.stderr.read() == b""
    process.stderr.close()


def test_unexpected_error_leaves_a_report(given: list[str], home: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import explog.sync.look\n"
        "def sync(*_, **__): raise RuntimeError('boom\\x1b[31m\\nmore')\n"
        "explog.sync.look.sync = sync\n"
    )
    env = {"PYTHONPATH": str(tmp_path)}
    done = explog("index", *given, **env)
    report = home / ".local/state/explog/error.txt"
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("explog: unexpected RuntimeError: boom\N{SYMBOL FOR ESCAPE}[31m")
    assert done.stderr.endswith(f"please report it with {report}\n")
    assert "Traceback" not in done.stderr
    written = report.read_text()
    assert "Traceback" in written
    assert str(given[1]) in written
    error = printed("index", *given, status=2, **env)["error"]
    assert (error["code"], error["data"]["report"]) == ("unexpected", str(report))
    shown = explog("index", *given, EXPLOG_DEBUG="1", **env)
    assert shown.returncode == 2
    assert "Traceback" in shown.stderr
    report.unlink()
    report.parent.rmdir()
    report.parent.write_text("in the way")
    assert "EXPLOG_DEBUG=1" in explog("index", *given, **env).stderr


def on_terminal(*args: str, **env: str) -> bytes:
    """Run explog on a terminal and return what that got to see."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "explog", *args],
        stdin=slave,
        stdout=slave,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm", **env},
    )
    os.close(slave)
    out = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        out += part
    os.close(master)
    assert process.wait(60) == 0
    return out


def test_colours_are_for_a_terminal(given: list[str], log: Path) -> None:
    log.write_text(ENTRY.replace("one", "one \x1b]0;title\x07"))
    out = on_terminal("backfill", *given)
    assert b"\x1b[31m-2. [ ] two\x1b[0m" in out
    assert b"\x1b[32m+2. [X] two (" in out
    assert b"\x1b]0;" not in out
    assert b"\x07" not in out


@pytest.mark.parametrize("command", [["backfill"], ["search", "good"]])
def test_no_color(given: list[str], command: list[str]) -> None:
    assert b"\x1b[" in on_terminal(*command, *given)
    assert b"\x1b[" not in on_terminal(*command, *given, NO_COLOR="1")


def test_what_was_found_does_nothing_to_a_terminal(given: list[str], repo: GitRepo) -> None:
    repo.commit("needle \x1b]0;title\x07 in hay")
    out = on_terminal("search", "needle", *given)
    assert b"\x1b[31m\x1b[1mneedle\x1b[0m \xe2\x90\x9b]0;title" in out
    assert b"\x1b]0;" not in out
    assert b"\x07" not in out
