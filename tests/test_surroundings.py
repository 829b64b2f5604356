"""Wherever the program is started, and whatever it is told, it says a sentence and no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from explog.cli import main
from support import commands
from support.repo import GitRepo

LOG = "* [1] € and 😀 :exp:\n** Experiments\n1. [ ] ü\n"
COMMANDS = [["check"], ["search", "e1"], ["--json", "search", "e1"]]


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    log = tmp_path / "log.org"
    log.write_text(LOG, encoding="utf-8")
    repo = GitRepo(tmp_path / "repo")
    repo.commit("[e1.1] Results")
    return ["--log", str(log), "--repo", str(repo.path)]


def explog(
    *args: str, how: str = '"$@"', env: dict[str, str] | None = None, prefix: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[bytes]:
    """Run explog HOW a command of the shell says."""
    done = subprocess.run(
        [*prefix, "sh", "-c", how, "sh", sys.executable, "-m", "explog", *args],
        env=dict(os.environ) if env is None else env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )
    for said in (done.stdout, done.stderr):
        assert b"Traceback" not in said, said.decode()
        assert b"nexpected" not in said, said.decode()
        assert b"Exception ignored" not in said, said.decode()
    return done


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in names}


BASES = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")


@pytest.mark.parametrize("value", ["relative", "", os.devnull])
def test_odd_base_directories(given: list[str], tmp_path: Path, value: str) -> None:
    env = {**os.environ, **dict.fromkeys([*BASES, "HOME"], value)}
    before = set(os.listdir(tmp_path))
    done = explog("backfill", *given, how=f'cd {tmp_path}; "$@"', env=env)
    assert done.returncode == 0, done.stderr
    assert b"+1. [X]" in done.stdout
    assert set(os.listdir(tmp_path)) == before  # nothing is made where nobody looks for it


@pytest.mark.skipif(sys.platform != "linux", reason="it needs unshare")
def test_a_user_without_a_name_and_a_home(given: list[str]) -> None:
    prefix = ("unshare", "--user", "--map-user=54321", "--map-group=54321")
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user can be made up here")
    env = without("HOME", *BASES)
    for command in ("index", "doctor"):
        assert explog(command, *given, env=env, prefix=prefix).returncode == 0
    done = explog("backfill", "--write", *given, env=env, prefix=prefix)
    assert done.returncode == 0
    assert "1. [X] ü (" in Path(given[1]).read_text("utf-8")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_terminals_without_the_characters(
    given: list[str], encoding: str, command: list[str]
) -> None:
    env = {**os.environ, "PYTHONIOENCODING": f"{encoding}:strict"}
    done = explog(*command, *given, env=env)
    assert done.returncode in (0, 1), done.stderr
    if command[0] == "--json":
        # click takes a terminal of ASCII for one of UTF-8, of which nobody has told.
        table = json.loads(done.stdout.decode("utf-8" if encoding == "ascii" else encoding))
        if "hits" in table:
            assert table["hits"][0]["title"] == "€ and 😀"


STREAMS = {
    '"$@" >&-': {0, 1},
    '"$@" 2>&-': {0, 1},
    '"$@" <&- >&- 2>&-': {0, 1},
    '"$@" >/dev/full': {2},
    '"$@" >/dev/full 2>/dev/full': {1, 2},
    '"$@" 2>/dev/full': {0, 1},
    '{ "$@"; echo $? >&2; } | true': {0},
}


@pytest.mark.parametrize("shell", STREAMS)
def test_streams_that_are_closed_or_full(given: list[str], shell: str) -> None:
    done = explog("--json", "check", *given, how=shell)
    assert done.returncode in STREAMS[shell], done.stderr
    if shell == '"$@" >/dev/full':
        assert done.stderr.count(b"cannot be written: No space left on device\n") == 1
    explog("--help", how=shell)


def test_a_server_without_input() -> None:
    done = explog("serve", how='"$@" <&-')
    assert done.returncode == 2
    assert b"token" in done.stderr


# Arguments

COMMON = {parameter.name for parameter in main.params}
ODD = ["", "\udcff", "-1", "0", "1" * 5000, "x" * 5000, "\n", "[", "../..", "/dev/full", "nan", "("]


def options() -> Iterator[object]:
    for name, command in sorted(commands.COMMANDS.items()):
        if name == "serve":
            continue
        for parameter in command.params:
            if parameter.name in COMMON and name != "check":
                continue  # one command has them as all others do
            if isinstance(parameter, click.Argument):
                yield pytest.param(name, None, id=f"{name} argument")
            elif not (parameter.is_flag or "-o" in parameter.opts):  # type: ignore[attr-defined]
                yield pytest.param(name, parameter.opts[0], id=f"{name} {parameter.opts[0]}")


@pytest.mark.parametrize(("name", "option"), list(options()))
def test_odd_values_of_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, option: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    log = tmp_path / "log.org"
    log.write_text(LOG, encoding="utf-8")
    command = commands.COMMANDS[name]
    needed = any(isinstance(one, click.Argument) and one.required for one in command.params)
    for value in ODD:
        given = [value] if option is None else [f"{option}={value}", *(["1"] if needed else [])]
        done = CliRunner().invoke(main, [name, "--log", str(log), *given])
        assert done.exception is None or isinstance(done.exception, SystemExit), (value, done)
        assert done.exit_code in (0, 1, 2), (value, done.output)
        assert "nexpected" not in done.output, (value, done.output)
    assert log.read_text("utf-8") == LOG
