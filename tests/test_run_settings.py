"""Settings of runs: options, else the environment, else the configuration file."""

from __future__ import annotations

from pathlib import Path

import pytest

from explog.config_file import default_config_path, from_mapping
from explog.config_file import load as load_all
from explog.errors import ExplogError
from explog.run_settings import DEFAULT_RUNS, NAMES, RunSettings, default_path, load, load_and_check
from support.runs import explog_run

FULL = """
logs = ["log.org"]
runs = ["runs", "~/mnt/runs"]
dirty = "record"
outputs = ["metrics.json"]
environment = ["SEED", "WANDB_*"]
commit_runs = true
snapshot_limit = 5
"""


def test_the_configuration_is_the_one_of_the_other_commands() -> None:
    assert default_path() == str(default_config_path())


def test_all_commands_read_the_same(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(FULL)
    wanted = RunSettings(
        folders=("runs", str(home / "mnt/runs")),
        dirty="record",
        outputs=("metrics.json",),
        environment=("SEED", "WANDB_*"),
        commit=True,
        snapshot_limit=5 << 20,
    )
    assert load_and_check(str(path), {}) == (wanted, [])
    settings = load_all(path)
    assert (settings.runs, settings.problems) == (wanted, ())


def test_what_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    assert load_and_check(None, {}) == (DEFAULT_RUNS, [])
    path = home / ".config/explog/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text('dirty = "record"\nruns = "file"\noutputs = "file"\n')
    monkeypatch.setenv("EXPLOG_RUNS", f"variable:{tmp_path}")
    monkeypatch.setenv("EXPLOG_COMMIT_RUNS", "yes")
    found = load(None, {"runs": "option"})
    assert (found.folders, found.dirty, found.outputs) == (("option",), "record", ("file",))
    assert found.commit
    assert load(None, {}).folders == ("variable", str(tmp_path))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("runs", 1),
        ("runs", ""),
        ("runs", ["a\0"]),
        ("dirty", "maybe"),
        ("outputs", [1]),
        ("environment", {}),
        ("commit_runs", "maybe"),
        ("snapshot_limit", -1),
        ("snapshot_limit", "much"),
        ("snapshot_limit", True),
    ],
)
def test_a_wrong_value_is_named(name: str, value: object) -> None:
    (problem,) = from_mapping({name: value}).problems
    assert problem.startswith(f"{name}: expected ")
    with pytest.raises(ExplogError, match=f"^{name}: expected"):
        load(None, {name: value} if value != "" else {name: [""]})


def test_a_wrong_value_in_the_configuration_stops_no_run(tmp_path: Path, home: Path) -> None:
    path = home / ".config/explog/config.toml"
    path.parent.mkdir(parents=True)
    for text in ('dirty = "maybe"\noutputs = "out"\n', "dirty = ["):
        path.write_text(text)
        done = explog_run("e1", "--", "echo", "ran", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (0, b"ran\n")
        assert str(path) in done.stderr.decode()
    path.write_text('dirty = "maybe"\noutputs = "out"\n')
    settings, problems = load_and_check(None, {})
    assert (settings.dirty, settings.outputs, len(problems)) == ("snapshot", ("out",), 1)


@pytest.mark.parametrize("text", ["dirty = [", "\xff", "a = 1\na = 2"])
def test_what_is_no_toml(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, "latin-1")
    with pytest.raises(ExplogError) as caught:
        load(str(path), {})
    assert caught.value.code == "bad-config"
    with pytest.raises(ExplogError):
        load(str(tmp_path / "none"), {})


def test_every_setting_is_in_the_manual() -> None:
    manual = (Path(__file__).parents[1] / "docs/explog.org").read_text(encoding="utf-8")
    for name in NAMES:
        assert f"={name}=" in manual
        assert f"EXPLOG_{name.upper()}" in manual
