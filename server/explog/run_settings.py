"""The settings of runs: options, else the environment, else the configuration file.

Python 3.9 and 3.10 cannot read TOML; there, the environment serves for what has no option.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from explog.errors import ExplogError

DIRTY = ("snapshot", "record", "refuse")
DEFAULT_FOLDER = "runs"


class RunSettings(NamedTuple):
    """How runs are made.

    `folders` have runs: the first is where new ones go, and each is relative to the top of the
    worktree. `dirty` says what becomes of changes that are not committed: one of DIRTY.
    `snapshot_limit` is in bytes: files that take more than that together are left out.
    `environment` has the names of variables, with wildcards, that a record may keep.
    """

    folders: tuple[str, ...] = (DEFAULT_FOLDER,)
    dirty: str = "snapshot"
    outputs: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    commit: bool = False
    snapshot_limit: int = 100 << 20


DEFAULT_RUNS = RunSettings()


def load(path: str | None, options: Mapping[str, object]) -> RunSettings:
    """Return the settings that `load_and_check` does, without the sentences."""
    return load_and_check(path, options)[0]


def load_and_check(
    path: str | None, options: Mapping[str, object]
) -> tuple[RunSettings, list[str]]:
    """Return the settings: OPTIONS, then EXPLOG_RUNS and so on, then the configuration at PATH.

    Without PATH, the default configuration is read, which need not exist. What is wrong in that is
    left out, and a sentence on it is returned. Raises ExplogError `bad-config` for what is wrong in
    the others.
    """
    settings, problems = DEFAULT_RUNS, []
    try:
        configured = _from_file(path)
    except ExplogError as error:
        if path:
            raise
        configured, problems = {}, [error.message]
    for name, value in configured.items():
        try:
            settings = with_setting(settings, name, value)
        except ExplogError as error:
            problems.append(f"{path or default_path()}: {error.message}")
    given = {name: value for name, value in options.items() if value not in (None, (), False)}
    for name, value in {**_from_environment(os.environ), **given}.items():
        settings = with_setting(settings, name, value)
    return settings, problems


def with_setting(settings: RunSettings, name: str, value: object) -> RunSettings:
    """Return SETTINGS with NAME, one of NAMES, set to VALUE; raise ExplogError `bad-config`."""
    field, reader = _READERS[name]
    return settings._replace(**{field: reader(name, value)})


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    """Return the settings that are in ENVIRONMENT; lists are separated as in PATH."""
    found: dict[str, object] = {}
    for name in _READERS:
        text = environment.get(_variable(name))
        if text:
            found[name] = text.split(os.pathsep) if name in _LISTS else text
    return found


def _variable(name: str) -> str:
    return f"EXPLOG_{name.upper()}"


def default_path() -> str:
    """Return the configuration file of the user, as `explog.config_file` has it."""
    home = os.path.expanduser("~")
    if sys.platform == "darwin":
        folder = os.path.join(home, "Library/Application Support")
    else:
        folder = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    return os.path.join(folder, "explog", "config.toml")


def _from_file(path: str | None) -> dict[str, object]:
    """Return the settings in the configuration at PATH, or in the default one if there is one."""
    wanted = path or default_path()
    if not path and not os.path.exists(wanted):
        return {}
    if sys.version_info < (3, 11):
        if path:
            raise ExplogError("bad-config", f"{path}: Python 3.11 or newer is needed to read it")
        return {}
    import tomllib

    try:
        with open(wanted, "rb") as stream:
            table = tomllib.loads(stream.read().decode("utf-8-sig"))
    except OSError as error:
        raise ExplogError("bad-config", f"{wanted}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8
        raise ExplogError("bad-config", f"{wanted}: {error}") from error
    return {name: table[name] for name in _READERS if name in table}


# Reading values


def _bad(name: str, wanted: str, value: object) -> ExplogError:
    return ExplogError("bad-config", f"{name}: expected {wanted}, not {value!r}")


def _strings(name: str, value: object) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)):
        raise _bad(name, "a string or a list of strings", value)
    for item in items:
        if not isinstance(item, str) or not item or "\0" in item:
            raise _bad(name, "a string or a list of strings", value)
    return tuple(items)


def _folders(name: str, value: object) -> tuple[str, ...]:
    return tuple(map(os.path.expanduser, _strings(name, value))) or (DEFAULT_FOLDER,)


def _dirty(name: str, value: object) -> str:
    if value not in DIRTY:
        raise _bad(name, "snapshot, record or refuse", value)
    return str(value)


def _boolean(name: str, value: object) -> bool:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    known = words.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(known, bool):
        raise _bad(name, "true or false", value)
    return known


def _megabytes(name: str, value: object) -> int:
    number = int(value) if isinstance(value, str) and value.isdigit() else value
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 1 << 30:
        raise _bad(name, "a number of megabytes", value)
    return number << 20


_READERS: dict[str, tuple[str, Any]] = {
    "runs": ("folders", _folders),
    "dirty": ("dirty", _dirty),
    "outputs": ("outputs", _strings),
    "environment": ("environment", _strings),
    "commit_runs": ("commit", _boolean),
    "snapshot_limit": ("snapshot_limit", _megabytes),
}
_LISTS = ("runs", "outputs", "environment")
#: What the settings are called in the configuration.
NAMES = tuple(_READERS)
