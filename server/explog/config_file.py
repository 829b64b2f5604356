"""Read settings: from the configuration file for the terminal, and from what Emacs sends.

Both are mappings with the names of `config.Settings`. A value that is wrong is named in
`Settings.problems` and left out; the others apply. Emacs's settings are kept in a file, so that the
terminal reads the logs as Emacs does; what the configuration file says comes before them.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import platformdirs

from explog import lab_settings, run_settings
from explog.config import Project, Root, Settings, Tick
from explog.errors import ExplogError
from explog.globs import Globs
from explog.refs import results_pattern
from explog.state import keep_state, read_state


def default_config_path() -> Path:
    """Return the configuration file that is read when none is named."""
    return Path(platformdirs.user_config_dir("explog")) / "config.toml"


_SHOWN = 100
_EMACS = "emacs"
"""The state that has the settings which Emacs sent last."""


def keep_emacs_settings(table: Mapping[str, object]) -> None:
    """Keep what Emacs sent for the terminal; raise OSError if that cannot be written."""
    keep_state(_EMACS, table)


def load(path: Path | None = None) -> Settings:
    """Read the TOML configuration at PATH alone.

    Without PATH, read the default one, which need not exist, and take from Emacs's settings what it
    does not say. Raises ExplogError `bad-config` if the file is not TOML.
    """
    if path is not None:
        return from_mapping(_read_toml(path, must_exist=True), f"{path}: ")
    path = default_config_path()
    own = _read_toml(path, must_exist=False)
    known = {name: value for name, value in read_state(_EMACS).items() if name not in own}
    if {"todo_open", "todo_done"} & own.keys():
        known = {name: known[name] for name in known if not name.startswith("todo_")}
    return from_mapping({**known, **own}, f"{path}: ")


def _read_toml(path: Path, *, must_exist: bool) -> dict[str, object]:
    try:
        # Opening a pipe would wait for its writer, and nobody can read a device to its end.
        if not (stat.S_ISREG(path.stat().st_mode) or path.samefile(os.devnull)):
            raise ExplogError("bad-config", f"{path}: it is not a file")
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        if must_exist:
            raise ExplogError("bad-config", f"{path}: there is no such file") from error
        return {}
    except OSError as error:
        raise ExplogError("bad-config", f"{path}: {error.strerror}") from error
    import tomllib

    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # a number may have too many digits
        raise ExplogError("bad-config", f"{path}: {error}") from error


def from_mapping(table: Mapping[str, object], source: str = "") -> Settings:
    """Return settings from a mapping with the names of `Settings`.

    `repositories` is a list of paths or of {path, depth}; `projects` and `lock_files` map a log to
    its repositories and to its lock. What is wrong is left out, and named in `problems` behind
    SOURCE; a wrong `tick` ticks nothing.
    """
    values: dict[str, object] = {}
    problems: list[str] = []
    runs, group = run_settings.DEFAULT_RUNS, lab_settings.DEFAULT_LAB
    for name, value in table.items():
        try:
            if name in run_settings.NAMES:
                runs = run_settings.with_setting(runs, name, value)
            elif name in lab_settings.NAMES:
                group = lab_settings.with_setting(group, name, value)
            else:
                values[name] = _reader(name)(name, value)
        except ExplogError as error:
            problems.append(f"{source}{error.message}")
            if name == "tick":
                values[name] = "never"
    others = {"runs": runs, "group": group, "problems": tuple(problems)}
    return replace(Settings(), **values, **others)  # type: ignore[arg-type]  # each reader checks its own


def _bad(name: str, wanted: str, value: object) -> ExplogError:
    said = repr(value)
    said = said if len(said) <= _SHOWN else f"{said[:_SHOWN]}…"
    return ExplogError("bad-config", f"{name}: expected {wanted}, not {said}")


def _string(name: str, value: object) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise _bad(name, "a string", value)
    try:
        value.encode("utf-8", "surrogateescape")  # as names of files are
    except UnicodeEncodeError as error:
        raise _bad(name, "text in UTF-8", value) from error
    return value


def _tag(name: str, value: object) -> str:
    tag = _string(name, value)
    if not re.fullmatch(r"[\w@#%]+", tag):
        raise _bad(name, "a tag of letters, digits, _, @, # and %", value)
    return tag


def _keywords(name: str, value: object) -> tuple[str, ...]:
    words = _strings(name, value)
    for word in words:
        # A keyword may have a blank in it, as `[ ]`, but not around it.
        if word != word.strip() or re.search(r"[\n|()]", word):
            raise _bad(name, "TODO keywords without bars and (keys)", word)
    return words


def _strings(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _bad(name, "a list of strings", value)
    return tuple(_string(name, item) for item in value)


def _path(name: str, value: object) -> Path:
    return Path(os.path.abspath(os.path.expanduser(_string(name, value))))


def _roots(name: str, value: object) -> tuple[Root, ...]:
    if not isinstance(value, list):
        raise _bad(name, "a list of paths or {path, depth}", value)
    return tuple(_root(name, item) for item in value)


def _root(name: str, item: object) -> Root:
    if isinstance(item, str):
        return Root(_path(name, item))
    if not isinstance(item, Mapping) or set(item) - {"path", "depth"} or "path" not in item:
        raise _bad(name, "a path or {path, depth}", item)
    depth = item.get("depth", 0)
    if not isinstance(depth, int) or isinstance(depth, bool) or not 0 <= depth <= 10:
        raise _bad(name, "a depth from 0 to 10", depth)
    return Root(_path(name, item["path"]), depth)


def _projects(name: str, value: object) -> tuple[Project, ...]:
    if not isinstance(value, Mapping):
        raise _bad(name, "a table of log = [repositories]", value)
    return tuple(
        Project(_path(name, log), tuple(_path(name, repo) for repo in _strings(name, repos)))
        for log, repos in value.items()
    )


def _tick(name: str, value: object) -> Tick:
    if value not in ("always", "results", "never"):
        raise _bad(name, "always, results or never", value)
    return value


def _results(name: str, value: object) -> str:
    pattern = _string(name, value)
    results_pattern(pattern)
    return pattern


def _boolean(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _bad(name, "true or false", value)
    return value


def _level(name: str, value: object) -> int | None:
    if value is False:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 2 <= value <= 1000:
        raise _bad(name, "a number of stars from 2 to 1000, or false", value)
    return value


def _lock_files(name: str, value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Mapping):
        raise _bad(name, "a table of log = lock file", value)
    return tuple((_string(name, log), _string(name, lock)) for log, lock in value.items())


def _ignore(name: str, value: object) -> tuple[str, ...]:
    from explog.ignored import read_pattern

    patterns = _strings(name, value)
    for pattern in patterns:
        read_pattern(pattern)
    return patterns


def _globs(name: str, value: object) -> tuple[str, ...]:
    patterns = _strings(name, value)
    for pattern in patterns:
        if pattern.startswith(("/", "~", "../")):
            raise _bad(name, "patterns of files, as a repository has them", pattern)
        try:
            Globs([pattern])
        except ExplogError as error:
            message = f"{name}: expected wildcards, not {pattern!r}: {error.message}"
            raise ExplogError("bad-config", message) from error
    return patterns


_READERS: dict[str, Callable[[str, object], object]] = {
    "logs": _strings,
    "repositories": _roots,
    "projects": _projects,
    "index": _path,
    "tag": _tag,
    "steps_heading": _string,
    "results": _results,
    "tick": _tick,
    "todo_open": _keywords,
    "todo_done": _keywords,
    "alphabetical_lists": _boolean,
    "hierarchical_statistics": _boolean,
    "inlinetask_min_level": _level,
    "log_note_headings": _strings,
    "archive_location": _string,
    "lock_files": _lock_files,
    "exclude_tags": _strings,
    "metrics": _globs,
    "parameters": _globs,
    "run_notes": _boolean,
    "trackers": _strings,
    "ignore": _ignore,
}


def _reader(name: str) -> Callable[[str, object], object]:
    """Return what reads the setting NAME; raise ExplogError `bad-config` if there is none."""
    if name in _READERS:
        return _READERS[name]
    import difflib

    known = sorted((*_READERS, *run_settings.NAMES, *lab_settings.NAMES))
    close = difflib.get_close_matches(name, known, 1)
    advice = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}"
    raise ExplogError("bad-config", f"unknown setting {name!r}; {advice}")
